/* The kernel's files of v1, v2 and both, from folders that look like groups, as events prints them. */
#include "tests/unit/sandbox.h"

#include "runtime/cgroup/statistics.h"
#include "runtime/cgroup/statistics_files.h"

struct file {
	const char *name, *text;
};

/* A group @name with these files, the last with a NULL name. */
static const char *make_group(const char *name, const struct file *files)
{
	const char *path = in_sandbox(name);

	make_folder(path);
	for (; files->name; files++) {
		char file[700];
		snprintf(file, sizeof file, "%s/%s", path, files->name);
		make_text(file, files->text);
	}
	return path;
}

static void remove_group(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static int read_groups(struct string_list *directories, char **json, struct error *err)
{
	struct statistics *statistics = statistics_new();
	struct buffer text = { 0 };

	assert_non_null(statistics);
	int ret = cgroup_statistics(directories, statistics, err);
	if (!ret)
		table_print(&statistics_type, statistics, 0, &text);
	statistics_free(statistics);
	*json = text.text;
	return ret;
}

#define PATHS(...)                                                       \
	(struct string_list)                                             \
	{                                                                \
		.v = (char *[]){ __VA_ARGS__ },                          \
		.n = sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), \
	}

/* @expected must be in the statistics of @directories. */
static void check(struct string_list directories, const char *expected)
{
	struct error err = { 0 };
	char *json;

	if (read_groups(&directories, &json, &err))
		fail_msg("%s", err.msg);
	if (!json || !strstr(json, expected))
		fail_msg("expected to find: %s\nin: %s", expected, json);
	free(json);
}

static void check_refused(const struct file *files, const char *message)
{
	char expected[1024], *json;
	struct error err = { 0 };
	const char *path = make_group("wrong", files);
	struct string_list directories = PATHS((char *)path);

	assert_int_equal(read_groups(&directories, &json, &err), -1);
	snprintf(expected, sizeof expected, "%s: %s", path, message);
	assert_string_equal(err.msg, expected);
	remove_group(path);
}

#define EMPTY_CPUSET                                                                            \
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_"      \
	"migrate\":0,"                                                                          \
	"\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_" \
	"balance\":0,"                                                                          \
	"\"sched_relax_domain_level\":0}"

static void without_groups_only_what_is_always_there_is_printed(void **state)
{
	static const char nothing[] = "{\"cpu\":{}," EMPTY_CPUSET ",\"memory\":{},\"pids\":{},"
				      "\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":null,"
				      "\"network_interfaces\":null}";
	struct string_list none = { 0 };
	struct error err = { 0 };
	char *json;

	(void)state;
	assert_int_equal(read_groups(&none, &json, &err), 0);
	assert_string_equal(json, nothing);
	free(json);
	check(PATHS((char *)in_sandbox("gone")), nothing);
}

static void v1_counts_cpu_time_by_processor_and_mode(void **state)
{
	const char *cpuacct = make_group(
		"cpuacct",
		(struct file[]){ { "cpuacct.usage", "3000000\n" },
				 { "cpuacct.stat", "user 5\nsystem 7\n" },
				 { "cpuacct.usage_percpu", "1000000 2000000 \n" },
				 { "cpuacct.usage_all", "cpu user system\n0 11 21\n1 12 22\n" },
				 { NULL, NULL } });
	const char *cpu = make_group("cpu", (struct file[]){ { "cpu.stat",
							       "nr_periods 3\nnr_throttled 2\n"
							       "throttled_time 99\nnr_bursts 0\n" },
							     { NULL, NULL } });

	(void)state;
	check(PATHS((char *)cpuacct, (char *)cpu),
	      "{\"cpu\":{\"usage\":{\"total\":3000000,\"percpu\":[1000000,2000000],"
	      "\"percpu_kernel\":[21,22],\"percpu_user\":[11,12],\"kernel\":70000000,"
	      "\"user\":50000000},\"throttling\":{\"periods\":3,\"throttledPeriods\":2,"
	      "\"throttledTime\":99}},");
	remove_group(cpuacct);
	remove_group(cpu);
}

static void v1_tells_the_cpuset(void **state)
{
	const char *path =
		make_group("cpuset", (struct file[]){ { "cpuset.cpus", "0-2,7\n" },
						      { "cpuset.mems", "0\n" },
						      { "cpuset.cpu_exclusive", "1\n" },
						      { "cpuset.sched_load_balance", "1\n" },
						      { "cpuset.memory_pressure", "4\n" },
						      { "cpuset.sched_relax_domain_level", "-1\n" },
						      { NULL, NULL } });

	(void)state;
	check(PATHS((char *)path),
	      "\"cpuset\":{\"cpus\":[0,1,2,7],\"cpu_exclusive\":1,\"mems\":[0],\"mem_hardwall\":0,"
	      "\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"
	      "\"memory_spread_slab\":0,\"memory_pressure\":4,\"sched_load_balance\":1,"
	      "\"sched_relax_domain_level\":-1}");
	remove_group(path);
}

static void v1_counts_memory_of_four_kinds(void **state)
{
	const char *path = make_group(
		"memory", (struct file[]){ { "memory.usage_in_bytes", "100\n" },
					   { "memory.max_usage_in_bytes", "200\n" },
					   { "memory.failcnt", "0\n" },
					   { "memory.limit_in_bytes", "9223372036854771712\n" },
					   { "memory.memsw.usage_in_bytes", "110\n" },
					   { "memory.memsw.failcnt", "3\n" },
					   { "memory.kmem.usage_in_bytes", "-1\n" },
					   { "memory.kmem.failcnt", "0\n" },
					   { "memory.stat", "rss 7\ncache 9\nactive_file -3\n" },
					   { NULL, NULL } });

	(void)state;
	check(PATHS((char *)path),
	      "\"memory\":{\"cache\":9,\"usage\":{\"limit\":9223372036854771712,\"usage\":100,"
	      "\"max\":200,\"failcnt\":0},\"swap\":{\"limit\":0,\"usage\":110,\"failcnt\":3},"
	      "\"raw\":{\"active_file\":0,\"cache\":9,\"rss\":7}}");
	remove_group(path);
}

static void v1_counts_processes_and_huge_pages(void **state)
{
	const char *pids = make_group("pids", (struct file[]){ { "pids.current", "3\n" },
							       { "pids.max", "max\n" },
							       { NULL, NULL } });
	const char *hugetlb = make_group(
		"hugetlb", (struct file[]){ { "hugetlb.2MB.usage_in_bytes", "1\n" },
					    { "hugetlb.2MB.max_usage_in_bytes", "2\n" },
					    { "hugetlb.2MB.failcnt", "3\n" },
					    { "hugetlb.2MB.rsvd.usage_in_bytes", "10\n" },
					    { "hugetlb.2MB.rsvd.max_usage_in_bytes", "20\n" },
					    { "hugetlb.2MB.rsvd.failcnt", "30\n" },
					    { NULL, NULL } });

	(void)state;
	check(PATHS((char *)pids, (char *)hugetlb), "\"pids\":{\"current\":3}");
	check(PATHS((char *)pids, (char *)hugetlb),
	      "\"hugetlb\":{\"2MB\":{\"usage\":10,\"max\":20,\"failcnt\":30}}");
	remove_group(pids);
	remove_group(hugetlb);
}

/* Old kernels do not count reservations. */
static void v1_counts_used_huge_pages_where_reserved_ones_are_not_counted(void **state)
{
	const char *path =
		make_group("hugetlb", (struct file[]){ { "hugetlb.1GB.usage_in_bytes", "1\n" },
						       { "hugetlb.1GB.max_usage_in_bytes", "2\n" },
						       { "hugetlb.1GB.failcnt", "0\n" },
						       { NULL, NULL } });

	(void)state;
	check(PATHS((char *)path), "\"hugetlb\":{\"1GB\":{\"usage\":1,\"max\":2,\"failcnt\":0}}");
	remove_group(path);
}

static void v1_takes_the_first_set_of_io_files_that_counts(void **state)
{
	const char *path = make_group(
		"blkio",
		(struct file[]){
			{ "blkio.reset_stats", "" },
			{ "blkio.bfq.io_serviced_recursive", "Total 0\n" },
			{ "blkio.bfq.io_service_bytes_recursive", "8:0 Read 1\nTotal 1\n" },
			{ "blkio.throttle.io_serviced_recursive", "8:0 Read 4\n8:0 Total 4\n" },
			{ "blkio.throttle.io_service_bytes_recursive", "8:16 4096\nTotal 1\n" },
			{ "blkio.throttle.io_serviced", "8:0 Read 9\n" },
			{ NULL, NULL } });

	(void)state;
	check(PATHS((char *)path),
	      "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"value\":4096}],"
	      "\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":4},"
	      "{\"major\":8,\"op\":\"Total\",\"value\":4}]}");
	remove_group(path);
}

static const struct file v2_files[] = {
	{ "cgroup.controllers", "cpu memory\n" },
	{ "cpu.stat", "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 1\nnr_throttled 2\n"
		      "throttled_usec 3\n" },
	{ "cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\n"
			  "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" },
	{ "memory.current", "100\n" },
	{ "memory.max", "max\n" },
	{ "memory.peak", "300\n" },
	{ "memory.swap.current", "10\n" },
	{ "memory.swap.max", "50\n" },
	{ "memory.stat", "file 6\nanon 5\n" },
	{ "memory.pressure", "" },
	{ "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		     "254:1 \n(unknown) rbytes=9\n" },
	{ "cgroup.procs", "1\n2\n3\n" },
	{ "hugetlb.2MB.current", "4096\n" },
	{ "hugetlb.2MB.events", "max 5\n" },
	{ NULL, NULL },
};

static void v2_is_told_in_the_words_of_v1(void **state)
{
	const char *path = make_group("v2", v2_files);

	(void)state;
	check(PATHS((char *)path),
	      "{\"cpu\":{\"usage\":{\"total\":9000,\"kernel\":4000,\"user\":5000},"
	      "\"throttling\":{\"periods\":1,\"throttledPeriods\":2,\"throttledTime\":3000},"
	      "\"psi\":{\"some\":{\"avg10\":1.50,\"avg60\":0.00,\"avg300\":0.00,\"total\":7}}}"
	      "," EMPTY_CPUSET ",\"memory\":{\"cache\":6,\"usage\":{\"limit\":18446744073709551615,"
	      "\"usage\":100,\"max\":300,\"failcnt\":0},\"swap\":{\"limit\":18446744073709551615,"
	      "\"usage\":110,\"failcnt\":0},\"raw\":{\"anon\":5,\"file\":6},\"psi\":{}},"
	      "\"pids\":{\"current\":3},\"blkio\":{\"ioServiceBytesRecursive\":["
	      "{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,\"op\":\"Write\",\"value\":2}"
	      "],\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":3},"
	      "{\"major\":8,\"op\":\"Write\",\"value\":4}]},"
	      "\"hugetlb\":{\"2MB\":{\"usage\":4096,\"failcnt\":5}},");
	remove_group(path);
}

static void v2_limits_of_memory_and_swap_are_added(void **state)
{
	const char *path = make_group("v2", (struct file[]){ { "cgroup.controllers", "\n" },
							     { "memory.current", "100\n" },
							     { "memory.max", "1000\n" },
							     { "memory.swap.current", "10\n" },
							     { "memory.swap.max", "50\n" },
							     { "pids.current", "1\n" },
							     { "pids.max", "9\n" },
							     { NULL, NULL } });

	(void)state;
	check(PATHS((char *)path), "\"swap\":{\"limit\":1050,\"usage\":110,\"failcnt\":0}");
	check(PATHS((char *)path), "\"pids\":{\"current\":1,\"limit\":9}");
	remove_group(path);
}

static void on_a_hybrid_v1_is_believed_and_v2_adds_the_rest(void **state)
{
	const char *v2 = make_group("v2", v2_files);
	const char *pids = make_group("pids", (struct file[]){ { "pids.current", "2\n" },
							       { "pids.max", "7\n" },
							       { NULL, NULL } });
	const char *cpuacct = make_group("cpuacct", (struct file[]){ { "cpuacct.usage", "8\n" },
								     { NULL, NULL } });

	(void)state;
	check(PATHS((char *)v2, (char *)pids, (char *)cpuacct),
	      "{\"cpu\":{\"usage\":{\"total\":8,\"kernel\":0,\"user\":0},\"psi\":{\"some\":");
	check(PATHS((char *)v2, (char *)pids, (char *)cpuacct),
	      "\"pids\":{\"current\":2,\"limit\":7}");
	check(PATHS((char *)v2, (char *)pids, (char *)cpuacct), "\"memory\":{\"cache\":6,");
	remove_group(v2);
	remove_group(pids);
	remove_group(cpuacct);
}

static void what_is_not_in_its_form_is_named(void **state)
{
	(void)state;
#define WRONG(name, content, message) \
	check_refused((struct file[]){ { name, content }, { NULL, NULL } }, message)
#define WRONG_V2(name, content, message)                             \
	check_refused((struct file[]){ { "cgroup.controllers", "" }, \
				       { name, content },            \
				       { NULL, NULL } },             \
		      message)
	WRONG("pids.current", "x\n", "pids.current: 'x' is no number");
	WRONG("pids.current", "", "pids.current: '' is no number");
	WRONG("pids.current", "18446744073709551616\n",
	      "pids.current: '18446744073709551616' is no number");
	WRONG("cpu.stat", "nr_periods\n",
	      "cpu.stat: 'nr_periods' is not of the form \"key value\"");
	WRONG("cpu.stat", " 1\n", "cpu.stat: '' is not of the form \"key value\"");
	WRONG("cpuset.cpus", "1-\n", "cpuset.cpus: '1-' is no list of numbers");
	WRONG("cpuset.cpus", "0-99999999\n", "cpuset.cpus: '0-99999999' is no list of numbers");
	WRONG_V2("cpu.pressure", "some avg10=x\n", "cpu.pressure: 'x' is no number");
	WRONG_V2("cpu.pressure", "some avg10=1.\n", "cpu.pressure: '1.' is no number");
	WRONG_V2("cpu.pressure", "some avg10=01\n", "cpu.pressure: '01' is no number");
	WRONG_V2("io.pressure", "full avg10\n",
		 "io.pressure: 'avg10' is not of the form key=value");
	WRONG_V2("io.stat", "8:0 rbytes=many\n", "io.stat: 'many' is no number");
	WRONG_V2("io.stat", "8:x rbytes=1\n", "io.stat: 'x' is no number");
	WRONG_V2("memory.current", "most\n", "memory.current: 'most' is no number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_groups_only_what_is_always_there_is_printed),
		cmocka_unit_test(v1_counts_cpu_time_by_processor_and_mode),
		cmocka_unit_test(v1_tells_the_cpuset),
		cmocka_unit_test(v1_counts_memory_of_four_kinds),
		cmocka_unit_test(v1_counts_processes_and_huge_pages),
		cmocka_unit_test(v1_counts_used_huge_pages_where_reserved_ones_are_not_counted),
		cmocka_unit_test(v1_takes_the_first_set_of_io_files_that_counts),
		cmocka_unit_test(v2_is_told_in_the_words_of_v1),
		cmocka_unit_test(v2_limits_of_memory_and_swap_are_added),
		cmocka_unit_test(on_a_hybrid_v1_is_believed_and_v2_adds_the_rest),
		cmocka_unit_test(what_is_not_in_its_form_is_named),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
