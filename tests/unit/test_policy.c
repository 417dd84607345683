/* Docker's restart semantics: one case per rule, and one per cell of the boot table. */
#include "shim/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

static struct restart_settings settings;
static struct record record;

static int begin(void **state)
{
	(void)state;
	settings = (struct restart_settings){ .delay = RESTART_DELAY,
					      .max_delay = RESTART_MAX_DELAY,
					      .reset = RESTART_RESET };
	record = (struct record){ .restart = &settings };
	return 0;
}

static void set_exit(int64_t code)
{
	record.exit_code = (struct opt_int64){ true, code };
}

static void set_policy(const char *text)
{
	struct error err = { 0 };

	if (policy_parse(text, &settings, &err))
		fail_msg("%s: %s", text, err.msg);
}

/* ---- the words ---- */

static void policies_are_read_and_printed(void **state)
{
	static const struct {
		const char *text;
		int policy;
		uint32_t count;
		const char *printed;
	} cases[] = {
		{ "", RESTART_NO, 0, "no" },
		{ "no", RESTART_NO, 0, "no" },
		{ "no:", RESTART_NO, 0, "no" },
		{ "no:0", RESTART_NO, 0, "no" },
		{ "always", RESTART_ALWAYS, 0, "always" },
		{ "unless-stopped", RESTART_UNLESS_STOPPED, 0, "unless-stopped" },
		{ "on-failure", RESTART_ON_FAILURE, 0, "on-failure" },
		{ "on-failure:0", RESTART_ON_FAILURE, 0, "on-failure" },
		{ "on-failure:5", RESTART_ON_FAILURE, 5, "on-failure:5" },
		{ "on-failure:+5", RESTART_ON_FAILURE, 5, "on-failure:5" },
		{ "on-failure:4294967295", RESTART_ON_FAILURE, 4294967295,
		  "on-failure:4294967295" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		set_policy(cases[i].text);
		assert_int_equal(settings.policy, cases[i].policy);
		assert_int_equal(settings.maximum_count, cases[i].count);
		owned_string text = policy_text(&settings);
		assert_string_equal(text, cases[i].printed);
	}
}

static void policies_are_refused_in_dockers_words(void **state)
{
#define ONLY "invalid restart policy: maximum retry count can only be used with 'on-failure'"
#define INTEGER "invalid restart policy format: maximum retry count must be an integer"
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ ":3", "invalid restart policy format: no policy provided before colon" },
		{ ":", "invalid restart policy format: no policy provided before colon" },
		{ "on-failure:x", INTEGER },
		{ "on-failure:1.5", INTEGER },
		{ "on-failure:+-1", INTEGER },
		{ "on-failure: 1", INTEGER },
		{ "always:2:3", INTEGER },
		{ "on-failure:99999999999999999999", INTEGER },
		{ "always:3", ONLY },
		{ "no:1", ONLY },
		{ "unless-stopped:-1", ONLY " and cannot be negative" },
		{ "on-failure:-1",
		  "invalid restart policy: maximum retry count cannot be negative" },
		{ "on-failure:4294967296",
		  "invalid restart policy: maximum retry count cannot be more than 4294967295" },
		{ "sometimes",
		  "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', "
		  "'on-failure', or 'unless-stopped'" },
		{ "Always",
		  "invalid restart policy: unknown policy 'Always'; use one of 'no', 'always', "
		  "'on-failure', or 'unless-stopped'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { 0 };

		settings.policy = RESTART_ALWAYS;
		assert_int_equal(policy_parse(cases[i].text, &settings, &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_string_equal(err.msg, cases[i].message);
		assert_int_equal(settings.policy, RESTART_ALWAYS);
	}
}

static void delays_are_bounded(void **state)
{
	struct error err = { 0 };
	int64_t delay;

	(void)state;
	assert_int_equal(policy_parse_delay("--restart-delay", "1m30s", &delay, &err), 0);
	assert_true(delay == 90 * SECOND);
	assert_int_equal(policy_parse_delay("--restart-delay", "8760h", &delay, &err), 0);
	assert_true(delay == RECORD_DELAY_MAX);
	assert_int_equal(policy_parse_delay("--restart-delay", "8760h0m0.1s", &delay, &err), -1);
	assert_string_equal(err.msg, "--restart-delay: 8760h0m0.1s is longer than a year");
	assert_int_equal(policy_parse_delay("--restart-delay", "-1s", &delay, &err), -1);
	assert_string_equal(err.msg, "--restart-delay: -1s is negative");
	assert_int_equal(policy_parse_delay("--restart-delay", "10", &delay, &err), -1);
	assert_string_equal(err.msg, "--restart-delay: time: missing unit in duration \"10\"");
}

static void rm_excludes_every_policy_but_no(void **state)
{
	static const char *const policies[] = { "always", "unless-stopped", "on-failure",
						"on-failure:2" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		set_policy(policies[i]);
		assert_int_equal(policy_check(&settings, false, &err), 0);
		assert_int_equal(policy_check(&settings, true, &err), -1);
		assert_string_equal(err.msg,
				    "conflicting options: cannot specify both --restart and --rm");
	}
	set_policy("no");
	assert_int_equal(policy_check(&settings, true, &err), 0);
	settings.delay = 61 * SECOND;
	assert_int_equal(policy_check(&settings, false, &err), -1);
	assert_string_equal(err.msg,
			    "--restart-delay 1m1s is longer than --restart-max-delay 1m0s");
}

/* ---- after an exit ---- */

static void no_never_restarts(void **state)
{
	(void)state;
	set_policy("no");
	set_exit(1);
	assert_false(policy_restarts(&record));
	set_exit(0);
	assert_false(policy_restarts(&record));
}

static void always_restarts_after_any_exit(void **state)
{
	(void)state;
	set_policy("always");
	set_exit(0);
	assert_true(policy_restarts(&record));
	set_exit(137);
	assert_true(policy_restarts(&record));
	record.manual_stop = true; /* the flag alone is unless-stopped's business */
	assert_true(policy_restarts(&record));
}

static void unless_stopped_asks_for_the_flag(void **state)
{
	(void)state;
	set_policy("unless-stopped");
	set_exit(0);
	assert_true(policy_restarts(&record));
	record.manual_stop = true;
	assert_false(policy_restarts(&record));
}

static void on_failure_restarts_after_failures_only(void **state)
{
	(void)state;
	set_policy("on-failure");
	set_exit(0);
	assert_false(policy_restarts(&record));
	set_exit(1);
	assert_true(policy_restarts(&record));
	record.restart_count = UINT32_MAX; /* no limit */
	assert_true(policy_restarts(&record));
	record.exit_code.set = false; /* nobody knows: taken for 255 */
	assert_true(policy_restarts(&record));
}

static void on_failure_restarts_as_often_as_it_says(void **state)
{
	int restarts = 0;

	(void)state;
	set_policy("on-failure:3");
	set_exit(1);
	while (policy_restarts(&record) && restarts < 10) {
		policy_count_restart(&record, 0);
		restarts++;
	}
	assert_int_equal(restarts, 3);
	assert_int_equal(record.restart_count, 3);
}

static void a_stop_is_never_followed_by_a_restart(void **state)
{
	static const char *const policies[] = { "no", "always", "unless-stopped", "on-failure" };

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		set_policy(policies[i]);
		set_exit(143);
		policy_started(&record);
		policy_stopped(&record);
		assert_false(policy_restarts(&record));
		assert_true(record.manual_stop);
	}
}

static void a_start_by_hand_makes_the_policy_new(void **state)
{
	(void)state;
	set_policy("always");
	policy_stopped(&record);
	record.restart_count = 7;
	record.restart_delay_now = 9;
	policy_started(&record);
	assert_true(policy_restarts(&record));
	assert_false(record.manual_stop);
	assert_int_equal(record.restart_count, 0);
	assert_true(record.started_before);
	assert_true(policy_next_delay(&record, 0) == RESTART_DELAY);
}

static void kill_means_a_stop_by_dockers_rules(void **state)
{
	(void)state;
	assert_true(policy_kill_stops(0, SIGHUP)); /* no stop signal configured: any signal */
	assert_true(policy_kill_stops(0, SIGKILL));
	assert_true(policy_kill_stops(SIGINT, SIGINT));
	assert_true(policy_kill_stops(SIGINT, SIGKILL));
	assert_false(policy_kill_stops(SIGINT, SIGHUP));
	assert_false(policy_kill_stops(SIGINT, SIGTERM));
}

/* ---- the backoff ---- */

static void the_delay_doubles_up_to_a_minute(void **state)
{
	static const int64_t milliseconds[] = { 100,  200,   400,   800,   1600,  3200,
						6400, 12800, 25600, 51200, 60000, 60000 };

	(void)state;
	for (size_t i = 0; i < sizeof milliseconds / sizeof *milliseconds; i++)
		assert_true(policy_count_restart(&record, SECOND) == milliseconds[i] * MILLISECOND);
	assert_int_equal(record.restart_count, sizeof milliseconds / sizeof *milliseconds);
}

static void a_run_of_ten_seconds_starts_it_anew(void **state)
{
	(void)state;
	policy_count_restart(&record, 0);
	policy_count_restart(&record, 0);
	assert_true(policy_count_restart(&record, 10 * SECOND - 1) == 400 * MILLISECOND);
	assert_true(policy_count_restart(&record, 10 * SECOND) == 100 * MILLISECOND);
	assert_true(policy_count_restart(&record, 0) == 200 * MILLISECOND);
	assert_int_equal(record.restart_count, 5); /* which counts on */
}

static void the_three_times_are_the_users(void **state)
{
	(void)state;
	settings.delay = SECOND;
	settings.max_delay = 3 * SECOND;
	settings.reset = 5 * SECOND;
	assert_true(policy_count_restart(&record, 0) == SECOND);
	assert_true(policy_count_restart(&record, 0) == 2 * SECOND);
	assert_true(policy_count_restart(&record, 4 * SECOND) == 3 * SECOND);
	assert_true(policy_count_restart(&record, 5 * SECOND) == SECOND);
	settings.max_delay = SECOND / 2; /* shortened by an update */
	assert_true(policy_count_restart(&record, 0) == SECOND / 2);
	settings.delay = settings.max_delay = 0;
	assert_true(policy_count_restart(&record, 5 * SECOND) == 0);
	assert_true(policy_count_restart(&record, 0) == 0);
	settings.delay = settings.max_delay = RECORD_DELAY_MAX;
	assert_true(policy_count_restart(&record, 5 * SECOND) == RECORD_DELAY_MAX);
	assert_true(policy_count_restart(&record, 0) == RECORD_DELAY_MAX);
}

/* ---- the boot table: policy × how it went down ---- */

enum { RAN, STOPPED_BY_HAND, ENDED_WELL, FAILED };

static bool boots(const char *policy, int how)
{
	set_policy(policy);
	policy_started(&record);
	if (how == STOPPED_BY_HAND)
		policy_stopped(&record);
	/* Who ran when the machine went down was not seen to end. */
	record.exit_code.set = how != RAN;
	record.exit_code.value = how == STOPPED_BY_HAND ? 143 : how == FAILED ? 1 : 0;
	return policy_starts_at_boot(&record);
}

#define BOOT_CELL(name, policy, how, starts)                  \
	static void name(void **state)                        \
	{                                                     \
		(void)state;                                  \
		assert_int_equal(boots(policy, how), starts); \
	}

BOOT_CELL(boot_no_ran, "no", RAN, false)
BOOT_CELL(boot_no_stopped, "no", STOPPED_BY_HAND, false)
BOOT_CELL(boot_no_ended_well, "no", ENDED_WELL, false)
BOOT_CELL(boot_no_failed, "no", FAILED, false)
BOOT_CELL(boot_always_ran, "always", RAN, true)
BOOT_CELL(boot_always_stopped, "always", STOPPED_BY_HAND, true)
BOOT_CELL(boot_always_ended_well, "always", ENDED_WELL, true)
BOOT_CELL(boot_always_failed, "always", FAILED, true)
BOOT_CELL(boot_unless_stopped_ran, "unless-stopped", RAN, true)
BOOT_CELL(boot_unless_stopped_stopped, "unless-stopped", STOPPED_BY_HAND, false)
BOOT_CELL(boot_unless_stopped_ended_well, "unless-stopped", ENDED_WELL, true)
BOOT_CELL(boot_unless_stopped_failed, "unless-stopped", FAILED, true)
BOOT_CELL(boot_on_failure_ran, "on-failure", RAN, true)
BOOT_CELL(boot_on_failure_stopped, "on-failure", STOPPED_BY_HAND, true)
BOOT_CELL(boot_on_failure_ended_well, "on-failure", ENDED_WELL, false)
BOOT_CELL(boot_on_failure_failed, "on-failure", FAILED, true)

static void boot_on_failure_counts(void **state)
{
	(void)state;
	assert_true(boots("on-failure:2", FAILED));
	record.restart_count = 1;
	assert_true(policy_starts_at_boot(&record));
	record.restart_count = 2;
	assert_false(policy_starts_at_boot(&record));
}

static void boot_starts_nothing_that_never_ran(void **state)
{
	static const char *const policies[] = { "always", "unless-stopped", "on-failure" };

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		set_policy(policies[i]);
		assert_false(policy_starts_at_boot(&record));
	}
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(policies_are_read_and_printed),
		CASE(policies_are_refused_in_dockers_words),
		CASE(delays_are_bounded),
		CASE(rm_excludes_every_policy_but_no),
		CASE(no_never_restarts),
		CASE(always_restarts_after_any_exit),
		CASE(unless_stopped_asks_for_the_flag),
		CASE(on_failure_restarts_after_failures_only),
		CASE(on_failure_restarts_as_often_as_it_says),
		CASE(a_stop_is_never_followed_by_a_restart),
		CASE(a_start_by_hand_makes_the_policy_new),
		CASE(kill_means_a_stop_by_dockers_rules),
		CASE(the_delay_doubles_up_to_a_minute),
		CASE(a_run_of_ten_seconds_starts_it_anew),
		CASE(the_three_times_are_the_users),
		CASE(boot_no_ran),
		CASE(boot_no_stopped),
		CASE(boot_no_ended_well),
		CASE(boot_no_failed),
		CASE(boot_always_ran),
		CASE(boot_always_stopped),
		CASE(boot_always_ended_well),
		CASE(boot_always_failed),
		CASE(boot_unless_stopped_ran),
		CASE(boot_unless_stopped_stopped),
		CASE(boot_unless_stopped_ended_well),
		CASE(boot_unless_stopped_failed),
		CASE(boot_on_failure_ran),
		CASE(boot_on_failure_stopped),
		CASE(boot_on_failure_ended_well),
		CASE(boot_on_failure_failed),
		CASE(boot_on_failure_counts),
		CASE(boot_starts_nothing_that_never_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
