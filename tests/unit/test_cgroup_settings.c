/* The words of the command line about control groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup/settings.h"

static void words_are_understood(void **state)
{
	static const struct {
		const char *manager;
		bool systemd;
		const char *rootless;
		struct cgroup_settings expected;
	} cases[] = {
		{ NULL, false, NULL, { CGROUP_MANAGER_CGROUPFS, CGROUP_ROOTLESS_AUTO } },
		{ "cgroupfs", false, "auto", { CGROUP_MANAGER_CGROUPFS, CGROUP_ROOTLESS_AUTO } },
		{ NULL, true, "", { CGROUP_MANAGER_SYSTEMD, CGROUP_ROOTLESS_AUTO } },
		{ "systemd", false, "true", { CGROUP_MANAGER_SYSTEMD, CGROUP_ROOTLESS_TRUE } },
		{ "systemd", true, "1", { CGROUP_MANAGER_SYSTEMD, CGROUP_ROOTLESS_TRUE } },
		{ "disabled", false, "false", { CGROUP_MANAGER_DISABLED, CGROUP_ROOTLESS_FALSE } },
		{ "disabled", false, "0", { CGROUP_MANAGER_DISABLED, CGROUP_ROOTLESS_FALSE } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cgroup_settings settings;
		struct error err = { 0 };
		if (cgroup_settings_parse(cases[i].manager, cases[i].systemd, cases[i].rootless,
					  &settings, &err))
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(settings.manager, cases[i].expected.manager);
		assert_int_equal(settings.rootless, cases[i].expected.rootless);
	}
}

static void other_words_are_refused(void **state)
{
	struct cgroup_settings settings;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_settings_parse("cgroup", false, NULL, &settings, &err), -1);
	assert_string_equal(err.msg,
			    "--cgroup-manager 'cgroup': is neither cgroupfs, systemd nor disabled");
	assert_int_equal(cgroup_settings_parse("", false, NULL, &settings, &err), -1);
	assert_int_equal(cgroup_settings_parse(NULL, false, "yes", &settings, &err), -1);
	assert_string_equal(err.msg, "--rootless 'yes': is neither true, false nor auto");
	assert_int_equal(err.code, EINVAL);
}

static void managers_may_not_contradict(void **state)
{
	struct cgroup_settings settings;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_settings_parse("disabled", true, NULL, &settings, &err), -1);
	assert_string_equal(err.msg, "--systemd-cgroup and --cgroup-manager disabled contradict");
}

static void the_command_line_overrides_the_user_id(void **state)
{
	(void)state;
	assert_true(cgroup_is_rootless(CGROUP_ROOTLESS_TRUE));
	assert_false(cgroup_is_rootless(CGROUP_ROOTLESS_FALSE));
	assert_int_equal(cgroup_is_rootless(CGROUP_ROOTLESS_AUTO), cgroup_caller_is_unprivileged());
	if (geteuid() != 0)
		assert_true(cgroup_caller_is_unprivileged());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_understood),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(managers_may_not_contradict),
		cmocka_unit_test(the_command_line_overrides_the_user_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
