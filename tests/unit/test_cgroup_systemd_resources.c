/* Limits and devices in systemd's words. */
#include "tests/unit/systemd_properties.h"

#include <errno.h>

#include "runtime/cgroup/devices.h"

/* "file=value, file=value|alternative" → the properties. */
static const char *translated(const char *writes, bool starting)
{
	struct systemd_properties properties = { 0 };
	struct cgroup_write v[8] = { 0 };
	const struct cgroup_plan plan = { .writes = v, .n_writes = 0 };
	owned_string text = strdup(writes);
	struct error err = { 0 };
	char *rest = text, *one;
	size_t n = 0;

	while ((one = strsep(&rest, ","))) {
		one += strspn(one, " ");
		v[n].field = (char *)"linux.resources.x";
		v[n].file = strsep(&one, "=");
		v[n].value = strsep(&one, "|");
		v[n++].alternative_value = one;
	}
	struct cgroup_plan filled = plan;
	filled.n_writes = n;
	int failed = systemd_properties_add_writes(&properties, &filled, starting, &err);
	static char result[1024];
	snprintf(result, sizeof result, "%s", failed ? err.msg : printed(&properties));
	systemd_properties_finish(&properties);
	return result;
}

static void limits_are_translated(void **state)
{
	static const struct {
		const char *writes, *expected;
	} cases[] = {
		{ "memory.max=1000, memory.low=10, memory.swap.max=max",
		  "MemoryMax:t=1000@231; MemoryLow:t=10@231; "
		  "MemorySwapMax:t=18446744073709551615@232" },
		{ "memory.high=5, memory.min=6, memory.zswap.max=7",
		  "MemoryHigh:t=5@231; MemoryMin:t=6@240; MemoryZSwapMax:t=7@253" },
		{ "pids.max=17", "TasksMax:t=17@227" },
		{ "pids.max=max", "TasksMax:t=18446744073709551615@227" },
		{ "pids.max=0", "TasksMax:t=1@227" },
		{ "cpu.weight=100", "CPUWeight:t=100@232" },
		{ "cpu.idle=1, cpu.weight=100", "CPUWeight:t=0@252" },
		{ "cpu.idle=0, cpu.weight=100", "CPUWeight:t=100@232" },
		{ "cpu.max=50000 100000",
		  "CPUQuotaPeriodUSec:t=100000@242; CPUQuotaPerSecUSec:t=500000" },
		{ "cpu.max=50001 100000",
		  "CPUQuotaPeriodUSec:t=100000@242; CPUQuotaPerSecUSec:t=510000" },
		{ "cpu.max=max 50000",
		  "CPUQuotaPeriodUSec:t=50000@242; CPUQuotaPerSecUSec:t=18446744073709551615" },
		{ "cpu.max=10000", "CPUQuotaPeriodUSec:t=100000@242; CPUQuotaPerSecUSec:t=100000" },
		{ "cpuset.cpus=0-1;9", "linux.resources.x: '0-1;9' is not a list such as 0-3,7" },
		{ "cpuset.cpus=9", "AllowedCPUs:ay=0002@244" },
		{ "cpuset.mems=0-3", "AllowedMemoryNodes:ay=0f@244" },
		{ "io.bfq.weight=500|4950", "IOWeight:t=4950@230" },
		{ "io.weight=default 300", "IOWeight:t=300@230" },
		{ "io.weight=8:0 300", "" },
		{ "memory.oom.group=1", "OOMPolicy:s=kill@253" },
		{ "hugetlb.2MB.max=0, io.max=8:0 rbps=1, cpu.max.burst=7", "" },
		{ "memory.limit_in_bytes=1000, cpu.shares=512, blkio.weight=10",
		  "MemoryLimit:t=1000; CPUShares:t=512; BlockIOWeight:t=10" },
		{ "memory.limit_in_bytes=-1", "MemoryLimit:t=18446744073709551615" },
		{ "cpu.cfs_period_us=50000, cpu.cfs_quota_us=25000",
		  "CPUQuotaPeriodUSec:t=50000@242; CPUQuotaPerSecUSec:t=500000" },
		{ "cpu.cfs_quota_us=-1",
		  "CPUQuotaPeriodUSec:t=100000@242; CPUQuotaPerSecUSec:t=18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(translated(cases[i].writes, true), cases[i].expected);
}

/* unified takes any text: what is no number is left to the kernel, which says why it refuses it. */
static void odd_values_are_the_kernels_to_refuse(void **state)
{
	static const char *const writes[] = {
		"memory.max=12k",
		"memory.max=99999999999999999999999",
		"pids.max=-2",
		"cpu.max=",
		"cpu.max=x 100000",
		"cpu.max=100000 0",
		"cpu.max=9223372036854775807 100000",
		"cpu.idle=2",
		"io.weight=heavy",
		"memory.oom.group=2",
		"cpu.cfs_quota_us=x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		assert_string_equal(translated(writes[i], true), "");
	assert_string_equal(translated("cpuset.cpus=0-99999999", true),
			    "linux.resources.x: '0-99999999' is not a list such as 0-3,7");
	assert_string_equal(translated("cpuset.cpus=3-1", true),
			    "linux.resources.x: '3-1' is not a list such as 0-3,7");
	assert_string_equal(
		translated("cpuset.cpus=18446744073709551615", true),
		"linux.resources.x: '18446744073709551615' is not a list such as 0-3,7");
}

static void what_cannot_change_is_not_changed(void **state)
{
	(void)state;
	assert_string_equal(translated("memory.oom.group=1, pids.max=5", false),
			    "TasksMax:t=5@227");
}

static const char *devices_of(bool default_allow, struct cgroup_device_rule *rules, size_t n)
{
	const struct cgroup_device_rules all = { default_allow, rules, n };
	struct systemd_properties properties = { 0 };
	struct error err = { 0 };
	static char result[512];

	assert_int_equal(systemd_properties_add_devices(&properties, &all, &err), 0);
	snprintf(result, sizeof result, "%s", printed(&properties));
	systemd_properties_finish(&properties);
	return result;
}

static void devices_that_are_allowed_are_listed(void **state)
{
	struct cgroup_device_rule rules[] = {
		{ true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
		{ true, 'c', 1, 3, DEVICE_ALL },
		{ true, 'c', 136, DEVICE_ANY, DEVICE_READ | DEVICE_WRITE },
		{ true, 'b', 8, 0, DEVICE_READ },
	};

	(void)state;
	assert_string_equal(devices_of(false, rules, 4),
			    "DevicePolicy:s=strict@240; DeviceAllow:a(ss)="
			    "char-* m /dev/char/1:3 rwm char-136 rw /dev/block/8:0 r@240");
	assert_string_equal(devices_of(false, rules, 0),
			    "DevicePolicy:s=strict@240; DeviceAllow:a(ss)=@240");
}

static void rules_that_systemd_cannot_say_are_ours_alone(void **state)
{
	struct cgroup_device_rule any_major[] = { { true, 'c', DEVICE_ANY, 3, DEVICE_ALL } };
	struct cgroup_device_rule hole[] = { { true, 'c', 1, DEVICE_ANY, DEVICE_ALL },
					     { false, 'c', 1, 3, DEVICE_ALL } };
	struct cgroup_device_rule split[] = { { true, 'c', 1, DEVICE_ANY, DEVICE_READ },
					      { true, 'c', 1, 3, DEVICE_WRITE } };

	(void)state;
	assert_string_equal(devices_of(false, any_major, 1), "DevicePolicy:s=auto");
	assert_string_equal(devices_of(false, hole, 2), "DevicePolicy:s=auto");
	assert_string_equal(devices_of(false, split, 2), "DevicePolicy:s=auto");
	assert_string_equal(devices_of(true, NULL, 0), "DevicePolicy:s=auto");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_translated),
		cmocka_unit_test(odd_values_are_the_kernels_to_refuse),
		cmocka_unit_test(what_cannot_change_is_not_changed),
		cmocka_unit_test(devices_that_are_allowed_are_listed),
		cmocka_unit_test(rules_that_systemd_cannot_say_are_ours_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
