/* Which descriptors are left, in a child of its own each time; and the same before close_range(2) knew
 * CLOSE_RANGE_CLOEXEC. */
#include "runtime/descriptors.h"

#include "tests/unit/sandbox.h"

#include <linux/close_range.h>

static struct error err;

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool closes_at_exec(int fd)
{
	return fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

/* Descriptors 3 to 12 and 900, none of which closes at exec; child_output is moved out of the way. */
static void open_many(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int moved = fcntl(child_output, F_DUPFD_CLOEXEC, 1000);

	EXPECT(null >= 0 && moved >= 0);
	null = fcntl(null, F_DUPFD_CLOEXEC, 1001);
	child_output = moved;
	EXPECT(sys_close_range(3, 999, 0) == 0);
	for (int fd = 3; fd <= 12; fd++)
		EXPECT(dup2(null, fd) == fd);
	EXPECT(dup2(null, 900) == 900);
}

static void shield(void *context)
{
	(void)context;
	open_many();
	EXPECT_SUCCESS(descriptors_shield(5, &err));
	EXPECT(!closes_at_exec(3) && !closes_at_exec(4));
	for (int fd = 5; fd <= 12; fd++)
		EXPECT(closes_at_exec(fd));
	EXPECT(closes_at_exec(900));
	EXPECT(!closes_at_exec(0) && !closes_at_exec(1) && !closes_at_exec(2));
}

static void shield_before_5_11(void *context)
{
	/* 5.9 and 5.10 know the call, but not the flag. */
	refuse_call_with(SYS_close_range, 2, CLOSE_RANGE_CLOEXEC, EINVAL);
	shield(context);
}

static void shield_without_the_call(void *context)
{
	int moved = fcntl(child_output, F_DUPFD_CLOEXEC, 1000);
	int null = open("/dev/null", O_RDONLY);

	(void)context;
	EXPECT(moved >= 0 && null >= 0);
	refuse_call(SYS_close_range, ENOSYS);
	EXPECT_SUCCESS(descriptors_shield(3, &err));
	EXPECT(closes_at_exec(null));
}

static void shield_refused(void *context)
{
	(void)context;
	refuse_call(SYS_close_range, EPERM);
	EXPECT(descriptors_shield(3, &err) == -1 && err.code == EPERM);
	EXPECT_ERROR("close_range: operation not permitted");
}

static void what_is_not_passed_on_closes_at_exec(void **state)
{
	(void)state;
	in_child(shield, NULL);
}

static void it_does_so_where_the_flag_is_unknown(void **state)
{
	(void)state;
	in_child(shield_before_5_11, NULL);
}

static void it_does_so_where_the_call_is_unknown(void **state)
{
	(void)state;
	in_child(shield_without_the_call, NULL);
}

static void another_refusal_is_an_error(void **state)
{
	(void)state;
	in_child(shield_refused, NULL);
}

static void keep_some(void *context)
{
	const int keep[] = { 9, -1, child_output, 900, 6 };

	(void)context;
	open_many();
	const int moved[] = { keep[0], keep[1], child_output, keep[3], keep[4] };
	EXPECT_SUCCESS(descriptors_keep(3, moved, 5, &err));
	for (int fd = 0; fd <= 2; fd++)
		EXPECT(is_open(fd));
	for (int fd = 3; fd <= 12; fd++)
		EXPECT(is_open(fd) == (fd == 6 || fd == 9));
	EXPECT(is_open(900) && is_open(child_output) && !is_open(1001));
}

static void only_those_kept_stay_open(void **state)
{
	(void)state;
	in_child(keep_some, NULL);
}

static void keep_at_the_edge(void *context)
{
	(void)context;
	open_many();
	const int keep[] = { 3, 4, 4, 12, child_output };
	EXPECT_SUCCESS(descriptors_keep(3, keep, 5, &err));
	EXPECT(is_open(3) && is_open(4) && !is_open(5) && !is_open(11) && is_open(12));
	EXPECT(!is_open(900));
}

static void neighbours_doubles_and_the_first_may_be_kept(void **state)
{
	(void)state;
	in_child(keep_at_the_edge, NULL);
}

/* The caller said that it passes 3 to 6 on, but 4 and 5 were free, and are ours by now. */
static void keep_passed_on(void *context)
{
	(void)context;
	open_many();
	EXPECT(fcntl(4, F_SETFD, FD_CLOEXEC) == 0 && fcntl(5, F_SETFD, FD_CLOEXEC) == 0);
	const int keep[] = { 5, child_output };
	EXPECT_SUCCESS(descriptors_keep(7, keep, 2, &err));
	EXPECT(is_open(3) && !is_open(4) && is_open(5) && is_open(6));
	EXPECT(!is_open(7) && !is_open(12) && !is_open(900));
}

static void what_the_caller_passes_on_stays_open(void **state)
{
	(void)state;
	in_child(keep_passed_on, NULL);
}

static void keep_none(void *context)
{
	(void)context;
	open_many();
	if (descriptors_keep(3, NULL, 0, &err))
		_exit(2);
	for (int fd = 3; fd < 1010; fd++)
		if (is_open(fd))
			_exit(3);
}

static void nothing_need_be_kept(void **state)
{
	(void)state;
	in_child(keep_none, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_passed_on_closes_at_exec),
		cmocka_unit_test(it_does_so_where_the_flag_is_unknown),
		cmocka_unit_test(it_does_so_where_the_call_is_unknown),
		cmocka_unit_test(another_refusal_is_an_error),
		cmocka_unit_test(only_those_kept_stay_open),
		cmocka_unit_test(neighbours_doubles_and_the_first_may_be_kept),
		cmocka_unit_test(what_the_caller_passes_on_stays_open),
		cmocka_unit_test(nothing_need_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
