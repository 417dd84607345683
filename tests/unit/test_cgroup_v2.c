/* linux.resources as writes to the files of cgroup v2, and what v2 cannot do. */
#include "tests/unit/cgroup_texts.h"

#define SET(number)                            \
	{                                      \
		.set = true, .value = (number) \
	}

static void nothing_asked_for_writes_nothing(void **state)
{
	struct memory memory = { .limit = SET(0),
				 .swap = SET(0),
				 .disable_oom_killer = SET(false),
				 .kernel = SET(-1),
				 .kernel_tcp = SET(0),
				 .use_hierarchy = SET(true) };
	struct cpu cpu = { .shares = SET(0), .quota = SET(0), .period = SET(0) };
	struct block_io block_io = { .weight = SET(0), .leaf_weight = SET(0) };
	struct network network = { .class_id = SET(0) };
	const struct resources resources = {
		.memory = &memory, .cpu = &cpu, .block_io = &block_io, .network = &network
	};

	(void)state;
	check_writes(&v2_host, &(struct resources){ 0 }, "");
	check_writes(&v2_host, &resources, "");
}

static void check_memory(int64_t limit, int64_t swap, const char *expected)
{
	struct memory memory = { .limit = SET(limit), .swap = SET(swap) };

	check_writes(&v2_host, &(struct resources){ .memory = &memory }, expected);
}

static void swap_is_the_sum_minus_memory(void **state)
{
	struct memory reserved = { .reservation = SET(7) }, unreserved = { .reservation = SET(-1) };

	(void)state;
	check_memory(100, 250, "memory.swap.max=150, memory.max=100");
	check_memory(100, 100, "memory.swap.max=0, memory.max=100");
	check_memory(100, 0, "memory.max=100");
	check_memory(100, -1, "memory.swap.max=max, memory.max=100");
	check_memory(-1, 0, "memory.swap.max=max, memory.max=max");
	check_memory(-1, 50, "memory.swap.max=50, memory.max=max");
	check_memory(0, -1, "memory.swap.max=max");
	check_writes(&v2_host, &(struct resources){ .memory = &reserved }, "memory.low=7");
	check_writes(&v2_host, &(struct resources){ .memory = &unreserved }, "memory.low=max");
}

static void swap_alone_cannot_be_converted(void **state)
{
	struct memory memory = { .swap = SET(100) };

	(void)state;
	check_refusal(&v2_host, &(struct resources){ .memory = &memory },
		      "linux.resources.memory.swap: memory.limit is needed too: cgroup v2 limits "
		      "swap alone, not the sum");
}

static void check_cpu(struct cpu cpu, const char *expected)
{
	check_writes(&v2_host, &(struct resources){ .cpu = &cpu }, expected);
}

static void every_field_of_cpu(void **state)
{
	(void)state;
	check_cpu((struct cpu){ .shares = SET(1024) }, "cpu.weight=100");
	check_cpu((struct cpu){ .quota = SET(50000) }, "cpu.max=50000 100000");
	check_cpu((struct cpu){ .period = SET(20000) }, "cpu.max=max 20000");
	check_cpu((struct cpu){ .quota = SET(-1), .period = SET(20000) }, "cpu.max=max 20000");
	check_cpu((struct cpu){ .quota = SET(9), .period = SET(20000), .burst = SET(3) },
		  "cpu.max=9 20000, cpu.max.burst=3");
	check_cpu((struct cpu){ .idle = SET(1) }, "cpu.idle=1");
	check_cpu((struct cpu){ .cpus = (char[]){ "0-1" }, .mems = (char[]){ "0" } },
		  "cpuset.cpus=0-1, cpuset.mems=0");
}

static void every_field_of_block_io(void **state)
{
	struct weight_device disk = { 8, 0, SET(1000), { 0 } };
	struct weight_device *disks[] = { &disk };
	struct throttle_device a = { 8, 0, 600 }, b = { 8, 16, 0 };
	struct throttle_device *one[] = { &a }, *two[] = { &b };
	struct block_io block_io = {
		.weight = SET(10),
		.weight_device = { disks, 1 },
		.throttle_read_bps = { one, 1 },
		.throttle_write_bps = { two, 1 },
		.throttle_read_iops = { one, 1 },
		.throttle_write_iops = { two, 1 },
	};

	(void)state;
	check_writes(&v2_host, &(struct resources){ .block_io = &block_io },
		     "io.bfq.weight=10|io.weight=1, io.bfq.weight=8:0 1000|io.weight=8:0 10000, "
		     "io.max=8:0 rbps=600, io.max=8:16 wbps=max, io.max=8:0 riops=600, "
		     "io.max=8:16 wiops=max");
}

static void pids_huge_pages_and_rdma(void **state)
{
	struct pids pids = { SET(-1) };
	struct hugepage_limit page = { (char[]){ "2MB" }, 4096 };
	struct hugepage_limit *pages[] = { &page };
	struct rdma device = { (char[]){ "mlx5_1" }, SET(3), { 0 } };
	struct rdma *rdma[] = { &device };
	const struct resources resources = { .pids = &pids,
					     .hugepage_limits = { pages, 1 },
					     .rdma = { rdma, 1 } };

	(void)state;
	check_writes(&v2_host, &resources,
		     "pids.max=max, hugetlb.2MB.max=4096, hugetlb.2MB.rsvd.max=4096, "
		     "rdma.max=mlx5_1 hca_handle=3");
}

static void check_memory_refusal(struct memory memory, const char *message)
{
	check_refusal(&v2_host, &(struct resources){ .memory = &memory }, message);
}

static void what_v2_has_not_is_refused(void **state)
{
	struct cpu runtime = { .realtime_runtime = SET(1) }, period = { .realtime_period = SET(1) };
	struct weight_device disk = { 8, 0, { 0 }, SET(3) };
	struct weight_device *disks[] = { &disk };
	struct block_io leaf = { .leaf_weight = SET(3) },
			leaf_device = { .weight_device = { disks, 1 } };
	struct network network = { .class_id = SET(3) };

	(void)state;
	check_memory_refusal((struct memory){ .kernel = SET(5) },
			     "linux.resources.memory.kernel: cannot be set on cgroup v2");
	check_memory_refusal((struct memory){ .kernel_tcp = SET(5) },
			     "linux.resources.memory.kernelTCP: cannot be set on cgroup v2");
	check_memory_refusal((struct memory){ .swappiness = SET(5) },
			     "linux.resources.memory.swappiness: cannot be set on cgroup v2");
	check_memory_refusal((struct memory){ .disable_oom_killer = SET(true) },
			     "linux.resources.memory.disableOOMKiller: cannot be set on cgroup v2");
	check_memory_refusal((struct memory){ .use_hierarchy = SET(false) },
			     "linux.resources.memory.useHierarchy: cannot be set on cgroup v2");
	check_refusal(&v2_host, &(struct resources){ .cpu = &runtime },
		      "linux.resources.cpu.realtimeRuntime: cannot be set on cgroup v2");
	check_refusal(&v2_host, &(struct resources){ .cpu = &period },
		      "linux.resources.cpu.realtimePeriod: cannot be set on cgroup v2");
	check_refusal(&v2_host, &(struct resources){ .block_io = &leaf },
		      "linux.resources.blockIO.leafWeight: cannot be set on cgroup v2");
	check_refusal(&v2_host, &(struct resources){ .block_io = &leaf_device },
		      "linux.resources.blockIO.weightDevice[0].leafWeight: cannot be set on "
		      "cgroup v2");
	check_refusal(&v2_host, &(struct resources){ .network = &network },
		      "linux.resources.network.classID: cannot be set on cgroup v2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_writes_nothing),
		cmocka_unit_test(swap_is_the_sum_minus_memory),
		cmocka_unit_test(swap_alone_cannot_be_converted),
		cmocka_unit_test(every_field_of_cpu),
		cmocka_unit_test(every_field_of_block_io),
		cmocka_unit_test(pids_huge_pages_and_rdma),
		cmocka_unit_test(what_v2_has_not_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
