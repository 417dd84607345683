/* Names of units and slices, and the lists of properties. Must not know of limits or of D-Bus. */
#include "runtime/cgroup/systemd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

#define UNIT_NAME_MAX 255 /* systemd.unit(5) */
#define FIELD "linux.cgroupsPath"

/* systemd.unit(5): letters, digits and ":-_.\"; an "@" would make the unit an instance of a template. */
static bool is_unit_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\";

	return *name && strlen(name) <= UNIT_NAME_MAX && !name[strspn(name, allowed)];
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length > tail && strcmp(text + length - tail, end) == 0;
}

/* "a-b.slice" is within "a.slice": the path has a component for each. NULL: not a slice's name. */
static char *expand_slice(const char *slice)
{
	struct buffer path = { 0 };

	if (!is_unit_name(slice) || !ends_with(slice, ".slice"))
		return NULL;
	if (strcmp(slice, "-.slice") == 0)
		return strdup("");
	size_t length = strlen(slice) - strlen(".slice");
	for (size_t end = 0; end <= length; end++) {
		if (end < length && slice[end] != '-')
			continue;
		/* No component is empty: "-a", "a--b", "a-". */
		if (end == 0 || slice[end - 1] == '-') {
			buffer_finish(&path);
			return NULL;
		}
		buffer_print(&path, "/%.*s.slice", (int)end, slice);
	}
	return path.text;
}

/* "slice:prefix:name" cut at its two colons. */
static int cut_path(char *path, char *part[3])
{
	char *rest = path;

	for (size_t i = 0; i < 3; i++) {
		part[i] = strsep(&rest, ":");
		if (!part[i])
			return -1;
	}
	return rest ? -1 : 0;
}

static int name_unit(struct systemd_scope *scope, const char *cgroups_path, const char *id,
		     struct error *err)
{
	bool given = cgroups_path && *cgroups_path;
	owned_string path = given ? strdup(cgroups_path) : text_format(":orun:%s", id);
	char *part[3];

	if (!path)
		return error_errno(err, ENOMEM, FIELD);
	if (cut_path(path, part)) {
		error_set(err, EINVAL,
			  FIELD ": expected cgroupsPath to be of format \"slice:prefix:name\" for "
				"systemd cgroups, got \"%.200s\" instead",
			  cgroups_path);
		return error_hint(err, "without --systemd-cgroup it may be a path");
	}
	if (ends_with(part[2], ".slice"))
		return error_set(err, EINVAL,
				 FIELD ": '%.200s' is a slice, and a slice holds no processes",
				 part[2]);
	const char *slice = strcmp(part[0], "-") == 0 ? "-.slice"
			    : *part[0]		      ? part[0]
			    : scope->user	      ? "user.slice"
						      : "system.slice";
	scope->slice = strdup(slice);
	scope->unit = text_format("%s-%s.scope", part[1], part[2]);
	if (!scope->slice || !scope->unit)
		return error_errno(err, ENOMEM, FIELD);
	if (!is_unit_name(scope->unit))
		return error_set(err, EINVAL,
				 FIELD ": '%.300s' cannot be the name of a systemd unit",
				 scope->unit);
	return 0;
}

static int fill_scope(struct systemd_scope *scope, const char *cgroups_path, const char *id,
		      const char *manager_group, struct error *err)
{
	if (name_unit(scope, cgroups_path, id, err))
		return -1;
	owned_string slice_path = expand_slice(scope->slice);
	if (!slice_path)
		return error_set(err, EINVAL, FIELD ": invalid slice name: %.200s", scope->slice);
	bool at_root = !manager_group || strcmp(manager_group, "/") == 0;
	scope->group =
		text_format("%s%s/%s", at_root ? "" : manager_group, slice_path, scope->unit);
	return scope->group ? 0 : error_errno(err, ENOMEM, FIELD);
}

struct systemd_scope *systemd_scope_name(const char *cgroups_path, const char *id,
					 const char *manager_group, struct error *err)
{
	struct systemd_scope *scope = calloc(1, sizeof *scope);

	if (!scope) {
		error_errno(err, ENOMEM, FIELD);
		return NULL;
	}
	scope->user = manager_group;
	if (fill_scope(scope, cgroups_path, id, manager_group, err) == 0)
		return scope;
	systemd_scope_free(scope);
	return NULL;
}

int systemd_scope_add_basics(struct systemd_scope *scope, const char *id, int version,
			     struct error *err)
{
	owned_string description = text_format("orun container %s", id);
	/* Delegate: the groups below are the container's. Accounting: its controllers are on, also without a
	 * limit, as a group of our own has them. CollectMode: a scope that failed, by OOM, is not kept. */
	const struct {
		const char *name, *signature, *value;
		unsigned since;
	} basics[] = {
		{ "Description", "s", description, 0 },
		{ "Slice", "s", scope->slice, 0 },
		{ "Delegate", "b", "true", 0 },
		{ "DefaultDependencies", "b", "false", 0 },
		{ "CollectMode", "s", "inactive-or-failed", 236 },
		{ "CPUAccounting", "b", "true", 0 },
		{ "MemoryAccounting", "b", "true", 0 },
		{ "TasksAccounting", "b", "true", 0 },
		{ version == 2 ? "IOAccounting" : "BlockIOAccounting", "b", "true", 0 },
	};

	if (!description)
		return error_errno(err, ENOMEM, "systemd scope");
	for (size_t i = 0; i < sizeof basics / sizeof *basics; i++)
		if (systemd_properties_add_one(&scope->properties, basics[i].name,
					       basics[i].signature, basics[i].since,
					       basics[i].value, err))
			return -1;
	return 0;
}

struct systemd_property *systemd_properties_add(struct systemd_properties *properties,
						const char *name, const char *signature,
						unsigned since, struct error *err)
{
	struct systemd_property *v = reallocarray(properties->v, properties->n + 1, sizeof *v);
	char *copy = strdup(name);

	if (v)
		properties->v = v;
	if (!v || !copy) {
		free(copy);
		error_errno(err, ENOMEM, "systemd property %s", name);
		return NULL;
	}
	v[properties->n] =
		(struct systemd_property){ .since = since, .signature = signature, .name = copy };
	return &v[properties->n++];
}

int systemd_properties_add_one(struct systemd_properties *properties, const char *name,
			       const char *signature, unsigned since, const char *value,
			       struct error *err)
{
	struct systemd_property *property =
		systemd_properties_add(properties, name, signature, since, err);

	if (!property)
		return -1;
	return string_list_add(&property->values, value)
		       ? error_errno(err, ENOMEM, "systemd property %s", name)
		       : 0;
}

void systemd_properties_finish(struct systemd_properties *properties)
{
	for (size_t i = 0; i < properties->n; i++) {
		free(properties->v[i].name);
		string_list_finish(&properties->v[i].values);
	}
	free(properties->v);
	*properties = (struct systemd_properties){ 0 };
}

void systemd_scope_free(struct systemd_scope *scope)
{
	if (!scope)
		return;
	free(scope->unit);
	free(scope->slice);
	free(scope->group);
	systemd_properties_finish(&scope->properties);
	free(scope);
}
