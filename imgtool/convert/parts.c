#include "imgtool/convert/parts.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/table_path.h"

int convert_notice(const struct conversion *conversion, struct error *err, const char *format, ...)
{
	owned_string notice = NULL;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&notice, format, args);
	va_end(args);
	if (length < 0)
		notice = NULL;
	return notice && string_list_add(conversion->notices, notice) == 0
		       ? 0
		       : error_errno(err, ENOMEM, "notice");
}

bool convert_is_mapped(const struct id_mapping_list *mappings, uint32_t id)
{
	for (size_t i = 0; i < mappings->n; i++)
		if (id - mappings->v[i]->container_id < mappings->v[i]->size)
			return true;
	return !mappings->n;
}

char *convert_path(const char *field, const char *path, struct error *err)
{
	if (text_has_control(path)) {
		owned_string quoted = table_quoted(path);
		error_set(err, EINVAL, "%s: control character in %s", field, quoted);
		return NULL;
	}
	if (strlen(path) >= PATH_MAX) {
		error_set(err, ENAMETOOLONG, "%s: the path has more than %d bytes", field,
			  PATH_MAX - 1);
		return NULL;
	}
	char *absolute = text_format("%s%s", *path == '/' ? "" : "/", path);
	if (!absolute)
		error_errno(err, ENOMEM, "%s", field);
	return absolute;
}
