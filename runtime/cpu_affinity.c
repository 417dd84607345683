#include "runtime/cpu_affinity.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/list_format.h"

int cpu_affinity_get(struct cpu_affinity *ret, struct error *err)
{
	/* Not the C library's, which would cut the mask to its own size. */
	*ret = (struct cpu_affinity){ 0 };
	if (syscall(SYS_sched_getaffinity, 0, sizeof ret->mask, ret->mask) < 0)
		return error_errno(err, errno, "sched_getaffinity");
	return 0;
}

int cpu_affinity_set(const struct cpu_affinity *affinity, struct error *err)
{
	if (syscall(SYS_sched_setaffinity, 0, sizeof affinity->mask, affinity->mask))
		return error_errno(err, errno, "sched_setaffinity");
	return 0;
}

int cpu_affinity_set_list(const char *list, const char *field, struct error *err)
{
	struct cpu_affinity affinity = { 0 };

	if (list_format_parse(list, affinity.mask, CPUS_MAX))
		return error_set(err, EINVAL, "%s: '%s' is no list of processors below %d", field,
				 list, CPUS_MAX);
	if (cpu_affinity_set(&affinity, err) == 0)
		return 0;
	error_prefix(err, "%s: '%s'", field, list);
	return err->code == EINVAL ? error_hint(err, "the cpuset has none of these processors")
				   : -1;
}

void cpu_affinity_reset(void)
{
	struct cpu_affinity all;

	memset(&all, 0xff, sizeof all);
	/* Where it fails we keep what we have, as if nobody had wished it. */
	cpu_affinity_set(&all, NULL);
}
