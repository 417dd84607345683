/* The tables of what `events` prints. Knows no file of the kernel. */
#include "spec/events.h"

#include <stdlib.h>
#include <string.h>

#include "spec/table_fields.h"

static const struct field pressure_fields[] = {
	FIELD_JSON(pressure, avg10, "avg10", ALWAYS),
	FIELD_JSON(pressure, avg60, "avg60", ALWAYS),
	FIELD_JSON(pressure, avg300, "avg300", ALWAYS),
	FIELD_UINT64(pressure, total, "total", ALWAYS),
};
static TYPE(pressure);

static const struct field pressures_fields[] = {
	FIELD_OBJECT(pressures, some, "some", pressure),
	FIELD_OBJECT(pressures, full, "full", pressure),
};
static TYPE(pressures);

static const struct field cpu_usage_fields[] = {
	FIELD_UINT64(cpu_usage, total, "total"),
	FIELD_UINT64_LIST(cpu_usage, per_cpu, "percpu"),
	FIELD_UINT64_LIST(cpu_usage, per_cpu_kernel, "percpu_kernel"),
	FIELD_UINT64_LIST(cpu_usage, per_cpu_user, "percpu_user"),
	FIELD_UINT64(cpu_usage, kernel, "kernel", ALWAYS),
	FIELD_UINT64(cpu_usage, user, "user", ALWAYS),
};
static TYPE(cpu_usage);

static const struct field throttling_fields[] = {
	FIELD_UINT64(throttling, periods, "periods"),
	FIELD_UINT64(throttling, throttled_periods, "throttledPeriods"),
	FIELD_UINT64(throttling, throttled_time, "throttledTime"),
};
static TYPE(throttling);

static const struct field cpu_statistics_fields[] = {
	FIELD_OBJECT(cpu_statistics, usage, "usage", cpu_usage),
	FIELD_OBJECT(cpu_statistics, throttling, "throttling", throttling),
	FIELD_OBJECT(cpu_statistics, pressure, "psi", pressures),
};
static TYPE(cpu_statistics);

static const struct field cpuset_statistics_fields[] = {
	FIELD_UINT32_LIST(cpuset_statistics, cpus, "cpus"),
	FIELD_UINT64(cpuset_statistics, cpu_exclusive, "cpu_exclusive", ALWAYS),
	FIELD_UINT32_LIST(cpuset_statistics, mems, "mems"),
	FIELD_UINT64(cpuset_statistics, mem_hardwall, "mem_hardwall", ALWAYS),
	FIELD_UINT64(cpuset_statistics, mem_exclusive, "mem_exclusive", ALWAYS),
	FIELD_UINT64(cpuset_statistics, memory_migrate, "memory_migrate", ALWAYS),
	FIELD_UINT64(cpuset_statistics, memory_spread_page, "memory_spread_page", ALWAYS),
	FIELD_UINT64(cpuset_statistics, memory_spread_slab, "memory_spread_slab", ALWAYS),
	FIELD_UINT64(cpuset_statistics, memory_pressure, "memory_pressure", ALWAYS),
	FIELD_UINT64(cpuset_statistics, sched_load_balance, "sched_load_balance", ALWAYS),
	FIELD_INT64(cpuset_statistics, sched_relax_domain_level, "sched_relax_domain_level",
		    ALWAYS),
};
static TYPE(cpuset_statistics);

static const struct field memory_entry_fields[] = {
	FIELD_UINT64(memory_entry, limit, "limit", ALWAYS),
	FIELD_UINT64(memory_entry, usage, "usage"),
	FIELD_UINT64(memory_entry, max, "max"),
	FIELD_UINT64(memory_entry, failcnt, "failcnt", ALWAYS),
};
static TYPE(memory_entry);

static const struct field memory_statistics_fields[] = {
	FIELD_UINT64(memory_statistics, cache, "cache"),
	FIELD_OBJECT(memory_statistics, usage, "usage", memory_entry),
	FIELD_OBJECT(memory_statistics, swap, "swap", memory_entry),
	FIELD_OBJECT(memory_statistics, kernel, "kernel", memory_entry),
	FIELD_OBJECT(memory_statistics, kernel_tcp, "kernelTCP", memory_entry),
	FIELD_JSON(memory_statistics, raw, "raw"),
	FIELD_OBJECT(memory_statistics, pressure, "psi", pressures),
};
static TYPE(memory_statistics);

static const struct field pids_statistics_fields[] = {
	FIELD_UINT64(pids_statistics, current, "current"),
	FIELD_UINT64(pids_statistics, limit, "limit"),
};
static TYPE(pids_statistics);

static const struct field io_entry_fields[] = {
	FIELD_UINT64(io_entry, major, "major"),
	FIELD_UINT64(io_entry, minor, "minor"),
	FIELD_STRING(io_entry, op, "op"),
	FIELD_UINT64(io_entry, value, "value"),
};
static TYPE(io_entry);

static const struct field io_statistics_fields[] = {
	FIELD_OBJECT_LIST(io_statistics, service_bytes, "ioServiceBytesRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, serviced, "ioServicedRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, queued, "ioQueueRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, service_time, "ioServiceTimeRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, wait_time, "ioWaitTimeRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, merged, "ioMergedRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, time, "ioTimeRecursive", io_entry),
	FIELD_OBJECT_LIST(io_statistics, sectors, "sectorsRecursive", io_entry),
	FIELD_OBJECT(io_statistics, pressure, "psi", pressures),
};
static TYPE(io_statistics);

static const struct field hugetlb_statistics_fields[] = {
	FIELD_UINT64(hugetlb_statistics, usage, "usage"),
	FIELD_UINT64(hugetlb_statistics, max, "max"),
	FIELD_UINT64(hugetlb_statistics, failcnt, "failcnt", ALWAYS),
};
static TYPE(hugetlb_statistics);

static const struct field statistics_fields[] = {
	FIELD_OBJECT(statistics, cpu, "cpu", cpu_statistics, ALWAYS),
	FIELD_OBJECT(statistics, cpuset, "cpuset", cpuset_statistics, ALWAYS),
	FIELD_OBJECT(statistics, memory, "memory", memory_statistics, ALWAYS),
	FIELD_OBJECT(statistics, pids, "pids", pids_statistics, ALWAYS),
	FIELD_OBJECT(statistics, io, "blkio", io_statistics, ALWAYS),
	FIELD_OBJECT_MAP(statistics, hugetlb, "hugetlb", hugetlb_statistics, ALWAYS),
	FIELD_JSON(statistics, intel_rdt, "intel_rdt", ALWAYS),
	FIELD_JSON(statistics, network_interfaces, "network_interfaces", ALWAYS),
};
TYPE(statistics);

static const struct field event_fields[] = {
	FIELD_STRING(event, type, "type", REQUIRED),
	FIELD_STRING(event, id, "id", REQUIRED),
	FIELD_OBJECT(event, data, "data", statistics),
};
TYPE(event);

struct statistics *statistics_new(void)
{
	static const char parts[] = "{\"cpu\":{\"usage\":{},\"throttling\":{}},\"cpuset\":{},"
				    "\"memory\":{\"usage\":{},\"swap\":{},\"kernel\":{},"
				    "\"kernelTCP\":{}},\"pids\":{},\"blkio\":{}}";
	struct problems problems = { 0 };
	struct statistics *statistics =
		table_parse(&statistics_type, parts, sizeof parts - 1, &problems);

	problems_finish(&problems);
	return statistics;
}

static void drop_if_zero(void *pointer, size_t size)
{
	static const struct cpu_usage zero; /* the largest */
	void **part = pointer;

	if (*part && memcmp(*part, &zero, size) == 0) {
		free(*part);
		*part = NULL;
	}
}

void statistics_drop_empty(struct statistics *statistics)
{
	struct memory_statistics *memory = statistics->memory;
	struct memory_entry **entries[] = { &memory->usage, &memory->swap, &memory->kernel,
					    &memory->kernel_tcp };

	drop_if_zero(&statistics->cpu->usage, sizeof *statistics->cpu->usage);
	drop_if_zero(&statistics->cpu->throttling, sizeof *statistics->cpu->throttling);
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		drop_if_zero(entries[i], sizeof **entries[i]);
}

void statistics_free(struct statistics *statistics)
{
	table_free(&statistics_type, statistics);
}
