#include "spec/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_format(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	return length < 0 ? NULL : text;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* The next component that says something; its length in *length, 0 at the end. */
static const char *next_component(const char *path, size_t *length)
{
	for (;;) {
		path += strspn(path, "/");
		*length = strcspn(path, "/");
		if (*length != 1 || *path != '.')
			return path;
		path++;
	}
}

bool path_equal(const char *a, const char *b)
{
	size_t length_a, length_b;

	do {
		a = next_component(a, &length_a);
		b = next_component(b, &length_b);
		if (length_a != length_b || strncmp(a, b, length_a) != 0)
			return false;
		a += length_a;
		b += length_b;
	} while (length_a);
	return true;
}

static bool only_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static int conversion_failed(int code)
{
	errno = code;
	return -1;
}

int text_to_int64(const char *text, int64_t *ret)
{
	if (!only_digits(text + (*text == '-')))
		return conversion_failed(EINVAL);
	errno = 0;
	long long value = strtoll(text, NULL, 10);
	if (errno)
		return -1;
	*ret = value;
	return 0;
}

int text_to_uint64(const char *text, uint64_t *ret)
{
	if (!only_digits(text))
		return conversion_failed(EINVAL);
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	if (errno)
		return -1;
	*ret = value;
	return 0;
}

int string_list_add(struct string_list *list, const char *text)
{
	char *copy = strdup(text);
	char **v = copy ? reallocarray(list->v, list->n + 2, sizeof *v) : NULL;

	if (!v) {
		free(copy);
		return -1;
	}
	v[list->n++] = copy;
	v[list->n] = NULL;
	list->v = v;
	return 0;
}

bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], text) == 0)
			return true;
	return false;
}

void string_list_finish(struct string_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct string_list){ 0 };
}

const char *string_map_get(const struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->v[i].key, key) == 0)
			return map->v[i].value;
	return NULL;
}

void string_map_finish(struct string_map *map)
{
	for (size_t i = 0; i < map->n; i++) {
		free(map->v[i].key);
		free(map->v[i].value);
	}
	free(map->v);
	*map = (struct string_map){ 0 };
}

static bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t needed = buffer->length + more + 1;

	if (buffer->failed)
		return false;
	if (needed <= buffer->capacity)
		return true;
	size_t capacity = needed < 256 ? 256 : needed * 2;
	char *text = realloc(buffer->text, capacity);
	if (!text) {
		buffer->failed = true;
		return false;
	}
	buffer->text = text;
	buffer->capacity = capacity;
	return true;
}

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
	if (!buffer_reserve(buffer, length))
		return;
	if (length)
		memcpy(buffer->text + buffer->length, data, length);
	buffer->length += length;
	buffer->text[buffer->length] = '\0';
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !buffer_reserve(buffer, (size_t)length)) {
		buffer->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, args);
	va_end(args);
	buffer->length += (size_t)length;
}

void buffer_finish(struct buffer *buffer)
{
	free(buffer->text);
	*buffer = (struct buffer){ 0 };
}
