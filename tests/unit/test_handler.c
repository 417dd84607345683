/* Which handler annotations ask for, and which files may be one. */
#include "runtime/handler.h"

#include "tests/unit/sandbox.h"

static struct error err;

/* What handler_choose says of a container with the annotation and the program; NULL: none. */
static const char *chosen(const char *key, const char *value, const char *program)
{
	static char name[64];
	char *args[] = { (char *)(uintptr_t)program, NULL };
	struct string_pair pair = { (char *)(uintptr_t)key, (char *)(uintptr_t)value };
	struct process process = { .args = { args, 1 } };
	struct config config = { .annotations = { &pair, 1 }, .process = &process };
	char *found;

	SUCCEEDS(handler_choose(&config, &found, &err));
	if (!found)
		return NULL;
	snprintf(name, sizeof name, "%s", found);
	free(found);
	return name;
}

static void names_come_from_annotations(void **state)
{
	(void)state;
	assert_string_equal(chosen("run.oci.handler", "krun", "/bin/sh"), "krun");
	assert_string_equal(chosen("module.wasm.image/variant", "compat", "/bin/sh"), "wasm");
	assert_null(chosen("module.wasm.image/variant", "other", "/a.wasm"));
	assert_null(chosen("another", "wasm", "/a.wasm"));
}

static void smart_ones_look_at_the_program(void **state)
{
	(void)state;
	assert_string_equal(chosen("run.oci.handler", "wasm-smart", "/a.wasm"), "wasm");
	assert_string_equal(chosen("run.oci.handler", "wasm-smart", "b.wat"), "wasm");
	assert_null(chosen("run.oci.handler", "wasm-smart", "/bin/wasm"));
	assert_string_equal(chosen("module.wasm.image/variant", "compat-smart", "/a.wasm"), "wasm");
	assert_null(chosen("module.wasm.image/variant", "compat-smart", "/bin/sh"));
	assert_null(chosen("run.oci.handler", "-smart", "/a.wasm"));
}

static void a_container_without_a_process_has_no_module(void **state)
{
	struct string_pair pair = { (char[]){ "run.oci.handler" }, (char[]){ "wasm-smart" } };
	struct config config = { .annotations = { &pair, 1 } };
	char *found;

	(void)state;
	SUCCEEDS(handler_choose(&config, &found, &err));
	assert_null(found);
}

static void names_are_no_paths(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/wasm", "../wasm", "a b", "a\n" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct string_pair pair = { (char[]){ "run.oci.handler" },
					    (char *)(uintptr_t)bad[i] };
		struct config config = { .annotations = { &pair, 1 } };
		char *found;
		FAILS(handler_choose(&config, &found, &err), EINVAL, "is no handler's name");
		assert_null(found);
	}
}

static void only_safe_files_are_opened(void **state)
{
	(void)state;
	make_text(in_sandbox("good"), "x");
	assert_int_equal(chmod(in_sandbox("good"), 0755), 0);
	int fd = handler_open(sandbox, "good", &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(chmod(in_sandbox("good"), 0757), 0);
	FAILS(handler_open(sandbox, "good", &err), EPERM, "that only root may write");
	FAILS(handler_open(sandbox, "absent", &err), ENOENT, "handler 'absent': ");
	make_folder(in_sandbox("folder"));
	FAILS(handler_open(sandbox, "folder", &err), EPERM, "must be a file");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(names_come_from_annotations),
		CASE(smart_ones_look_at_the_program),
		CASE(a_container_without_a_process_has_no_module),
		CASE(names_are_no_paths),
		CASE(only_safe_files_are_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
