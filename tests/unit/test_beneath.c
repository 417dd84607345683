/* A hostile rootfs: links and names in the way never lead out of it. */
#include "runtime/beneath.h"

#include "tests/unit/hostile_rootfs.h"

#include <linux/magic.h>

/* ---- beneath_open ---- */

static void paths_begin_at_the_root(void **state)
{
	(void)state;
	folder("a");
	file("a/f", "text");
	check_is(beneath_open(root, "/a/f", O_RDONLY, 0), "a/f");
	check_is(beneath_open(root, "a/f", O_RDONLY, 0), "a/f");
	check_is(beneath_open(root, "///a//./f", O_RDONLY, 0), "a/f");
	check_is(beneath_open(root, "/", O_PATH, 0), ".");
	check_is(beneath_open(root, "", O_PATH, 0), ".");
	check_is(beneath_open(root, "a/", O_PATH | O_DIRECTORY, 0), "a");
}

static void dots_do_not_lead_above_the_root(void **state)
{
	(void)state;
	folder("a");
	check_is(beneath_open(root, "..", O_PATH, 0), ".");
	check_is(beneath_open(root, "/../../..", O_PATH, 0), ".");
	check_is(beneath_open(root, "a/../../a", O_PATH, 0), "a");
	check_no(beneath_open(root, "../outside/canary", O_RDONLY, 0), ENOENT);
}

static void absolute_links_begin_at_the_root(void **state)
{
	char host[600];

	(void)state;
	folder("etc");
	file("etc/passwd", "the container's");
	link_to("/etc/passwd", "link");
	check_is(beneath_open(root, "link", O_RDONLY, 0), "etc/passwd");
	snprintf(host, sizeof host, "%s/outside/canary", sandbox);
	link_to(host, "out");
	check_no(beneath_open(root, "out", O_RDONLY, 0), ENOENT);
	link_to("/", "rootlink");
	check_is(beneath_open(root, "rootlink", O_PATH, 0), ".");
}

static void relative_links_stay_inside(void **state)
{
	(void)state;
	folder("a");
	file("f", "text");
	link_to("../f", "a/up");
	link_to("../../../../f", "a/far");
	link_to("../../outside/canary", "a/out");
	check_is(beneath_open(root, "a/up", O_RDONLY, 0), "f");
	check_is(beneath_open(root, "a/far", O_RDONLY, 0), "f");
	check_no(beneath_open(root, "a/out", O_RDWR, 0), ENOENT);
	check_no(beneath_open(root, "a/out", O_RDWR | O_TRUNC | O_CREAT, 0600), ENOENT);
}

static void dangling_links_make_nothing_outside(void **state)
{
	(void)state;
	link_to("../outside/new", "link");
	check_no(beneath_open(root, "link", O_RDONLY, 0), ENOENT);
	/* Followed inside the root, where there is no directory "outside". */
	check_no(beneath_open(root, "link", O_WRONLY | O_CREAT, 0600), ENOENT);
}

static void loops_of_links_end(void **state)
{
	(void)state;
	link_to("b", "a");
	link_to("a", "b");
	link_to("/c/c", "c");
	check_no(beneath_open(root, "a", O_RDONLY, 0), ELOOP);
	check_no(beneath_open(root, "c", O_RDONLY, 0), ELOOP);
}

static void o_nofollow_opens_the_link_itself(void **state)
{
	(void)state;
	link_to("../outside/canary", "link");
	check_is(beneath_open(root, "link", O_PATH | O_NOFOLLOW, 0), "link");
}

/* A magic link does not have a path: openat2 would jump out of the root. */
static void magic_links_are_refused(void **state)
{
	char path[600];

	(void)state;
	NEED_SANDBOX();
	folder("proc");
	snprintf(path, sizeof path, "/proc/self/fd/%d/proc", root);
	if (mount("proc", path, "proc", 0, NULL))
		SKIP("no procfs: %s", strerror(errno));
	check_no(beneath_open(root, "proc/self/root", O_PATH, 0), ELOOP);
	check_no(beneath_open(root, "proc/self/cwd/etc", O_PATH, 0), ELOOP);
	check_no(beneath_open(root, "proc/self/exe", O_RDONLY, 0), ELOOP);
	snprintf(path, sizeof path, "proc/self/fd/%d", case_folder);
	check_no(beneath_open(root, path, O_PATH, 0), ELOOP);
	link_to(path, "link");
	check_no(beneath_open(root, "link/outside/canary", O_RDONLY, 0), ELOOP);
	snprintf(path, sizeof path, "proc/self/fd/%d/outside/new", case_folder);
	FAILS(beneath_make_directory(root, path, 0755, &err), ELOOP, path);
	FAILS(beneath_make_file(root, path, &err), ELOOP, path);
	snprintf(path, sizeof path, "/proc/self/fd/%d/proc", root);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

/* ---- beneath_open_nofollow ---- */

static void without_links_plain_paths_open(void **state)
{
	(void)state;
	folder("a");
	folder("a/b");
	check_is(beneath_open_nofollow(root, "/a/b", O_PATH | O_DIRECTORY), "a/b");
	check_is(beneath_open_nofollow(root, "/a/../a/b", O_PATH), "a/b");
	check_is(beneath_open_nofollow(root, "../../a", O_PATH), "a");
}

static void no_component_may_be_a_link(void **state)
{
	(void)state;
	folder("a");
	folder("a/b");
	link_to("a", "first");
	link_to("b", "a/last");
	check_no(beneath_open_nofollow(root, "/first/b", O_PATH), ELOOP);
	check_no(beneath_open_nofollow(root, "/a/last", O_PATH), ELOOP);
	check_no(beneath_open_nofollow(root, "/first", O_PATH | O_DIRECTORY), ELOOP);
}

/* ---- beneath_make_directory ---- */

static void missing_directories_are_made(void **state)
{
	struct stat st;

	(void)state;
	umask(0);
	check_is(beneath_make_directory(root, "/a/b/c", 0750, &err), "a/b/c");
	assert_int_equal(fstatat(root, "a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	umask(022);
	check_is(beneath_make_directory(root, "x", 0755, &err), "x");
	check_is(beneath_make_directory(root, "//y//./z/", 0755, &err), "y/z");
}

static void what_is_there_is_kept(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdirat(root, "a", 0700), 0);
	check_is(beneath_make_directory(root, "/a", 0755, &err), "a");
	check_is(beneath_make_directory(root, "/a/b", 0755, &err), "a/b");
	assert_int_equal(fstatat(root, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	check_is(beneath_make_directory(root, "/", 0755, &err), ".");
}

static void directories_are_made_through_links_inside(void **state)
{
	(void)state;
	folder("real");
	link_to("/real", "absolute");
	link_to("../../real", "real/relative");
	check_is(beneath_make_directory(root, "/absolute/a/b", 0755, &err), "real/a/b");
	check_is(beneath_make_directory(root, "/real/relative/c", 0755, &err), "real/c");
}

static void links_out_lead_nowhere(void **state)
{
	char host[600];

	(void)state;
	snprintf(host, sizeof host, "%s", sandbox);
	link_to("../outside", "up");
	link_to(host, "host");
	link_to("/nothing", "dangling");
	FAILS(beneath_make_directory(root, "/up/new", 0755, &err), ENOTDIR, "/up/new: open");
	FAILS(beneath_make_directory(root, "/host/new", 0755, &err), ENOTDIR, "/host/new");
	FAILS(beneath_make_directory(root, "/dangling", 0755, &err), ENOTDIR, "/dangling");
	FAILS(beneath_make_directory(root, "/dangling/a/b", 0755, &err), ENOTDIR, "/dangling");
	assert_int_equal(faccessat(root, "nothing", F_OK, 0), -1);
	assert_int_equal(faccessat(root, "outside", F_OK, 0), -1);
}

static void loops_make_nothing(void **state)
{
	(void)state;
	link_to("b", "a");
	link_to("a", "b");
	FAILS(beneath_make_directory(root, "/a/c", 0755, &err), ELOOP, "/a/c");
}

static void files_in_the_way_stay(void **state)
{
	(void)state;
	file("f", "text");
	folder("d");
	file("d/f", "text");
	FAILS(beneath_make_directory(root, "/f", 0755, &err), ENOTDIR, "/f in the rootfs");
	FAILS(beneath_make_directory(root, "/f/a", 0755, &err), ENOTDIR, "/f");
	FAILS(beneath_make_directory(root, "/d/f/a/b", 0755, &err), ENOTDIR, "/d/f/a/b");
	assert_string_equal(text_of(case_folder, "rootfs/f"), "text");
	assert_string_equal(text_of(case_folder, "rootfs/d/f"), "text");
}

static void a_fifo_in_the_way_blocks_nobody(void **state)
{
	(void)state;
	assert_int_equal(mkfifoat(root, "fifo", 0666), 0);
	FAILS(beneath_make_directory(root, "/fifo/a", 0755, &err), ENOTDIR, "/fifo");
	check_is(beneath_make_file(root, "/fifo", &err), "fifo");
}

static void dots_behind_a_missing_directory_are_refused(void **state)
{
	(void)state;
	folder("there");
	FAILS(beneath_make_directory(root, "/missing/../x", 0755, &err), EINVAL, "'..' behind");
	FAILS(beneath_make_directory(root, "/missing/../../outside/x", 0755, &err), EINVAL, "'..'");
	assert_int_equal(faccessat(root, "missing", F_OK, 0), -1);
	/* Before it they are resolved as always. */
	check_is(beneath_make_directory(root, "/there/../../../x", 0755, &err), "x");
}

static void names_may_be_as_long_as_the_kernel_takes(void **state)
{
	char name[258], path[600], deep[5000];

	(void)state;
	memset(name, 'n', sizeof name);
	name[255] = '\0';
	snprintf(path, sizeof path, "/%s/%s", name, name);
	check_is(beneath_make_directory(root, path, 0755, &err), path + 1);
	name[255] = 'n';
	name[256] = '\0';
	snprintf(path, sizeof path, "/d/%s", name);
	FAILS(beneath_make_directory(root, path, 0755, &err), ENAMETOOLONG, "in the rootfs");
	for (size_t i = 0; i + 2 < sizeof deep; i += 2)
		memcpy(deep + i, "/d", 3);
	FAILS(beneath_make_directory(root, deep, 0755, &err), ENAMETOOLONG, "open directory /d/d/");
}

/* ---- beneath_make_file, beneath_make_parent ---- */

static void a_missing_file_is_made_empty(void **state)
{
	struct stat st;

	(void)state;
	check_is(beneath_make_file(root, "/etc/deep/resolv.conf", &err), "etc/deep/resolv.conf");
	assert_int_equal(fstatat(root, "etc/deep/resolv.conf", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 0);
	check_is(beneath_make_file(root, "name", &err), "name");
}

static void an_existing_file_keeps_its_content(void **state)
{
	(void)state;
	file("f", "text");
	link_to("/f", "link");
	folder("d");
	check_is(beneath_make_file(root, "/f", &err), "f");
	check_is(beneath_make_file(root, "/link", &err), "f");
	check_is(beneath_make_file(root, "/d", &err), "d");
	assert_string_equal(text_of(case_folder, "rootfs/f"), "text");
}

static void a_dangling_link_is_not_written_through(void **state)
{
	(void)state;
	link_to("../outside/new", "out");
	link_to("/inside", "in");
	FAILS(beneath_make_file(root, "/out", &err), EEXIST, "create /out in the rootfs");
	FAILS(beneath_make_file(root, "/in", &err), EEXIST, "create /in in the rootfs");
	assert_int_equal(faccessat(root, "inside", F_OK, 0), -1);
}

static void a_file_in_a_links_directory_is_made_inside(void **state)
{
	(void)state;
	folder("var");
	folder("var/run");
	link_to("/var/run", "run");
	link_to("../outside", "up");
	check_is(beneath_make_file(root, "/run/file", &err), "var/run/file");
	FAILS(beneath_make_file(root, "/up/file", &err), ENOTDIR, "/up");
}

static void names_that_are_no_file_are_refused(void **state)
{
	static const char *const paths[] = { "/", "", "/a/", "/a/.", "/a/..", ".", ".." };
	const char *name;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		FAILS(beneath_make_parent(root, paths[i], &name, &err), EINVAL, "names no file");
	assert_int_equal(faccessat(root, "a", F_OK, 0), -1);
	FAILS(beneath_make_file(root, "/a/", &err), EINVAL, "/a/: names no file");
}

static void a_parent_is_made_and_its_entry_not_looked_at(void **state)
{
	const char *name = NULL;

	(void)state;
	check_is(beneath_make_parent(root, "/a/b/file", &name, &err), "a/b");
	assert_string_equal(name, "file");
	assert_int_equal(faccessat(root, "a/b/file", F_OK, 0), -1);
	link_to("../outside/canary", "a/link");
	check_is(beneath_make_parent(root, "/a/link", &name, &err), "a");
	assert_string_equal(name, "link");
	check_is(beneath_make_parent(root, "top", &name, &err), ".");
	assert_string_equal(name, "top");
	check_is(beneath_make_parent(root, "/top", &name, &err), ".");
}

/* ---- beneath_check_filesystem ---- */

static void the_file_system_is_checked(void **state)
{
	int proc = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	(void)state;
	SUCCEEDS(beneath_check_filesystem(proc, PROC_SUPER_MAGIC, "/proc", &err));
	FAILS(beneath_check_filesystem(proc, DEVPTS_SUPER_MAGIC, "/dev/pts/ptmx", &err), EXDEV,
	      "/dev/pts/ptmx: not on the file system expected there (type 0x9fa0)");
	close(proc);
	FAILS(beneath_check_filesystem(-1, PROC_SUPER_MAGIC, "/proc", &err), EBADF, "statfs /proc");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_case, check_outside)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(paths_begin_at_the_root),
		CASE(dots_do_not_lead_above_the_root),
		CASE(absolute_links_begin_at_the_root),
		CASE(relative_links_stay_inside),
		CASE(dangling_links_make_nothing_outside),
		CASE(loops_of_links_end),
		CASE(o_nofollow_opens_the_link_itself),
		CASE(magic_links_are_refused),
		CASE(without_links_plain_paths_open),
		CASE(no_component_may_be_a_link),
		CASE(missing_directories_are_made),
		CASE(what_is_there_is_kept),
		CASE(directories_are_made_through_links_inside),
		CASE(links_out_lead_nowhere),
		CASE(loops_make_nothing),
		CASE(files_in_the_way_stay),
		CASE(a_fifo_in_the_way_blocks_nobody),
		CASE(dots_behind_a_missing_directory_are_refused),
		CASE(names_may_be_as_long_as_the_kernel_takes),
		CASE(a_missing_file_is_made_empty),
		CASE(an_existing_file_keeps_its_content),
		CASE(a_dangling_link_is_not_written_through),
		CASE(a_file_in_a_links_directory_is_made_inside),
		CASE(names_that_are_no_file_are_refused),
		CASE(a_parent_is_made_and_its_entry_not_looked_at),
		CASE(the_file_system_is_checked),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
