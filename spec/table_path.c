#include "spec/table_path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"

/* Messages must stay readable and small whatever stands in the document. */
enum { SHOWN_MAX = 100 };

void problems_add(struct problems *problems, const char *format, ...)
{
	owned_string text = NULL;
	va_list args;

	if (problems->list.n >= PROBLEMS_MAX) {
		problems->dropped++;
		return;
	}
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text || string_list_add(&problems->list, text))
		problems->dropped++;
}

size_t problems_count(const struct problems *problems)
{
	return problems->list.n + problems->dropped;
}

int problems_to_error(const struct problems *problems, const char *document, struct error *err)
{
	size_t more = problems_count(problems);
	const char *first = problems->list.n ? problems->list.v[0] : "out of memory";

	if (more)
		more--;
	if (more == 0)
		return error_set(err, EINVAL, "%s: %s", document, first);
	return error_set(err, EINVAL, "%s: %s (and %zu more problem%s)", document, first, more,
			 more == 1 ? "" : "s");
}

void problems_finish(struct problems *problems)
{
	string_list_finish(&problems->list);
	problems->dropped = 0;
}

static bool is_plain_word(const char *key, size_t length)
{
	if (length == 0 || length > SHOWN_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = key[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '-')
			return false;
	}
	return true;
}

void table_path_add_key(struct buffer *to, const char *key, size_t length)
{
	if (is_plain_word(key, length)) {
		if (to->length)
			buffer_add(to, ".", 1);
		buffer_add(to, key, length);
		return;
	}
	size_t shown = utf8_cut(key, length, SHOWN_MAX);
	buffer_add(to, "[", 1);
	buffer_add_json_string(to, key, shown);
	buffer_print(to, "%s]", shown < length ? "..." : "");
}

void table_path_print(const struct table_path *path, struct buffer *to)
{
	if (!path->up)
		return;
	table_path_print(path->up, to);
	if (path->key)
		table_path_add_key(to, path->key, path->key_length);
	else
		buffer_print(to, "[%zu]", path->index);
}

void table_quote(struct buffer *to, const char *text, size_t length)
{
	size_t shown = utf8_cut(text, length, SHOWN_MAX);
	struct buffer quoted = { 0 };

	buffer_add_json_string(&quoted, text, shown);
	if (quoted.failed)
		to->failed = true;
	else
		buffer_print(to, "'%.*s'%s", (int)quoted.length - 2, quoted.text + 1,
			     shown < length ? "..." : "");
	buffer_finish(&quoted);
}

char *table_quoted(const char *text)
{
	struct buffer quoted = { 0 };

	table_quote(&quoted, text, strlen(text));
	if (quoted.failed)
		buffer_finish(&quoted);
	return quoted.text;
}

char *table_entry_path(const char *object, const char *key)
{
	struct buffer path = { 0 };

	buffer_print(&path, "%s", object);
	table_path_add_key(&path, key, strlen(key));
	if (path.failed)
		buffer_finish(&path);
	return path.text;
}

void table_value_problem(struct problems *problems, const char *value, const char *words,
			 const char *format, ...)
{
	owned_string path = NULL;
	owned_string quoted = table_quoted(value);
	va_list args;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);
	if (path && quoted)
		problems_add(problems, "%s: %s %s", path, quoted, words);
	else
		problems->dropped++;
}

void table_problem(struct problems *problems, const struct table_path *path, const char *format,
		   ...)
{
	struct buffer at = { 0 };
	owned_string words = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		words = NULL;
	va_end(args);
	table_path_print(path, &at);
	if (!words || at.failed)
		problems->dropped++;
	else
		problems_add(problems, "%s: %s", at.length ? at.text : "the document", words);
	buffer_finish(&at);
}
