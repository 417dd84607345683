/* cgroup v2: which file takes which field of linux.resources, which was made for v1, and how its
 * value is converted. Files: Documentation/admin-guide/cgroup-v2.rst. Must not know of paths. */
#include <errno.h>
#include <inttypes.h>

#include "runtime/cgroup/fields.h"
#include "runtime/cgroup/weight.h"

#define DEFAULT_PERIOD 100000u /* microseconds; cgroup-v2.rst, cpu.max */

static enum cgroup_conversion limit_or_max(struct cgroup_value *value, int64_t limit)
{
	if (limit != -1)
		return cgroup_value_number(value, limit);
	buffer_print(&value->text, "max");
	return CGROUP_VALUE;
}

static enum cgroup_conversion memory_limit(const struct resources *resources, size_t index,
					   struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory ? limit_or_max(value, resources->memory->limit.value)
				 : CGROUP_NOTHING;
}

/* The specification's swap is memory plus swap, the kernel's is swap alone. */
static enum cgroup_conversion memory_swap(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err)
{
	int64_t limit, swap;

	(void)index;
	if (cgroup_memory_and_swap(resources, &limit, &swap, err))
		return CGROUP_INVALID;
	if (swap == -1 || (swap == 0 && limit == -1)) {
		/* Without accounting of swap there is no limit to lift. */
		value->tolerance |= CGROUP_MAY_LACK;
		return limit_or_max(value, -1);
	}
	if (swap == 0)
		return CGROUP_NOTHING;
	if (limit == 0)
		return (enum cgroup_conversion)error_set(
			err, EINVAL,
			"memory.limit is needed too: cgroup v2 limits swap alone, not the sum");
	if (limit > 0)
		swap -= limit;
	if (swap == 0)
		value->tolerance |= CGROUP_MAY_LACK;
	buffer_print(&value->text, "%" PRId64, swap);
	return CGROUP_VALUE;
}

static enum cgroup_conversion reservation(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory ? limit_or_max(value, resources->memory->reservation.value)
				 : CGROUP_NOTHING;
}

/* v2 always counts a group's children: only "false" asks for what it does not have. */
static enum cgroup_conversion no_hierarchy(const struct resources *resources, size_t index,
					   struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return cgroup_value_number(value, resources->memory &&
						  resources->memory->use_hierarchy.set &&
						  !resources->memory->use_hierarchy.value);
}

static enum cgroup_conversion weight_of_shares(const struct resources *resources, size_t index,
					       struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->cpu || resources->cpu->shares.value == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%u", cgroup_weight_of_shares(resources->cpu->shares.value));
	return CGROUP_VALUE;
}

static enum cgroup_conversion quota_and_period(const struct resources *resources, size_t index,
					       struct cgroup_value *value, struct error *err)
{
	int64_t quota = resources->cpu ? resources->cpu->quota.value : 0;
	uint64_t period = resources->cpu ? resources->cpu->period.value : 0;

	(void)index, (void)err;
	if (quota == 0 && period == 0)
		return CGROUP_NOTHING;
	if (quota > 0)
		buffer_print(&value->text, "%" PRId64, quota);
	else
		buffer_print(&value->text, "max");
	buffer_print(&value->text, " %" PRIu64, period ? period : DEFAULT_PERIOD);
	return CGROUP_VALUE;
}

/* io.bfq.weight takes the number as it is, io.weight (the cost model) has another range. */
static enum cgroup_conversion weight(const struct resources *resources, size_t index,
				     struct cgroup_value *value, struct error *err)
{
	uint32_t wanted = resources->block_io ? resources->block_io->weight.value : 0;

	(void)index, (void)err;
	buffer_print(&value->alternative_text, "%u", cgroup_io_weight(wanted));
	return cgroup_value_number(value, wanted);
}

static enum cgroup_conversion weight_device(const struct resources *resources, size_t index,
					    struct cgroup_value *value, struct error *err)
{
	const struct weight_device *device = resources->block_io->weight_device.v[index];

	(void)err;
	if (device->weight.value == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%" PRId64 ":%" PRId64 " %" PRIu32, device->major, device->minor,
		     device->weight.value);
	buffer_print(&value->alternative_text, "%" PRId64 ":%" PRId64 " %u", device->major,
		     device->minor, cgroup_io_weight(device->weight.value));
	return CGROUP_VALUE;
}

/* A rate of 0 is v1's word for "no limit", and an invalid one on v2. */
#define THROTTLE(list, key)                                                                   \
	static size_t count_##list(const struct resources *resources)                         \
	{                                                                                     \
		return resources->block_io ? resources->block_io->list.n : 0;                 \
	}                                                                                     \
	static enum cgroup_conversion list(const struct resources *resources, size_t index,   \
					   struct cgroup_value *value, struct error *err)     \
	{                                                                                     \
		const struct throttle_device *device = resources->block_io->list.v[index];    \
                                                                                              \
		(void)err;                                                                    \
		buffer_print(&value->text, "%" PRId64 ":%" PRId64 " " key "=", device->major, \
			     device->minor);                                                  \
		if (device->rate)                                                             \
			buffer_print(&value->text, "%" PRIu64, device->rate);                 \
		else                                                                          \
			buffer_print(&value->text, "max");                                    \
		return CGROUP_VALUE;                                                          \
	}

THROTTLE(throttle_read_bps, "rbps")
THROTTLE(throttle_write_bps, "wbps")
THROTTLE(throttle_read_iops, "riops")
THROTTLE(throttle_write_iops, "wiops")

/* A line without a file is something v2 cannot do; asking for it is an error (config-linux.md,
 * Unified: "If the conversion is not possible the runtime MUST generate an error"). */
/* clang-format off */
static const struct cgroup_field fields[] = {
	{ "cpu.cpus", "cpuset", "cpuset.cpus", .convert = cgroup_cpus },
	{ "cpu.mems", "cpuset", "cpuset.mems", .convert = cgroup_mems },
	{ "cpu.realtimePeriod", "cpu", .convert = cgroup_realtime_period },
	{ "cpu.realtimeRuntime", "cpu", .convert = cgroup_realtime_runtime },
	{ "cpu.idle", "cpu", "cpu.idle", .convert = cgroup_cpu_idle },
	{ "cpu.shares", "cpu", "cpu.weight", .convert = weight_of_shares },
	{ "cpu.quota", "cpu", "cpu.max", .tolerance = CGROUP_RETRY, .convert = quota_and_period },
	{ "cpu.burst", "cpu", "cpu.max.burst", .tolerance = CGROUP_RETRY, .convert = cgroup_cpu_burst },
	{ "memory.useHierarchy", "memory", .convert = no_hierarchy },
	{ "memory.swap", "memory", "memory.swap.max", .convert = memory_swap },
	{ "memory.limit", "memory", "memory.max", .convert = memory_limit },
	{ "memory.reservation", "memory", "memory.low", .convert = reservation },
	{ "memory.kernel", "memory", .convert = cgroup_kernel_memory },
	{ "memory.kernelTCP", "memory", .convert = cgroup_kernel_tcp },
	{ "memory.disableOOMKiller", "memory", .convert = cgroup_disable_oom_killer },
	{ "memory.swappiness", "memory", .convert = cgroup_swappiness },
	{ "pids.limit", "pids", "pids.max", .convert = cgroup_pids_limit },
	{ "blockIO.weight", "io", "io.bfq.weight", "io.weight", .convert = weight },
	{ "blockIO.leafWeight", "io", .convert = cgroup_leaf_weight },
	{ "blockIO.weightDevice[%zu].weight", "io", "io.bfq.weight", "io.weight", .convert = weight_device, .count = cgroup_count_weight_devices },
	{ "blockIO.weightDevice[%zu].leafWeight", "io", .convert = cgroup_leaf_weight_device, .count = cgroup_count_weight_devices },
	{ "blockIO.throttleReadBpsDevice[%zu]", "io", "io.max", .convert = throttle_read_bps, .count = count_throttle_read_bps },
	{ "blockIO.throttleWriteBpsDevice[%zu]", "io", "io.max", .convert = throttle_write_bps, .count = count_throttle_write_bps },
	{ "blockIO.throttleReadIOPSDevice[%zu]", "io", "io.max", .convert = throttle_read_iops, .count = count_throttle_read_iops },
	{ "blockIO.throttleWriteIOPSDevice[%zu]", "io", "io.max", .convert = throttle_write_iops, .count = count_throttle_write_iops },
	{ "hugepageLimits[%zu]", "hugetlb", "hugetlb.%s.max", .convert = cgroup_hugepage_limit, .count = cgroup_count_hugepage_limits },
	{ "hugepageLimits[%zu]", "hugetlb", "hugetlb.%s.rsvd.max", .tolerance = CGROUP_MAY_LACK, .convert = cgroup_hugepage_limit, .count = cgroup_count_hugepage_limits },
	{ "network.classID", "net_cls", .convert = cgroup_class_id },
	{ "network.priorities[%zu]", "net_prio", .convert = cgroup_priority, .count = cgroup_count_priorities },
	{ "rdma[%zu]", "rdma", "rdma.max", .convert = cgroup_rdma, .count = cgroup_count_rdma },
};
/* clang-format on */

const struct cgroup_driver cgroup_v2_driver = {
	.version = 2,
	.fields = fields,
	.n_fields = sizeof fields / sizeof *fields,
};
