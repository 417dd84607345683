/* What ps(1) printed, cut down to some processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/ps_table.h"

static int filter(const char *output, const pid_t *pids, size_t n, char **ret, struct error *err)
{
	char *copy = strdup(output);
	struct buffer to = { 0 };
	int failed = ps_table_filter(copy, pids, n, &to, err);

	free(copy);
	*ret = to.text;
	return failed;
}

static void check(const char *output, const pid_t *pids, size_t n, const char *expected)
{
	struct error err = { 0 };
	char *text;

	if (filter(output, pids, n, &text, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(text, expected);
	free(text);
}

static void check_refused(const char *output, const char *message)
{
	const pid_t pids[] = { 1 };
	struct error err = { 0 };
	char *text;

	assert_int_equal(filter(output, pids, 1, &text, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.msg, message);
	free(text);
}

static const char full[] = "UID          PID    PPID  C STIME TTY          TIME CMD\n"
			   "root           1       0  0 10:00 ?        00:00:01 init\n"
			   "root          12       1  0 10:00 ?        00:00:01 sh -c 112\n"
			   "root         112      12  0 10:00 ?        00:00:01 sleep 1\n";

static void lines_of_the_processes_are_kept_as_they_are(void **state)
{
	const pid_t pids[] = { 1, 112 };

	(void)state;
	check(full, pids, 2,
	      "UID          PID    PPID  C STIME TTY          TIME CMD\n"
	      "root           1       0  0 10:00 ?        00:00:01 init\n"
	      "root         112      12  0 10:00 ?        00:00:01 sleep 1\n");
}

static void without_processes_the_header_is_left(void **state)
{
	(void)state;
	check(full, NULL, 0, "UID          PID    PPID  C STIME TTY          TIME CMD\n");
	check("PID", NULL, 0, "PID\n");
}

static void the_column_is_the_one_named_PID(void **state)
{
	const pid_t pids[] = { 7 };

	(void)state;
	check("PPID SPID PID\n7 7 8\n1 1 7\n", pids, 1, "PPID SPID PID\n1 1 7\n");
	check("  PID TTY\n\n    7 \tpts/0\n    8 ?\n", pids, 1, "  PID TTY\n    7 \tpts/0\n");
}

static void what_is_no_table_of_processes_is_refused(void **state)
{
	static const char no_pid[] = "couldn't find PID field in ps output";

	(void)state;
	check_refused("", no_pid);
	check_refused("\n1\n", no_pid);
	check_refused("PPID CMD\n1 init\n", no_pid);
	check_refused("PIDX\n1\n", no_pid);
	check_refused("CMD PID\ntmux: server 1\n", "unable to parse pid: 'tmux: server 1'");
	check_refused("CMD PID\ninit\n", "unable to parse pid: 'init'");
	check_refused("PID\n-1\n", "unable to parse pid: '-1'");
	check_refused("PID\n0\n", "unable to parse pid: '0'");
	check_refused("PID\n4294967297\n", "unable to parse pid: '4294967297'");
	check_refused("PID\n99999999999999999999999\n",
		      "unable to parse pid: '99999999999999999999999'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_processes_are_kept_as_they_are),
		cmocka_unit_test(without_processes_the_header_is_left),
		cmocka_unit_test(the_column_is_the_one_named_PID),
		cmocka_unit_test(what_is_no_table_of_processes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
