/* cgroup v1: which file of which controller takes which field of linux.resources.
 * Files: Documentation/admin-guide/cgroup-v1 of the kernel. Must not know of paths. */
#include <errno.h>
#include <inttypes.h>

#include "runtime/cgroup/fields.h"

/* The range in which the kernel keeps cpu.shares without telling that it changed the value. */
#define SHARES_MIN 2u
#define SHARES_MAX 262144u

static enum cgroup_conversion shares(const struct resources *resources, size_t index,
				     struct cgroup_value *value, struct error *err)
{
	uint64_t wanted = resources->cpu ? resources->cpu->shares.value : 0;

	(void)index;
	if (wanted > SHARES_MAX)
		return (enum cgroup_conversion)error_set(
			err, EINVAL, "the maximum allowed cpu-shares is %u", SHARES_MAX);
	if (wanted && wanted < SHARES_MIN)
		return (enum cgroup_conversion)error_set(
			err, EINVAL, "the minimum allowed cpu-shares is %u", SHARES_MIN);
	return cgroup_value_number(value, (int64_t)wanted);
}

static enum cgroup_conversion period(const struct resources *resources, size_t index,
				     struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->cpu || resources->cpu->period.value == 0)
		return CGROUP_NOTHING;
	buffer_print(&value->text, "%" PRIu64, resources->cpu->period.value);
	return CGROUP_VALUE;
}

static enum cgroup_conversion quota(const struct resources *resources, size_t index,
				    struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->cpu ? cgroup_value_number(value, resources->cpu->quota.value)
			      : CGROUP_NOTHING;
}

static enum cgroup_conversion use_hierarchy(const struct resources *resources, size_t index,
					    struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	if (!resources->memory || !resources->memory->use_hierarchy.set)
		return CGROUP_NOTHING;
	/* Kernel 5.11 made "1" the only way there is. */
	if (resources->memory->use_hierarchy.value)
		value->tolerance |= CGROUP_MAY_LACK;
	buffer_print(&value->text, "%d", resources->memory->use_hierarchy.value);
	return CGROUP_VALUE;
}

static enum cgroup_conversion memory_limit(const struct resources *resources, size_t index,
					   struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory ? cgroup_value_number(value, resources->memory->limit.value)
				 : CGROUP_NOTHING;
}

/* Unlimited memory without a word about swap means both, as otherwise the old limit of the sum would
 * go on to limit memory. */
static enum cgroup_conversion memory_swap(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err)
{
	int64_t limit, swap;

	(void)index;
	if (cgroup_memory_and_swap(resources, &limit, &swap, err))
		return CGROUP_INVALID;
	if (swap == 0 && limit == -1)
		swap = -1;
	/* The file is absent where the kernel was started without accounting of swap. */
	if (swap == -1)
		value->tolerance |= CGROUP_MAY_LACK;
	return cgroup_value_number(value, swap);
}

static enum cgroup_conversion reservation(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->memory ? cgroup_value_number(value, resources->memory->reservation.value)
				 : CGROUP_NOTHING;
}

static enum cgroup_conversion weight(const struct resources *resources, size_t index,
				     struct cgroup_value *value, struct error *err)
{
	(void)index, (void)err;
	return resources->block_io ? cgroup_value_number(value, resources->block_io->weight.value)
				   : CGROUP_NOTHING;
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
	return CGROUP_VALUE;
}

#define THROTTLE(list)                                                                        \
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
		buffer_print(&value->text, "%" PRId64 ":%" PRId64 " %" PRIu64, device->major, \
			     device->minor, device->rate);                                    \
		return CGROUP_VALUE;                                                          \
	}

THROTTLE(throttle_read_bps)
THROTTLE(throttle_write_bps)
THROTTLE(throttle_read_iops)
THROTTLE(throttle_write_iops)

/* Order within a controller matters: a real-time period before its runtime, the hierarchy before
 * limits, memory before memory plus swap. What the kernel may refuse because of the other half's
 * old value is retried. */
/* clang-format off */
static const struct cgroup_field fields[] = {
	{ "cpu.cpus", "cpuset", "cpuset.cpus", .convert = cgroup_cpus },
	{ "cpu.mems", "cpuset", "cpuset.mems", .convert = cgroup_mems },
	{ "cpu.realtimePeriod", "cpu", "cpu.rt_period_us", .tolerance = CGROUP_RETRY, .convert = cgroup_realtime_period },
	{ "cpu.realtimeRuntime", "cpu", "cpu.rt_runtime_us", .convert = cgroup_realtime_runtime },
	{ "cpu.shares", "cpu", "cpu.shares", .convert = shares },
	{ "cpu.period", "cpu", "cpu.cfs_period_us", .tolerance = CGROUP_RETRY, .convert = period },
	{ "cpu.quota", "cpu", "cpu.cfs_quota_us", .tolerance = CGROUP_RETRY, .convert = quota },
	{ "cpu.burst", "cpu", "cpu.cfs_burst_us", .tolerance = CGROUP_RETRY, .convert = cgroup_cpu_burst },
	{ "cpu.idle", "cpu", "cpu.idle", .convert = cgroup_cpu_idle },
	{ "memory.useHierarchy", "memory", "memory.use_hierarchy", .convert = use_hierarchy },
	{ "memory.limit", "memory", "memory.limit_in_bytes", .tolerance = CGROUP_RETRY, .convert = memory_limit },
	{ "memory.swap", "memory", "memory.memsw.limit_in_bytes", .convert = memory_swap },
	{ "memory.reservation", "memory", "memory.soft_limit_in_bytes", .convert = reservation },
	{ "memory.kernel", "memory", "memory.kmem.limit_in_bytes", .tolerance = CGROUP_MAY_FAIL, .convert = cgroup_kernel_memory },
	{ "memory.kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes", .convert = cgroup_kernel_tcp },
	{ "memory.disableOOMKiller", "memory", "memory.oom_control", .convert = cgroup_disable_oom_killer },
	{ "memory.swappiness", "memory", "memory.swappiness", .convert = cgroup_swappiness },
	{ "pids.limit", "pids", "pids.max", .convert = cgroup_pids_limit },
	{ "blockIO.weight", "blkio", "blkio.weight", "blkio.bfq.weight", .convert = weight },
	{ "blockIO.leafWeight", "blkio", "blkio.leaf_weight", .convert = cgroup_leaf_weight },
	{ "blockIO.weightDevice[%zu].weight", "blkio", "blkio.weight_device", "blkio.bfq.weight_device", .convert = weight_device, .count = cgroup_count_weight_devices },
	{ "blockIO.weightDevice[%zu].leafWeight", "blkio", "blkio.leaf_weight_device", .convert = cgroup_leaf_weight_device, .count = cgroup_count_weight_devices },
	{ "blockIO.throttleReadBpsDevice[%zu]", "blkio", "blkio.throttle.read_bps_device", .convert = throttle_read_bps, .count = count_throttle_read_bps },
	{ "blockIO.throttleWriteBpsDevice[%zu]", "blkio", "blkio.throttle.write_bps_device", .convert = throttle_write_bps, .count = count_throttle_write_bps },
	{ "blockIO.throttleReadIOPSDevice[%zu]", "blkio", "blkio.throttle.read_iops_device", .convert = throttle_read_iops, .count = count_throttle_read_iops },
	{ "blockIO.throttleWriteIOPSDevice[%zu]", "blkio", "blkio.throttle.write_iops_device", .convert = throttle_write_iops, .count = count_throttle_write_iops },
	{ "hugepageLimits[%zu]", "hugetlb", "hugetlb.%s.limit_in_bytes", .convert = cgroup_hugepage_limit, .count = cgroup_count_hugepage_limits },
	{ "hugepageLimits[%zu]", "hugetlb", "hugetlb.%s.rsvd.limit_in_bytes", .tolerance = CGROUP_MAY_LACK, .convert = cgroup_hugepage_limit, .count = cgroup_count_hugepage_limits },
	{ "network.classID", "net_cls", "net_cls.classid", .convert = cgroup_class_id },
	{ "network.priorities[%zu]", "net_prio", "net_prio.ifpriomap", .convert = cgroup_priority, .count = cgroup_count_priorities },
	{ "rdma[%zu]", "rdma", "rdma.max", .convert = cgroup_rdma, .count = cgroup_count_rdma },
};
/* clang-format on */

const struct cgroup_driver cgroup_v1_driver = {
	.version = 1,
	.fields = fields,
	.n_fields = sizeof fields / sizeof *fields,
};
