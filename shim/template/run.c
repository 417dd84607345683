/* A template at work on a value: nodes, pipelines and variables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/template/functions.h"
#include "shim/template/tree.h"
#include "shim/template/value.h"
#include "spec/base/owned.h"

/* A variable's value is borrowed, from the value that the template runs on or from run->made. */
struct variable {
	const char *name;
	struct json_object *value;
};

#define VARIABLES_MAX 200

struct run {
	const struct template *template;
	bool header;
	struct buffer *to;
	size_t start; /* of what this run prints */
	struct error *err;
	unsigned steps;
	size_t texts; /* bytes of the texts that functions made */
	struct json_object
		*made; /* an array: every value that functions made lives as long as the run */
	struct variable variables[VARIABLES_MAX];
	size_t variable_count;
};

static bool run_nodes(struct run *run, const struct template_node *node, struct json_object *dot);
static bool run_pipeline(struct run *run, const struct template_pipeline *pipeline,
			 struct json_object *dot, struct json_object **ret);

#define fail(run, position, ...) \
	(template_error((run)->template, position, (run)->err, __VA_ARGS__), false)

static bool count_step(struct run *run, size_t position)
{
	return ++run->steps <= TEMPLATE_STEPS_MAX ||
	       fail(run, position, "more than %d steps", TEMPLATE_STEPS_MAX);
}

static bool keep(struct run *run, struct json_object *value, size_t position)
{
	if (!value || json_object_array_add(run->made, value) == 0)
		return true;
	json_object_put(value);
	return fail(run, position, "out of memory");
}

/* ---- variables ---- */

static bool set_variable(struct run *run, const char *name, struct json_object *value, bool assigns,
			 size_t position)
{
	for (size_t i = run->variable_count; assigns && i > 0; i--)
		if (strcmp(run->variables[i - 1].name, name) == 0) {
			run->variables[i - 1].value = value;
			return true;
		}
	if (assigns)
		return fail(run, position, "undefined variable \"$%.100s\"", name);
	if (run->variable_count == VARIABLES_MAX)
		return fail(run, position, "more than %d variables", VARIABLES_MAX);
	run->variables[run->variable_count++] = (struct variable){ name, value };
	return true;
}

static bool get_variable(const struct run *run, const struct template_operand *operand,
			 struct json_object **ret)
{
	for (size_t i = run->variable_count; i > 0; i--)
		if (strcmp(run->variables[i - 1].name, operand->text) == 0) {
			*ret = run->variables[i - 1].value;
			return true;
		}
	return fail(run, operand->position, "undefined variable \"$%.100s\"", operand->text);
}

/* ---- operands ---- */

static bool get_fields(const struct run *run, const struct template_operand *operand,
		       struct json_object **value)
{
	for (const struct template_name *name = operand->fields; name; name = name->next) {
		if (!*value)
			return fail(run, operand->position, "nil data; no entry for key \"%.100s\"",
				    name->text);
		if (!json_object_is_type(*value, json_type_object))
			return fail(run, operand->position,
				    "can't evaluate field %.100s in type %s", name->text,
				    json_type_to_name(json_object_get_type(*value)));
		if (!json_object_object_get_ex(*value, name->text, value))
			return fail(run, operand->position, "map has no entry for key \"%.100s\"",
				    name->text);
	}
	return true;
}

static bool call_function(struct run *run, const struct template_operand *operand,
			  struct json_object *const *arguments, size_t n, struct json_object **ret)
{
	const struct template_function *function = template_function_named(operand->text);
	struct function_call call = { .arguments = arguments, .n = n };

	if (n < function->minimum || n > function->maximum)
		return fail(run, operand->position,
			    "wrong number of args for %s: want %s%zu got %zu", function->name,
			    function->minimum < function->maximum ? "at least " : "",
			    function->minimum, n);
	if (run->header && function->alters && n) {
		*ret = arguments[0];
		return true;
	}
	if (!function->run(&call)) {
		json_object_put(call.result);
		return fail(run, operand->position, "error calling %s: %s", function->name,
			    call.message);
	}
	*ret = call.result;
	if (!keep(run, call.result, operand->position))
		return false;
	run->texts += (size_t)json_object_get_string_len(call.result);
	return run->texts <= TEMPLATE_TEXTS_MAX ||
	       fail(run, operand->position, "texts of more than %zu bytes", TEMPLATE_TEXTS_MAX);
}

static bool get_constant(struct run *run, const struct template_operand *operand,
			 struct json_object **ret)
{
	*ret = operand->kind == OPERAND_STRING	  ? json_object_new_string(operand->text)
	       : operand->kind == OPERAND_INTEGER ? json_object_new_int64(operand->integer)
	       : operand->kind == OPERAND_DECIMAL ? json_object_new_double(operand->decimal)
						  : json_object_new_boolean((int)operand->integer);
	if (!*ret)
		return fail(run, operand->position, "out of memory");
	return keep(run, *ret, operand->position);
}

/* As an argument: a function that stands there alone is called without any. */
static bool get_operand(struct run *run, const struct template_operand *operand,
			struct json_object *dot, struct json_object **ret)
{
	if (!count_step(run, operand->position))
		return false;
	switch (operand->kind) {
	case OPERAND_DOT:
		*ret = dot;
		return get_fields(run, operand, ret);
	case OPERAND_VARIABLE:
		return get_variable(run, operand, ret) && get_fields(run, operand, ret);
	case OPERAND_PIPELINE:
		return run_pipeline(run, operand->pipeline, dot, ret) &&
		       get_fields(run, operand, ret);
	case OPERAND_FUNCTION:
		return call_function(run, operand, NULL, 0, ret);
	case OPERAND_NIL:
		*ret = NULL;
		return true;
	default:
		return get_constant(run, operand, ret);
	}
}

/* ---- pipelines ---- */

/* and: the first that is false, or: the first that is true, else the last. What comes behind is not looked at, so
 * that {{if and .Health .Health.Status}} may ask for what need not be there. */
static bool run_logic(struct run *run, const struct template_command *command,
		      struct json_object *dot, const struct json_object *const *piped,
		      struct json_object **ret)
{
	const struct template_operand *function = command->operands;
	bool stop_at = strcmp(function->text, "or") == 0;

	for (const struct template_operand *argument = function->next; argument;
	     argument = argument->next) {
		if (!get_operand(run, argument, dot, ret))
			return false;
		if (value_is_true(*ret) == stop_at)
			return true;
	}
	if (piped)
		*ret = (struct json_object *)(uintptr_t)*piped;
	else if (!function->next)
		return fail(run, function->position,
			    "wrong number of args for %s: want at least 1 got 0", function->text);
	return true;
}

/* The heading of .Label "com.example.cpu-count" is "cpu count". */
static bool title(struct run *run, const struct template_operand *operand, const char *key,
		  struct json_object **ret)
{
	const char *point = strrchr(key, '.');
	owned_string words = strdup(point ? point + 1 : key);

	for (char *at = words; at && (at = strpbrk(at, "-_")); at++)
		*at = ' ';
	*ret = words ? json_object_new_string(words) : NULL;
	return *ret ? keep(run, *ret, operand->position)
		    : fail(run, operand->position, "out of memory");
}

/* .Label "key", as docker's rows have it: a member that is an object, with a text behind it. */
static bool look_up(struct run *run, const struct template_operand *operand,
		    struct json_object *const *arguments, size_t n, struct json_object **value)
{
	struct json_object *found = NULL;

	if (n != 1 || !value_is_text(arguments[0]) ||
	    (!run->header && !json_object_is_type(*value, json_type_object)))
		return fail(run, operand->position, "can't give argument to non-function");
	if (run->header)
		return title(run, operand, json_object_get_string(arguments[0]), value);
	if (json_object_object_get_ex(*value, json_object_get_string(arguments[0]), &found)) {
		*value = found;
		return true;
	}
	*value = json_object_new_string("");
	return keep(run, *value, operand->position);
}

/* @piped: the value of the command before, which is the last argument; NULL: there was none. */
static bool run_command(struct run *run, const struct template_command *command,
			struct json_object *dot, struct json_object **piped,
			struct json_object **ret)
{
	const struct template_operand *first = command->operands;
	struct json_object *arguments[FUNCTION_ARGUMENTS_MAX];
	size_t n = 0;

	if (first->kind == OPERAND_FUNCTION &&
	    (strcmp(first->text, "and") == 0 || strcmp(first->text, "or") == 0))
		return run_logic(run, command, dot, (const struct json_object *const *)piped, ret);
	for (const struct template_operand *argument = first->next; argument || piped;
	     argument = argument->next) {
		if (n == FUNCTION_ARGUMENTS_MAX)
			return fail(run, first->position, "more than %d arguments",
				    FUNCTION_ARGUMENTS_MAX);
		if (!argument) {
			arguments[n++] = *piped;
			break;
		}
		if (!get_operand(run, argument, dot, &arguments[n++]))
			return false;
	}
	if (first->kind == OPERAND_FUNCTION)
		return call_function(run, first, arguments, n, ret);
	if (!get_operand(run, first, dot, ret))
		return false;
	if (!n)
		return true;
	if (!first->fields)
		return fail(run, first->position, "can't give argument to non-function");
	return look_up(run, first, arguments, n, ret);
}

static bool run_pipeline(struct run *run, const struct template_pipeline *pipeline,
			 struct json_object *dot, struct json_object **ret)
{
	struct json_object *value = NULL;

	for (const struct template_command *command = pipeline->commands; command;
	     command = command->next) {
		struct json_object *before = value;

		if (!run_command(run, command, dot, command == pipeline->commands ? NULL : &before,
				 &value))
			return false;
	}
	*ret = value;
	return true;
}

/* ---- nodes ---- */

static bool declare(struct run *run, const struct template_node *node, struct json_object *value)
{
	const struct template_pipeline *pipeline = node->pipeline;

	return !pipeline->variable_count ||
	       set_variable(run, pipeline->variables[0], value, pipeline->assigns, node->position);
}

static bool run_action(struct run *run, const struct template_node *node, struct json_object *dot)
{
	struct json_object *value;

	if (!run_pipeline(run, node->pipeline, dot, &value))
		return false;
	if (node->pipeline->variable_count)
		return declare(run, node, value);
	if (value)
		value_print(value, run->to);
	else
		buffer_print(run->to, "<no value>");
	return true;
}

static bool run_condition(struct run *run, const struct template_node *node,
			  struct json_object *dot)
{
	struct json_object *value;

	if (!run_pipeline(run, node->pipeline, dot, &value) || !declare(run, node, value))
		return false;
	if (!value_is_true(value))
		return run_nodes(run, node->otherwise, dot);
	return run_nodes(run, node->then, node->kind == NODE_WITH ? value : dot);
}

/* One turn. @name: the member's; NULL: of an array, whose @index it is. */
static bool run_element(struct run *run, const struct template_node *node, const char *name,
			size_t index, struct json_object *element)
{
	const struct template_pipeline *pipeline = node->pipeline;
	size_t variables = run->variable_count;
	bool succeeded = count_step(run, node->position);

	if (succeeded && pipeline->variable_count == 2) {
		struct json_object *key = name ? json_object_new_string(name)
					       : json_object_new_int64((int64_t)index);

		succeeded = keep(run, key, node->position) &&
			    set_variable(run, pipeline->variables[0], key, pipeline->assigns,
					 node->position);
	}
	if (succeeded && pipeline->variable_count)
		succeeded = set_variable(run, pipeline->variables[pipeline->variable_count - 1],
					 element, pipeline->assigns, node->position);
	succeeded = succeeded && run_nodes(run, node->then, element);
	run->variable_count = variables;
	return succeeded;
}

static bool range_over_object(struct run *run, const struct template_node *node,
			      struct json_object *object)
{
	size_t n = 0;
	owned_memory const char **keys = value_keys(object, &n);

	if (!keys)
		return fail(run, node->position, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct json_object *element = NULL;

		json_object_object_get_ex(object, keys[i], &element);
		if (!run_element(run, node, keys[i], i, element))
			return false;
	}
	return true;
}

static bool run_range(struct run *run, const struct template_node *node, struct json_object *dot)
{
	struct json_object *value;

	if (!run_pipeline(run, node->pipeline, dot, &value))
		return false;
	if (value && !json_object_is_type(value, json_type_array) &&
	    !json_object_is_type(value, json_type_object))
		return fail(run, node->position, "range can't iterate over %s",
			    json_type_to_name(json_object_get_type(value)));
	if (!value_is_true(value))
		return run_nodes(run, node->otherwise, dot);
	if (json_object_is_type(value, json_type_object))
		return range_over_object(run, node, value);
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!run_element(run, node, NULL, i, json_object_array_get_idx(value, i)))
			return false;
	return true;
}

static bool run_node(struct run *run, const struct template_node *node, struct json_object *dot)
{
	size_t variables = run->variable_count;
	bool succeeded = true;

	switch (node->kind) {
	case NODE_TEXT:
		buffer_add(run->to, node->text, node->length);
		return true;
	case NODE_ACTION:
		return run_action(run, node, dot);
	case NODE_IF:
	case NODE_WITH:
		succeeded = run_condition(run, node, dot);
		break;
	case NODE_RANGE:
		succeeded = run_range(run, node, dot);
		break;
	}
	run->variable_count = variables;
	return succeeded;
}

static bool run_nodes(struct run *run, const struct template_node *node, struct json_object *dot)
{
	size_t variables = run->variable_count;

	for (; node; node = node->next) {
		if (!count_step(run, node->position) || !run_node(run, node, dot))
			return false;
		if (run->to->length - run->start > TEMPLATE_OUTPUT_MAX)
			return fail(run, node->position, "more than %zu bytes of output",
				    TEMPLATE_OUTPUT_MAX);
	}
	run->variable_count = variables;
	return true;
}

int template_run(const struct template *template, struct json_object *value, bool header,
		 struct buffer *to, struct error *err)
{
	struct run run = {
		.template = template,
		.header = header,
		.to = to,
		.start = to->length,
		.err = err,
		.made = json_object_new_array(),
		.variables = { { "", value } },
		.variable_count = 1,
	};

	if (!run.made)
		return error_errno(err, ENOMEM, "template");
	bool succeeded = run_nodes(&run, template->nodes, value);
	json_object_put(run.made);
	if (!succeeded)
		return -1;
	return to->failed ? error_errno(err, ENOMEM, "template") : 0;
}
