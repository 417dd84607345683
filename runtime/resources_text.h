/* linux.resources as `update` is given them: a file of JSON, or a word for each of the common ones. Must not know of a
 * container. */
#pragma once

#include "spec/config.h"

/* Words of the command line; NULL where they were not given. */
struct resources_words {
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period,
		*cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *cpu_idle, *memory,
		*memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp, *pids_limit;
};

/* Resources of @words, for the caller to free with resources_free. An empty word is as good as none. NULL:
 * err names the option. */
struct resources *resources_of_words(const struct resources_words *words, struct error *err);

/* Resources of the JSON file @path, "-" being standard input; checked as in config.json. */
struct resources *resources_of_file(const char *path, struct error *err);

/* The part of that which reads nothing. @name is for errors. */
struct resources *resources_of_json(const char *text, size_t length, const char *name,
				    struct error *err);

void resources_free(struct resources *resources);
