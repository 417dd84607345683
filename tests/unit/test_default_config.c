/* What `orun spec` writes is a configuration that orun itself accepts. */
#include "runtime/default_config.h"

#include "tests/unit/sandbox.h"

static struct config *made(bool rootless)
{
	struct error err = { 0 };
	struct config *config = default_config(rootless, &err);

	if (!config)
		fail_msg("%s", err.msg);
	return config;
}

static void check_round_trip(bool rootless)
{
	struct problems problems = { 0 };
	struct buffer first = { 0 }, second = { 0 };
	struct config *config = made(rootless);

	table_print(&config_type, config, 4, &first);
	assert_false(first.failed);
	struct config *again = config_parse(first.text, first.length, &problems);
	if (!again)
		fail_msg("%s", problems.list.v[0]);
	assert_int_equal(problems_count(&problems), 0);
	table_print(&config_type, again, 4, &second);
	assert_string_equal(first.text, second.text);
	buffer_finish(&first);
	buffer_finish(&second);
	problems_finish(&problems);
	config_free(again);
	config_free(config);
}

static void it_can_be_printed_and_read_again(void **state)
{
	(void)state;
	check_round_trip(false);
}

static void the_rootless_one_can_be_printed_and_read_again(void **state)
{
	(void)state;
	check_round_trip(true);
}

static const struct mount *mount_at(const struct config *config, const char *destination)
{
	for (size_t i = 0; i < config->mounts.n; i++)
		if (text_equal(config->mounts.v[i]->destination, destination))
			return config->mounts.v[i];
	return NULL;
}

static void it_runs_a_shell_in_the_bundles_rootfs(void **state)
{
	struct config *config = made(false);

	(void)state;
	assert_string_equal(config->oci_version, SPEC_VERSION);
	assert_string_equal(config->root->path, "rootfs");
	assert_true(config->root->readonly);
	assert_true(config->process->terminal);
	assert_int_equal(config->process->args.n, 1);
	assert_string_equal(config->process->args.v[0], "sh");
	assert_string_equal(config->process->cwd, "/");
	config_free(config);
}

static void it_keeps_the_container_apart(void **state)
{
	struct config *config = made(false);

	(void)state;
	for (int type = 0; type < NAMESPACE_TYPES; type++) {
		bool wanted = type != NAMESPACE_USER && type != NAMESPACE_TIME;
		if (wanted != !!config_namespace(config, (enum namespace_type)type))
			fail_msg("namespace %d", type);
	}
	assert_true(config->process->no_new_privileges);
	assert_int_equal(config->process->capabilities->bounding.n, 3);
	assert_false(config->linux_->resources->devices.v[0]->allow);
	assert_true(string_list_has(&config->linux_->masked_paths, "/proc/kcore"));
	assert_true(string_list_has(&config->linux_->readonly_paths, "/proc/sysrq-trigger"));
	assert_true(string_list_has(&mount_at(config, "/sys/fs/cgroup")->options, "ro"));
	config_free(config);
}

static void it_has_the_file_systems_of_the_specification(void **state)
{
	static const char *const required[] = { "/proc", "/sys", "/dev/pts", "/dev/shm" };

	(void)state;
	for (int rootless = 0; rootless < 2; rootless++) {
		struct config *config = made(rootless != 0);
		for (size_t i = 0; i < sizeof required / sizeof *required; i++)
			if (!mount_at(config, required[i]))
				fail_msg("no %s", required[i]);
		config_free(config);
	}
}

static void without_root_the_caller_becomes_root_inside(void **state)
{
	struct config *config = made(true);

	(void)state;
	assert_non_null(config_namespace(config, NAMESPACE_USER));
	assert_null(config_namespace(config, NAMESPACE_NETWORK));
	assert_int_equal(config->linux_->uid_mappings.n, 1);
	assert_int_equal(config->linux_->uid_mappings.v[0]->container_id, 0);
	assert_int_equal(config->linux_->uid_mappings.v[0]->host_id, geteuid());
	assert_int_equal(config->linux_->uid_mappings.v[0]->size, 1);
	assert_int_equal(config->linux_->gid_mappings.v[0]->host_id, getegid());
	assert_null(config->linux_->resources);
	assert_true(config->linux_->masked_paths.n > 0);
	assert_true(string_list_has(&mount_at(config, "/sys")->options, "rbind"));
	config_free(config);
}

static void become_somebody(void *context)
{
	struct error err = { 0 };

	(void)context;
	EXPECT(setresgid(2222, 2222, 2222) == 0 && setresuid(1111, 1111, 1111) == 0);
	struct config *config = default_config(true, &err);
	EXPECT_SUCCESS(!config);
	EXPECT(config->linux_->uid_mappings.v[0]->host_id == 1111);
	EXPECT(config->linux_->gid_mappings.v[0]->host_id == 2222);
	config_free(config);
}

static void the_mapped_ids_are_the_callers(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("not root");
	in_child(become_somebody, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_can_be_printed_and_read_again),
		cmocka_unit_test(the_rootless_one_can_be_printed_and_read_again),
		cmocka_unit_test(it_runs_a_shell_in_the_bundles_rootfs),
		cmocka_unit_test(it_keeps_the_container_apart),
		cmocka_unit_test(it_has_the_file_systems_of_the_specification),
		cmocka_unit_test(without_root_the_caller_becomes_root_inside),
		cmocka_unit_test(the_mapped_ids_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
