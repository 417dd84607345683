/* cgroup v1: which file of which controller counts what. Files: Documentation/admin-guide/cgroup-v1 of
 * the kernel. Must not know of paths. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/statistics_files.h"
#include "runtime/cgroup/statistics_versions.h"
#include "runtime/list_format.h"
#include "spec/base/owned.h"

#define NANOSECONDS UINT64_C(1000000000)
#define CPUS_MAX 65536u /* in a cpuset, far beyond the kernel's NR_CPUS */

static uint64_t tick(void)
{
	return NANOSECONDS / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* "cpu user system" and a line for each processor. */
static int read_usage_all(int group, struct cpu_usage *usage, struct error *err)
{
	static const char file[] = "cpuacct.usage_all";
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);
	char *rest = text, *line;
	uint64_t user = 0, kernel = 0;

	if (absent)
		return absent;
	line = strsep(&rest, "\n");
	if (!text_starts_with(line, "cpu user system"))
		return error_set(err, EINVAL, "%s: '%.100s' is no header", file, line);
	while ((line = strsep(&rest, "\n"))) {
		const char *cpu = strsep(&line, " "), *in_user = strsep(&line, " "),
			   *in_kernel = strsep(&line, " ");
		if (!cpu || !in_user || !in_kernel)
			continue;
		if (statistics_parse(in_user, &user, file, err) ||
		    statistics_parse(in_kernel, &kernel, file, err) ||
		    statistics_list_add(&usage->per_cpu_user, user, err) ||
		    statistics_list_add(&usage->per_cpu_kernel, kernel, err))
			return -1;
	}
	return 0;
}

static int read_cpuacct(int group, struct statistics *to, struct error *err)
{
	struct cpu_usage *usage = to->cpu->usage;
	const struct statistics_key modes[] = {
		{ "user", offsetof(struct cpu_usage, user), tick() },
		{ "system", offsetof(struct cpu_usage, kernel), tick() },
	};
	int absent = statistics_number(group, "cpuacct.usage", &usage->total, err);

	if (absent)
		return absent;
	if (statistics_keys(group, "cpuacct.stat", modes, 2, usage, err) < 0 ||
	    statistics_list(group, "cpuacct.usage_percpu", &usage->per_cpu, err) < 0 ||
	    read_usage_all(group, usage, err) < 0)
		return -1;
	return 0;
}

static int read_cpu(int group, struct statistics *to, struct error *err)
{
	static const struct statistics_key keys[] = {
		{ "nr_periods", offsetof(struct throttling, periods), 1 },
		{ "nr_throttled", offsetof(struct throttling, throttled_periods), 1 },
		{ "throttled_time", offsetof(struct throttling, throttled_time), 1 },
	};

	return statistics_keys(group, "cpu.stat", keys, sizeof keys / sizeof *keys,
			       to->cpu->throttling, err);
}

static int add_uint32(struct uint32_list *list, uint32_t value, struct error *err)
{
	uint32_t *v = reallocarray(list->v, list->n + 1, sizeof *v);

	if (!v)
		return error_errno(err, ENOMEM, "statistics");
	list->v = v;
	v[list->n++] = value;
	return 0;
}

static int read_set(int group, const char *file, struct uint32_list *to, struct error *err)
{
	const size_t bits = 8 * sizeof(unsigned long);
	unsigned long mask[LIST_FORMAT_WORDS(CPUS_MAX)] = { 0 };
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);

	if (absent)
		return absent;
	text[strcspn(text, "\n")] = '\0';
	if (*text && list_format_parse(text, mask, CPUS_MAX))
		return error_set(err, EINVAL, "%s: '%.100s' is no list of numbers", file, text);
	for (uint32_t i = 0; i < CPUS_MAX; i++)
		if ((mask[i / bits] >> i % bits & 1) && add_uint32(to, i, err))
			return -1;
	return 0;
}

#define CPUSET(member)                                                        \
	{                                                                     \
		"cpuset." #member, offsetof(struct cpuset_statistics, member) \
	}

static int read_cpuset(int group, struct statistics *to, struct error *err)
{
	static const struct statistics_file flags[] = {
		CPUSET(cpu_exclusive),	 CPUSET(mem_hardwall),	     CPUSET(mem_exclusive),
		CPUSET(memory_migrate),	 CPUSET(memory_spread_page), CPUSET(memory_spread_slab),
		CPUSET(memory_pressure), CPUSET(sched_load_balance),
	};
	owned_string level = NULL;
	int absent = read_set(group, "cpuset.cpus", &to->cpuset->cpus, err);

	if (absent)
		return absent;
	if (read_set(group, "cpuset.mems", &to->cpuset->mems, err) < 0 ||
	    statistics_numbers(group, flags, sizeof flags / sizeof *flags, to->cpuset, err) < 0)
		return -1;
	absent = statistics_text(group, "cpuset.sched_relax_domain_level", &level, err);
	if (absent)
		return absent < 0 ? -1 : 0;
	level[strcspn(level, "\n")] = '\0';
	if (text_to_int64(level, &to->cpuset->sched_relax_domain_level))
		return error_set(err, EINVAL,
				 "cpuset.sched_relax_domain_level: '%.100s' is no number", level);
	return 0;
}

#define MEMORY(kind)                                                                               \
	{                                                                                          \
		{ "memory." kind "usage_in_bytes", offsetof(struct memory_entry, usage) },         \
			{ "memory." kind "max_usage_in_bytes",                                     \
			  offsetof(struct memory_entry, max) },                                    \
			{ "memory." kind "failcnt", offsetof(struct memory_entry, failcnt) },      \
			{ "memory." kind "limit_in_bytes", offsetof(struct memory_entry, limit) }, \
	}

static int read_memory(int group, struct statistics *to, struct error *err)
{
	static const struct statistics_file kinds[][4] = { MEMORY(""), MEMORY("memsw."),
							   MEMORY("kmem."), MEMORY("kmem.tcp.") };
	static const struct statistics_key cache[] = {
		{ "cache", offsetof(struct memory_statistics, cache), 1 }
	};
	struct memory_statistics *memory = to->memory;
	struct memory_entry *entries[] = { memory->usage, memory->swap, memory->kernel,
					   memory->kernel_tcp };
	/* Of memory alone: a group of v2 has memory.stat too. */
	int absent = statistics_numbers(group, kinds[0], 4, entries[0], err);

	if (absent)
		return absent;
	/* Accounting of swap and of the kernel's memory is optional. */
	for (size_t i = 1; i < 4; i++)
		if (statistics_numbers(group, kinds[i], 4, entries[i], err) < 0)
			return -1;
	if (statistics_keys(group, "memory.stat", cache, 1, memory, err) < 0 ||
	    statistics_object(group, "memory.stat", &memory->raw, err) < 0)
		return -1;
	return 0;
}

/* "8:0 Read 4096" or "8:0 4096"; other lines ("Total 4096") are for all devices together. */
static int parse_io_line(char *line, const char *file, struct io_entry_list *to, struct error *err)
{
	struct io_entry entry = { 0 };
	char *major = strsep(&line, ":"), *minor = strsep(&line, " "), *value = line;

	if (!minor)
		return 0;
	if (value && strchr(value, ' '))
		entry.op = strsep(&value, " ");
	if (!value)
		return error_set(err, EINVAL, "%s: '%.100s' has no number", file, minor);
	if (statistics_parse(major, &entry.major, file, err) ||
	    statistics_parse(minor, &entry.minor, file, err) ||
	    statistics_parse(value, &entry.value, file, err))
		return -1;
	return statistics_io_add(to, &entry, err);
}

static int read_io_file(int group, const char *file, struct io_entry_list *to, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);
	char *rest = text, *line;

	if (absent)
		return absent;
	while ((line = strsep(&rest, "\n")))
		if (*line && parse_io_line(line, file, to, err))
			return -1;
	return 0;
}

struct io_file {
	const char *file;
	size_t offset; /* of a list in struct io_statistics */
};
#define IO(file, member)                                     \
	{                                                    \
		file, offsetof(struct io_statistics, member) \
	}
#define IO_FILES 9

/* Who counts depends on the scheduler of the disk and the kernel's options: the first set whose first
 * file has something is taken (the order is that of runc). Each ends with a NULL name. */
static const struct io_file io_sets[][IO_FILES] = {
	{ IO("blkio.bfq.sectors_recursive", sectors),
	  IO("blkio.bfq.io_service_time_recursive", service_time),
	  IO("blkio.bfq.io_wait_time_recursive", wait_time),
	  IO("blkio.bfq.io_merged_recursive", merged), IO("blkio.bfq.io_queued_recursive", queued),
	  IO("blkio.bfq.time_recursive", time), IO("blkio.bfq.io_serviced_recursive", serviced),
	  IO("blkio.bfq.io_service_bytes_recursive", service_bytes) },
	{ IO("blkio.bfq.io_serviced_recursive", serviced),
	  IO("blkio.bfq.io_service_bytes_recursive", service_bytes) },
	{ IO("blkio.sectors_recursive", sectors),
	  IO("blkio.io_service_time_recursive", service_time),
	  IO("blkio.io_wait_time_recursive", wait_time), IO("blkio.io_merged_recursive", merged),
	  IO("blkio.io_queued_recursive", queued), IO("blkio.time_recursive", time),
	  IO("blkio.io_serviced_recursive", serviced),
	  IO("blkio.io_service_bytes_recursive", service_bytes) },
	{ IO("blkio.throttle.io_serviced_recursive", serviced),
	  IO("blkio.throttle.io_service_bytes_recursive", service_bytes) },
	{ IO("blkio.throttle.io_serviced", serviced),
	  IO("blkio.throttle.io_service_bytes", service_bytes) },
};

static struct io_entry_list *list_at(struct io_statistics *io, const struct io_file *file)
{
	return (struct io_entry_list *)(void *)((char *)io + file->offset);
}

static int read_io(int group, struct statistics *to, struct error *err)
{
	/* Every group of blkio has it, and no other group. */
	if (faccessat(group, "blkio.reset_stats", F_OK, 0))
		return 1;
	for (size_t set = 0; set < sizeof io_sets / sizeof *io_sets; set++) {
		for (const struct io_file *file = io_sets[set]; file->file; file++) {
			struct io_entry_list *list = list_at(to->io, file);
			if (read_io_file(group, file->file, list, err) < 0)
				return -1;
			if (!list->n)
				break;
		}
		if (list_at(to->io, &io_sets[set][0])->n)
			return 0;
	}
	return 0;
}

static int read_page_size(int group, const char *size, struct statistics *to, struct error *err)
{
	static const struct {
		const char *name;
		size_t offset;
	} parts[] = {
		{ "usage_in_bytes", offsetof(struct hugetlb_statistics, usage) },
		{ "max_usage_in_bytes", offsetof(struct hugetlb_statistics, max) },
		{ "failcnt", offsetof(struct hugetlb_statistics, failcnt) },
	};
	struct hugetlb_statistics *entry = statistics_hugetlb_add(&to->hugetlb, size);

	for (size_t i = 0; entry && i < sizeof parts / sizeof *parts; i++) {
		uint64_t *at = (uint64_t *)(void *)((char *)entry + parts[i].offset);
		owned_string reserved = text_format("hugetlb.%s.rsvd.%s", size, parts[i].name);
		owned_string used = text_format("hugetlb.%s.%s", size, parts[i].name);
		if (!reserved || !used)
			return error_errno(err, ENOMEM, "statistics");
		/* Reservations are counted since kernel 5.7, and then they are what the limit is about. */
		int absent = statistics_number(group, reserved, at, err);
		if (absent < 0 || (absent && statistics_number(group, used, at, err) < 0))
			return -1;
	}
	return entry ? 0 : error_errno(err, ENOMEM, "statistics");
}

static int read_hugetlb(int group, struct statistics *to, struct error *err)
{
	OWNED(string_list_finish) struct string_list sizes = { 0 };

	if (statistics_page_sizes(group, ".usage_in_bytes", &sizes, err))
		return -1;
	for (size_t i = 0; i < sizes.n; i++)
		if (read_page_size(group, sizes.v[i], to, err))
			return -1;
	return sizes.n ? 0 : 1;
}

int statistics_read_v1(int group, struct statistics *to, int *filled, struct error *err)
{
	static const struct {
		int part;
		int (*read)(int group, struct statistics *to, struct error *err);
	} controllers[] = {
		{ STATISTICS_CPU, read_cpuacct },
		{ 0, read_cpu },
		{ 0, read_cpuset },
		{ STATISTICS_MEMORY, read_memory },
		{ STATISTICS_PIDS, statistics_read_pids },
		{ STATISTICS_IO, read_io },
		{ STATISTICS_HUGETLB, read_hugetlb },
	};

	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
		int absent = controllers[i].read(group, to, err);
		if (absent < 0)
			return -1;
		if (!absent)
			*filled |= controllers[i].part;
	}
	return 0;
}
