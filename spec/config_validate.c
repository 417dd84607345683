/* What the fields of config.json mean together: one check per rule. Knows the specification only;
 * what the host can do is for the planner to find out. */
#include "spec/config_validate.h"

#include <string.h>

#include "spec/base/owned.h"
#include "spec/table_path.h"

enum { UTS_NAME_MAX = 64, INTERFACE_NAME_MAX = 15 };

/* Where a configuration has no linux object, this one stands for it. */
static const struct linux_config *linux_of(const struct config *config)
{
	static const struct linux_config nothing = { 0 };

	return config->linux_ ? config->linux_ : &nothing;
}

/* Only what is wrong costs the making of a text. */
#define check_absolute(path, problems, ...) \
	((path)[0] == '/'                   \
		 ? (void)0                  \
		 : table_value_problem(problems, path, "is not an absolute path", __VA_ARGS__))

static bool is_semver_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-';
}

/* A number without leading zeros. */
static bool skip_number(const char **at)
{
	size_t digits = strspn(*at, "0123456789");

	if (digits == 0 || (digits > 1 && **at == '0'))
		return false;
	*at += digits;
	return true;
}

/* The dot-separated identifiers of a pre-release, where numbers have no leading zeros, or a build. */
static bool skip_identifiers(const char **at, bool prerelease)
{
	for (;; (*at)++) {
		const char *start = *at;
		size_t digits = strspn(start, "0123456789");

		while (is_semver_character(**at))
			(*at)++;
		size_t length = (size_t)(*at - start);
		if (length == 0 || (prerelease && digits == length && length > 1 && *start == '0'))
			return false;
		if (**at != '.')
			return true;
	}
}

static bool is_semver(const char *text)
{
	const char *at = text;

	for (int i = 0; i < 3; i++)
		if ((i > 0 && *at++ != '.') || !skip_number(&at))
			return false;
	if (*at == '-') {
		at++;
		if (!skip_identifiers(&at, true))
			return false;
	}
	if (*at == '+') {
		at++;
		if (!skip_identifiers(&at, false))
			return false;
	}
	return *at == '\0';
}

static void check_specification_version(const struct config *config, struct problems *problems)
{
	const char *version = config->oci_version;

	if (!is_semver(version))
		table_value_problem(problems, version,
				    "is not a SemVer 2.0.0 version such as " SPEC_VERSION,
				    "ociVersion");
	else if (!text_starts_with(version, "1."))
		table_value_problem(problems, version, "is not supported, expected a version 1.x.y",
				    "ociVersion");
}

static void check_root(const struct config *config, struct problems *problems)
{
	if (!*config->root->path)
		problems_add(problems, "root.path: must not be empty");
}

static void check_process(const struct config *config, struct problems *problems)
{
	if (config->process)
		process_validate(config->process, "process", problems);
}

static void check_resources(const struct config *config, struct problems *problems)
{
	const struct resources *resources = linux_of(config)->resources;

	if (resources)
		resources_validate(resources, "linux.resources", problems);
}

static void check_uts_name(const struct config *config, const char *field, const char *value,
			   struct problems *problems)
{
	if (!value)
		return;
	if (!config_namespace(config, NAMESPACE_UTS))
		problems_add(problems, "%s: needs an entry of type uts in linux.namespaces", field);
	if (strlen(value) > UTS_NAME_MAX)
		problems_add(problems, "%s: %zu bytes are more than the kernel's %d", field,
			     strlen(value), UTS_NAME_MAX);
}

static void check_hostname(const struct config *config, struct problems *problems)
{
	check_uts_name(config, "hostname", config->hostname, problems);
}

static void check_domainname(const struct config *config, struct problems *problems)
{
	check_uts_name(config, "domainname", config->domainname, problems);
}

static void check_annotations(const struct config *config, struct problems *problems)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (!*config->annotations.v[i].key)
			problems_add(problems, "annotations[\"\"]: a key must not be empty");
}

static void check_hook_list(const struct hook_list *hooks, const char *name,
			    struct problems *problems)
{
	for (size_t i = 0; i < hooks->n; i++)
		check_absolute(hooks->v[i]->path, problems, "hooks.%s[%zu].path", name, i);
}

static void check_hooks(const struct config *config, struct problems *problems)
{
	const struct hooks *hooks = config->hooks;

	if (!hooks)
		return;
	check_hook_list(&hooks->prestart, "prestart", problems);
	check_hook_list(&hooks->create_runtime, "createRuntime", problems);
	check_hook_list(&hooks->create_container, "createContainer", problems);
	check_hook_list(&hooks->start_container, "startContainer", problems);
	check_hook_list(&hooks->poststart, "poststart", problems);
	check_hook_list(&hooks->poststop, "poststop", problems);
}

static void check_namespaces(const struct config *config, struct problems *problems)
{
	const struct namespace_list *list = &linux_of(config)->namespaces;
	bool seen[NAMESPACE_TYPES] = { false };

	for (size_t i = 0; i < list->n; i++) {
		const struct namespace *entry = list->v[i];

		if (seen[entry->type])
			problems_add(problems,
				     "linux.namespaces[%zu].type: this type was given before", i);
		seen[entry->type] = true;
		if (entry->path)
			check_absolute(entry->path, problems, "linux.namespaces[%zu].path", i);
	}
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

/* user_namespaces(7): ranges that are empty, too long or overlapping make the write fail with a bare
 * EINVAL. */
static void check_ranges(const struct id_mapping_list *list, const char *path,
			 struct problems *problems)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct id_mapping *entry = list->v[i];
		uint64_t size = entry->size;

		if (size == 0)
			problems_add(problems, "%s[%zu].size: must not be 0", path, i);
		if (entry->container_id + size > UINT32_MAX || entry->host_id + size > UINT32_MAX)
			problems_add(problems, "%s[%zu]: goes beyond the id %u", path, i,
				     UINT32_MAX - 1);
		for (size_t j = 0; j < i; j++) {
			const struct id_mapping *other = list->v[j];

			if (overlap(entry->container_id, entry->size, other->container_id,
				    other->size) ||
			    overlap(entry->host_id, entry->size, other->host_id, other->size)) {
				problems_add(problems, "%s[%zu]: overlaps %s[%zu]", path, i, path,
					     j);
				break;
			}
		}
	}
}

static void check_id_mappings(const struct config *config, struct problems *problems)
{
	const struct linux_config *linux_ = linux_of(config);
	const struct namespace *entry = config_namespace(config, NAMESPACE_USER);
	size_t uids = linux_->uid_mappings.n, gids = linux_->gid_mappings.n;

	check_ranges(&linux_->uid_mappings, "linux.uidMappings", problems);
	check_ranges(&linux_->gid_mappings, "linux.gidMappings", problems);
	if (uids && !gids)
		problems_add(problems, "linux.gidMappings: required with linux.uidMappings");
	if (gids && !uids)
		problems_add(problems, "linux.uidMappings: required with linux.gidMappings");
	/* containerd and CRI-O give mappings with a path too: whether they are the namespace's own
	 * can only be seen when it is joined. */
	if ((uids || gids) && !entry)
		problems_add(problems, "linux.%s: needs an entry of type user in linux.namespaces",
			     uids ? "uidMappings" : "gidMappings");
	if (entry && !entry->path && !uids && !gids)
		problems_add(problems, "linux.uidMappings: required for a new user namespace");
}

static void check_time_offsets(const struct config *config, struct problems *problems)
{
	const struct time_offset_list *list = &linux_of(config)->time_offsets;
	const struct namespace *entry = config_namespace(config, NAMESPACE_TIME);

	if (list->n && !entry)
		problems_add(problems,
			     "linux.timeOffsets: needs an entry of type time in linux.namespaces");
	else if (list->n && entry->path)
		problems_add(problems, "linux.timeOffsets: the offsets of a namespace that is "
				       "joined cannot be set");
	for (size_t i = 0; i < list->n; i++) {
		const char *key = list->v[i]->key;

		if (text_equal(key, "monotonic") || text_equal(key, "boottime"))
			continue;
		owned_string path = table_entry_path("linux.timeOffsets", key);
		problems_add(problems, "%s: unknown clock, expected monotonic or boottime", path);
	}
}

static bool has_parent_component(const char *path)
{
	for (const char *at = strstr(path, ".."); at; at = strstr(at + 1, ".."))
		if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
			return true;
	return false;
}

static void check_cgroups_path(const struct config *config, struct problems *problems)
{
	const char *path = linux_of(config)->cgroups_path;

	if (path && has_parent_component(path))
		problems_add(problems, "linux.cgroupsPath: must not contain a component '..'");
}

static void check_mount(const struct config *config, const struct mount *mount, size_t i,
			struct problems *problems)
{
	bool mapped = mount->uid_mappings.n || mount->gid_mappings.n;
	bool wants_mapping = string_list_has(&mount->options, "idmap") ||
			     string_list_has(&mount->options, "ridmap");

	if (!*mount->destination)
		problems_add(problems, "mounts[%zu].destination: must not be empty", i);
	if (!mapped && !wants_mapping)
		return;
	owned_string uids = text_format("mounts[%zu].uidMappings", i);
	owned_string gids = text_format("mounts[%zu].gidMappings", i);
	if (mount->uid_mappings.n && !mount->gid_mappings.n)
		problems_add(problems, "%s: required with uidMappings", gids);
	if (mount->gid_mappings.n && !mount->uid_mappings.n)
		problems_add(problems, "%s: required with gidMappings", uids);
	check_ranges(&mount->uid_mappings, uids, problems);
	check_ranges(&mount->gid_mappings, gids, problems);
	if (!mapped && !config_namespace(config, NAMESPACE_USER))
		problems_add(problems,
			     "%s: required by the option idmap, as there is no user namespace",
			     uids);
}

static void check_mounts(const struct config *config, struct problems *problems)
{
	for (size_t i = 0; i < config->mounts.n; i++)
		check_mount(config, config->mounts.v[i], i, problems);
}

static void check_devices(const struct config *config, struct problems *problems)
{
	const struct device_list *list = &linux_of(config)->devices;

	for (size_t i = 0; i < list->n; i++) {
		const struct device *device = list->v[i];

		check_absolute(device->path, problems, "linux.devices[%zu].path", i);
		if (device->type == 'p')
			continue;
		if (!device->major.set)
			problems_add(problems, "linux.devices[%zu].major: required, but missing",
				     i);
		if (!device->minor.set)
			problems_add(problems, "linux.devices[%zu].minor: required, but missing",
				     i);
	}
}

/* The kernel's dev_valid_name(), and ':' besides, which the tools of the trade keep for aliases. */
static bool is_interface_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= INTERFACE_NAME_MAX && !text_equal(name, ".") &&
	       !text_equal(name, "..") && strcspn(name, "/: \t\n\v\f\r") == length;
}

/* "%d" stands for a number that the kernel chooses; it knows no other use of '%'. */
static bool is_interface_name_or_template(const char *name)
{
	const char *percent = strchr(name, '%');

	return is_interface_name(name) &&
	       (!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
}

static const char *name_in_container(const struct net_device *device)
{
	return device->name ? device->name : device->key;
}

static void check_net_device(const struct net_device_list *list, size_t i,
			     struct problems *problems)
{
	const struct net_device *device = list->v[i];
	const char *name = name_in_container(device);
	owned_string path = table_entry_path("linux.netDevices", device->key);

	if (!is_interface_name(device->key))
		problems_add(problems, "%s: the key is not a network interface name", path);
	if (device->name && !is_interface_name_or_template(device->name))
		table_value_problem(problems, device->name, "is not a network interface name",
				    "%s.name", path);
	for (size_t k = 0; k < i && !strchr(name, '%'); k++)
		if (text_equal(name, name_in_container(list->v[k])))
			table_value_problem(problems, name, "is the name of another device",
					    "%s.name", path);
}

static void check_net_devices(const struct config *config, struct problems *problems)
{
	const struct net_device_list *list = &linux_of(config)->net_devices;

	if (list->n && !config_namespace(config, NAMESPACE_NETWORK))
		problems_add(
			problems,
			"linux.netDevices: needs an entry of type network in linux.namespaces");
	for (size_t i = 0; i < list->n; i++)
		check_net_device(list, i, problems);
}

static void check_rootfs_propagation(const struct config *config, struct problems *problems)
{
	static const char *const known[] = { "shared",	"slave",  "private",  "unbindable",
					     "rshared", "rslave", "rprivate", "runbindable" };
	const char *value = linux_of(config)->rootfs_propagation;

	if (!value)
		return;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (text_equal(value, known[i]))
			return;
	table_value_problem(
		problems, value,
		"is none of shared, slave, private, unbindable, or these with r in front",
		"linux.rootfsPropagation");
}

/* Without a mount namespace of its own, what is hidden is hidden from the host. */
static void check_hidden_path_list(const struct config *config, const struct string_list *paths,
				   const char *name, struct problems *problems)
{
	if (paths->n && !config_namespace(config, NAMESPACE_MOUNT))
		problems_add(problems, "linux.%s: needs an entry of type mount in linux.namespaces",
			     name);
	for (size_t i = 0; i < paths->n; i++)
		check_absolute(paths->v[i], problems, "linux.%s[%zu]", name, i);
}

static void check_hidden_paths(const struct config *config, struct problems *problems)
{
	const struct linux_config *linux_ = linux_of(config);

	check_hidden_path_list(config, &linux_->masked_paths, "maskedPaths", problems);
	check_hidden_path_list(config, &linux_->readonly_paths, "readonlyPaths", problems);
}

const struct config_check config_checks[] = {
	{ "specification version", check_specification_version },
	{ "root", check_root },
	{ "mounts", check_mounts },
	{ "process", check_process },
	{ "hooks", check_hooks },
	{ "annotations", check_annotations },
	{ "hostname", check_hostname },
	{ "domainname", check_domainname },
	{ "namespaces", check_namespaces },
	{ "id mappings", check_id_mappings },
	{ "time offsets", check_time_offsets },
	{ "devices", check_devices },
	{ "network devices", check_net_devices },
	{ "cgroups path", check_cgroups_path },
	{ "resources", check_resources },
	{ "rootfs propagation", check_rootfs_propagation },
	{ "hidden paths", check_hidden_paths },
	{ "seccomp", check_seccomp },
	{ "Intel RDT", check_intel_rdt },
	{ "memory policy", check_memory_policy },
	{ "personality", check_personality },
	{ NULL, NULL },
};

void config_validate(const struct config *config, struct problems *problems)
{
	for (const struct config_check *check = config_checks; check->name; check++)
		check->run(config, problems);
}
