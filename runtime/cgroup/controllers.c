/* cgroup v2: a controller reaches a group only when every group above passes it on.
 * Must not know what the controllers limit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/create.h"
#include "runtime/cgroup/layout.h"
#include "spec/base/owned.h"

#define WORDS_MAX 4096

/* The controller whose file is @file: "memory" of "memory.max". NULL for files of the group itself. */
static char *controller_of(const char *file)
{
	size_t length = strcspn(file, ".");

	return length == strlen("cgroup") && text_starts_with(file, "cgroup")
		       ? NULL
		       : strndup(file, length);
}

static const char *field_of(const struct cgroup_plan *plan, size_t hierarchy,
			    const char *controller)
{
	size_t length = strlen(controller);

	for (size_t i = 0; i < plan->n_writes; i++)
		if (plan->writes[i].hierarchy == hierarchy &&
		    strncmp(plan->writes[i].file, controller, length) == 0 &&
		    plan->writes[i].file[length] == '.')
			return plan->writes[i].field;
	return "linux.resources";
}

static int add_word(struct string_list *words, const char *word, struct error *err)
{
	if (!string_list_has(words, word) && string_list_add(words, word))
		return error_errno(err, ENOMEM, "cgroup controllers");
	return 0;
}

static int needed_controllers(const struct cgroup_plan *plan, size_t hierarchy,
			      struct string_list *needed, struct error *err)
{
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *write = &plan->writes[i];
		bool may_go = write->tolerance & (CGROUP_MAY_LACK | CGROUP_MAY_FAIL);
		if (write->hierarchy != hierarchy || may_go)
			continue;
		owned_string controller = controller_of(write->file);
		if (controller && add_word(needed, controller, err))
			return -1;
	}
	return 0;
}

static int add_all(const char *directory, struct string_list *wanted, struct error *err)
{
	char words[WORDS_MAX];
	char *rest = words, *word;

	if (cgroup_read(directory, "cgroup.controllers", words, sizeof words, err))
		return -1;
	while ((word = strsep(&rest, " ")))
		if (*word && add_word(wanted, word, err))
			return -1;
	return 0;
}

/* The first of @wanted that the group @directory has not, or NULL. */
static const char *missing(const char *directory, const struct string_list *wanted)
{
	char words[WORDS_MAX] = "";

	cgroup_read(directory, "cgroup.controllers", words, sizeof words, NULL);
	for (size_t i = 0; i < wanted->n; i++)
		if (!cgroup_word_in(words, wanted->v[i], ' '))
			return wanted->v[i];
	return NULL;
}

/* All at once where the kernel takes them all; else one by one, as it takes them or leaves them together.
 * In a group that has processes (EBUSY) only what is needed: passing the thread controllers alone on would make
 * the groups below fit for threads only. What stands in the way is found out when a needed one is missing
 * at the end. */
static void enable_in(const char *directory, const struct string_list *wanted,
		      const struct string_list *needed)
{
	struct buffer all = { 0 };
	struct error failure = { 0 };

	for (size_t i = 0; i < wanted->n; i++)
		buffer_print(&all, "%s+%s", i ? " " : "", wanted->v[i]);
	if (!all.failed &&
	    !cgroup_write_file(directory, "cgroup.subtree_control", all.text, &failure)) {
		buffer_finish(&all);
		return;
	}
	buffer_finish(&all);
	const struct string_list *some = failure.code == EBUSY ? needed : wanted;
	for (size_t i = 0; i < some->n; i++) {
		owned_string one = text_format("+%s", some->v[i]);
		if (one)
			cgroup_write_file(directory, "cgroup.subtree_control", one, NULL);
	}
}

/* Calls for each group above the container's, from the mount's root down. */
static int enable_on_the_way(const struct cgroup_hierarchy *hierarchy,
			     const struct string_list *wanted, const struct string_list *needed,
			     struct error *err)
{
	owned_string path = strdup(hierarchy->directory);

	if (!path)
		return error_errno(err, ENOMEM, "cgroup controllers");
	for (char *slash = path + strlen(hierarchy->mountpoint); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		enable_in(path, wanted, needed);
		*slash = '/';
	}
	return 0;
}

static int explain_missing(const struct cgroup_plan *plan, size_t index, const char *controller,
			   struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = &plan->hierarchies[index];
	const char *field = field_of(plan, index, controller);
	owned_string path = strdup(hierarchy->directory);
	owned_string word = text_format("+%s", controller);
	struct error reason = { 0 };

	if (!path || !word)
		return error_errno(err, ENOMEM, "%s", field);
	/* The first group on the way that refuses says why. */
	for (char *slash = path + strlen(hierarchy->mountpoint); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (cgroup_write_file(path, "cgroup.subtree_control", word, &reason)) {
			error_set(err, reason.code, "%s: enable controller %s: %s", field,
				  controller, reason.msg);
			return reason.code == EBUSY
				       ? error_hint(err,
						    "a cgroup v2 group that has processes of its "
						    "own passes no controller on")
				       : -1;
		}
		*slash = '/';
	}
	return error_set(err, ENOENT, "%s: controller %s is not available in %s", field, controller,
			 hierarchy->directory);
}

static const char *domain_controller(const struct string_list *controllers)
{
	for (size_t i = 0; i < controllers->n; i++)
		if (!cgroup_word_in("cpu cpuset perf_event pids", controllers->v[i], ' '))
			return controllers->v[i];
	return NULL;
}

/* Below a group that is threaded, or that has processes and passes thread controllers on, a new group is
 * "domain invalid": it can only become threaded, and that has no memory, io or hugetlb. */
static int check_type(const struct cgroup_plan *plan, size_t index,
		      const struct string_list *needed, struct error *err)
{
	const char *directory = plan->hierarchies[index].directory;
	const char *domain = domain_controller(needed);
	char type[32] = "";

	/* The root has no type. */
	if (cgroup_read(directory, "cgroup.type", type, sizeof type, NULL) ||
	    strcmp(type, "domain") == 0)
		return 0;
	if (domain)
		return error_set(err, EOPNOTSUPP,
				 "%s: controller %s is not possible in %s, whose cgroup.type is "
				 "'%s'",
				 field_of(plan, index, domain), domain, directory, type);
	return strcmp(type, "domain invalid") == 0
		       ? cgroup_write_file(directory, "cgroup.type", "threaded", err)
		       : 0;
}

int cgroup_v2_prepare(const struct cgroup_plan *plan, size_t hierarchy, struct error *err)
{
	const struct cgroup_hierarchy *v2 = &plan->hierarchies[hierarchy];
	OWNED(string_list_finish) struct string_list needed = { 0 };
	OWNED(string_list_finish) struct string_list wanted = { 0 };

	if (needed_controllers(plan, hierarchy, &needed, err) ||
	    check_type(plan, hierarchy, &needed, err))
		return -1;
	for (size_t i = 0; i < needed.n; i++)
		if (add_word(&wanted, needed.v[i], err))
			return -1;
	if (plan->every_v2_controller && add_all(v2->mountpoint, &wanted, err))
		return -1;
	if (!wanted.n || !missing(v2->directory, &wanted))
		return 0;
	if (enable_on_the_way(v2, &wanted, &needed, err))
		return -1;
	const char *lacking = needed.n ? missing(v2->directory, &needed) : NULL;
	if (lacking)
		return explain_missing(plan, hierarchy, lacking, err);
	/* Thread controllers from a group with processes have changed what the new one is. */
	return check_type(plan, hierarchy, &needed, err);
}
