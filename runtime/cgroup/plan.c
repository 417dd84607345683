/* Names every group and every write of a container, from the configuration and the layout of the host.
 * Must not change anything, and must not know what a controller's files mean: that is in the tables. */
#include "runtime/cgroup/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/fields.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/systemd.h"
#include "spec/base/owned.h"

#define RESOURCES "linux.resources."

/* The clean form of a path as seen from "/", where ".." leads nowhere: "/a/b". */
static char *clean_path(const char *path)
{
	char *clean = malloc(strlen(path) + 2);
	size_t length = 0;

	if (!clean)
		return NULL;
	while (*path) {
		size_t part = strcspn(path, "/");
		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (length && clean[--length] != '/')
				;
		} else if (part && !(part == 1 && path[0] == '.')) {
			clean[length++] = '/';
			memcpy(clean + length, path, part);
			length += part;
		}
		path += part;
		path += *path == '/';
	}
	if (!length)
		clean[length++] = '/';
	clean[length] = '\0';
	return clean;
}

static char *join(const char *parent, const char *below)
{
	return text_format("%s%s", strcmp(parent, "/") == 0 ? "" : parent, below);
}

/* The group in which a relative path starts. */
static char *base_of(const struct cgroup_hierarchy *hierarchy, bool v2_only)
{
	owned_string base = strdup(hierarchy->caller);

	if (base && v2_only && hierarchy->version == 2) {
		char *slash = strrchr(base, '/');
		slash[slash == base] = '\0';
	}
	return take_pointer(base);
}

static int name_group(struct cgroup_hierarchy *hierarchy, const char *path, bool absolute,
		      bool v2_only, struct error *err)
{
	owned_string base = absolute ? strdup("/") : base_of(hierarchy, v2_only);

	if (base)
		hierarchy->relative = join(base, path);
	if (hierarchy->relative)
		hierarchy->directory = join(hierarchy->mountpoint, hierarchy->relative);
	return hierarchy->directory ? 0 : error_errno(err, ENOMEM, "linux.cgroupsPath");
}

static int name_groups(struct cgroup_plan *plan, const char *cgroups_path, const char *id,
		       bool v2_only, struct error *err)
{
	plan->default_path = !cgroups_path || !*cgroups_path;
	const char *from = plan->default_path ? id : cgroups_path;
	owned_string path = clean_path(from);

	if (!path)
		return error_errno(err, ENOMEM, "linux.cgroupsPath");
	if (strcmp(path, "/") == 0)
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: '%.200s' names a group that is not the "
				 "container's own",
				 from);
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		if (name_group(&plan->hierarchies[i], path, from[0] == '/', v2_only, err))
			return -1;
	return 0;
}

/* A new write at the end of the plan; its texts are NULL. */
static struct cgroup_write *new_write(struct cgroup_plan *plan, size_t hierarchy, struct error *err)
{
	struct cgroup_write *v = reallocarray(plan->writes, plan->n_writes + 1, sizeof *v);

	if (!v) {
		error_errno(err, ENOMEM, "cgroup plan");
		return NULL;
	}
	plan->writes = v;
	v[plan->n_writes] = (struct cgroup_write){ .hierarchy = hierarchy };
	return &v[plan->n_writes++];
}

static int add_write(struct cgroup_plan *plan, size_t hierarchy, const char *file,
		     const char *value, const char *field, struct error *err)
{
	struct cgroup_write *write = new_write(plan, hierarchy, err);

	if (!write)
		return -1;
	write->file = strdup(file);
	write->value = strdup(value);
	write->field = strdup(field);
	return write->file && write->value && write->field ? 0
							   : error_errno(err, ENOMEM, "%s", field);
}

/* The only two patterns in the tables' texts, put together without handing a variable format to printf. */
static char *fill(const char *pattern, const char *placeholder, const char *with)
{
	const char *at = strstr(pattern, placeholder);

	if (!at)
		return strdup(pattern);
	return text_format("%.*s%s%s", (int)(at - pattern), pattern, with,
			   at + strlen(placeholder));
}

static char *field_name(const struct cgroup_field *field, size_t index)
{
	owned_string number = text_format("%zu", index);
	owned_string pattern = text_format(RESOURCES "%s", field->path);

	return number && pattern ? fill(pattern, "%zu", number) : NULL;
}

static int add_field_write(struct cgroup_plan *plan, size_t hierarchy,
			   const struct cgroup_field *field, char *name, struct cgroup_value *value,
			   struct error *err)
{
	struct cgroup_write *write = new_write(plan, hierarchy, err);

	if (!write)
		return -1;
	write->tolerance = field->tolerance | value->tolerance;
	write->field = strdup(name);
	write->file = fill(field->file, "%s", value->file_part ? value->file_part : "");
	write->value = take_pointer(value->text.text);
	if (field->alternative_file) {
		write->alternative_file = strdup(field->alternative_file);
		write->alternative_value = take_pointer(value->alternative_text.text);
		if (!write->alternative_file)
			return error_errno(err, ENOMEM, "%s", name);
	}
	return write->field && write->file && write->value ? 0
							   : error_errno(err, ENOMEM, "%s", name);
}

static const char *v1_name(const char *controller)
{
	return strcmp(controller, "io") == 0 ? "blkio" : controller;
}

static bool v1_has(const struct cgroup_layout *layout, const char *controller)
{
	for (size_t i = 0; i < layout->n; i++)
		if (layout->hierarchies[i].version == 1 &&
		    cgroup_word_in(layout->hierarchies[i].name, v1_name(controller), ','))
			return true;
	return false;
}

static int place_value(struct cgroup_plan *plan, struct cgroup_layout *layout,
		       const struct cgroup_field *field, char *name, struct cgroup_value *value,
		       struct error *err)
{
	ssize_t hierarchy = cgroup_layout_find(layout, v1_name(field->controller));
	bool no_op = (field->tolerance | value->tolerance) & (CGROUP_MAY_LACK | CGROUP_MAY_FAIL);

	if (hierarchy < 0)
		hierarchy = cgroup_layout_find(layout, field->controller);
	if (hierarchy >= 0 && field->file)
		return add_field_write(plan, (size_t)hierarchy, field, name, value, err);
	if (no_op)
		return 0;
	if (layout->v2_only && !field->file)
		return error_set(err, ENOTSUP, "%s: cannot be set on cgroup v2", name);
	return error_set(err, ENOENT, "%s: no mounted cgroup hierarchy has the %s controller", name,
			 field->controller);
}

/* Each controller lives in one hierarchy: v1's table serves those that v1 has, v2's table the others.
 * Asked only for fields that are there, because most are not. */
static bool serves(const struct cgroup_driver *driver, const struct cgroup_layout *layout,
		   const struct cgroup_field *field)
{
	return v1_has(layout, field->controller) == (driver->version == 1);
}

static int plan_field(struct cgroup_plan *plan, struct cgroup_layout *layout,
		      const struct cgroup_driver *driver, const struct cgroup_field *field,
		      const struct resources *resources, size_t index, struct error *err)
{
	OWNED(cgroup_value_finish) struct cgroup_value value = { 0 };
	struct error invalid = { 0 };
	enum cgroup_conversion conversion = field->convert(resources, index, &value, &invalid);

	if (conversion == CGROUP_NOTHING || !serves(driver, layout, field))
		return 0;
	owned_string name = field_name(field, index);
	if (!name || value.text.failed || value.alternative_text.failed)
		return error_errno(err, ENOMEM, RESOURCES "%s", field->path);
	if (conversion == CGROUP_INVALID)
		return error_set(err, invalid.code, "%s: %s", name, invalid.msg);
	return place_value(plan, layout, field, name, &value, err);
}

static int plan_fields(struct cgroup_plan *plan, struct cgroup_layout *layout,
		       const struct cgroup_driver *driver, const struct resources *resources,
		       struct error *err)
{
	for (size_t i = 0; i < driver->n_fields; i++) {
		const struct cgroup_field *field = &driver->fields[i];
		size_t n = field->count ? field->count(resources) : 1;
		for (size_t index = 0; index < n; index++)
			if (plan_field(plan, layout, driver, field, resources, index, err))
				return -1;
	}
	return 0;
}

/* A file of linux.resources.unified, one write a line as the kernel takes them. */
static int plan_unified_file(struct cgroup_plan *plan, size_t v2, const struct string_pair *pair,
			     struct error *err)
{
	owned_string field = text_format(RESOURCES "unified['%s']", pair->key);
	owned_string value = strdup(pair->value);
	char *rest = value, *line;

	if (!field || !value)
		return error_errno(err, ENOMEM, RESOURCES "unified");
	/* The kernel takes no write of nothing, but an empty line as an empty value. */
	if (!*value)
		return add_write(plan, v2, pair->key, "\n", field, err);
	while ((line = strsep(&rest, "\n")))
		if (*line && add_write(plan, v2, pair->key, line, field, err))
			return -1;
	return 0;
}

static int plan_unified(struct cgroup_plan *plan, struct cgroup_layout *layout,
			const struct string_map *unified, struct error *err)
{
	ssize_t v2 = cgroup_layout_v2(layout);

	if (unified->n && v2 < 0)
		return error_set(err, ENOTSUP,
				 RESOURCES "unified: cannot use unified on cgroup v1");
	for (size_t i = 0; i < unified->n; i++) {
		const char *key = unified->v[i].key;
		owned_string controller = strndup(key, strcspn(key, "."));
		if (!controller)
			return error_errno(err, ENOMEM, RESOURCES "unified");
		if (strchr(key, '/'))
			return error_set(err, EINVAL,
					 RESOURCES
					 "unified: '%.200s' must be a file name (no slashes)",
					 key);
		if (!*controller || !key[strlen(controller)])
			return error_set(err, EINVAL,
					 RESOURCES "unified: '%.200s' must be in the form "
						   "CONTROLLER.PARAMETER",
					 key);
		if (strcmp(controller, "cgroup") != 0 &&
		    cgroup_layout_find(layout, controller) != v2)
			return error_set(err, ENOENT,
					 RESOURCES "unified: '%.200s' can't be set: controller "
						   "'%.100s' not available",
					 key, controller);
		if (plan_unified_file(plan, (size_t)v2, &unified->v[i], err))
			return -1;
	}
	return 0;
}

static int plan_v1_devices(struct cgroup_plan *plan, size_t hierarchy,
			   const struct cgroup_device_rules *rules, struct error *err)
{
	static const char field[] = RESOURCES "devices";
	OWNED(cgroup_device_rules_finish) struct cgroup_device_rules exceptions = { 0 };
	bool allow = rules->default_allow;

	if (cgroup_device_exceptions(rules, &exceptions, err) ||
	    add_write(plan, hierarchy, allow ? "devices.allow" : "devices.deny", "a", field, err))
		return -1;
	for (size_t i = 0; i < exceptions.n; i++) {
		char line[CGROUP_DEVICE_LINE];
		cgroup_device_line(&exceptions.v[i], line);
		if (add_write(plan, hierarchy, allow ? "devices.deny" : "devices.allow", line,
			      field, err))
			return -1;
	}
	return 0;
}

static int plan_devices(struct cgroup_plan *plan, struct cgroup_layout *layout,
			const struct config *config, struct error *err)
{
	OWNED(cgroup_device_rules_finish) struct cgroup_device_rules rules = { 0 };

	if (cgroup_device_rules(config, &rules, err))
		return -1;
	if (plan->scope && systemd_properties_add_devices(&plan->scope->properties, &rules, err))
		return -1;
	if (v1_has(layout, "devices"))
		return plan_v1_devices(plan, (size_t)cgroup_layout_find(layout, "devices"), &rules,
				       err);
	if (cgroup_layout_v2(layout) >= 0)
		return cgroup_device_program_build(&rules, &plan->device_program, err);
	return error_set(err, ENOENT,
			 RESOURCES "devices: no mounted cgroup hierarchy has the devices "
				   "controller");
}

int cgroup_plan_resources(struct cgroup_plan *plan, struct cgroup_layout *layout,
			  const struct resources *resources, struct error *err)
{
	if (plan_fields(plan, layout, &cgroup_v1_driver, resources, err) ||
	    plan_fields(plan, layout, &cgroup_v2_driver, resources, err))
		return -1;
	return plan_unified(plan, layout, &resources->unified, err);
}

void cgroup_plan_start(struct cgroup_plan *plan, const struct cgroup_layout *layout)
{
	*plan = (struct cgroup_plan){
		.n_hierarchies = layout->n,
		.hierarchies = layout->hierarchies,
		.every_v2_controller = layout->v2_only,
	};
}

/* systemd uses the same path in each hierarchy. */
static int plan_scope(struct cgroup_plan *plan, const struct config *config, const char *id,
		      struct error *err)
{
	struct systemd_scope *scope = plan->scope;
	bool v2_only = plan->every_v2_controller;

	if (scope->user && !v2_only)
		return error_set(err, ENOTSUP,
				 "cannot use rootless systemd cgroups manager on cgroup v1");
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		if (name_group(&plan->hierarchies[i], scope->group, true, v2_only, err))
			return -1;
	if (systemd_scope_add_basics(scope, id, v2_only ? 2 : 1, err))
		return -1;
	return systemd_scope_add_annotations(scope, &config->annotations, err);
}

static int plan_all(struct cgroup_plan *plan, struct cgroup_layout *layout,
		    const struct config *config, const char *id, struct error *err)
{
	const struct linux_config *linux_ = config->linux_;
	const char *path = linux_ ? linux_->cgroups_path : NULL;

	if (!layout->n)
		return error_set(err, ENOENT, "no cgroup file system is mounted");
	if (plan->scope ? plan_scope(plan, config, id, err)
			: name_groups(plan, path, id, layout->v2_only, err))
		return -1;
	if (plan_devices(plan, layout, config, err))
		return -1;
	if (linux_ && linux_->resources &&
	    cgroup_plan_resources(plan, layout, linux_->resources, err))
		return -1;
	return plan->scope
		       ? systemd_properties_add_writes(&plan->scope->properties, plan, true, err)
		       : 0;
}

int cgroup_plan_in(struct cgroup_layout *layout, const struct config *config, const char *id,
		   struct systemd_scope *scope, struct cgroup_plan *plan, struct error *err)
{
	cgroup_plan_start(plan, layout);
	plan->scope = scope;
	int ret = plan_all(plan, layout, config, id, err);
	layout->hierarchies = NULL;
	layout->n = 0;
	if (ret)
		cgroup_plan_finish(plan);
	return ret;
}

static struct systemd_scope *name_scope(const struct config *config, const char *id,
					enum cgroup_rootless rootless, struct error *err)
{
	const char *path = config->linux_ ? config->linux_->cgroups_path : NULL;
	bool user = systemd_is_users(rootless);
	owned_string manager_group = user ? systemd_user_group(err) : NULL;

	if (user && !manager_group)
		return NULL;
	return systemd_scope_name(path, id, manager_group, err);
}

int cgroup_plan(const struct config *config, const char *id, const struct cgroup_settings *settings,
		struct cgroup_plan *plan, struct error *err)
{
	struct systemd_scope *scope = NULL;
	struct cgroup_layout layout;

	*plan = (struct cgroup_plan){ 0 };
	if (settings->manager == CGROUP_MANAGER_DISABLED)
		return 0;
	if (settings->manager == CGROUP_MANAGER_SYSTEMD) {
		scope = name_scope(config, id, settings->rootless, err);
		if (!scope)
			return -1;
	}
	if (cgroup_layout_read(&layout, err)) {
		systemd_scope_free(scope);
		return -1;
	}
	int ret = cgroup_plan_in(&layout, config, id, scope, plan, err);
	plan->rootless = settings->rootless;
	cgroup_layout_finish(&layout);
	return ret;
}

int cgroup_directories(const struct cgroup_plan *plan, struct string_list *directories,
		       struct error *err)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		if (string_list_add(directories, plan->hierarchies[i].directory))
			return error_errno(err, ENOMEM, "cgroup directories");
	return 0;
}

static void write_finish(struct cgroup_write *write)
{
	free(write->file);
	free(write->value);
	free(write->alternative_file);
	free(write->alternative_value);
	free(write->field);
}

void cgroup_plan_forget(struct cgroup_plan *plan, size_t index)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_writes; i++) {
		struct cgroup_write write = plan->writes[i];
		if (write.hierarchy == index) {
			write_finish(&write);
			continue;
		}
		write.hierarchy -= write.hierarchy > index;
		plan->writes[kept++] = write;
	}
	plan->n_writes = kept;
	cgroup_hierarchy_finish(&plan->hierarchies[index]);
	plan->n_hierarchies--;
	memmove(&plan->hierarchies[index], &plan->hierarchies[index + 1],
		(plan->n_hierarchies - index) * sizeof *plan->hierarchies);
}

void cgroup_plan_finish(struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->n_hierarchies; i++)
		cgroup_hierarchy_finish(&plan->hierarchies[i]);
	free(plan->hierarchies);
	for (size_t i = 0; i < plan->n_writes; i++)
		write_finish(&plan->writes[i]);
	free(plan->writes);
	free(plan->device_program.instructions);
	systemd_scope_free(plan->scope);
	string_list_finish(&plan->made);
	*plan = (struct cgroup_plan){ 0 };
}
