#include "runtime/features.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/caps.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/lsm.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_support.h"
#include "runtime/systemd.h"
#include "spec/base/owned.h"
#include "spec/config.h"

/* The oldest version that config_validate takes. */
#define OLDEST_VERSION "1.0.0"

/* The annotations of a config.json that change what orun does; one that ends in a dot stands for all
 * that begin so. */
static const char *const heeded_annotations[] = {
	SYSTEMD_ANNOTATION_PREFIX,
	"org.criu.config",
	"run.oci.handler",
	"module.wasm.image/variant",
};

static int add_words(const char *path, struct string_list *to)
{
	for (const struct word *word = table_words(&config_type, path); word->name; word++)
		if (string_list_add(to, word->name))
			return -1;
	return 0;
}

static int add_fields(const char *path, struct string_list *to)
{
	const char *name;

	for (size_t i = 0; (name = table_field_name(&config_type, path, i)); i++)
		if (string_list_add(to, name))
			return -1;
	return 0;
}

static int add_mount_options(struct string_list *to)
{
	const char *name;

	for (size_t i = 0; (name = mount_option_name(i)); i++)
		if (string_list_add(to, name))
			return -1;
	return 0;
}

static int add_supported_flags(struct string_list *to)
{
	const struct word *word = table_words(&config_type, "linux.seccomp.flags");

	for (; word->name; word++)
		if (seccomp_flag_is_supported((uint64_t)word->number) &&
		    string_list_add(to, word->name))
			return -1;
	return 0;
}

static struct features_enabled *enabled(bool value)
{
	struct features_enabled *feature = calloc(1, sizeof *feature);

	if (feature)
		feature->enabled = value;
	return feature;
}

static struct features_cgroup *collect_cgroup(void)
{
	struct features_cgroup *cgroup = calloc(1, sizeof *cgroup);

	if (!cgroup)
		return NULL;
	bool systemd = systemd_is_installed();
	*cgroup = (struct features_cgroup){
		.v1 = true, .v2 = true, .systemd = systemd, .systemd_user = systemd, .rdma = true
	};
	return cgroup;
}

static int fill_seccomp(struct features_seccomp *seccomp)
{
	seccomp->enabled = true;
	return add_words("linux.seccomp.syscalls.action", &seccomp->actions) ||
	       add_words("linux.seccomp.syscalls.args.op", &seccomp->operators) ||
	       seccomp_architectures(&seccomp->archs) ||
	       add_words("linux.seccomp.flags", &seccomp->known_flags) ||
	       add_supported_flags(&seccomp->supported_flags);
}

static struct features_intel_rdt *collect_intel_rdt(void)
{
	struct features_intel_rdt *rdt = calloc(1, sizeof *rdt);

	if (rdt)
		*rdt = (struct features_intel_rdt){ true, true, true };
	return rdt;
}

static int fill_linux(struct features_linux *to)
{
	to->cgroup = collect_cgroup();
	to->seccomp = calloc(1, sizeof *to->seccomp);
	to->apparmor = enabled(LSM_APPARMOR_BUILT);
	to->selinux = enabled(LSM_SELINUX_BUILT);
	to->memory_policy = calloc(1, sizeof *to->memory_policy);
	to->intel_rdt = collect_intel_rdt();
	to->mount_extensions = calloc(1, sizeof *to->mount_extensions);
	to->net_devices = enabled(true);
	if (!to->cgroup || !to->seccomp || !to->apparmor || !to->selinux || !to->memory_policy ||
	    !to->intel_rdt || !to->mount_extensions || !to->net_devices)
		return -1;
	to->mount_extensions->idmap = enabled(true);
	return !to->mount_extensions->idmap || fill_seccomp(to->seccomp) ||
	       add_words("linux.namespaces.type", &to->namespaces) ||
	       caps_names(&to->capabilities) ||
	       add_words("linux.memoryPolicy.mode", &to->memory_policy->modes) ||
	       add_words("linux.memoryPolicy.flags", &to->memory_policy->flags);
}

static bool has_verb(const struct verb *const *verbs, const char *name)
{
	for (; *verbs; verbs++)
		if (strcmp((*verbs)->name, name) == 0)
			return true;
	return false;
}

/* Takes @value over. */
static int annotate(struct string_map *map, const char *key, char *value)
{
	struct string_pair *pairs = reallocarray(map->v, map->n + 1, sizeof *pairs);

	if (pairs)
		map->v = pairs;
	owned_string own_key = strdup(key);
	owned_string own_value = value;
	if (!pairs || !own_key || !own_value)
		return -1;
	map->v[map->n++] = (struct string_pair){ take_pointer(own_key), take_pointer(own_value) };
	return 0;
}

static int fill_annotations(struct string_map *map, const struct verb *const *verbs)
{
	const struct scmp_version *seccomp = seccomp_version();

	return annotate(map, "io.github.seccomp.libseccomp.version",
			text_format("%u.%u.%u", seccomp->major, seccomp->minor, seccomp->micro)) ||
	       annotate(map, "org.orun.checkpoint.enabled",
			strdup(has_verb(verbs, "checkpoint") ? "true" : "false")) ||
	       annotate(map, "org.orun.version", strdup(ORUN_VERSION));
}

static int fill(struct features *features, const struct verb *const *verbs)
{
	features->oci_version_min = strdup(OLDEST_VERSION);
	features->oci_version_max = strdup(SPEC_VERSION);
	features->linux_ = calloc(1, sizeof *features->linux_);
	if (!features->oci_version_min || !features->oci_version_max || !features->linux_)
		return -1;
	for (size_t i = 0; i < sizeof heeded_annotations / sizeof *heeded_annotations; i++)
		if (string_list_add(&features->potentially_unsafe_config_annotations,
				    heeded_annotations[i]))
			return -1;
	return add_fields("hooks", &features->hooks) ||
	       add_mount_options(&features->mount_options) || fill_linux(features->linux_) ||
	       fill_annotations(&features->annotations, verbs);
}

struct features *features_collect(const struct verb *const *verbs, struct error *err)
{
	struct features *features = calloc(1, sizeof *features);

	if (features && fill(features, verbs) == 0)
		return features;
	table_free(&features_type, features);
	error_errno(err, ENOMEM, "features");
	return NULL;
}
