/* What an update leaves out, from the files of the groups: an engine that changes a quota does not repeat the
 * period. Must not write, nor complain: what cannot be read stays absent. */
#include <string.h>

#include "runtime/cgroup/create.h"
#include "runtime/cgroup/plan.h"

#define TEXT_MAX 64

/* The group that @controller has in @plan, or NULL. */
static const struct cgroup_hierarchy *group_of(const struct cgroup_plan *plan,
					       struct cgroup_layout *layout, const char *controller)
{
	ssize_t index = cgroup_layout_find(layout, controller);

	return index >= 0 && plan->hierarchies[index].directory ? &plan->hierarchies[index] : NULL;
}

/* False where there is no number; "max" is -1. */
static bool read_limit(const struct cgroup_hierarchy *group, const char *file, int64_t *ret)
{
	char text[TEXT_MAX];

	*ret = -1;
	return !cgroup_read(group->directory, file, text, sizeof text, NULL) &&
	       (strcmp(text, "max") == 0 || !text_to_int64(text, ret));
}

static bool read_quota(const struct cgroup_hierarchy *group, int64_t *quota, int64_t *period)
{
	char text[TEXT_MAX];
	char *rest = text, *word;

	if (group->version == 1)
		return read_limit(group, "cpu.cfs_quota_us", quota) &&
		       read_limit(group, "cpu.cfs_period_us", period);
	if (cgroup_read(group->directory, "cpu.max", text, sizeof text, NULL))
		return false;
	word = strsep(&rest, " ");
	*quota = -1;
	return rest && (strcmp(word, "max") == 0 || !text_to_int64(word, quota)) &&
	       !text_to_int64(rest, period);
}

static void complete_cpu(struct cpu *cpu, const struct cgroup_hierarchy *group)
{
	int64_t quota, period;

	if ((cpu->quota.value == 0) == (cpu->period.value == 0) ||
	    !read_quota(group, &quota, &period) || period <= 0)
		return;
	if (cpu->quota.value == 0)
		cpu->quota = (struct opt_int64){ true, quota };
	else
		cpu->period = (struct opt_uint64){ true, (uint64_t)period };
}

/* linux.resources.memory.swap is the sum, and the sum is what stays when one of them changes, as on v1. */
static void complete_memory(struct memory *memory, const struct cgroup_hierarchy *group)
{
	int64_t limit, swap, sum;

	if (!read_limit(group, "memory.max", &limit) || limit <= 0)
		return;
	if (memory->swap.value > 0 && memory->limit.value == 0)
		memory->limit = (struct opt_int64){ true, limit };
	if (memory->limit.value > 0 && memory->swap.value == 0 &&
	    read_limit(group, "memory.swap.max", &swap) && swap >= 0 &&
	    !__builtin_add_overflow(limit, swap, &sum))
		memory->swap = (struct opt_int64){ true, sum };
}

void cgroup_complete(const struct resources *given, const struct cgroup_plan *plan,
		     struct cgroup_layout *layout, struct cgroup_completed *to)
{
	const struct cgroup_hierarchy *group;

	to->resources = *given;
	if (given->cpu && (group = group_of(plan, layout, "cpu"))) {
		to->cpu = *given->cpu;
		to->resources.cpu = &to->cpu;
		complete_cpu(&to->cpu, group);
	}
	if (given->memory && (group = group_of(plan, layout, "memory")) && group->version == 2) {
		to->memory = *given->memory;
		to->resources.memory = &to->memory;
		complete_memory(&to->memory, group);
	}
}
