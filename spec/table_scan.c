#include "spec/table_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/owned.h"
#include "spec/table_path.h"

/* json-c spends several hundred bytes on an empty array, so the text's length alone does not bound
 * the memory a hostile document takes. A large seccomp profile has some 5,000 values. */
enum { VALUES_MAX = 1 << 18 };

struct key {
	const char *text;
	size_t length;
};

struct scan {
	const char *text, *at, *end;
	struct problems *problems;
	struct scan_result *result;
	struct key *keys; /* of all objects that are open, innermost last */
	size_t key_count, key_capacity;
	char *unescaped; /* room for the keys that contain escapes */
	size_t unescaped_used;
	size_t values;
};

static int scan_value(struct scan *scan, const struct table_path *path, unsigned int depth);

static int out_of_memory(struct scan *scan, const struct table_path *path)
{
	table_problem(scan->problems, path, "out of memory");
	return -1;
}

/* The word for what stands at the current position. */
static void describe_here(const struct scan *scan, struct buffer *to)
{
	size_t left = (size_t)(scan->end - scan->at), length = 0;

	if (left == 0) {
		buffer_print(to, "the end of the text");
		return;
	}
	if (*scan->at == '\0') {
		buffer_print(to, "a NUL byte");
		return;
	}
	if (*scan->at == '\'') {
		buffer_print(to, "a single quote");
		return;
	}
	while (length < left && length < 32 &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.",
		      scan->at[length]) &&
	       scan->at[length])
		length++;
	if (length == 0)
		length = utf8_sequence(scan->at, left);
	if (length)
		table_quote(to, scan->at, length);
	else
		buffer_print(to, "byte 0x%02x", (unsigned char)*scan->at);
}

static int not_json(struct scan *scan, const struct table_path *path, const char *expected)
{
	struct buffer found = { 0 };
	size_t line = 1, column = 1;

	for (const char *at = scan->text; at < scan->at; at++) {
		column = *at == '\n' ? 1 : column + 1;
		line += *at == '\n';
	}
	describe_here(scan, &found);
	table_problem(scan->problems, path,
		      "not valid JSON at line %zu, column %zu: expected %s, found %s", line, column,
		      expected, found.text ? found.text : "something else");
	buffer_finish(&found);
	return -1;
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

static bool next_is(const struct scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

static bool is_digit_next(const struct scan *scan)
{
	return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

/* What a string turned out to hold besides plain text. */
struct string_facts {
	bool has_escape, has_nul, bad_utf8, half_surrogate;
};

static int scan_escape(struct scan *scan, const struct table_path *path, struct string_facts *facts)
{
	int unit, second;

	facts->has_escape = true;
	scan->at++;
	if (scan->at == scan->end)
		return not_json(scan, path, "an escape sequence");
	if (*scan->at != 'u') {
		if (!*scan->at || !strchr("\"\\/bfnrt", *scan->at))
			return not_json(scan, path, "an escape sequence of JSON");
		scan->at++;
		return 0;
	}
	scan->at++;
	unit = json_hexadecimal(scan->at, scan->end);
	if (unit < 0)
		return not_json(scan, path, "four hexadecimal digits");
	scan->at += 4;
	if (unit == 0)
		facts->has_nul = true;
	if (json_is_low_surrogate(unit))
		facts->half_surrogate = true;
	if (!json_is_high_surrogate(unit))
		return 0;
	second = scan->end - scan->at >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u'
			 ? json_hexadecimal(scan->at + 2, scan->end)
			 : -1;
	if (json_is_low_surrogate(second))
		scan->at += 6;
	else
		facts->half_surrogate = true;
	return 0;
}

/* From the opening quote to behind the closing one; *string is what stands between, as written. */
static int scan_string(struct scan *scan, const struct table_path *path, struct key *string,
		       struct string_facts *facts)
{
	const char *start = ++scan->at;

	*facts = (struct string_facts){ 0 };
	while (scan->at < scan->end) {
		unsigned char c = (unsigned char)*scan->at;

		if (c == '"') {
			*string = (struct key){ start, (size_t)(scan->at++ - start) };
			return 0;
		}
		if (c == '\\') {
			if (scan_escape(scan, path, facts))
				return -1;
		} else if (c >= 0x20 && c < 0x80) {
			scan->at++;
		} else if (c < 0x20) {
			return not_json(scan, path, "control characters to be escaped");
		} else {
			size_t size = utf8_sequence(scan->at, (size_t)(scan->end - scan->at));
			facts->bad_utf8 |= size == 0;
			scan->at += size ? size : 1;
		}
	}
	return not_json(scan, path, "a closing quote");
}

static void string_problems(struct scan *scan, const struct table_path *path,
			    const struct string_facts *facts)
{
	if (facts->bad_utf8)
		table_problem(scan->problems, path, "not valid UTF-8");
	if (facts->half_surrogate)
		table_problem(scan->problems, path, "an escape is half of a surrogate pair");
}

static int scan_digits(struct scan *scan, const struct table_path *path)
{
	if (!is_digit_next(scan))
		return not_json(scan, path, "a digit");
	while (is_digit_next(scan))
		scan->at++;
	return 0;
}

static int remember_large_integer(struct scan *scan, const struct table_path *path,
				  const char *start)
{
	struct string_map *map = &scan->result->large_integers;
	struct buffer key = { 0 };

	if (map->n >= PROBLEMS_MAX) {
		table_problem(scan->problems, path, "one of too many integers beyond 64 bits");
		return -1;
	}
	struct string_pair *v = reallocarray(map->v, map->n + 1, sizeof *v);
	if (!v)
		return out_of_memory(scan, path);
	map->v = v;
	v[map->n] = (struct string_pair){ 0 };
	table_path_print(path, &key);
	v[map->n].key = key.failed || !key.text ? strdup("") : take_pointer(key.text);
	v[map->n].value = strndup(start, (size_t)(scan->at - start));
	buffer_finish(&key);
	map->n++;
	return v[map->n - 1].key && v[map->n - 1].value ? 0 : out_of_memory(scan, path);
}

static int scan_number(struct scan *scan, const struct table_path *path)
{
	const char *start = scan->at;
	bool negative = next_is(scan, '-'), integer = true;

	if (negative)
		scan->at++;
	const char *digits = scan->at;
	if (next_is(scan, '0'))
		scan->at++;
	else if (scan_digits(scan, path))
		return -1;
	size_t count = (size_t)(scan->at - digits);
	if (next_is(scan, '.')) {
		integer = false;
		scan->at++;
		if (scan_digits(scan, path))
			return -1;
	}
	if (next_is(scan, 'e') || next_is(scan, 'E')) {
		integer = false;
		scan->at++;
		if (next_is(scan, '+') || next_is(scan, '-'))
			scan->at++;
		if (scan_digits(scan, path))
			return -1;
	}
	/* Without a leading zero, the number of digits decides, and among equals the text does. */
	const char *limit = negative ? "9223372036854775808" : "18446744073709551615";
	size_t limit_count = strlen(limit);
	if (integer &&
	    (count > limit_count || (count == limit_count && memcmp(digits, limit, count) > 0)))
		return remember_large_integer(scan, path, start);
	return 0;
}

static int scan_literal(struct scan *scan, const struct table_path *path, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return not_json(scan, path, "a value");
	scan->at += length;
	return 0;
}

/* Keys are compared as json-c will see them, so an escaped one must be unescaped first. */
static int unescape_key(struct scan *scan, const struct table_path *path, struct key *key)
{
	if (!scan->unescaped) {
		scan->unescaped = malloc((size_t)(scan->end - scan->text) + 1);
		if (!scan->unescaped)
			return out_of_memory(scan, path);
	}
	char *to = scan->unescaped + scan->unescaped_used;
	*key = (struct key){ to, json_unescape(key->text, key->length, to) };
	scan->unescaped_used += key->length;
	return 0;
}

static int scan_key(struct scan *scan, const struct table_path *path, struct key *key)
{
	struct string_facts facts;

	if (!next_is(scan, '"'))
		return not_json(scan, path, "a key in double quotes");
	if (scan_string(scan, path, key, &facts))
		return -1;
	/* Half a surrogate cannot be unescaped; the document is refused because of it. */
	if (facts.has_escape && !facts.half_surrogate && unescape_key(scan, path, key))
		return -1;
	const struct table_path here = { path, key->text, key->length, 0 };
	string_problems(scan, &here, &facts);
	if (facts.has_nul)
		table_problem(scan->problems, &here, "the key contains a NUL character");
	if (scan->key_count == scan->key_capacity) {
		size_t capacity = scan->key_capacity ? scan->key_capacity * 2 : 64;
		struct key *keys = reallocarray(scan->keys, capacity, sizeof *keys);
		if (!keys)
			return out_of_memory(scan, &here);
		scan->keys = keys;
		scan->key_capacity = capacity;
	}
	scan->keys[scan->key_count++] = *key;
	return 0;
}

static int compare_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;

	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->text, b->text, a->length);
}

static void duplicate_key(struct scan *scan, const struct table_path *path, const struct key *key)
{
	const struct table_path here = { path, key->text, key->length, 0 };

	table_problem(scan->problems, &here, "given more than once");
}

/* Comparing each with each is fastest for the objects that occur; sorting keeps a hostile one from
 * taking quadratic time. */
static void find_duplicates(struct scan *scan, const struct table_path *path, size_t first)
{
	struct key *keys = scan->keys + first;
	size_t n = scan->key_count - first;

	if (n > 24) {
		qsort(keys, n, sizeof *keys, compare_keys);
		for (size_t i = 1; i < n; i++)
			if (compare_keys(&keys[i - 1], &keys[i]) == 0)
				duplicate_key(scan, path, &keys[i]);
		return;
	}
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (compare_keys(&keys[i], &keys[j]) == 0) {
				duplicate_key(scan, path, &keys[i]);
				break;
			}
}

static int scan_object(struct scan *scan, const struct table_path *path, unsigned int depth)
{
	size_t first = scan->key_count;

	scan->at++;
	skip_blanks(scan);
	if (next_is(scan, '}')) {
		scan->at++;
		return 0;
	}
	for (;;) {
		struct key key = { "", 0 };

		if (scan_key(scan, path, &key))
			return -1;
		const struct table_path here = { path, key.text, key.length, 0 };
		skip_blanks(scan);
		if (!next_is(scan, ':'))
			return not_json(scan, &here, "':'");
		scan->at++;
		if (scan_value(scan, &here, depth))
			return -1;
		skip_blanks(scan);
		if (next_is(scan, '}'))
			break;
		if (!next_is(scan, ','))
			return not_json(scan, &here, "',' or '}'");
		scan->at++;
		skip_blanks(scan);
	}
	scan->at++;
	find_duplicates(scan, path, first);
	scan->key_count = first;
	return 0;
}

static int scan_array(struct scan *scan, const struct table_path *path, unsigned int depth)
{
	struct table_path here = { path, NULL, 0, 0 };

	scan->at++;
	skip_blanks(scan);
	if (next_is(scan, ']')) {
		scan->at++;
		return 0;
	}
	for (;; here.index++) {
		if (scan_value(scan, &here, depth))
			return -1;
		skip_blanks(scan);
		if (next_is(scan, ']'))
			break;
		if (!next_is(scan, ','))
			return not_json(scan, &here, "',' or ']'");
		scan->at++;
	}
	scan->at++;
	return 0;
}

static int scan_value(struct scan *scan, const struct table_path *path, unsigned int depth)
{
	struct string_facts facts;
	struct key string = { "", 0 };

	skip_blanks(scan);
	if (++scan->values > VALUES_MAX) {
		table_problem(scan->problems, path, "one of more than %d values", VALUES_MAX);
		return -1;
	}
	if (scan->at == scan->end)
		return not_json(scan, path, "a value");
	switch (*scan->at) {
	case '{':
	case '[':
		if (depth == TABLE_DEPTH_MAX) {
			table_problem(scan->problems, path, "nested more than %d levels deep",
				      TABLE_DEPTH_MAX);
			return -1;
		}
		return *scan->at == '{' ? scan_object(scan, path, depth + 1)
					: scan_array(scan, path, depth + 1);
	case '"':
		if (scan_string(scan, path, &string, &facts))
			return -1;
		string_problems(scan, path, &facts);
		return 0;
	case 't':
		return scan_literal(scan, path, "true");
	case 'f':
		return scan_literal(scan, path, "false");
	case 'n':
		return scan_literal(scan, path, "null");
	case '-':
		return scan_number(scan, path);
	default:
		if (is_digit_next(scan))
			return scan_number(scan, path);
		return not_json(scan, path, "a value");
	}
}

int table_scan(const char *text, size_t length, struct scan_result *result,
	       struct problems *problems)
{
	const struct table_path document = { 0 };
	struct scan scan = { .text = text,
			     .at = text,
			     .end = text + length,
			     .problems = problems,
			     .result = result };
	int ret;

	skip_blanks(&scan);
	if (scan.at == scan.end) {
		problems_add(problems, "the document: empty, expected a JSON object");
		return -1;
	}
	ret = scan_value(&scan, &document, 0);
	if (ret == 0) {
		skip_blanks(&scan);
		if (scan.at < scan.end)
			ret = not_json(&scan, &document, "nothing more");
	}
	free(scan.keys);
	free(scan.unescaped);
	return ret;
}

void scan_result_finish(struct scan_result *result)
{
	string_map_finish(&result->large_integers);
}
