/* Any bytes as the resources that `update` reads: nothing may crash, and what becomes a plan must name files
 * within the container's groups and values that the kernel reads as one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/plan.h"
#include "runtime/resources_text.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct host {
	const char *mountinfo, *self_cgroup, *v2_controllers;
	char *const *directories;
	size_t n;
};

#define V1(number, controllers) \
	number " 20 0:" number " / /nowhere/" controllers " rw - cgroup cgroup rw," controllers "\n"
#define V2 "30 20 0:30 / /nowhere/unified rw - cgroup2 cgroup2 rw\n"

static char *const v1_groups[] = { "/nowhere/cpu/box",	   "/nowhere/cpuset/box",
				   "/nowhere/memory/box",  "/nowhere/pids/box",
				   "/nowhere/blkio/box",   "/nowhere/hugetlb/box",
				   "/nowhere/net_cls/box", "/nowhere/net_prio/box",
				   "/nowhere/rdma/box",	   "/nowhere/unified/box" };
static char *const v2_groups[] = { "/nowhere/unified/box" };

static const struct host hosts[] = {
	{ V1("21", "cpu") V1("22", "cpuset") V1("23", "memory") V1("24", "pids") V1("25", "blkio")
		  V1("26", "hugetlb") V1("27", "net_cls") V1("28", "net_prio") V1("29", "rdma"),
	  "1:cpu:/\n2:cpuset:/\n3:memory:/\n4:pids:/\n5:blkio:/\n6:hugetlb:/\n7:net_cls:/\n"
	  "8:net_prio:/\n9:rdma:/\n",
	  "", v1_groups, 9 },
	{ V2, "0::/\n", "cpuset cpu io memory hugetlb pids rdma misc", v2_groups, 1 },
	/* The hybrid of both. */
	{ V1("21", "cpu") V1("23", "memory") V2, "1:cpu:/\n3:memory:/\n0::/\n",
	  "hugetlb pids io cpuset", v1_groups, 10 },
};

static void check_write(const struct cgroup_plan *plan, const struct cgroup_write *write)
{
	if (write->hierarchy >= plan->n_hierarchies || !write->field || !write->file ||
	    !write->value || !*write->value)
		abort();
	if (strchr(write->file, '/') || !strcmp(write->file, "..") || !*write->file)
		abort();
	if (strchr(write->value, '\n') && strcmp(write->value, "\n") != 0)
		abort();
	if (!plan->hierarchies[write->hierarchy].directory)
		abort();
}

static void plan_on(const struct host *host, const struct resources *resources)
{
	const struct string_list directories = { .v = (char **)(uintptr_t)host->directories,
						 .n = host->n };
	owned_string mountinfo = strdup(host->mountinfo);
	owned_string self_cgroup = strdup(host->self_cgroup);
	struct cgroup_layout layout;
	struct cgroup_plan plan;
	struct error err = { 0 };

	if (!mountinfo || !self_cgroup ||
	    cgroup_layout_parse(mountinfo, self_cgroup, &layout, &err))
		abort();
	layout.v2_controllers = strdup(host->v2_controllers);
	int failed = cgroup_plan_update_in(&layout, resources, &directories, &plan, &err);
	cgroup_layout_finish(&layout);
	/* A refusal must say why, and an acceptance must not complain. */
	if ((failed != 0) != (*err.msg != '\0'))
		abort();
	for (size_t i = 0; !failed && i < plan.n_writes; i++)
		check_write(&plan, &plan.writes[i]);
	cgroup_plan_finish(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct resources *resources =
		resources_of_json((const char *)data, size, "resources", &err);

	if (!resources) {
		if (!*err.msg)
			abort();
		return 0;
	}
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		plan_on(&hosts[i], resources);
	resources_free(resources);
	return 0;
}
