/* The conversions that cgroup v1 and v2 have in common, and those whose only answer on v2 is "no".
 * Must not know of paths or of which hierarchy is where. */
#include "runtime/cgroup/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void cgroup_value_finish(struct cgroup_value *value)
{
	buffer_finish(&value->text);
	buffer_finish(&value->alternative_text);
}

enum cgroup_conversion cgroup_value_number(struct cgroup_value *value, int64_t number)
{
	if (number == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%" PRId64, number);
	return CGROUP_VALUE;
}

/* A newline would make the kernel read two values where the configuration has one. */
static enum cgroup_conversion one_word(struct cgroup_value *value, const char *word,
				       struct error *err)
{
	if (!word || !*word)
		return CGROUP_NOTHING;
	if (strpbrk(word, " \t\n"))
		return (enum cgroup_conversion)error_set(err, EINVAL, "'%.200s' has a blank in it",
							 word);
	buffer_print(&value->text, "%s", word);
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_cpus(const struct resources *resources, size_t index,
				   struct cgroup_value *value, struct error *err)
{
	(void)index;
	return resources->cpu ? one_word(value, resources->cpu->cpus, err) : CGROUP_NOTHING;
}

enum cgroup_conversion cgroup_mems(const struct resources *resources, size_t index,
				   struct cgroup_value *value, struct error *err)
{
	(void)index;
	return resources->cpu ? one_word(value, resources->cpu->mems, err) : CGROUP_NOTHING;
}

enum cgroup_conversion cgroup_cpu_burst(const struct resources *resources, size_t index,
					struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->cpu || !resources->cpu->burst.set)
		return CGROUP_NOTHING;
	if (resources->cpu->burst.value == 0)
		value->tolerance |= CGROUP_MAY_LACK; /* kernel 5.14; none has a burst before */
	buffer_print(&value->text, "%" PRIu64, resources->cpu->burst.value);
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_cpu_idle(const struct resources *resources, size_t index,
				       struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->cpu || !resources->cpu->idle.set)
		return CGROUP_NOTHING;
	if (resources->cpu->idle.value == 0)
		value->tolerance |= CGROUP_MAY_LACK; /* kernel 5.15 */
	buffer_print(&value->text, "%" PRId64, resources->cpu->idle.value);
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_realtime_runtime(const struct resources *resources, size_t index,
					       struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->cpu ? cgroup_value_number(value, resources->cpu->realtime_runtime.value)
			      : CGROUP_NOTHING;
}

enum cgroup_conversion cgroup_realtime_period(const struct resources *resources, size_t index,
					      struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->cpu || resources->cpu->realtime_period.value == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%" PRIu64, resources->cpu->realtime_period.value);
	return CGROUP_VALUE;
}

/* -1 is what every new group has. */
static enum cgroup_conversion number_unless_unlimited(struct cgroup_value *value, int64_t number)
{
	if (number == -1)
		value->tolerance |= CGROUP_MAY_LACK;
	return cgroup_value_number(value, number);
}

enum cgroup_conversion cgroup_kernel_memory(const struct resources *resources, size_t index,
					    struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory ? number_unless_unlimited(value, resources->memory->kernel.value)
				 : CGROUP_NOTHING;
}

enum cgroup_conversion cgroup_kernel_tcp(const struct resources *resources, size_t index,
					 struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory
		       ? number_unless_unlimited(value, resources->memory->kernel_tcp.value)
		       : CGROUP_NOTHING;
}

enum cgroup_conversion cgroup_disable_oom_killer(const struct resources *resources, size_t index,
						 struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return cgroup_value_number(value, resources->memory &&
						  resources->memory->disable_oom_killer.value);
}

enum cgroup_conversion cgroup_swappiness(const struct resources *resources, size_t index,
					 struct cgroup_value *value, struct error *err)
{
	(void)index;
	if (!resources->memory || !resources->memory->swappiness.set)
		return CGROUP_NOTHING;
	uint64_t swappiness = resources->memory->swappiness.value;
	/* How Docker up to 17 wrote "not set". */
	if (swappiness == UINT64_MAX)
		return CGROUP_NOTHING;
	if (swappiness > 100)
		return (enum cgroup_conversion)error_set(
			err, EINVAL, "%" PRIu64 " is not between 0 and 100", swappiness);
	buffer_print(&value->text, "%" PRIu64, swappiness);
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_pids_limit(const struct resources *resources, size_t index,
					 struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->pids || !resources->pids->limit.set)
		return CGROUP_NOTHING;
	/* 0 is a limit like any other (config-linux.md, PIDs). */
	if (resources->pids->limit.value < 0) {
		value->tolerance |= CGROUP_MAY_LACK;
		buffer_print(&value->text, "max");
	} else {
		buffer_print(&value->text, "%" PRId64, resources->pids->limit.value);
	}
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_leaf_weight(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->block_io
		       ? cgroup_value_number(value, resources->block_io->leaf_weight.value)
		       : CGROUP_NOTHING;
}

size_t cgroup_count_weight_devices(const struct resources *resources)
{
	return resources->block_io ? resources->block_io->weight_device.n : 0;
}

enum cgroup_conversion cgroup_leaf_weight_device(const struct resources *resources, size_t index,
						 struct cgroup_value *value, struct error *err)
{
	const struct weight_device *device = resources->block_io->weight_device.v[index];

	(void)err;
	if (device->leaf_weight.value == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%" PRId64 ":%" PRId64 " %" PRIu32, device->major, device->minor,
		     device->leaf_weight.value);
	return CGROUP_VALUE;
}

size_t cgroup_count_hugepage_limits(const struct resources *resources)
{
	return resources->hugepage_limits.n;
}

enum cgroup_conversion cgroup_hugepage_limit(const struct resources *resources, size_t index,
					     struct cgroup_value *value, struct error *err)
{
	const struct hugepage_limit *limit = resources->hugepage_limits.v[index];

	/* The size becomes part of a file name. */
	if (!limit->page_size || strlen(limit->page_size) > 32 ||
	    strspn(limit->page_size, "0123456789KMGTPB") != strlen(limit->page_size))
		return (enum cgroup_conversion)error_set(err, EINVAL,
							 "'%.40s' is not a page size such as 2MB",
							 limit->page_size ? limit->page_size : "");
	value->file_part = limit->page_size;
	buffer_print(&value->text, "%" PRIu64, limit->limit);
	return CGROUP_VALUE;
}

size_t cgroup_count_rdma(const struct resources *resources)
{
	return resources->rdma.n;
}

enum cgroup_conversion cgroup_rdma(const struct resources *resources, size_t index,
				   struct cgroup_value *value, struct error *err)
{
	const struct rdma *limit = resources->rdma.v[index];

	if (!limit->hca_handles.set && !limit->hca_objects.set)
		return CGROUP_NOTHING;
	enum cgroup_conversion device = one_word(value, limit->key, err);
	if (device != CGROUP_VALUE)
		return device;
	if (limit->hca_handles.set)
		buffer_print(&value->text, " hca_handle=%" PRIu32, limit->hca_handles.value);
	if (limit->hca_objects.set)
		buffer_print(&value->text, " hca_object=%" PRIu32, limit->hca_objects.value);
	return CGROUP_VALUE;
}

enum cgroup_conversion cgroup_class_id(const struct resources *resources, size_t index,
				       struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->network ? cgroup_value_number(value, resources->network->class_id.value)
				  : CGROUP_NOTHING;
}

size_t cgroup_count_priorities(const struct resources *resources)
{
	return resources->network ? resources->network->priorities.n : 0;
}

enum cgroup_conversion cgroup_priority(const struct resources *resources, size_t index,
				       struct cgroup_value *value, struct error *err)
{
	const struct interface_priority *priority = resources->network->priorities.v[index];

	if (!priority->name || !*priority->name)
		return (enum cgroup_conversion)error_set(err, EINVAL, "the interface has no name");
	if (one_word(value, priority->name, err) == CGROUP_INVALID)
		return CGROUP_INVALID;
	buffer_print(&value->text, " %" PRIu32, priority->priority);
	return CGROUP_VALUE;
}

int cgroup_memory_and_swap(const struct resources *resources, int64_t *limit, int64_t *swap,
			   struct error *err)
{
	*limit = resources->memory ? resources->memory->limit.value : 0;
	*swap = resources->memory ? resources->memory->swap.value : 0;
	if (*limit > 0 && *swap > 0 && *swap < *limit)
		return error_set(err, EINVAL,
				 "%" PRId64 " is the sum of memory and swap, and so cannot be less "
				 "than memory.limit, %" PRId64,
				 *swap, *limit);
	return 0;
}
