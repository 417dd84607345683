/* Removal of directories: all that is in them, counted, and nothing else. */
#include "imgtool/base/discard.h"

#include "tests/unit/sandbox.h"

static struct error err;
static struct discarded counts;

static int clear(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	counts = (struct discarded){ 0 };
	return 0;
}

static void make_tree(const char *name)
{
	char path[300];

	make_folder(in_sandbox(name));
	snprintf(path, sizeof path, "%s/d", name);
	make_folder(in_sandbox(path));
	snprintf(path, sizeof path, "%s/d/f", name);
	make_text(in_sandbox(path), "text");
	snprintf(path, sizeof path, "%s/hard", name);
	char first[300];
	snprintf(first, sizeof first, "%s/d/f", name);
	assert_int_equal(link(in_sandbox(first), in_sandbox(path)), 0);
	snprintf(path, sizeof path, "%s/link", name);
	make_link(sandbox, in_sandbox(path));
}

static void what_is_foreseen_is_what_is_removed(void **state)
{
	struct discarded foreseen = { 0 };
	int root = open(sandbox, O_PATH | O_DIRECTORY);

	(void)state;
	make_tree("tree");
	assert_int_equal(discard_foresee(root, "tree", &foreseen, &err), 0);
	assert_true(exists(in_sandbox("tree/d/f")));
	assert_int_equal(discard(root, "tree", &counts, &err), 0);
	assert_false(exists(in_sandbox("tree")));
	assert_int_equal(foreseen.entries, 5);
	assert_int_equal(counts.entries, foreseen.entries);
	assert_int_equal(counts.bytes, foreseen.bytes);
	assert_true(counts.bytes > 0);
	close(root);
}

static void files_links_and_nothing_are_removed_too(void **state)
{
	int root = open(sandbox, O_PATH | O_DIRECTORY);

	(void)state;
	make_folder(in_sandbox("kept"));
	make_text(in_sandbox("kept/file"), "text");
	make_link("kept", in_sandbox("link"));
	assert_int_equal(discard(root, "link", NULL, &err), 0);
	assert_int_equal(discard(root, "absent", NULL, &err), 0);
	assert_true(exists(in_sandbox("kept/file")));
	assert_false(exists(in_sandbox("link")));
	assert_int_equal(discard(root, "kept/file", NULL, &err), 0);
	assert_false(exists(in_sandbox("kept/file")));
	close(root);
}

static void a_mount_below_is_busy_and_stays(void **state)
{
	int root = open(sandbox, O_PATH | O_DIRECTORY);

	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("holds"));
	make_folder(in_sandbox("holds/mount"));
	assert_int_equal(mount("tmpfs", in_sandbox("holds/mount"), "tmpfs", 0, NULL), 0);
	make_text(in_sandbox("holds/mount/file"), "text");
	assert_int_equal(discard(root, "holds", NULL, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_int_equal(discard(root, "holds/mount", NULL, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_true(exists(in_sandbox("holds/mount/file")));
	close(root);
}

/* As a normal user, whom modes keep out. */
static int remove_closed_directories(void)
{
	if (setgid(4242) || setuid(4242))
		return 1;
	int root = open(sandbox, O_PATH | O_DIRECTORY);
	if (mkdirat(root, "open/closed", 0700) || mkdirat(root, "open/closed/in", 0700) ||
	    mkdirat(root, "open/closed/in/it", 0) || fchmodat(root, "open/closed/in", 0555, 0) ||
	    fchmodat(root, "open/closed", 0, 0))
		return 2;
	return discard(root, "open/closed", NULL, &err) ? 3 : 0;
}

static void modes_that_keep_their_owner_out_are_changed(void **state)
{
	int status;

	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("open"));
	assert_int_equal(chmod(in_sandbox("open"), 0777), 0);
	pid_t child = fork();
	if (child == 0)
		_exit(remove_closed_directories());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(exists(in_sandbox("open/closed")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_foreseen_is_what_is_removed, clear),
		cmocka_unit_test_setup(files_links_and_nothing_are_removed_too, clear),
		cmocka_unit_test_setup(a_mount_below_is_busy_and_stays, clear),
		cmocka_unit_test_setup(modes_that_keep_their_owner_out_are_changed, clear),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
