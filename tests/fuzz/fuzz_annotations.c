/* Any bytes as the annotations that reach systemd, and as the cgroupsPath that names a scope: nothing may
 * crash, and what is accepted is a property of the list with values as its type has them, in a unit that is no path. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/systemd.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What would let an annotation start or stop something else, or run a program. */
static const char *const harmful[] = { "Exec",	 "OnFailure",  "Requires", "Wants",	"BindsTo",
				       "PartOf", "Conflicts",  "Action",   "Slice",	"Delegate",
				       "PIDs",	 "Controller", "Triggers", "JobTimeout" };

static void check_value(const struct systemd_property *property, const char *value)
{
	uint64_t number;
	int64_t signed_number;

	if (strcmp(property->signature, "t") == 0 && text_to_uint64(value, &number))
		abort();
	if (strcmp(property->signature, "i") == 0 && text_to_int64(value, &signed_number))
		abort();
	if (strcmp(property->signature, "b") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		abort();
}

static void check_property(const struct systemd_property *property)
{
	for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++)
		if (text_starts_with(property->name, harmful[i]))
			abort();
	if (property->signature[0] != 'a' && property->values.n != 1)
		abort();
	for (size_t i = 0; i < property->values.n; i++)
		check_value(property, property->values.v[i]);
}

static void read_annotation(char *name, char *value)
{
	owned_string key = text_format("%s%s", SYSTEMD_ANNOTATION_PREFIX, name);
	struct string_pair pair = { key, value };
	const struct string_map map = { &pair, 1 };
	struct error err = { 0 };
	struct systemd_scope *scope = systemd_scope_name(NULL, "id", NULL, &err);

	if (!scope || !key)
		abort();
	int failed = systemd_scope_add_annotations(scope, &map, &err);
	if (failed && !err.code)
		abort();
	for (size_t i = 0; !failed && i < scope->properties.n; i++)
		check_property(&scope->properties.v[i]);
	systemd_scope_free(scope);
}

static void name_scope(const char *path)
{
	struct error err = { 0 };
	struct systemd_scope *scope = systemd_scope_name(path, "id", NULL, &err);

	if (!scope) {
		if (!err.code)
			abort();
		return;
	}
	if (strchr(scope->unit, '/') || strchr(scope->slice, '/') || strstr(scope->group, "/../") ||
	    scope->group[0] != '/')
		abort();
	systemd_scope_free(scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	owned_string text = strndup((const char *)data, size);

	if (!text)
		abort();
	char *line_end = strchr(text, '\n');
	if (!line_end) {
		name_scope(text);
		return 0;
	}
	*line_end = '\0';
	read_annotation(text, line_end + 1);
	return 0;
}
