/* How a field of linux.resources becomes a value for a kernel file: the shape of the drivers' tables
 * and the conversions that v1 and v2 share. Must not know of paths or of which hierarchy is where. */
#pragma once

#include "runtime/cgroup/cgroup.h"

enum cgroup_conversion {
	CGROUP_INVALID = -1, /* err is set, without the field's name */
	CGROUP_NOTHING = 0,  /* absent, or a value that changes nothing */
	CGROUP_VALUE = 1,
};

struct cgroup_value {
	struct buffer text;
	struct buffer alternative_text; /* for alternative_file; empty: the same text */
	const char *file_part;		/* what the %s in the table's file name stands for */
	int tolerance;			/* added to the table's */
};

/* One line of a driver's table; the writes are made in the table's order. */
struct cgroup_field {
	const char *path; /* below linux.resources; "[%zu]" stands for the index of a list */
	const char *controller;
	const char *file; /* NULL: this version of cgroups has nothing like it */
	const char *alternative_file;
	int tolerance; /* enum cgroup_tolerance */
	enum cgroup_conversion (*convert)(const struct resources *resources, size_t index,
					  struct cgroup_value *value, struct error *err);
	size_t (*count)(const struct resources *resources); /* NULL: not a list */
};

struct cgroup_driver {
	int version;
	const struct cgroup_field *fields;
	size_t n_fields;
};
extern const struct cgroup_driver cgroup_v1_driver, cgroup_v2_driver;

void cgroup_value_finish(struct cgroup_value *value);

/* "0" and absent are both "not set" for most numbers, because that is what engines send. */
enum cgroup_conversion cgroup_value_number(struct cgroup_value *value, int64_t number);

enum cgroup_conversion cgroup_cpus(const struct resources *, size_t, struct cgroup_value *,
				   struct error *);
enum cgroup_conversion cgroup_mems(const struct resources *, size_t, struct cgroup_value *,
				   struct error *);
enum cgroup_conversion cgroup_cpu_burst(const struct resources *, size_t, struct cgroup_value *,
					struct error *);
enum cgroup_conversion cgroup_cpu_idle(const struct resources *, size_t, struct cgroup_value *,
				       struct error *);
enum cgroup_conversion cgroup_realtime_runtime(const struct resources *, size_t,
					       struct cgroup_value *, struct error *);
enum cgroup_conversion cgroup_realtime_period(const struct resources *, size_t,
					      struct cgroup_value *, struct error *);
enum cgroup_conversion cgroup_kernel_memory(const struct resources *, size_t, struct cgroup_value *,
					    struct error *);
enum cgroup_conversion cgroup_kernel_tcp(const struct resources *, size_t, struct cgroup_value *,
					 struct error *);
enum cgroup_conversion cgroup_disable_oom_killer(const struct resources *, size_t,
						 struct cgroup_value *, struct error *);
enum cgroup_conversion cgroup_swappiness(const struct resources *, size_t, struct cgroup_value *,
					 struct error *);
enum cgroup_conversion cgroup_pids_limit(const struct resources *, size_t, struct cgroup_value *,
					 struct error *);
enum cgroup_conversion cgroup_leaf_weight(const struct resources *, size_t, struct cgroup_value *,
					  struct error *);
size_t cgroup_count_weight_devices(const struct resources *);
enum cgroup_conversion cgroup_leaf_weight_device(const struct resources *, size_t,
						 struct cgroup_value *, struct error *);
size_t cgroup_count_hugepage_limits(const struct resources *);
enum cgroup_conversion cgroup_hugepage_limit(const struct resources *, size_t,
					     struct cgroup_value *, struct error *);
size_t cgroup_count_rdma(const struct resources *);
enum cgroup_conversion cgroup_rdma(const struct resources *, size_t, struct cgroup_value *,
				   struct error *);
enum cgroup_conversion cgroup_class_id(const struct resources *, size_t, struct cgroup_value *,
				       struct error *);
size_t cgroup_count_priorities(const struct resources *);
enum cgroup_conversion cgroup_priority(const struct resources *, size_t, struct cgroup_value *,
				       struct error *);

/* The pair of limit and swap, which both versions check before they convert it.
 * Absent numbers give 0. */
int cgroup_memory_and_swap(const struct resources *resources, int64_t *limit, int64_t *swap,
			   struct error *err);
