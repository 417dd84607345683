/* LISTEN_FDS: what counts as a number of sockets, and what the process is told. */
#include "runtime/socket_activation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned count_of(const char *text)
{
	assert_int_equal(setenv("LISTEN_FDS", text, 1), 0);
	unsigned count = socket_activation_count();
	unsetenv("LISTEN_FDS");
	return count;
}

static void the_caller_s_environment_is_counted(void **state)
{
	(void)state;
	unsetenv("LISTEN_FDS");
	assert_int_equal(socket_activation_count(), 0);
	assert_int_equal(count_of("0"), 0);
	assert_int_equal(count_of("1"), 1);
	assert_int_equal(count_of("12"), 12);
	assert_int_equal(count_of("65535"), 65535);
}

static void what_is_no_number_of_descriptors_is_none(void **state)
{
	static const char *const texts[] = {
		"",    "-1", "x",     "1x",	    " 1",
		"0x1", "+1", "65536", "4294967297", "18446744073709551617"
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(count_of(texts[i]), 0);
}

static void sockets_that_are_another_s_are_none(void **state)
{
	static const char *const others[] = { "1", "0", "", "-1", "x", "4294967297" };
	char own[24];

	(void)state;
	snprintf(own, sizeof own, "%d", (int)getpid());
	assert_int_equal(setenv("LISTEN_PID", own, 1), 0);
	assert_int_equal(count_of("3"), 3);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_int_equal(setenv("LISTEN_PID", others[i], 1), 0);
		assert_int_equal(count_of("3"), 0);
	}
	unsetenv("LISTEN_PID");
	assert_int_equal(count_of("3"), 3);
}

static void the_process_is_told(void **state)
{
	struct process process = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(string_list_add(&process.env, "A=b"), 0);
	assert_int_equal(socket_activation_announce(&process, 2, &err), 0);
	assert_int_equal(process.env.n, 3);
	assert_string_equal(process.env.v[0], "A=b");
	assert_true(string_list_has(&process.env, "LISTEN_FDS=2"));
	assert_true(string_list_has(&process.env, "LISTEN_PID=1"));
	string_list_finish(&process.env);
}

static void without_sockets_nothing_is_said(void **state)
{
	struct process process = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(socket_activation_announce(&process, 0, &err), 0);
	assert_int_equal(process.env.n, 0);
	assert_int_equal(socket_activation_announce(NULL, 3, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_caller_s_environment_is_counted),
		cmocka_unit_test(what_is_no_number_of_descriptors_is_none),
		cmocka_unit_test(sockets_that_are_another_s_are_none),
		cmocka_unit_test(the_process_is_told),
		cmocka_unit_test(without_sockets_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
