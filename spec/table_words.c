/* What tables know, by the path of a field. Knows no format and reads no document. */
#include <string.h>

#include "spec/table_fields.h"

static const struct field *find_field(const struct type *type, const char *name, size_t length)
{
	for (size_t i = 0; i < type->field_count; i++)
		if (strlen(type->fields[i].name) == length &&
		    strncmp(type->fields[i].name, name, length) == 0)
			return &type->fields[i];
	return NULL;
}

static const struct field *follow(const struct type *type, const char *path)
{
	const struct field *field = NULL;

	while (*path) {
		size_t length = strcspn(path, ".");

		field = type ? find_field(type, path, length) : NULL;
		if (!field)
			return NULL;
		type = field->type;
		path += length + (path[length] == '.');
	}
	return field;
}

const struct word *table_words(const struct type *type, const char *path)
{
	const struct field *field = follow(type, path);

	return field ? field->words : NULL;
}

const char *table_field_name(const struct type *type, const char *path, size_t index)
{
	if (*path) {
		const struct field *field = follow(type, path);

		type = field ? field->type : NULL;
	}
	return type && index < type->field_count ? type->fields[index].name : NULL;
}
