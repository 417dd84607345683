#include "imgtool/convert/seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "imgtool/base/list.h"
#include "imgtool/convert/seccomp_groups.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/table_fields.h"

/* Most bytes that are read of a profile. */
#define PROFILE_MAX (4u << 20)

/* An architecture by Go's name, by the one that profiles have in "arches", by libseccomp's; what it runs besides. */
static const struct architecture {
	const char *name, *in_profiles, *token;
	const char *others; /* tokens, with a blank between them */
} architectures[] = {
	{ "amd64", "amd64", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86 SCMP_ARCH_X32" },
	{ "386", "x86", "SCMP_ARCH_X86", "" },
	{ "arm64", "arm64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" },
	{ "arm", "arm", "SCMP_ARCH_ARM", "" },
	{ "ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE", "" },
	{ "s390x", "s390x", "SCMP_ARCH_S390X", "SCMP_ARCH_S390" },
	{ "riscv64", "riscv64", "SCMP_ARCH_RISCV64", "" },
	{ "loong64", "loongarch64", "SCMP_ARCH_LOONGARCH64", "" },
	{ "mips64", "mips64", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS SCMP_ARCH_MIPS64N32" },
	{ "mips64le", "mipsel64", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL SCMP_ARCH_MIPSEL64N32" },
};

static const struct architecture *find_architecture(const char *name)
{
	for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
		if (strcmp(architectures[i].name, name) == 0)
			return &architectures[i];
	return NULL;
}

static int out_of_memory(struct error *err)
{
	return error_errno(err, ENOMEM, "seccomp");
}

static int add_words(struct string_list *to, const char *words, struct error *err)
{
	owned_string copy = strdup(words);
	char *rest = copy;

	if (!copy)
		return out_of_memory(err);
	for (char *word; (word = strsep(&rest, " "));)
		if (*word && string_list_add(to, word))
			return out_of_memory(err);
	return 0;
}

/* The default ---------------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static bool group_applies(const struct seccomp_group *group, const struct architecture *here,
			  const struct string_list *capabilities)
{
	if (group->with && !string_list_has(capabilities, group->with))
		return false;
	if (group->without && string_list_has(capabilities, group->without))
		return false;
	if (group->architectures && !(here && has_word(group->architectures, here->in_profiles)))
		return false;
	return !group->not_architectures || !here ||
	       !has_word(group->not_architectures, here->in_profiles);
}

static int add_group(struct seccomp *profile, const struct seccomp_group *group, struct error *err)
{
	struct seccomp_rule *rule = list_add(&profile->syscalls);

	if (!rule || add_words(&rule->names, group->names, err))
		return out_of_memory(err);
	rule->action = group->fails_with ? SECCOMP_ERRNO : SECCOMP_ALLOW;
	rule->errno_ret = (struct opt_uint32){ group->fails_with != 0, group->fails_with };
	if (!group->has_argument)
		return 0;
	struct seccomp_arg *argument = list_add(&rule->args);
	if (!argument)
		return out_of_memory(err);
	*argument = group->argument;
	return 0;
}

static int fill_default(struct seccomp *profile, const struct seccomp_for *container,
			struct error *err)
{
	const struct architecture *here = find_architecture(container->architecture);

	profile->default_action = SECCOMP_ERRNO;
	profile->default_errno_ret = (struct opt_uint32){ true, EPERM };
	/* Without a list the runtime's own architecture is meant. */
	if (here && (add_words(&profile->architectures, here->token, err) ||
		     add_words(&profile->architectures, here->others, err)))
		return -1;
	for (const struct seccomp_group *group = seccomp_groups; group->names; group++)
		if (group_applies(group, here, container->capabilities) &&
		    add_group(profile, group, err))
			return -1;
	return 0;
}

struct seccomp *seccomp_default(const struct seccomp_for *container, struct error *err)
{
	struct seccomp *profile = calloc(1, sizeof *profile);

	if (!profile) {
		out_of_memory(err);
	} else if (fill_default(profile, container, err)) {
		table_free(&seccomp_type, profile);
		profile = NULL;
	}
	return profile;
}

/* Files ---------------------------------------------------------------------------------------- */

/* What Docker's format has beside linux.seccomp, whose table reads the rest. */
struct condition {
	struct string_list arches, caps;
	char *min_kernel; /* "4.8" */
};
static const struct field condition_fields[] = {
	FIELD_STRING_LIST(condition, arches, "arches"),
	FIELD_STRING_LIST(condition, caps, "caps"),
	FIELD_STRING(condition, min_kernel, "minKernel"),
};
static TYPE(condition);

struct conditional_rule {
	struct condition *includes, *excludes;
};
LIST_OF(conditional_rule);
static const struct field conditional_rule_fields[] = {
	FIELD_OBJECT(conditional_rule, includes, "includes", condition),
	FIELD_OBJECT(conditional_rule, excludes, "excludes", condition),
};
static TYPE(conditional_rule);

struct architecture_group {
	char *architecture;
	struct string_list others;
};
LIST_OF(architecture_group);
static const struct field architecture_group_fields[] = {
	FIELD_STRING(architecture_group, architecture, "architecture", REQUIRED),
	FIELD_STRING_LIST(architecture_group, others, "subArchitectures"),
};
static TYPE(architecture_group);

struct docker_profile {
	struct architecture_group_list architectures;
	struct conditional_rule_list rules;
};
static const struct field docker_profile_fields[] = {
	FIELD_OBJECT_LIST(docker_profile, architectures, "archMap", architecture_group),
	FIELD_OBJECT_LIST(docker_profile, rules, "syscalls", conditional_rule),
};
static TYPE(docker_profile);

/* 1: the running kernel is @wanted or later; 0: it is not; -1: that is no version. */
static int kernel_is(const char *wanted)
{
	struct utsname host;
	unsigned major, minor, major_here = 0, minor_here = 0;
	char behind;

	if (sscanf(wanted, "%u.%u%c", &major, &minor, &behind) != 2) /* NOLINT(cert-err34-c) */
		return -1;
	uname(&host);
	sscanf(host.release, "%u.%u", &major_here, &minor_here); /* NOLINT(cert-err34-c) */
	return major_here > major || (major_here == major && minor_here >= minor);
}

/* Whether what is excluded is here: one match is enough. */
static bool has_any(const struct condition *condition, const char *architecture,
		    const struct string_list *capabilities)
{
	if (string_list_has(&condition->arches, architecture) ||
	    (condition->min_kernel && kernel_is(condition->min_kernel) == 1))
		return true;
	for (size_t i = 0; i < condition->caps.n; i++)
		if (string_list_has(capabilities, condition->caps.v[i]))
			return true;
	return false;
}

/* Whether all that is demanded is here. */
static bool has_all(const struct condition *condition, const char *architecture,
		    const struct string_list *capabilities)
{
	if ((condition->arches.n && !string_list_has(&condition->arches, architecture)) ||
	    (condition->min_kernel && kernel_is(condition->min_kernel) != 1))
		return false;
	for (size_t i = 0; i < condition->caps.n; i++)
		if (!string_list_has(capabilities, condition->caps.v[i]))
			return false;
	return true;
}

static int check_condition(const struct condition *condition, struct error *err)
{
	if (condition && condition->min_kernel && kernel_is(condition->min_kernel) < 0)
		return error_set(err, EINVAL, "minKernel '%s' is not a version such as 4.8",
				 condition->min_kernel);
	return 0;
}

/* Frees the rules from @kept on. Their table is part of the profile's, so they go with one. */
static int drop_rules(struct seccomp_rule_list *rules, size_t kept, struct error *err)
{
	size_t n = rules->n - kept;
	struct seccomp *dropped = n ? calloc(1, sizeof *dropped) : NULL;

	if (!n)
		return 0;
	if (!dropped || !(dropped->syscalls.v = calloc(n, sizeof *rules->v))) {
		free(dropped);
		return out_of_memory(err);
	}
	memcpy(dropped->syscalls.v, rules->v + kept, n * sizeof *rules->v);
	dropped->syscalls.n = n;
	rules->n = kept;
	table_free(&seccomp_type, dropped);
	return 0;
}

/* Leaves the rules whose conditions are met, in their order. Both lists are of the same array. */
static int choose_rules(struct seccomp *profile, const struct conditional_rule_list *conditions,
			const char *architecture, const struct string_list *capabilities,
			struct error *err)
{
	struct seccomp_rule_list *rules = &profile->syscalls;
	size_t kept = 0;

	for (size_t i = 0; i < rules->n; i++) {
		const struct conditional_rule *conditional = conditions->v[i];
		const struct condition *includes = conditional->includes,
				       *excludes = conditional->excludes;
		struct seccomp_rule *rule = rules->v[i];

		if (check_condition(includes, err) || check_condition(excludes, err))
			return error_prefix(err, "syscalls[%zu]", i);
		if ((includes && !has_all(includes, architecture, capabilities)) ||
		    (excludes && has_any(excludes, architecture, capabilities)))
			continue;
		rules->v[i] = rules->v[kept];
		rules->v[kept++] = rule;
	}
	return drop_rules(rules, kept, err);
}

static int choose_architectures(struct seccomp *profile,
				const struct architecture_group_list *groups,
				const struct architecture *here, struct error *err)
{
	if (!groups->n)
		return 0;
	if (profile->architectures.n)
		return error_set(err, EINVAL, "architectures and archMap exclude each other");
	for (size_t i = 0; here && i < groups->n; i++) {
		const struct architecture_group *group = groups->v[i];

		if (strcmp(group->architecture, here->token) != 0)
			continue;
		if (string_list_add(&profile->architectures, group->architecture))
			return out_of_memory(err);
		for (size_t k = 0; k < group->others.n; k++)
			if (string_list_add(&profile->architectures, group->others.v[k]))
				return out_of_memory(err);
		break;
	}
	return 0;
}

static int apply_conditions(struct seccomp *profile, const struct docker_profile *docker,
			    const struct seccomp_for *container, struct error *err)
{
	const struct architecture *here = find_architecture(container->architecture);

	if (choose_architectures(profile, &docker->architectures, here, err))
		return -1;
	return choose_rules(profile, &docker->rules,
			    here ? here->in_profiles : container->architecture,
			    container->capabilities, err);
}

struct seccomp *seccomp_load(const char *path, const struct seccomp_for *container,
			     struct error *err)
{
	owned_string text = NULL;
	size_t length;
	struct problems problems = { 0 };

	if (read_file_at(AT_FDCWD, path, PROFILE_MAX, &text, &length, err)) {
		error_prefix(err, "seccomp profile");
		return NULL;
	}
	struct seccomp *profile = table_parse(&seccomp_type, text, length, &problems);
	struct docker_profile *docker =
		profile ? table_parse(&docker_profile_type, text, length, &problems) : NULL;
	int failed = docker ? apply_conditions(profile, docker, container, err)
			    : problems_to_error(&problems, "not a profile", err);
	if (failed) {
		error_prefix(err, "seccomp profile %s", path);
		table_free(&seccomp_type, profile);
		profile = NULL;
	}
	table_free(&docker_profile_type, docker);
	problems_finish(&problems);
	return profile;
}
