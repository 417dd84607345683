/* Any bytes as the resources that `update` reads: nothing may crash; what becomes a plan must name files within the
 * container's groups and values that the kernel reads as one; and what would undo it can be told. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cgroup/plan.h"
#include "runtime/cgroup/undo.h"
#include "runtime/resources_text.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of the container's groups: a folder with some of the files, as kernels have them. */
static char top[] = "/tmp/orun-fuzz-XXXXXX";

static const struct {
	const char *name, *text;
} files[] = {
	{ "cgroup.subtree_control", "cpu memory\n" },
	{ "cpu.idle", "0\n" },
	{ "cpu.max", "max 100000\n" },
	{ "cpu.shares", "1024\n" },
	{ "cpu.weight", "100\n" },
	{ "cpuset.cpus", "\n" },
	{ "cpuset.cpus.effective", "0-1\n" },
	{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n" },
	{ "io.weight", "default 100\n8:0 50\n" },
	{ "memory.max", "1000000\n" },
	{ "memory.swap.max", "500000\n" },
	{ "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n" },
	{ "rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n" },
};

static const struct host {
	const char *v1, *v2_controllers; /* v1: the controllers of its one hierarchy; "" none */
} hosts[] = {
	{ "cpu,cpuset,memory,pids,blkio,hugetlb,net_cls,net_prio,rdma", "" },
	{ "", "cpuset cpu io memory hugetlb pids rdma misc" },
	{ "cpu,memory", "hugetlb pids io cpuset" }, /* the hybrid of both */
};

static void remove_groups(void)
{
	char path[128];

	for (int version = 1; version <= 2; version++) {
		for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
			snprintf(path, sizeof path, "%s/v%d/box/%s", top, version, files[i].name);
			unlink(path);
		}
		snprintf(path, sizeof path, "%s/v%d/box", top, version);
		rmdir(path);
		snprintf(path, sizeof path, "%s/v%d", top, version);
		rmdir(path);
	}
	rmdir(top);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[128];

	(void)argc;
	(void)argv;
	if (!mkdtemp(top) || atexit(remove_groups))
		abort();
	for (int version = 1; version <= 2; version++) {
		snprintf(path, sizeof path, "%s/v%d/box", top, version);
		if (make_directories(path, 0755, NULL))
			abort();
		for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
			snprintf(path, sizeof path, "%s/v%d/box/%s", top, version, files[i].name);
			owned_file file = fopen(path, "we");
			if (!file || fputs(files[i].text, file) < 0)
				abort();
		}
	}
	return 0;
}

static void check_write(const struct cgroup_plan *plan, const struct cgroup_write *write)
{
	if (write->hierarchy >= plan->n_hierarchies || !write->field || !write->file ||
	    !write->value || !*write->value)
		abort();
	if (strchr(write->file, '/') || strcmp(write->file, "..") == 0 || !*write->file)
		abort();
	if (strchr(write->value, '\n') && strcmp(write->value, "\n") != 0)
		abort();
	if (!plan->hierarchies[write->hierarchy].directory)
		abort();
}

static void check_undo(const struct cgroup_plan *plan)
{
	struct cgroup_undo undo;
	struct error err = { 0 };

	if (cgroup_remember(plan, &undo, &err))
		abort();
	for (size_t i = 0; i < undo.n; i++)
		if (!undo.v[i].value || !*undo.v[i].value)
			abort();
	/* Nothing was written, so nothing differs. */
	cgroup_restore(&undo, &err);
	if (*err.msg)
		abort();
	cgroup_undo_finish(&undo);
}

static void read_layout(const struct host *host, struct cgroup_layout *layout)
{
	bool v1 = *host->v1, v2 = *host->v2_controllers;
	owned_string first =
		v1 ? text_format("21 20 0:21 / %s/v1 rw - cgroup cgroup rw,%s\n", top, host->v1)
		   : strdup("");
	owned_string mountinfo = text_format("%s%s%s%s", first, v2 ? "30 20 0:30 / " : "",
					     v2 ? top : "",
					     v2 ? "/v2 rw - cgroup2 cgroup2 rw\n" : "");
	owned_string self_cgroup = v1 ? text_format("1:%s:/\n0::/\n", host->v1) : strdup("0::/\n");

	if (!first || !mountinfo || !self_cgroup ||
	    cgroup_layout_parse(mountinfo, self_cgroup, layout, NULL))
		abort();
	layout->v2_controllers = strdup(host->v2_controllers);
}

static void plan_on(const struct host *host, const struct resources *resources)
{
	char v1[64], v2[64];
	char *groups[] = { v1, v2, NULL };
	const struct string_list directories = { .v = groups, .n = 2 };
	struct cgroup_layout layout;
	struct cgroup_plan plan;
	struct error err = { 0 };

	snprintf(v1, sizeof v1, "%s/v1/box", top);
	snprintf(v2, sizeof v2, "%s/v2/box", top);
	read_layout(host, &layout);
	int failed = cgroup_plan_update_in(&layout, resources, &directories, &plan, &err);
	cgroup_layout_finish(&layout);
	/* A refusal must say why, and an acceptance must not complain. */
	if ((failed != 0) != (*err.msg != '\0'))
		abort();
	if (failed)
		return;
	for (size_t i = 0; i < plan.n_writes; i++)
		check_write(&plan, &plan.writes[i]);
	check_undo(&plan);
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
