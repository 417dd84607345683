/* Hooks are real programs here: shell scripts that write down what they were given. */
#include "runtime/hooks.h"

#include "tests/unit/sandbox.h"

#include <linux/close_range.h>
#include <time.h>

static struct error err;

static char *shell_args[4] = { "sh", "-c", NULL, NULL };

/* A hook that runs @script in sh. Valid until the next call. */
static struct hook_list shell(const char *script)
{
	static struct hook hook;
	static struct hook *v[1];

	shell_args[2] = (char *)(uintptr_t)script;
	hook = (struct hook){ .path = "/bin/sh", .args = { .v = shell_args, .n = 3 } };
	v[0] = &hook;
	return (struct hook_list){ .v = v, .n = 1 };
}

static int run(const struct hook_list *hooks, const char *state)
{
	err = (struct error){ 0 };
	return hooks_run("prestart", hooks, state, sandbox, &err);
}

static int run_shell(const char *script)
{
	struct hook_list hooks = shell(script);

	return run(&hooks, "{}");
}

static const char *said(const char *name)
{
	return text_of(AT_FDCWD, in_sandbox(name));
}

static void no_hooks_are_a_success(void **state)
{
	struct hook_list none = { 0 };

	(void)state;
	SUCCEEDS(run(&none, "{}"));
}

static void hooks_run_one_after_the_other(void **state)
{
	struct hook hook[3];
	struct hook *v[3];
	char *args[3][4] = {
		{ "sh", "-c", "sleep 0.1; echo a >>order", NULL },
		{ "sh", "-c", "echo b >>order", NULL },
		{ "sh", "-c", "echo c >>order", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		hook[i] = (struct hook){ .path = "/bin/sh", .args = { .v = args[i], .n = 3 } };
		v[i] = &hook[i];
	}
	struct hook_list hooks = { .v = v, .n = 3 };
	SUCCEEDS(run(&hooks, "{}"));
	assert_string_equal(said("order"), "a\nb\nc\n");
}

static void the_first_failure_ends_it(void **state)
{
	struct hook good = { .path = "/bin/true" }, bad = { .path = "/bin/false" };
	struct hook later = { .path = "/usr/bin/touch" };
	char *args[] = { "touch", "later", NULL };
	struct hook *v[] = { &good, &bad, &later };
	struct hook_list hooks = { .v = v, .n = 3 };

	(void)state;
	later.args = (struct string_list){ .v = args, .n = 2 };
	FAILS(run(&hooks, "{}"), ECHILD, "prestart hook 1 (/bin/false): ended with status 1");
	assert_false(exists(in_sandbox("later")));
}

static void the_state_comes_on_stdin(void **state)
{
	struct hook_list hooks = shell("cat >stdin");

	(void)state;
	SUCCEEDS(run(&hooks, "{\"ociVersion\":\"1.3.0\",\"id\":\"x\"}"));
	assert_string_equal(said("stdin"), "{\"ociVersion\":\"1.3.0\",\"id\":\"x\"}");
}

/* More than a pipe would hold. */
static void a_hook_need_not_read_its_stdin(void **state)
{
	struct hook_list hooks = shell("exit 0");
	size_t size = 1u << 21;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
	SUCCEEDS(run(&hooks, text));
	hooks = shell("wc -c >count");
	SUCCEEDS(run(&hooks, text));
	assert_int_equal(strtol(said("count"), NULL, 10), size - 1);
	free(text);
}

static void every_hook_reads_it_from_the_beginning(void **state)
{
	struct hook_list one = shell("cat >>twice");
	struct hook *v[] = { one.v[0], one.v[0] };
	struct hook_list hooks = { .v = v, .n = 2 };

	(void)state;
	SUCCEEDS(run(&hooks, "text "));
	assert_string_equal(said("twice"), "text text ");
}

static void the_environment_is_the_hooks_own(void **state)
{
	char *env[] = { "A=1", "EMPTY=", NULL };
	struct hook_list hooks = shell("tr '\\0' '\\n' </proc/self/environ >environ");

	(void)state;
	setenv("SECRET", "of the runtime", 1);
	hooks.v[0]->env = (struct string_list){ .v = env, .n = 2 };
	SUCCEEDS(run(&hooks, "{}"));
	/* The shell adds what it likes; what the hook was given is in there. */
	assert_non_null(strstr(said("environ"), "A=1\nEMPTY=\n"));
	assert_null(strstr(said("environ"), "SECRET"));
	hooks = shell("cat /proc/$$/environ >none");
	SUCCEEDS(run(&hooks, "{}"));
	assert_string_equal(said("none"), "");
	unsetenv("SECRET");
}

static void args_are_passed_as_they_are(void **state)
{
	char *args[] = {
		"another name", "-c", "printf '%s|' \"$0\" \"$@\" >args", "a b", "", "c", NULL
	};
	struct hook hook = { .path = "/bin/sh", .args = { .v = args, .n = 6 } };
	struct hook *v[] = { &hook };
	struct hook_list hooks = { .v = v, .n = 1 };

	(void)state;
	SUCCEEDS(run(&hooks, "{}"));
	assert_string_equal(said("args"), "a b||c|");
}

static void without_args_the_path_is_the_name(void **state)
{
	const char *path = in_sandbox("script");
	struct hook hook = { .path = (char *)(uintptr_t)path };
	struct hook *v[] = { &hook };
	struct hook_list hooks = { .v = v, .n = 1 };

	(void)state;
	make_text(path, "#!/bin/sh\necho \"$0 $#\" >name\n");
	assert_int_equal(chmod(path, 0755), 0);
	SUCCEEDS(run(&hooks, "{}"));
	char expected[600];
	snprintf(expected, sizeof expected, "%s 0\n", path);
	assert_string_equal(said("name"), expected);
}

static void the_working_directory_is_given(void **state)
{
	char here[512], expected[600];

	(void)state;
	SUCCEEDS(run_shell("pwd >where"));
	snprintf(expected, sizeof expected, "%s\n", sandbox);
	assert_string_equal(said("where"), expected);
	assert_non_null(getcwd(here, sizeof here));
	struct hook_list hooks = shell("pwd >/tmp/orun-hook-$PPID");
	SUCCEEDS(hooks_run("prestart", &hooks, "{}", NULL, &err));
	snprintf(expected, sizeof expected, "/tmp/orun-hook-%d", (int)getpid());
	char *line = (char *)(uintptr_t)text_of(AT_FDCWD, expected);
	*strchrnul(line, '\n') = '\0';
	assert_string_equal(line, here);
	unlink(expected);
	hooks = shell("exit 0");
	FAILS(hooks_run("prestart", &hooks, "{}", "/no/such/folder", &err), ECHILD,
	      "no such file or directory");
}

static void a_missing_program_says_so(void **state)
{
	struct hook hook = { .path = "/no/such/hook" };
	struct hook *v[] = { &hook };
	struct hook_list hooks = { .v = v, .n = 1 };

	(void)state;
	FAILS(run(&hooks, "{}"), ECHILD,
	      "prestart hook 0 (/no/such/hook): ended with status 127; it said: no such file or "
	      "directory");
	hook.path = sandbox;
	FAILS(run(&hooks, "{}"), ECHILD, "it said: permission denied");
}

static void a_status_is_told(void **state)
{
	(void)state;
	FAILS(run_shell("exit 7"), ECHILD, "prestart hook 0 (/bin/sh): ended with status 7");
	assert_null(strstr(err.msg, "it said"));
}

static void a_signal_is_told(void **state)
{
	(void)state;
	FAILS(run_shell("kill -9 $$"), EINTR, "(/bin/sh): died of signal 9");
	FAILS(run_shell("echo mad >&2; kill -11 $$"), EINTR, "died of signal 11; it said: mad");
}

static void what_it_wrote_last_to_stderr_is_quoted(void **state)
{
	(void)state;
	FAILS(run_shell("echo first >&2; printf 'last line\n\n' >&2; exit 1"), ECHILD,
	      "ended with status 1; it said: last line");
	assert_null(strstr(err.msg, "first"));
}

static void only_the_end_of_much_is_quoted(void **state)
{
	(void)state;
	FAILS(run_shell("i=0; while [ $i -lt 3000 ]; do printf '%099d\n' $i >&2; i=$((i+1)); done;"
			"printf '%0200dthe end' 1 >&2; exit 1"),
	      ECHILD, "the end");
	assert_true(strlen(err.msg) < 400);
	FAILS(run_shell("printf '%02000dthe end' 1 >&2; exit 1"), ECHILD, "the end");
	assert_true(strlen(err.msg) < 400);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void a_timeout_kills(void **state)
{
	struct hook_list hooks = shell("echo $$ >pid; echo waiting >&2; exec sleep 60");
	struct timespec start;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	hooks.v[0]->timeout = (struct opt_int64){ true, 1 };
	FAILS(run(&hooks, "{}"), ETIME, "(/bin/sh): timed out after 1 s; it said: waiting");
	double took = seconds_since(&start);
	assert_true(took >= 0.9 && took < 30);
	/* Waited for as well: not even a zombie is left. */
	assert_int_equal(kill((pid_t)strtol(said("pid"), NULL, 10), 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_timeout_that_is_not_reached_changes_nothing(void **state)
{
	struct hook_list hooks = shell("echo done >fast");

	(void)state;
	hooks.v[0]->timeout = (struct opt_int64){ true, 3600 };
	SUCCEEDS(run(&hooks, "{}"));
	assert_string_equal(said("fast"), "done\n");
	/* 285 years in milliseconds are more than poll(2) takes. */
	hooks.v[0]->timeout.value = 9000000000;
	SUCCEEDS(run(&hooks, "{}"));
}

/* What a daemon keeps open must not keep us. */
static void a_daemon_that_keeps_stderr_open_is_not_waited_for(void **state)
{
	struct timespec start;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	SUCCEEDS(run_shell("sleep 60 & echo $! >daemon; exit 0"));
	assert_true(seconds_since(&start) < 30);
	pid_t daemon = (pid_t)strtol(said("daemon"), NULL, 10);
	assert_true(daemon > 0);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	FAILS(run_shell("sleep 60 & echo $! >daemon; echo oops >&2; exit 3"), ECHILD,
	      "status 3; it said: oops");
	assert_true(seconds_since(&start) < 30);
	kill((pid_t)strtol(said("daemon"), NULL, 10), SIGKILL);
}

static void a_hook_that_closes_stderr_is_waited_for(void **state)
{
	(void)state;
	SUCCEEDS(run_shell("exec 2>&-; sleep 0.2; echo late >late"));
	assert_string_equal(said("late"), "late\n");
}

static void nothing_of_ours_is_open_in_a_hook(void **state)
{
	(void)state;
	/* As init does; our own caller may have left some open. */
	assert_int_equal(sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC), 0);
	/* The third is the shell's own, for reading the folder. */
	SUCCEEDS(run_shell("cd /proc/$$/fd && echo * >$OLDPWD/fds"));
	assert_string_equal(said("fds"), "0 1 2 3\n");
}

static void be_killed(void *context)
{
	struct hook_list hooks = shell("echo $$ >hookpid.new; mv hookpid.new hookpid;"
				       "exec sleep 60");

	(void)context;
	hooks_run("prestart", &hooks, "{}", sandbox, &err);
}

static void a_hook_dies_with_its_caller(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid_t caller = fork();
	assert_true(caller >= 0);
	if (caller == 0) {
		be_killed(NULL);
		_exit(0);
	}
	while (!exists(in_sandbox("hookpid")))
		usleep(1000);
	pid_t hook = (pid_t)strtol(said("hookpid"), NULL, 10);
	kill(caller, SIGKILL);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	/* Ours to wait for, now that its parent is gone. */
	int status;
	assert_int_equal(waitpid(hook, &status, 0), hook);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void the_error_names_kind_and_number(void **state)
{
	struct hook good = { .path = "/bin/true" }, bad = { .path = "/bin/false" };
	struct hook *v[] = { &good, &good, &bad };
	struct hook_list hooks = { .v = v, .n = 3 };

	(void)state;
	FAILS(hooks_run("createContainer", &hooks, "{}", NULL, &err), ECHILD,
	      "createContainer hook 2 (/bin/false): ended with status 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_hooks_are_a_success),
		cmocka_unit_test(hooks_run_one_after_the_other),
		cmocka_unit_test(the_first_failure_ends_it),
		cmocka_unit_test(the_state_comes_on_stdin),
		cmocka_unit_test(a_hook_need_not_read_its_stdin),
		cmocka_unit_test(every_hook_reads_it_from_the_beginning),
		cmocka_unit_test(the_environment_is_the_hooks_own),
		cmocka_unit_test(args_are_passed_as_they_are),
		cmocka_unit_test(without_args_the_path_is_the_name),
		cmocka_unit_test(the_working_directory_is_given),
		cmocka_unit_test(a_missing_program_says_so),
		cmocka_unit_test(a_status_is_told),
		cmocka_unit_test(a_signal_is_told),
		cmocka_unit_test(what_it_wrote_last_to_stderr_is_quoted),
		cmocka_unit_test(only_the_end_of_much_is_quoted),
		cmocka_unit_test(a_timeout_kills),
		cmocka_unit_test(a_timeout_that_is_not_reached_changes_nothing),
		cmocka_unit_test(a_daemon_that_keeps_stderr_open_is_not_waited_for),
		cmocka_unit_test(a_hook_that_closes_stderr_is_waited_for),
		cmocka_unit_test(nothing_of_ours_is_open_in_a_hook),
		cmocka_unit_test(a_hook_dies_with_its_caller),
		cmocka_unit_test(the_error_names_kind_and_number),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
