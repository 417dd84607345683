/* What template_parse hands to template_run. Everything belongs to the template. */
#pragma once

#include "shim/template/template.h"

struct template_name {
	const char *text;
	struct template_name *next;
};

enum operand_kind {
	OPERAND_DOT,	  /* . and .Field: @fields of the dot */
	OPERAND_VARIABLE, /* $name, with @fields; "" is the root */
	OPERAND_FUNCTION,
	OPERAND_STRING,
	OPERAND_INTEGER,
	OPERAND_DECIMAL,
	OPERAND_BOOL,
	OPERAND_NIL,
	OPERAND_PIPELINE /* in brackets, with @fields */
};

struct template_operand {
	enum operand_kind kind;
	size_t position;
	const char *text; /* of a variable, function and string */
	int64_t integer;  /* of an integer and a bool */
	double decimal;
	struct template_pipeline *pipeline;
	struct template_name *fields;
	struct template_operand *next;
};

struct template_command {
	struct template_operand *operands;
	struct template_command *next;
};

/* $a, $b := commands */
struct template_pipeline {
	const char *variables[2];
	unsigned variable_count;
	bool assigns; /* "=" and not ":=" */
	struct template_command *commands;
};

enum node_kind { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_RANGE, NODE_WITH };

struct template_node {
	enum node_kind kind;
	size_t position;
	const char *text;
	size_t length;
	struct template_pipeline *pipeline;
	struct template_node *then, *otherwise;
	struct template_node *next;
};

struct template_memory; /* one piece, in a chain */

struct template
{
	char *text; /* what it was parsed from, for positions */
	struct template_node *nodes;
	struct template_memory *memory;
};

/* "template:1:5: " and the words; -1, EINVAL. */
int template_error(const struct template *template, size_t position, struct error *err,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
