#include "shim/template/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

struct template_memory {
	struct template_memory *next;
	max_align_t bytes[];
};

int template_error(const struct template *template, size_t position, struct error *err,
		   const char *format, ...)
{
	unsigned line = 1, column = 1;
	char words[512];
	va_list args;

	for (size_t i = 0; i < position && template->text[i]; i++)
		if (template->text[i] == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	text_make_printable(words);
	return error_set(err, EINVAL, "template:%u:%u: %s", line, column, words);
}

void lexer_error(struct lexer *lexer, size_t position, const char *format, ...)
{
	char words[512];
	va_list args;

	if (lexer->failed)
		return;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	template_error(lexer->template, position, lexer->err, "%s", words);
	lexer->failed = true;
}

void *lexer_allocate(struct lexer *lexer, size_t size)
{
	struct template_memory *piece = calloc(1, sizeof *piece + size);

	if (!piece) {
		lexer_error(lexer, lexer->at, "out of memory");
		return NULL;
	}
	piece->next = lexer->template->memory;
	lexer->template->memory = piece;
	return piece->bytes;
}

void template_destroy(struct template *template)
{
	if (!template)
		return;
	while (template->memory) {
		struct template_memory *piece = template->memory;

		template->memory = piece->next;
		free(piece);
	}
	free(template->text);
	free(template);
}

static const char *copy(struct lexer *lexer, size_t start, size_t length)
{
	char *text = lexer_allocate(lexer, length + 1);

	return text ? memcpy(text, lexer->text + start, length) : NULL;
}

/* ---- text and the edges of actions ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether "{{" or "}}" is of the trimming kind: Go wants a blank beside the dash, since "{{-3}}" is a number. */
static bool begins_with_trim(const char *at)
{
	return text_starts_with(at, "{{-") && is_space(at[3]);
}

static bool is_trim_end(const char *at)
{
	return is_space(at[0]) && text_starts_with(at + 1, "-}}");
}

size_t lexer_text(struct lexer *lexer, const char **text)
{
	const char *start = lexer->text + lexer->at;
	const char *action = strstr(start, "{{");
	const char *end = action ? action : start + strlen(start);

	lexer->at = (size_t)(end - lexer->text);
	while (lexer->trim && start < end && is_space(*start))
		start++;
	lexer->trim = false;
	while (action && begins_with_trim(action) && end > start && is_space(end[-1]))
		end--;
	*text = start;
	return (size_t)(end - start);
}

bool lexer_begin_action(struct lexer *lexer)
{
	const char *at = lexer->text + lexer->at;

	if (!*at)
		return false;
	lexer->at += begins_with_trim(at) ? 3 : 2;
	lexer_skip_space(lexer);
	return true;
}

bool lexer_at_end(struct lexer *lexer)
{
	const char *at = lexer->text + lexer->at;

	return !*at || text_starts_with(at, "}}") || is_trim_end(at) ||
	       (text_starts_with(at, "-}}") && lexer->at && is_space(at[-1]));
}

bool lexer_end_action(struct lexer *lexer)
{
	const char *at = lexer->text + lexer->at;

	if (text_starts_with(at, "}}")) {
		lexer->at += 2;
		return true;
	}
	if (text_starts_with(at, "-}}") && is_space(at[-1])) {
		lexer->at += 3;
		lexer->trim = true;
		return true;
	}
	return false;
}

bool lexer_take_comment(struct lexer *lexer)
{
	size_t position = lexer->at;

	if (!lexer_take(lexer, "/*"))
		return false;
	const char *end = strstr(lexer->text + lexer->at, "*/");
	if (!end) {
		lexer_error(lexer, position, "unclosed comment");
		return true;
	}
	lexer->at = (size_t)(end + 2 - lexer->text);
	lexer_skip_space(lexer);
	if (!lexer_end_action(lexer))
		lexer_error(lexer, position, "comment ends before closing delimiter");
	return true;
}

/* ---- words ---- */

bool lexer_skip_space(struct lexer *lexer)
{
	size_t start = lexer->at;

	while (is_space(lexer->text[lexer->at]))
		lexer->at++;
	return lexer->at > start;
}

bool lexer_at(const struct lexer *lexer, const char *token)
{
	return text_starts_with(lexer->text + lexer->at, token);
}

bool lexer_take(struct lexer *lexer, const char *token)
{
	if (!lexer_at(lexer, token))
		return false;
	lexer->at += strlen(token);
	return true;
}

/* Go's letters are Unicode's; any byte beyond ASCII stands for them here. */
static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_length(const struct lexer *lexer, size_t start)
{
	size_t end = start;

	while (is_letter(lexer->text[end]))
		end++;
	return end - start;
}

bool lexer_take_word(struct lexer *lexer, const char *word)
{
	size_t length = word_length(lexer, lexer->at);

	if (strlen(word) != length || !lexer_at(lexer, word))
		return false;
	lexer->at += length;
	return true;
}

const char *lexer_word(struct lexer *lexer)
{
	size_t start = lexer->at, length = word_length(lexer, start);

	if (!length) {
		lexer_error(lexer, start, "unexpected '%c' in command", lexer->text[start]);
		return NULL;
	}
	lexer->at += length;
	return copy(lexer, start, length);
}

const char *lexer_variable(struct lexer *lexer)
{
	size_t start = lexer->at + 1, length = word_length(lexer, start);

	lexer->at = start + length;
	return copy(lexer, start, length);
}

bool lexer_at_field(const struct lexer *lexer)
{
	return lexer->text[lexer->at] == '.' && is_letter(lexer->text[lexer->at + 1]);
}

const char *lexer_field(struct lexer *lexer)
{
	return lexer_variable(lexer);
}

/* ---- strings ---- */

static const char *raw_string(struct lexer *lexer)
{
	size_t start = lexer->at + 1;
	size_t length = strcspn(lexer->text + start, "`");

	if (!lexer->text[start + length]) {
		lexer_error(lexer, lexer->at, "unterminated raw quoted string");
		return NULL;
	}
	lexer->at = start + length + 1;
	return copy(lexer, start, length);
}

/* A character by its number, as UTF-8; a NUL would end the string that C has. */
static bool add_code(struct lexer *lexer, char **to, unsigned code)
{
	if (!code || code > 0xffff || (code >= 0xd800 && code <= 0xdfff)) {
		lexer_error(lexer, lexer->at, "invalid syntax in string");
		return false;
	}
	if (code < 0x80) {
		*(*to)++ = (char)code;
		return true;
	}
	if (code < 0x800) {
		*(*to)++ = (char)(0xc0 | code >> 6);
	} else {
		*(*to)++ = (char)(0xe0 | code >> 12);
		*(*to)++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*(*to)++ = (char)(0x80 | (code & 0x3f));
	return true;
}

/* What follows a backslash: Go's escapes, without \U and the octal ones. Never longer than its source. */
static bool add_escape(struct lexer *lexer, char **to)
{
	static const char letters[] = "abfnrtv\\\"", meanings[] = "\a\b\f\n\r\t\v\\\"";
	char c = lexer->text[lexer->at++];
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter) {
		*(*to)++ = meanings[letter - letters];
		return true;
	}
	if (c == 'u') {
		const char *at = lexer->text + lexer->at;
		int code = json_hexadecimal(at, at + strlen(at));

		if (code > 0) {
			lexer->at += 4;
			return add_code(lexer, to, (unsigned)code);
		}
	}
	lexer_error(lexer, lexer->at, "invalid syntax in string");
	return false;
}

const char *lexer_string(struct lexer *lexer)
{
	size_t start = lexer->at;

	if (lexer->text[start] == '`')
		return raw_string(lexer);
	size_t length = 1; /* up to the quote that ends it: what comes out is no longer */
	for (char c; (c = lexer->text[start + length]) && c != '\n' && c != '"'; length++)
		if (c == '\\' && lexer->text[start + length + 1])
			length++;
	char *text = lexer_allocate(lexer, length + 1), *to = text;
	if (!text)
		return NULL;
	lexer->at++;
	while (lexer->text[lexer->at] != '"') {
		char c = lexer->text[lexer->at];

		if (!c || c == '\n') {
			lexer_error(lexer, start, "unterminated quoted string");
			return NULL;
		}
		lexer->at++;
		if (c != '\\')
			*to++ = c;
		else if (!add_escape(lexer, &to))
			return NULL;
	}
	lexer->at++;
	return text;
}

/* ---- numbers ---- */

bool lexer_at_number(const struct lexer *lexer)
{
	const char *at = lexer->text + lexer->at;

	at += *at == '-' || *at == '+';
	at += *at == '.';
	return isdigit((unsigned char)*at);
}

bool lexer_number(struct lexer *lexer, bool *is_decimal, int64_t *integer, double *decimal)
{
	const char *start = lexer->text + lexer->at;
	size_t length = strspn(start, "+-0123456789.eE");
	char text[64], *end;

	if (length < sizeof text && !is_letter(start[length])) {
		memcpy(text, start, length);
		text[length] = '\0';
		lexer->at += length;
		*is_decimal = strpbrk(text, ".eE");
		if (!*is_decimal && text_to_int64(text + (*text == '+'), integer) == 0)
			return true;
		errno = 0;
		*decimal = strtod(text, &end);
		if (*is_decimal && !*end && !errno)
			return true;
	}
	lexer_error(lexer, lexer->at, "bad number syntax");
	return false;
}
