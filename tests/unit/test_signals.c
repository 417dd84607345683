/* Signal names and numbers. */
#include "runtime/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void known_texts_have_their_number(void **state)
{
	const struct {
		const char *text;
		int number;
	} cases[] = {
		{ "HUP", 1 },
		{ "INT", 2 },
		{ "QUIT", 3 },
		{ "ILL", 4 },
		{ "TRAP", 5 },
		{ "ABRT", 6 },
		{ "IOT", 6 },
		{ "BUS", SIGBUS },
		{ "FPE", 8 },
		{ "KILL", 9 },
		{ "USR1", SIGUSR1 },
		{ "SEGV", 11 },
		{ "USR2", SIGUSR2 },
		{ "PIPE", 13 },
		{ "ALRM", 14 },
		{ "TERM", 15 },
		{ "CHLD", SIGCHLD },
		{ "CLD", SIGCHLD },
		{ "CONT", SIGCONT },
		{ "STOP", SIGSTOP },
		{ "TSTP", SIGTSTP },
		{ "TTIN", SIGTTIN },
		{ "TTOU", SIGTTOU },
		{ "URG", SIGURG },
		{ "XCPU", SIGXCPU },
		{ "XFSZ", SIGXFSZ },
		{ "VTALRM", SIGVTALRM },
		{ "PROF", SIGPROF },
		{ "WINCH", SIGWINCH },
		{ "IO", SIGIO },
		{ "POLL", SIGPOLL },
		{ "PWR", SIGPWR },
		{ "SYS", SIGSYS },
		{ "UNUSED", SIGSYS },
#ifdef SIGSTKFLT
		{ "STKFLT", SIGSTKFLT },
#endif
		{ "SIGTERM", SIGTERM },
		{ "sigterm", SIGTERM },
		{ "Term", SIGTERM },
		{ "0", 0 },
		{ "9", 9 },
		{ "15", 15 },
		{ "64", 64 },
		{ "RTMIN", SIGRTMIN },
		{ "SIGRTMIN", SIGRTMIN },
		{ "RTMIN+0", SIGRTMIN },
		{ "RTMIN+3", SIGRTMIN + 3 },
		{ "sigrtmin+15", SIGRTMIN + 15 },
		{ "RTMAX", SIGRTMAX },
		{ "SIGRTMAX-1", SIGRTMAX - 1 },
		{ "rtmax-14", SIGRTMAX - 14 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = { 0 };
		int number = signal_parse(cases[i].text, &err);

		if (number != cases[i].number)
			fail_msg("%s: %d, not %d (%s)", cases[i].text, number, cases[i].number,
				 err.msg);
	}
}

static void other_texts_are_refused_by_name(void **state)
{
	static const char *const wrong[] = {
		"",	      "SIG",
		"SIGSIGTERM", "TERMINATE",
		"65",	      "-1",
		"+9",	      "9 ",
		" 9",	      "9x",
		"0x9",	      "1.5",
		"RTMIN-1",    "RTMAX+1",
		"RTMIN+",     "RTMIN+x",
		"RTMIN+999",  "RTMINUS",
		"RTMIN+-1",   "RTMAX--1",
		"SIG9",	      "18446744073709551625",
		"RTMIN +1",   "RTMIN+18446744073709551616",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error err = { 0 };
		int number = signal_parse(wrong[i], &err);

		if (number != -1)
			fail_msg("\"%s\" is taken as %d", wrong[i], number);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.msg, wrong[i]));
	}
}

static void real_time_signals_end_at_the_last_one(void **state)
{
	char text[32];

	(void)state;
	snprintf(text, sizeof text, "RTMIN+%d", SIGRTMAX - SIGRTMIN);
	assert_int_equal(signal_parse(text, NULL), SIGRTMAX);
	snprintf(text, sizeof text, "RTMIN+%d", SIGRTMAX - SIGRTMIN + 1);
	assert_int_equal(signal_parse(text, NULL), -1);
	snprintf(text, sizeof text, "RTMAX-%d", SIGRTMAX - SIGRTMIN);
	assert_int_equal(signal_parse(text, NULL), SIGRTMIN);
	snprintf(text, sizeof text, "RTMAX-%d", SIGRTMAX - SIGRTMIN + 1);
	assert_int_equal(signal_parse(text, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_number),
		cmocka_unit_test(other_texts_are_refused_by_name),
		cmocka_unit_test(real_time_signals_end_at_the_last_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
