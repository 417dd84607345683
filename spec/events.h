/* What `events` prints, one line of JSON each: the container's statistics, or that the kernel killed for
 * want of memory. Names and what is left out are those of runc's types/events.go (1.5), since that is what
 * engines decode; no specification defines them. Bytes, nanoseconds and counts. */
#pragma once

#include "spec/table.h"

/* Pressure stall information: the kernel's decimals are kept as they are. */
struct pressure {
	char *avg10, *avg60, *avg300; /* percent */
	uint64_t total;		      /* microseconds */
};
struct pressures {
	struct pressure *some, *full;
};

struct cpu_usage {
	uint64_t total;
	struct uint64_list per_cpu, per_cpu_kernel, per_cpu_user;
	uint64_t kernel, user;
};
struct throttling {
	uint64_t periods, throttled_periods, throttled_time;
};
struct cpu_statistics {
	struct cpu_usage *usage;
	struct throttling *throttling;
	struct pressures *pressure;
};

struct cpuset_statistics {
	struct uint32_list cpus, mems;
	uint64_t cpu_exclusive, mem_hardwall, mem_exclusive, memory_migrate, memory_spread_page,
		memory_spread_slab, memory_pressure, sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct memory_entry {
	uint64_t limit, usage, max, failcnt;
};
struct memory_statistics {
	uint64_t cache;
	struct memory_entry *usage, *swap, *kernel, *kernel_tcp; /* swap: memory plus swap */
	char *raw; /* memory.stat as a JSON object, sorted by name */
	struct pressures *pressure;
};

struct pids_statistics {
	uint64_t current, limit; /* limit 0: none */
};

struct io_entry {
	uint64_t major, minor;
	char *op; /* "Read", "Write", "Sync" …; NULL: all */
	uint64_t value;
};
LIST_OF(io_entry);
struct io_statistics {
	struct io_entry_list service_bytes, serviced, queued, service_time, wait_time, merged, time,
		sectors;
	struct pressures *pressure;
};

struct hugetlb_statistics {
	char *key; /* page size, "2MB" */
	uint64_t usage, max, failcnt;
};
LIST_OF(hugetlb_statistics);

struct statistics {
	struct cpu_statistics *cpu;
	struct cpuset_statistics *cpuset;
	struct memory_statistics *memory;
	struct pids_statistics *pids;
	struct io_statistics *io;
	struct hugetlb_statistics_list hugetlb;
	char *intel_rdt;	  /* a JSON object */
	char *network_interfaces; /* always null: those of the specification are in the container only */
};
extern const struct type statistics_type;

struct event {
	char *type; /* "stats" or "oom" */
	char *id;
	struct statistics *data; /* NULL: none */
};
extern const struct type event_type;

/* All its parts but the optional ones, empty; for the caller to free with statistics_free. NULL when
 * memory is out. */
struct statistics *statistics_new(void);

/* Frees the parts that say nothing, where runc leaves them out. */
void statistics_drop_empty(struct statistics *statistics);

void statistics_free(struct statistics *statistics);
