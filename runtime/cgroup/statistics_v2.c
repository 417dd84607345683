/* cgroup v2: which file counts what, in the units and the words of v1. Files:
 * Documentation/admin-guide/cgroup-v2.rst. Must not know of paths. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/statistics_files.h"
#include "runtime/cgroup/statistics_versions.h"
#include "spec/base/owned.h"

#define NS_PER_US 1000u

/* cpu.stat is there without the controller too. */
static int read_cpu(int group, struct statistics *to, struct error *err)
{
	static const struct statistics_key usage[] = {
		{ "usage_usec", offsetof(struct cpu_usage, total), NS_PER_US },
		{ "user_usec", offsetof(struct cpu_usage, user), NS_PER_US },
		{ "system_usec", offsetof(struct cpu_usage, kernel), NS_PER_US },
	};
	static const struct statistics_key throttling[] = {
		{ "nr_periods", offsetof(struct throttling, periods), 1 },
		{ "nr_throttled", offsetof(struct throttling, throttled_periods), 1 },
		{ "throttled_usec", offsetof(struct throttling, throttled_time), NS_PER_US },
	};

	if (statistics_keys(group, "cpu.stat", usage, 3, to->cpu->usage, err) < 0 ||
	    statistics_keys(group, "cpu.stat", throttling, 3, to->cpu->throttling, err) < 0)
		return -1;
	return 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int read_memory(int group, struct statistics *to, struct error *err)
{
	static const struct statistics_file own[] = {
		{ "memory.current", offsetof(struct memory_entry, usage) },
		{ "memory.max", offsetof(struct memory_entry, limit) },
		{ "memory.peak", offsetof(struct memory_entry, max) }, /* kernel 5.19 */
	};
	static const struct statistics_file swap[] = {
		{ "memory.swap.current", offsetof(struct memory_entry, usage) },
		{ "memory.swap.max", offsetof(struct memory_entry, limit) },
	};
	static const struct statistics_key cache[] = {
		{ "file", offsetof(struct memory_statistics, cache), 1 }
	};
	struct memory_statistics *memory = to->memory;
	int absent = statistics_numbers(group, own, 3, memory->usage, err);

	if (absent)
		return absent < 0 ? -1 : 0;
	if (statistics_numbers(group, swap, 2, memory->swap, err) < 0)
		return -1;
	/* v1 counts memory and swap together; a peak of the sum is not known. */
	memory->swap->usage = sum(memory->swap->usage, memory->usage->usage);
	memory->swap->limit = sum(memory->swap->limit, memory->usage->limit);
	if (statistics_keys(group, "memory.stat", cache, 1, memory, err) < 0 ||
	    statistics_object(group, "memory.stat", &memory->raw, err) < 0)
		return -1;
	return 0;
}

/* Where nothing limits processes they are counted by hand; a threaded group lists threads alone. */
static int count_pids(int group, struct statistics *to, struct error *err)
{
	owned_string members = NULL;
	struct error failure = { 0 };

	if (statistics_text(group, "cgroup.procs", &members, &failure) < 0 &&
	    (failure.code != EOPNOTSUPP ||
	     statistics_text(group, "cgroup.threads", &members, &failure) < 0))
		return error_set(err, failure.code, "%s", failure.msg);
	to->pids->current = members ? statistics_count_lines(members) : 0;
	return 0;
}

static int read_pids(int group, struct statistics *to, struct error *err)
{
	int absent = statistics_read_pids(group, to, err);

	return absent > 0 ? count_pids(group, to, err) : absent;
}

/* "rbytes=4096" of a device. */
static int add_io(struct io_statistics *io, const struct io_entry *device, char *item,
		  struct error *err)
{
	static const struct {
		const char *key;
		size_t offset;
		char op[8];
	} tables[] = {
		{ "rbytes", offsetof(struct io_statistics, service_bytes), "Read" },
		{ "wbytes", offsetof(struct io_statistics, service_bytes), "Write" },
		{ "rios", offsetof(struct io_statistics, serviced), "Read" },
		{ "wios", offsetof(struct io_statistics, serviced), "Write" },
	};
	const char *key = strsep(&item, "=");

	for (size_t i = 0; item && i < sizeof tables / sizeof *tables; i++) {
		struct io_entry entry = *device;
		if (strcmp(tables[i].key, key) != 0)
			continue;
		entry.op = (char *)(uintptr_t)tables[i].op;
		if (statistics_parse(item, &entry.value, "io.stat", err))
			return -1;
		return statistics_io_add(
			(struct io_entry_list *)(void *)((char *)io + tables[i].offset), &entry,
			err);
	}
	return 0;
}

/* "8:0 rbytes=4096 wbytes=0 rios=1 …". */
static int parse_io_line(char *line, struct io_statistics *io, struct error *err)
{
	struct io_entry device = { 0 };
	char *numbers = strsep(&line, " "), *item;
	char *major = strsep(&numbers, ":");

	if (!numbers)
		return 0;
	if (statistics_parse(major, &device.major, "io.stat", err) ||
	    statistics_parse(numbers, &device.minor, "io.stat", err))
		return -1;
	while ((item = strsep(&line, " ")))
		if (add_io(io, &device, item, err))
			return -1;
	return 0;
}

static int read_io(int group, struct statistics *to, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, "io.stat", &text, err);
	char *rest = text, *line;

	if (absent)
		return absent < 0 ? -1 : 0;
	while ((line = strsep(&rest, "\n")))
		if (parse_io_line(line, to->io, err))
			return -1;
	return 0;
}

static int read_page_size(int group, const char *size, struct statistics *to, struct error *err)
{
	static const struct statistics_key failures[] = {
		{ "max", offsetof(struct hugetlb_statistics, failcnt), 1 }
	};
	struct hugetlb_statistics *entry = statistics_hugetlb_add(&to->hugetlb, size);
	owned_string reserved = text_format("hugetlb.%s.rsvd.current", size);
	owned_string used = text_format("hugetlb.%s.current", size);
	owned_string events = text_format("hugetlb.%s.events", size);

	if (!entry || !reserved || !used || !events)
		return error_errno(err, ENOMEM, "statistics");
	/* Reservations are counted since kernel 5.7, and then they are what the limit is about. */
	int absent = statistics_number(group, reserved, &entry->usage, err);
	if (absent < 0 || (absent && statistics_number(group, used, &entry->usage, err) < 0))
		return -1;
	return statistics_keys(group, events, failures, 1, entry, err) < 0 ? -1 : 0;
}

static int read_hugetlb(int group, struct statistics *to, struct error *err)
{
	OWNED(string_list_finish) struct string_list sizes = { 0 };

	if (statistics_page_sizes(group, ".current", &sizes, err))
		return -1;
	for (size_t i = 0; i < sizes.n; i++)
		if (read_page_size(group, sizes.v[i], to, err))
			return -1;
	return 0;
}

/* "0.12": the kernel's own words become JSON, so they must be a number. */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789"), digits = 0;
	const char *behind = text + whole;

	if (*behind == '.') {
		digits = strspn(behind + 1, "0123456789");
		behind += 1 + digits;
		if (!digits)
			return false;
	}
	return whole && (whole == 1 || *text != '0') && !*behind;
}

static int parse_pressure_item(char *item, struct pressure *to, const char *file, struct error *err)
{
	const struct {
		const char *key;
		char **value;
	} averages[] = { { "avg10", &to->avg10 },
			 { "avg60", &to->avg60 },
			 { "avg300", &to->avg300 } };
	const char *key = strsep(&item, "=");

	if (!item)
		return error_set(err, EINVAL, "%s: '%.100s' is not of the form key=value", file,
				 key);
	if (strcmp(key, "total") == 0)
		return statistics_parse(item, &to->total, file, err);
	for (size_t i = 0; i < sizeof averages / sizeof *averages; i++) {
		if (strcmp(key, averages[i].key) != 0 || *averages[i].value)
			continue;
		if (!is_decimal(item))
			return error_set(err, EINVAL, "%s: '%.100s' is no number", file, item);
		*averages[i].value = strdup(item);
		if (!*averages[i].value)
			return error_errno(err, ENOMEM, "%s", file);
	}
	return 0;
}

static bool is_zero(const char *decimal)
{
	return !decimal || strspn(decimal, "0.") == strlen(decimal);
}

static void pressure_free(struct pressure **pressure)
{
	if (*pressure) {
		free((*pressure)->avg10);
		free((*pressure)->avg60);
		free((*pressure)->avg300);
	}
	free(*pressure);
}

/* "avg10=0.00 avg60=0.00 avg300=0.00 total=0". All zero says nothing: *ret stays NULL, as runc has it. */
static int parse_pressure(char *line, struct pressure **ret, const char *file, struct error *err)
{
	OWNED(pressure_free) struct pressure *pressure = calloc(1, sizeof *pressure);
	char *item;

	if (!pressure)
		return error_errno(err, ENOMEM, "%s", file);
	while ((item = strsep(&line, " ")))
		if (*item && parse_pressure_item(item, pressure, file, err))
			return -1;
	if (!*ret && (pressure->total || !is_zero(pressure->avg10) || !is_zero(pressure->avg60) ||
		      !is_zero(pressure->avg300)))
		*ret = take_pointer(pressure);
	return 0;
}

static int read_pressure(int group, const char *file, struct pressures **ret, struct error *err)
{
	owned_string text = NULL;
	struct error failure = { 0 };
	int absent = statistics_text(group, file, &text, &failure);
	char *rest = text, *line;

	/* Kernels that need psi=1 on their command line have the file and refuse to read it. */
	if (absent > 0 || (absent < 0 && failure.code == EOPNOTSUPP))
		return 0;
	if (absent)
		return error_set(err, failure.code, "%s", failure.msg);
	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return error_errno(err, ENOMEM, "%s", file);
	while ((line = strsep(&rest, "\n"))) {
		const char *kind = strsep(&line, " ");
		if (line && strcmp(kind, "some") == 0 &&
		    parse_pressure(line, &(*ret)->some, file, err))
			return -1;
		if (line && strcmp(kind, "full") == 0 &&
		    parse_pressure(line, &(*ret)->full, file, err))
			return -1;
	}
	return 0;
}

int statistics_read_v2(int group, struct statistics *to, int *filled, struct error *err)
{
	static const struct {
		int part;
		int (*read)(int group, struct statistics *to, struct error *err);
	} parts[] = {
		{ STATISTICS_CPU, read_cpu },	      { STATISTICS_MEMORY, read_memory },
		{ STATISTICS_PIDS, read_pids },	      { STATISTICS_IO, read_io },
		{ STATISTICS_HUGETLB, read_hugetlb },
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (*filled & parts[i].part)
			continue;
		if (parts[i].read(group, to, err))
			return -1;
		*filled |= parts[i].part;
	}
	if (read_pressure(group, "cpu.pressure", &to->cpu->pressure, err) ||
	    read_pressure(group, "memory.pressure", &to->memory->pressure, err) ||
	    read_pressure(group, "io.pressure", &to->io->pressure, err))
		return -1;
	return 0;
}
