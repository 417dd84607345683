/* orun update */
#include <errno.h>

#include "runtime/cgroup/undo.h"
#include "runtime/commands.h"
#include "runtime/container_cgroup.h"
#include "runtime/resctrl.h"
#include "runtime/resources_text.h"
#include "spec/base/owned.h"

static struct resources_words words;
static const char *file, *l3_cache_schema, *mem_bw_schema;

#define TEXT(option, to, word, text)                                                        \
	{                                                                                   \
		.name = (option), .kind = OPTION_TEXT, .target = &(to), .argument = (word), \
		.help = (text)                                                              \
	}

/* Names are those of runc. */
static const struct option options[] = {
	{ .name = "resources",
	  .letter = 'r',
	  .kind = OPTION_TEXT,
	  .target = &file,
	  .argument = "FILE|-",
	  .help = "linux.resources as JSON, instead of the options below" },
	TEXT("blkio-weight", words.blkio_weight, "WEIGHT", "share of I/O, 10 to 1000"),
	TEXT("cpu-period", words.cpu_period, "USEC", "period of the CPU quota"),
	TEXT("cpu-quota", words.cpu_quota, "USEC", "CPU time in a period; -1: unlimited"),
	TEXT("cpu-burst", words.cpu_burst, "USEC", "CPU time saved up for a later period"),
	TEXT("cpu-share", words.cpu_share, "N", "weight against other containers"),
	TEXT("cpu-rt-period", words.cpu_rt_period, "USEC", "period of realtime CPU time"),
	TEXT("cpu-rt-runtime", words.cpu_rt_runtime, "USEC", "realtime CPU time in a period"),
	TEXT("cpuset-cpus", words.cpuset_cpus, "LIST", "processors, such as 0-3,7"),
	TEXT("cpuset-mems", words.cpuset_mems, "LIST", "memory nodes, such as 0,1"),
	TEXT("cpu-idle", words.cpu_idle, "0|1", "1: runs only when nobody else wants to"),
	TEXT("memory", words.memory, "BYTES", "memory limit, such as 512m; -1: unlimited"),
	TEXT("memory-reservation", words.memory_reservation, "BYTES",
	     "memory that is taken back last"),
	TEXT("memory-swap", words.memory_swap, "BYTES", "memory plus swap; -1: unlimited"),
	TEXT("kernel-memory", words.kernel_memory, "BYTES", "obsolete: kernels ignore it"),
	TEXT("kernel-memory-tcp", words.kernel_memory_tcp, "BYTES", "obsolete"),
	TEXT("pids-limit", words.pids_limit, "N", "number of tasks; -1: unlimited"),
	TEXT("l3-cache-schema", l3_cache_schema, "SCHEMA", "Intel RDT: share of the L3 cache"),
	TEXT("mem-bw-schema", mem_bw_schema, "SCHEMA", "Intel RDT: share of memory bandwidth"),
	{ 0 },
};

static const char *unless_empty(const char *text)
{
	return text && *text ? text : NULL;
}

/* The container may get a group of resctrl now, which delete is to remove. */
static int set_schemata(const struct container *container, struct error *err)
{
	const char *l3 = unless_empty(l3_cache_schema), *bandwidth = unless_empty(mem_bw_schema);

	if (!l3 && !bandwidth)
		return 0;
	if (resctrl_update(container->state, l3, bandwidth, err))
		return -1;
	return container_save(container, err);
}

static int set_limits(const struct container *container, const struct cgroup_plan *plan,
		      struct error *err)
{
	OWNED(cgroup_undo_finish) struct cgroup_undo undo = { 0 };

	if (cgroup_remember(plan, &undo, err))
		return -1;
	if (!container_set_limits(container->state, plan, err) && !set_schemata(container, err))
		return 0;
	container_restore_limits(container->state, &undo, err);
	return -1;
}

static int update(const struct container *container, const struct resources *resources,
		  struct error *err)
{
	struct cgroup_plan plan;

	if (container_status(container) == STATUS_STOPPED)
		return error_set(err, ESRCH, "container not running");
	if (container_need_cgroup(container->state, err) ||
	    cgroup_plan_update(resources, &container->state->cgroup_dirs, &plan, err))
		return -1;
	int failed = set_limits(container, &plan, err);
	cgroup_plan_finish(&plan);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct container container;
	struct resources *resources = unless_empty(file) ? resources_of_file(file, err)
							 : resources_of_words(&words, err);

	(void)argc;
	if (!resources)
		return 1;
	owned_fd root = container_open_root(globals->root, err);
	int failed = root < 0 || container_open(root, argv[0], false, &container, err);
	if (!failed) {
		failed = update(&container, resources, err);
		container_close(&container);
	}
	resources_free(resources);
	return failed ? 1 : 0;
}

const struct verb update_verb = {
	.name = "update",
	.arguments = "ID",
	.summary = "change the limits of a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
