/* linux.resources as writes to the files of cgroup v1. */
#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static void nothing_asked_for_writes_nothing(void **state)
{
	struct memory memory = { 0 };
	struct cpu cpu = { 0 };
	struct pids pids = { 0 };
	struct block_io block_io = { 0 };
	const struct resources empty = { 0 };
	const struct resources hollow = {
		.memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &block_io
	};

	(void)state;
	check_writes(&hybrid_host, &empty, "");
	check_writes(&hybrid_host, &hollow, "");
}

/* What Docker sends for a container without options. */
static void zeros_and_false_write_nothing(void **state)
{
	struct memory memory = { .limit = SET(0),
				 .swap = SET(0),
				 .disable_oom_killer = SET(false) };
	struct cpu cpu = { .shares = SET(0),
			   .quota = SET(0),
			   .period = SET(0),
			   .cpus = (char[]){ "" },
			   .realtime_runtime = SET(0) };
	struct block_io block_io = { .weight = SET(0), .leaf_weight = SET(0) };
	struct network network = { .class_id = SET(0) };
	const struct resources resources = {
		.memory = &memory, .cpu = &cpu, .block_io = &block_io, .network = &network
	};

	(void)state;
	check_writes(&hybrid_host, &resources, "");
}

static void every_field_of_memory(void **state)
{
	struct memory memory = { .limit = SET(100),
				 .reservation = SET(50),
				 .swap = SET(200),
				 .kernel = SET(70),
				 .kernel_tcp = SET(60),
				 .swappiness = SET(0),
				 .disable_oom_killer = SET(true),
				 .use_hierarchy = SET(true) };
	const struct resources resources = { .memory = &memory };

	(void)state;
	check_writes(&hybrid_host, &resources,
		     "memory.use_hierarchy=1, memory.limit_in_bytes=100, "
		     "memory.memsw.limit_in_bytes=200, memory.soft_limit_in_bytes=50, "
		     "memory.kmem.limit_in_bytes=70, memory.kmem.tcp.limit_in_bytes=60, "
		     "memory.oom_control=1, memory.swappiness=0");
}

static void unlimited_memory_means_unlimited_swap_too(void **state)
{
	struct memory memory = { .limit = SET(-1) };
	const struct resources resources = { .memory = &memory };

	(void)state;
	check_writes(&hybrid_host, &resources,
		     "memory.limit_in_bytes=-1, memory.memsw.limit_in_bytes=-1");
}

static void the_sum_of_memory_and_swap_is_not_less_than_memory(void **state)
{
	struct memory memory = { .limit = SET(200), .swap = SET(100) };
	const struct resources resources = { .memory = &memory };

	(void)state;
	check_refusal(&hybrid_host, &resources,
		      "linux.resources.memory.swap: 100 is the sum of memory and swap, and so "
		      "cannot be less than memory.limit, 200");
}

static void swappiness_is_at_most_100(void **state)
{
	struct memory memory = { .swappiness = SET(101) };
	const struct resources resources = { .memory = &memory };

	(void)state;
	check_refusal(&hybrid_host, &resources,
		      "linux.resources.memory.swappiness: 101 is not between 0 and 100");
	/* As old Docker writes "not set". */
	memory.swappiness.value = UINT64_MAX;
	check_writes(&hybrid_host, &resources, "");
}

static void every_field_of_cpu(void **state)
{
	struct cpu cpu = { .shares = SET(512),
			   .quota = SET(50000),
			   .period = SET(100000),
			   .burst = SET(1000),
			   .realtime_runtime = SET(950),
			   .realtime_period = SET(9500),
			   .cpus = (char[]){ "0-3,7" },
			   .mems = (char[]){ "0" },
			   .idle = SET(1) };
	const struct resources resources = { .cpu = &cpu };

	(void)state;
	check_writes(
		&hybrid_host, &resources,
		"cpuset.cpus=0-3,7, cpuset.mems=0, cpu.rt_period_us=9500, cpu.rt_runtime_us=950, "
		"cpu.shares=512, cpu.cfs_period_us=100000, cpu.cfs_quota_us=50000, "
		"cpu.cfs_burst_us=1000, cpu.idle=1");
}

static void shares_that_the_kernel_would_change_are_refused(void **state)
{
	struct cpu low = { .shares = SET(1) }, high = { .shares = SET(262145) };

	(void)state;
	check_refusal(&hybrid_host, &(struct resources){ .cpu = &low },
		      "linux.resources.cpu.shares: the minimum allowed cpu-shares is 2");
	check_refusal(&hybrid_host, &(struct resources){ .cpu = &high },
		      "linux.resources.cpu.shares: the maximum allowed cpu-shares is 262144");
}

static void pids_zero_is_a_limit_and_minus_one_is_none(void **state)
{
	struct pids zero = { SET(0) }, some = { SET(32771) }, unlimited = { SET(-1) };

	(void)state;
	check_writes(&hybrid_host, &(struct resources){ .pids = &zero }, "pids.max=0");
	check_writes(&hybrid_host, &(struct resources){ .pids = &some }, "pids.max=32771");
	check_writes(&hybrid_host, &(struct resources){ .pids = &unlimited }, "pids.max=max");
}

static void every_field_of_block_io(void **state)
{
	struct weight_device disk = { 8, 0, SET(500), SET(300) },
			     other = { 8, 16, SET(500), { 0 } };
	struct weight_device *disks[] = { &disk, &other };
	struct throttle_device a = { 8, 0, 600 }, b = { 8, 16, 300 };
	struct throttle_device *one[] = { &a }, *two[] = { &b };
	struct block_io block_io = {
		.weight = SET(10),
		.leaf_weight = SET(20),
		.weight_device = { disks, 2 },
		.throttle_read_bps = { one, 1 },
		.throttle_write_bps = { two, 1 },
		.throttle_read_iops = { one, 1 },
		.throttle_write_iops = { two, 1 },
	};

	(void)state;
	check_writes(&hybrid_host, &(struct resources){ .block_io = &block_io },
		     "blkio.weight=10|blkio.bfq.weight=10, blkio.leaf_weight=20, "
		     "blkio.weight_device=8:0 500|blkio.bfq.weight_device=8:0 500, "
		     "blkio.weight_device=8:16 500|blkio.bfq.weight_device=8:16 500, "
		     "blkio.leaf_weight_device=8:0 300, "
		     "blkio.throttle.read_bps_device=8:0 600, "
		     "blkio.throttle.write_bps_device=8:16 300, "
		     "blkio.throttle.read_iops_device=8:0 600, "
		     "blkio.throttle.write_iops_device=8:16 300");
}

static void huge_pages_network_and_rdma(void **state)
{
	struct hugepage_limit small = { (char[]){ "64KB" }, 1000000 },
			      big = { (char[]){ "2MB" }, 0 };
	struct hugepage_limit *pages[] = { &small, &big };
	struct interface_priority eth0 = { (char[]){ "eth0" }, 500 };
	struct interface_priority *priorities[] = { &eth0 };
	struct network network = { .class_id = SET(1048577), .priorities = { priorities, 1 } };
	struct rdma both = { (char[]){ "mlx5_1" }, SET(3), SET(10000) },
		    objects = { (char[]){ "rxe3" }, { 0 }, SET(7) };
	struct rdma *rdma[] = { &both, &objects };
	const struct resources resources = { .hugepage_limits = { pages, 2 },
					     .network = &network,
					     .rdma = { rdma, 2 } };

	(void)state;
	check_writes(&v1_host, &resources,
		     "hugetlb.64KB.limit_in_bytes=1000000, hugetlb.2MB.limit_in_bytes=0, "
		     "hugetlb.64KB.rsvd.limit_in_bytes=1000000, hugetlb.2MB.rsvd.limit_in_bytes=0, "
		     "net_cls.classid=1048577, net_prio.ifpriomap=eth0 500, "
		     "rdma.max=mlx5_1 hca_handle=3 hca_object=10000, rdma.max=rxe3 hca_object=7");
}

static void tolerance_is_for_what_changes_nothing(void **state)
{
	struct memory memory = {
		.limit = SET(100), .swap = SET(-1), .kernel = SET(70), .swappiness = SET(10)
	};
	struct cgroup_plan plan;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		plan_on(&v1_host, NULL, &(struct resources){ .memory = &memory }, &plan, &err), 0);
	const struct cgroup_write *last = plan.writes + plan.n_writes - 4;
	assert_string_equal(last[0].field, "linux.resources.memory.limit");
	assert_int_equal(last[0].tolerance, CGROUP_RETRY);
	assert_string_equal(last[1].field, "linux.resources.memory.swap");
	assert_int_equal(last[1].tolerance, CGROUP_MAY_LACK);
	assert_string_equal(last[2].field, "linux.resources.memory.kernel");
	assert_int_equal(last[2].tolerance, CGROUP_MAY_FAIL);
	assert_string_equal(last[3].field, "linux.resources.memory.swappiness");
	assert_int_equal(last[3].tolerance, CGROUP_STRICT);
	cgroup_plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_writes_nothing),
		cmocka_unit_test(zeros_and_false_write_nothing),
		cmocka_unit_test(every_field_of_memory),
		cmocka_unit_test(unlimited_memory_means_unlimited_swap_too),
		cmocka_unit_test(the_sum_of_memory_and_swap_is_not_less_than_memory),
		cmocka_unit_test(swappiness_is_at_most_100),
		cmocka_unit_test(every_field_of_cpu),
		cmocka_unit_test(shares_that_the_kernel_would_change_are_refused),
		cmocka_unit_test(pids_zero_is_a_limit_and_minus_one_is_none),
		cmocka_unit_test(every_field_of_block_io),
		cmocka_unit_test(huge_pages_network_and_rdma),
		cmocka_unit_test(tolerance_is_for_what_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
