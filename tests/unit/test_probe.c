/* The probes: each says why where it says no, what they say is so, and nothing of theirs stays. */
#include "runtime/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"

static const struct probe *const tables[] = { probes_of_kernel, probes_of_cgroups, probes_of_host };
enum { TABLES = sizeof tables / sizeof *tables };

static bool ask(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct probe *probe = tables[i]; probe->name; probe++) {
			OWNED(buffer_finish) struct buffer detail = { 0 };

			if (strcmp(probe->name, name) == 0)
				return probe->run(&detail);
		}
	fail_msg("no probe is called %s", name);
	return false;
}

static void every_no_has_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < TABLES; i++)
		for (const struct probe *probe = tables[i]; probe->name; probe++) {
			OWNED(buffer_finish) struct buffer detail = { 0 };
			bool available = probe->run(&detail);

			assert_false(detail.failed);
			if (!available && !detail.length)
				fail_msg("%s: no, and nobody knows why", probe->name);
			if (detail.length && strchr(detail.text, '\n'))
				fail_msg("%s: more than a line: %s", probe->name, detail.text);
		}
}

static void every_name_is_there_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < TABLES; i++)
		for (const struct probe *probe = tables[i]; probe->name; probe++)
			for (size_t k = 0; k < TABLES; k++)
				for (const struct probe *other = tables[k]; other->name; other++)
					if (other != probe)
						assert_string_not_equal(probe->name, other->name);
}

/* Whether a child can make the namespace. */
static bool can_unshare(int flag)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(flag) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void namespaces_are_those_that_can_be_made(void **state)
{
	(void)state;
	assert_int_equal(ask("user namespace"), can_unshare(CLONE_NEWUSER));
	assert_int_equal(ask("network namespace"), can_unshare(CLONE_NEWNET));
	assert_int_equal(ask("mount namespace"), can_unshare(CLONE_NEWNS));
	assert_int_equal(ask("cgroup namespace"), can_unshare(CLONE_NEWCGROUP));
}

static size_t open_descriptors(void)
{
	owned_dir dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}

static char *mounts(void)
{
	char *text = NULL;

	assert_int_equal(read_file_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, NULL, NULL),
			 0);
	return text;
}

static void namespace_links(struct buffer *to)
{
	static const char *const files[] = { "pid", "net", "mnt", "ipc", "uts", "user", "cgroup" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		owned_string path = text_format("/proc/self/ns/%s", files[i]);
		char link[64] = "";

		assert_true(readlink(path, link, sizeof link - 1) > 0);
		buffer_print(to, "%s ", link);
	}
}

static void nothing_stays(void **state)
{
	OWNED(buffer_finish) struct buffer before = { 0 }, after = { 0 };
	owned_string mounts_before = mounts();
	size_t descriptors = open_descriptors();

	(void)state;
	namespace_links(&before);
	every_no_has_a_reason(NULL);
	namespace_links(&after);
	owned_string mounts_after = mounts();
	assert_int_equal(open_descriptors(), descriptors);
	assert_string_equal(mounts_after, mounts_before);
	assert_string_equal(after.text, before.text);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void programs_are_looked_for_in_path(void **state)
{
	const char *old = getenv("PATH");
	owned_string path = strdup(old ? old : "/usr/bin:/bin");

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	bool found = ask("criu") || ask("newuidmap") || ask("checkpoint");
	setenv("PATH", path, 1);
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_no_has_a_reason),
		cmocka_unit_test(every_name_is_there_once),
		cmocka_unit_test(namespaces_are_those_that_can_be_made),
		cmocka_unit_test(nothing_stays),
		cmocka_unit_test(programs_are_looked_for_in_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
