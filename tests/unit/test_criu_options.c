/* From the words of the command line to CRIU's numbers. */
#include "runtime/criu_options.h"

#include "runtime/restore_options.h"
#include "tests/unit/sandbox.h"

static struct error err;
static const struct checkpoint_directories directories = { .images = 5, .work = 6 };

static struct criu_options *build(const struct checkpoint_options *from)
{
	static const struct string_map none = { 0 };

	err = (struct error){ 0 };
	return criu_options_build(from, &directories, "dump.log", &none, &err);
}

static void what_is_not_given_is_said_to_be_off(void **state)
{
	const struct checkpoint_options from = { 0 };
	struct criu_options *to = build(&from);

	(void)state;
	assert_non_null(to);
	assert_int_equal(to->images_dir_fd.value, 5);
	assert_int_equal(to->work_dir_fd.value, 6);
	assert_string_equal(to->log_file, "dump.log");
	assert_int_equal(to->manage_cgroups_mode.value, CRIU_CGROUP_DEFAULT);
	assert_int_equal(to->empty_ns.value, CLONE_NEWNET);
	assert_true(to->tcp_established.set);
	assert_false(to->tcp_established.value);
	assert_false(to->network_lock.set);
	assert_null(to->ps);
	protobuf_free(&criu_options_type, to);
}

static void page_servers_have_an_address_and_a_port(void **state)
{
	static const struct {
		const char *text, *address;
		int port;
	} good[] = { { "a:1", "a", 1 },
		     { "10.0.0.1:65535", "10.0.0.1", 65535 },
		     { "[::1]:27", "::1", 27 } };
	static const char *const bad[] = { "a",	    "a:",    ":1",   "a:0", "a:65536", "a:x",
					   "::1:2", "[::1]", "[]:1", "[:1", "a:1 " };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct checkpoint_options from = { .page_server = good[i].text };
		struct criu_options *to = build(&from);
		assert_non_null(to);
		assert_string_equal(to->ps->address, good[i].address);
		assert_int_equal(to->ps->port.value, good[i].port);
		protobuf_free(&criu_options_type, to);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const struct checkpoint_options from = { .page_server = bad[i] };
		assert_null(build(&from));
		assert_int_equal(err.code, EINVAL);
	}
}

static void a_status_descriptor_is_open_for_writing(void **state)
{
	int ends[2];
	char text[16];
	const struct checkpoint_options none = { 0 }, off = { .status_fd = "-1" },
					given = { .status_fd = text };

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(status_descriptor(&none, &err), -1);
	assert_int_equal(status_descriptor(&off, &err), -1);
	snprintf(text, sizeof text, "%d", ends[1]);
	assert_int_equal(status_descriptor(&given, &err), ends[1]);
	snprintf(text, sizeof text, "%d", ends[0]);
	assert_int_equal(status_descriptor(&given, &err), -2);
	assert_non_null(strstr(err.msg, "not writable"));
	close(ends[0]);
	assert_int_equal(status_descriptor(&given, &err), -2);
	close(ends[1]);
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = { "-2", "x", "", "99999999999" };
		const struct checkpoint_options from = { .status_fd = bad[i] };
		assert_int_equal(status_descriptor(&from, &err), -2);
	}
}

static void lists_keep_copies_in_order(void **state)
{
	struct criu_options *to = calloc(1, sizeof *to);
	char key[] = "key";

	(void)state;
	SUCCEEDS(criu_add_inherited(to, key, 4, &err));
	key[0] = 'K';
	SUCCEEDS(criu_add_inherited(to, key, 5, &err));
	SUCCEEDS(criu_add_joined(to, "ipc", "/path", &err));
	assert_int_equal(to->inherit_fd.n, 2);
	assert_string_equal(to->inherit_fd.v[0]->key, "key");
	assert_int_equal(to->inherit_fd.v[1]->fd.value, 5);
	assert_string_equal(to->join_ns.v[0]->ns_file, "/path");
	protobuf_free(&criu_options_type, to);
}

static void the_groups_of_a_process_are_named_controller_by_controller(void **state)
{
	struct criu_options *to = calloc(1, sizeof *to);

	(void)state;
	SUCCEEDS(restore_options_add_groups(to, getpid(), &err));
	assert_true(to->cg_root.n > 0);
	for (size_t i = 0; i < to->cg_root.n; i++) {
		assert_null(strchr(to->cg_root.v[i]->ctrl, ','));
		assert_int_equal(to->cg_root.v[i]->path[0], '/');
	}
	protobuf_free(&criu_options_type, to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_is_said_to_be_off),
		cmocka_unit_test(page_servers_have_an_address_and_a_port),
		cmocka_unit_test(a_status_descriptor_is_open_for_writing),
		cmocka_unit_test(lists_keep_copies_in_order),
		cmocka_unit_test(the_groups_of_a_process_are_named_controller_by_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
