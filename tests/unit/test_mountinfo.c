/* Lines of mountinfo, as the kernel writes them and as it does not. */
#include "spec/base/mountinfo.h"

#include "tests/unit/sandbox.h"

static void a_line_is_cut_into_its_words(void **context)
{
	(void)context;
	char text[] = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root "
		      "rw,errors=continue\n";
	char *rest = text;
	struct mountinfo mount;

	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(mount.id, 36);
	assert_int_equal(mount.parent, 35);
	assert_string_equal(mount.root, "/mnt1");
	assert_string_equal(mount.mountpoint, "/mnt\\0402");
	assert_string_equal(mount.options, "rw,noatime");
	assert_string_equal(mount.propagation, "master:1 shared:2");
	assert_string_equal(mount.type, "ext3");
	assert_string_equal(mount.source, "/dev/root");
	assert_string_equal(mount.super_options, "rw,errors=continue");
	mountinfo_unescape(mount.mountpoint);
	assert_string_equal(mount.mountpoint, "/mnt 2");
	assert_false(mountinfo_next(&rest, &mount));
}

static void a_private_mount_has_no_optional_field(void **context)
{
	(void)context;
	char text[] = "1 0 0:1 / / rw - tmpfs a - b rw";
	char *rest = text;
	struct mountinfo mount;

	assert_true(mountinfo_next(&rest, &mount));
	assert_string_equal(mount.propagation, "");
	assert_string_equal(mount.type, "tmpfs");
	assert_string_equal(mount.source, "a");
}

static void what_is_no_line_is_passed_over(void **context)
{
	(void)context;
	char text[] =
		"\n1\n1 2 3 4 5\n1 2 0:1 / / rw tmpfs none rw\nx 2 0:1 / / rw - tmpfs none rw\n"
		"1 2 0:1 / / rw - tmpfs\n1 2 0:1 / / rw - tmpfs none\n7 2 0:1 / / rw - tmpfs none "
		"rw\n";
	char *rest = text;
	struct mountinfo mount;

	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(mount.id, 7);
	assert_false(mountinfo_next(&rest, &mount));
}

static void escapes_are_undone_in_place(void **context)
{
	(void)context;
	char all[] = "\\040\\011\\012\\134\\043", none[] = "\\04", plain[] = "/a\\b";

	mountinfo_unescape(all);
	mountinfo_unescape(none);
	mountinfo_unescape(plain);
	assert_string_equal(all, " \t\n\\#");
	assert_string_equal(none, "\\04");
	assert_string_equal(plain, "/a\\b");
}

static void the_kernels_own_is_read_whole(void **context)
{
	(void)context;
	struct error err = { 0 };
	struct mountinfo mount;
	bool found = false;
	int procfs = open("/proc", O_PATH | O_CLOEXEC);
	char *text = mountinfo_read(procfs, "self/mountinfo", &err), *rest = text;

	assert_non_null(text);
	while (mountinfo_next(&rest, &mount))
		found = found || strcmp(mount.mountpoint, "/proc") == 0;
	assert_true(found);
	free(text);
	assert_null(mountinfo_read(procfs, "absent", &err));
	assert_int_equal(err.code, ENOENT);
	close(procfs);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(a_line_is_cut_into_its_words),
		cmocka_unit_test(a_private_mount_has_no_optional_field),
		cmocka_unit_test(what_is_no_line_is_passed_over),
		cmocka_unit_test(escapes_are_undone_in_place),
		cmocka_unit_test(the_kernels_own_is_read_whole),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
