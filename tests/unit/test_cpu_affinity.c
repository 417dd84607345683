/* Processors: those of the kernel that runs the test, in children of their own. */
#include "runtime/cpu_affinity.h"

#include "tests/unit/sandbox.h"

static struct error err;

/* The n-th processor that this process may use; -1 when it has no more. */
static int processor(unsigned n)
{
	struct cpu_affinity own;
	const unsigned bits = 8 * sizeof own.mask[0];

	if (cpu_affinity_get(&own, &err))
		return -1;
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		if (own.mask[cpu / bits] >> (cpu % bits) & 1 && n-- == 0)
			return (int)cpu;
	return -1;
}

static void set_one(void *context)
{
	struct cpu_affinity before, after;
	int last = *(const int *)context;
	char list[16];

	EXPECT_SUCCESS(cpu_affinity_get(&before, &err));
	snprintf(list, sizeof list, "%d", last);
	EXPECT_SUCCESS(cpu_affinity_set_list(list, "field", &err));
	EXPECT(processor(0) == last && processor(1) == -1);
	EXPECT_SUCCESS(cpu_affinity_set(&before, &err));
	EXPECT_SUCCESS(cpu_affinity_get(&after, &err));
	EXPECT(memcmp(&before, &after, sizeof before) == 0);
}

static void a_list_is_set_and_taken_back(void **state)
{
	int last = processor(0);

	(void)state;
	for (unsigned n = 1; processor(n) >= 0; n++)
		last = processor(n);
	assert_true(last >= 0);
	in_child(set_one, &last);
}

static void confine_and_reset(void *context)
{
	char list[16];

	(void)context;
	snprintf(list, sizeof list, "%d", processor(0));
	EXPECT_SUCCESS(cpu_affinity_set_list(list, "field", &err));
	EXPECT(processor(1) == -1);
	cpu_affinity_reset();
	EXPECT(processor(1) >= 0);
}

static void a_reset_gives_all_that_the_cpuset_has(void **state)
{
	(void)state;
	if (processor(1) < 0)
		SKIP("there is one processor only");
	in_child(confine_and_reset, NULL);
}

static void wrong_lists_name_the_field(void **state)
{
	(void)state;
	FAILS(cpu_affinity_set_list("1-", "process.execCPUAffinity.final", &err), EINVAL,
	      "process.execCPUAffinity.final: '1-' is no list of processors below 8192");
	FAILS(cpu_affinity_set_list("8192", "field", &err), EINVAL, "field: '8192' is no list");
}

static void processors_that_are_not_there_are_refused(void **state)
{
	(void)state;
	/* The kernel takes what there is of a list, and refuses one of which there is nothing. */
	FAILS(cpu_affinity_set_list("8000-8191", "field", &err), EINVAL,
	      "field: '8000-8191': sched_setaffinity: invalid argument; the cpuset has none");
}

static void reset_where_it_is_refused(void *context)
{
	int before = processor(0);

	(void)context;
	refuse_call(SYS_sched_setaffinity, EPERM);
	cpu_affinity_reset();
	EXPECT(processor(0) == before);
	EXPECT(cpu_affinity_set_list("0", "field", &err) == -1 && err.code == EPERM);
	EXPECT_ERROR("field: '0': sched_setaffinity: operation not permitted");
	EXPECT(!strstr(err.msg, "cpuset"));
}

static void a_refused_reset_changes_nothing(void **state)
{
	(void)state;
	in_child(reset_where_it_is_refused, NULL);
}

static void get_where_it_is_refused(void *context)
{
	struct cpu_affinity affinity;

	(void)context;
	refuse_call(SYS_sched_getaffinity, ENOSYS);
	EXPECT(cpu_affinity_get(&affinity, &err) == -1 && err.code == ENOSYS);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	in_child(get_where_it_is_refused, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_set_and_taken_back),
		cmocka_unit_test(a_reset_gives_all_that_the_cpuset_has),
		cmocka_unit_test(wrong_lists_name_the_field),
		cmocka_unit_test(processors_that_are_not_there_are_refused),
		cmocka_unit_test(a_refused_reset_changes_nothing),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
