/* process.execCPUAffinity: the processors on which exec's process runs. sched_setaffinity(2). */
#pragma once

#include "spec/base/error.h"

#define CPUS_MAX 8192 /* CONFIG_NR_CPUS is at most that */

struct cpu_affinity {
	unsigned long mask[CPUS_MAX / (8 * sizeof(unsigned long))];
};

/* The calling process's own. */
int cpu_affinity_get(struct cpu_affinity *ret, struct error *err);
int cpu_affinity_set(const struct cpu_affinity *affinity, struct error *err);

/* @list: as cpuset(7), List format. The error names @field. */
int cpu_affinity_set_list(const char *list, const char *field, struct error *err);

/* All the processors that the cpuset allows, whatever the runtime was confined to. */
void cpu_affinity_reset(void);
