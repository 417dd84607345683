/* From a template's text to its tree: blocks and pipelines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/template/functions.h"
#include "shim/template/lexer.h"
#include "shim/template/tree.h"

static struct template_pipeline *parse_pipeline(struct lexer *lexer, bool in_range);

/* What ends a list of nodes. */
enum list_end { END_OF_TEXT, END_OF_BLOCK, END_ELSE };

static struct template_node *parse_nodes(struct lexer *lexer, bool in_block, enum list_end *ended);

/* ---- operands ---- */

static bool parse_fields(struct lexer *lexer, struct template_operand *operand)
{
	struct template_name **last = &operand->fields;

	while (lexer_at_field(lexer)) {
		struct template_name *name = lexer_allocate(lexer, sizeof *name);

		if (!name || !(name->text = lexer_field(lexer)))
			return false;
		*last = name;
		last = &name->next;
	}
	return true;
}

static bool parse_brackets(struct lexer *lexer, struct template_operand *operand)
{
	operand->kind = OPERAND_PIPELINE;
	lexer->at++;
	if (++lexer->depth > TEMPLATE_DEPTH_MAX) {
		lexer_error(lexer, operand->position, "more than %d brackets and blocks",
			    TEMPLATE_DEPTH_MAX);
		return false;
	}
	operand->pipeline = parse_pipeline(lexer, false);
	if (!operand->pipeline)
		return false;
	if (operand->pipeline->variable_count) {
		lexer_error(lexer, operand->position, "a variable is declared in brackets");
		return false;
	}
	if (!lexer_take(lexer, ")")) {
		lexer_error(lexer, operand->position, "unclosed left paren");
		return false;
	}
	lexer->depth--;
	return parse_fields(lexer, operand);
}

static bool parse_word(struct lexer *lexer, struct template_operand *operand)
{
	const char *word = lexer_word(lexer);

	if (!word)
		return false;
	operand->text = word;
	operand->kind = OPERAND_FUNCTION;
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		operand->kind = OPERAND_BOOL;
		operand->integer = *word == 't';
	} else if (strcmp(word, "nil") == 0) {
		operand->kind = OPERAND_NIL;
	} else if (!template_function_named(word)) {
		lexer_error(lexer, operand->position, "function \"%.100s\" not defined", word);
		return false;
	}
	return true;
}

static struct template_operand *parse_operand(struct lexer *lexer)
{
	struct template_operand *operand = lexer_allocate(lexer, sizeof *operand);
	bool parsed;

	if (!operand)
		return NULL;
	operand->position = lexer->at;
	char c = lexer->text[lexer->at];
	if (c == '(') {
		parsed = parse_brackets(lexer, operand);
	} else if (c == '$') {
		operand->kind = OPERAND_VARIABLE;
		operand->text = lexer_variable(lexer);
		parsed = operand->text && parse_fields(lexer, operand);
	} else if (c == '.' && !lexer_at_number(lexer)) {
		operand->kind = OPERAND_DOT;
		/* A point alone is no beginning of a chain: "..a" is not ".a". */
		if (lexer_at_field(lexer))
			parsed = parse_fields(lexer, operand);
		else
			parsed = lexer_take(lexer, ".");
	} else if (c == '"' || c == '`') {
		operand->kind = OPERAND_STRING;
		operand->text = lexer_string(lexer);
		parsed = operand->text;
	} else if (lexer_at_number(lexer)) {
		bool is_decimal = false;
		parsed = lexer_number(lexer, &is_decimal, &operand->integer, &operand->decimal);
		operand->kind = is_decimal ? OPERAND_DECIMAL : OPERAND_INTEGER;
	} else {
		parsed = parse_word(lexer, operand);
	}
	return parsed ? operand : NULL;
}

/* ---- pipelines ---- */

static struct template_command *parse_command(struct lexer *lexer)
{
	struct template_command *command = lexer_allocate(lexer, sizeof *command);
	struct template_operand **last = command ? &command->operands : NULL;
	size_t position = lexer->at;

	while (command) {
		if (lexer_at_end(lexer) || lexer_at(lexer, "|") || lexer_at(lexer, ")"))
			break;
		*last = parse_operand(lexer);
		if (!*last)
			return NULL;
		last = &(*last)->next;
		if (!lexer_skip_space(lexer) && !lexer_at_end(lexer) && !lexer_at(lexer, "|") &&
		    !lexer_at(lexer, ")")) {
			lexer_error(lexer, lexer->at, "unexpected '%c' in operand",
				    lexer->text[lexer->at]);
			return NULL;
		}
	}
	if (command && !command->operands) {
		lexer_error(lexer, position, "missing value for command");
		return NULL;
	}
	return command;
}

/* "$a :=", "$a =", and in a range "$a, $b :=". Moves on only when it is one. */
static bool parse_declaration(struct lexer *lexer, struct template_pipeline *pipeline,
			      bool in_range)
{
	size_t start = lexer->at;

	while (lexer_at(lexer, "$") && pipeline->variable_count < 2) {
		const char *name = lexer_variable(lexer);

		if (!name)
			return false;
		pipeline->variables[pipeline->variable_count++] = name;
		lexer_skip_space(lexer);
		if (!in_range || !lexer_take(lexer, ","))
			break;
		lexer_skip_space(lexer);
	}
	if (pipeline->variable_count && lexer_take(lexer, ":=")) {
		lexer_skip_space(lexer);
		return true;
	}
	if (pipeline->variable_count && lexer_take(lexer, "=")) {
		pipeline->assigns = true;
		lexer_skip_space(lexer);
		return true;
	}
	pipeline->variable_count = 0;
	lexer->at = start;
	return true;
}

static struct template_pipeline *parse_pipeline(struct lexer *lexer, bool in_range)
{
	struct template_pipeline *pipeline = lexer_allocate(lexer, sizeof *pipeline);

	lexer_skip_space(lexer);
	if (!pipeline || !parse_declaration(lexer, pipeline, in_range))
		return NULL;
	struct template_command **last = &pipeline->commands;
	do {
		lexer_skip_space(lexer);
		*last = parse_command(lexer);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	} while (lexer_take(lexer, "|"));
	return pipeline;
}

/* ---- blocks ---- */

static const struct keyword {
	const char *word;
	enum node_kind kind;
} keywords[] = {
	{ "if", NODE_IF },
	{ "range", NODE_RANGE },
	{ "with", NODE_WITH },
};

static bool end_action(struct lexer *lexer)
{
	lexer_skip_space(lexer);
	if (lexer_end_action(lexer))
		return true;
	if (lexer->text[lexer->at])
		lexer_error(lexer, lexer->at, "unexpected '%c' in command", lexer->text[lexer->at]);
	else
		lexer_error(lexer, lexer->at, "unclosed action");
	return false;
}

/* Behind "else": nothing, or "if" and all that belongs to it, which then ends with the outer block's end. */
static bool parse_else(struct lexer *lexer, struct template_node *node);

static bool parse_block(struct lexer *lexer, struct template_node *node)
{
	enum list_end ended;

	if (++lexer->depth > TEMPLATE_DEPTH_MAX) {
		lexer_error(lexer, node->position, "more than %d brackets and blocks",
			    TEMPLATE_DEPTH_MAX);
		return false;
	}
	node->pipeline = parse_pipeline(lexer, node->kind == NODE_RANGE);
	if (!node->pipeline || !end_action(lexer))
		return false;
	node->then = parse_nodes(lexer, true, &ended);
	if (lexer->failed || (ended == END_ELSE && !parse_else(lexer, node)))
		return false;
	lexer->depth--;
	return true;
}

static bool parse_else(struct lexer *lexer, struct template_node *node)
{
	enum list_end ended;

	lexer_skip_space(lexer);
	if (lexer_take_word(lexer, "if")) {
		struct template_node *inner = lexer_allocate(lexer, sizeof *inner);

		node->otherwise = inner;
		if (!inner)
			return false;
		inner->kind = NODE_IF;
		inner->position = lexer->at;
		return parse_block(lexer, inner);
	}
	if (!end_action(lexer))
		return false;
	node->otherwise = parse_nodes(lexer, true, &ended);
	if (!lexer->failed && ended == END_ELSE)
		lexer_error(lexer, node->position, "a second else");
	return !lexer->failed;
}

/* The action that begins at the lexer's place; *node stays NULL for a comment. */
static bool parse_action(struct lexer *lexer, struct template_node **node)
{
	struct template_node *made;

	*node = NULL;
	if (lexer_take_comment(lexer))
		return !lexer->failed;
	made = lexer_allocate(lexer, sizeof *made);
	if (!made)
		return false;
	made->kind = NODE_ACTION;
	made->position = lexer->at;
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (lexer_take_word(lexer, keywords[i].word)) {
			made->kind = keywords[i].kind;
			*node = made;
			return parse_block(lexer, made);
		}
	made->pipeline = parse_pipeline(lexer, false);
	*node = made;
	return made->pipeline && end_action(lexer);
}

static bool add_text(struct lexer *lexer, struct template_node ***last)
{
	const char *text;
	size_t length = lexer_text(lexer, &text);

	if (!length)
		return true;
	struct template_node *node = lexer_allocate(lexer, sizeof *node);
	if (!node)
		return false;
	*node = (struct template_node){ .kind = NODE_TEXT, .text = text, .length = length };
	**last = node;
	*last = &node->next;
	return true;
}

/* "end" or "else", with its end but for else's. */
static bool take_list_end(struct lexer *lexer, bool in_block, enum list_end *ended)
{
	size_t position = lexer->at;

	if (lexer_take_word(lexer, "end"))
		*ended = END_OF_BLOCK;
	else if (lexer_take_word(lexer, "else"))
		*ended = END_ELSE;
	else
		return false;
	if (!in_block)
		lexer_error(lexer, position, "unexpected {{%s}}",
			    *ended == END_ELSE ? "else" : "end");
	else if (*ended == END_OF_BLOCK)
		end_action(lexer);
	return true;
}

static struct template_node *parse_nodes(struct lexer *lexer, bool in_block, enum list_end *ended)
{
	struct template_node *first = NULL, **last = &first;

	*ended = END_OF_TEXT;
	while (add_text(lexer, &last) && lexer_begin_action(lexer)) {
		struct template_node *node;

		if (take_list_end(lexer, in_block, ended))
			return first;
		if (!parse_action(lexer, &node))
			return NULL;
		if (node) {
			*last = node;
			last = &node->next;
		}
	}
	if (in_block && !lexer->failed)
		lexer_error(lexer, lexer->at, "unexpected EOF: {{end}} is missing");
	return first;
}

struct template *template_parse(const char *text, struct error *err)
{
	struct template *template = calloc(1, sizeof *template);
	enum list_end ended;

	if (template)
		template->text = strdup(text);
	if (!template || !template->text) {
		template_destroy(template);
		error_errno(err, ENOMEM, "template");
		return NULL;
	}
	struct lexer lexer = { .template = template, .text = template->text, .err = err };
	if (strlen(text) > TEMPLATE_LENGTH_MAX)
		lexer_error(&lexer, 0, "longer than %zu bytes", TEMPLATE_LENGTH_MAX);
	else
		template->nodes = parse_nodes(&lexer, false, &ended);
	if (!lexer.failed)
		return template;
	template_destroy(template);
	return NULL;
}
