/* The words of a template, and the memory of its tree. Knows no block and no pipeline. */
#pragma once

#include "shim/template/tree.h"

struct lexer {
	struct template *template;
	const char *text;
	size_t at;
	int depth; /* brackets and blocks that are open */
	bool trim; /* the last action ended with "-}}": blanks behind it go */
	bool failed;
	struct error *err;
};

void lexer_error(struct lexer *lexer, size_t position, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Zeros that live as long as the template; NULL: no memory, and the lexer has failed. */
void *lexer_allocate(struct lexer *lexer, size_t size);

/* Text up to the next action or the end, with what "-}}" before it and "{{-" behind it take away. Returns its
 * length. */
size_t lexer_text(struct lexer *lexer, const char **text);

bool lexer_begin_action(struct lexer *lexer); /* false at the end of the text */
bool lexer_at_end(struct lexer *lexer);	      /* of the action, or of the text */
bool lexer_end_action(struct lexer *lexer);
bool lexer_take_comment(struct lexer *lexer); /* with the end of its action */

bool lexer_skip_space(struct lexer *lexer); /* whether there was any */
bool lexer_at(const struct lexer *lexer, const char *token);
bool lexer_take(struct lexer *lexer, const char *token);
bool lexer_take_word(struct lexer *lexer, const char *word); /* a whole word */

/* These give copies that live as long as the template, or NULL when there is none such: then the lexer has failed. */
const char *lexer_word(struct lexer *lexer);
const char *lexer_variable(struct lexer *lexer); /* without its $ */
const char *lexer_field(struct lexer *lexer);	 /* without its point */
const char *lexer_string(struct lexer *lexer);	 /* unquoted */

bool lexer_at_field(const struct lexer *lexer);
bool lexer_at_number(const struct lexer *lexer);
bool lexer_number(struct lexer *lexer, bool *is_decimal, int64_t *integer, double *decimal);
