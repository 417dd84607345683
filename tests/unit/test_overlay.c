/* Overlay mounts from descriptors, by the kernel's new interface and by the old one. */
#include "imgtool/store/overlay.h"

#include "tests/unit/sandbox.h"

static struct error err;

static int clear(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	return 0;
}

static int new_directory(const char *name)
{
	make_folder(in_sandbox(name));
	int fd = open(in_sandbox(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* @n lower directories, each with a file of its own number and all with a file "top" that has it. */
static struct overlay make_case(const char *name, int *lower, size_t n)
{
	char path[64];

	make_folder(in_sandbox(name));
	for (size_t i = 0; i < n; i++) {
		char number[32];
		snprintf(number, sizeof number, "%zu", i);
		snprintf(path, sizeof path, "%s/%zu", name, i);
		lower[i] = new_directory(path);
		snprintf(path, sizeof path, "%s/%zu/%zu", name, i, i);
		make_text(in_sandbox(path), number);
		snprintf(path, sizeof path, "%s/%zu/top", name, i);
		make_text(in_sandbox(path), number);
	}
	snprintf(path, sizeof path, "%s/upper", name);
	int upper = new_directory(path);
	snprintf(path, sizeof path, "%s/work", name);
	int work = new_directory(path);
	return (struct overlay){
		.lower = lower, .n_lower = n, .upper = upper, .work = work, .label = "test:label"
	};
}

static void check_merged(int mount, size_t n)
{
	char last[32];

	assert_string_equal(err.msg, "");
	assert_true(mount >= 0);
	snprintf(last, sizeof last, "%zu", n - 1);
	assert_string_equal(text_of(mount, "0"), "0");
	assert_string_equal(text_of(mount, last), last);
	assert_string_equal(text_of(mount, "top"), last);
}

static void a_mount_is_attached_nowhere_until_it_is(void **state)
{
	int lower[3];

	(void)state;
	NEED_SANDBOX();
	const struct overlay overlay = make_case("new", lower, 3);
	int mount = overlay_mount(&overlay, &err);
	check_merged(mount, 3);
	int parent = open(in_sandbox("new"), O_PATH | O_DIRECTORY);
	make_folder(in_sandbox("new/place"));
	assert_int_equal(overlay_is_mounted(parent, "place", &err), 0);
	assert_int_equal(overlay_attach(mount, parent, "place", &err), 0);
	close(mount);
	assert_int_equal(overlay_is_mounted(parent, "place", &err), 1);
	make_text(in_sandbox("new/place/written"), "w");
	assert_string_equal(text_of(overlay.upper, "written"), "w");
	int busy = open(in_sandbox("new/place/top"), O_RDONLY);
	assert_int_equal(overlay_detach(parent, "place", &err), -1);
	assert_int_equal(err.code, EBUSY);
	close(busy);
	assert_int_equal(overlay_detach(parent, "place", &err), 0);
	assert_int_equal(overlay_is_mounted(parent, "place", &err), 0);
}

static void kernels_without_fsconfig_for_it_are_told_by_mount_options(void **state)
{
	int lower[130];

	(void)state;
	NEED_SANDBOX();
	const struct overlay overlay = make_case("old", lower, 130);
	int mount = overlay_mount_by_options(&overlay, &err);
	check_merged(mount, 130);
	int written = openat(mount, "written", O_CREAT | O_WRONLY, 0600);
	assert_true(written >= 0);
	close(written);
	assert_int_equal(faccessat(overlay.upper, "written", F_OK, 0), 0);
	/* Nobody saw the place where it was mounted for a moment. */
	int procfs = open("/proc", O_PATH | O_DIRECTORY);
	int mountinfo = openat(procfs, "self/mountinfo", O_RDONLY);
	char text[65536];
	ssize_t length = read(mountinfo, text, sizeof text - 1);
	assert_true(length > 0);
	text[length] = '\0';
	assert_null(strstr(text, "test:label"));
	int parent = open(in_sandbox("old"), O_PATH | O_DIRECTORY);
	make_folder(in_sandbox("old/place"));
	assert_int_equal(overlay_attach(mount, parent, "place", &err), 0);
	assert_int_equal(overlay_is_mounted(parent, "place", &err), 1);
	close(mount);
	assert_int_equal(overlay_detach(parent, "place", &err), 0);
}

static void more_layers_than_a_page_has_room_for_are_an_error(void **state)
{
	int lower[OVERLAY_LAYERS_MAX + 1];
	struct overlay overlay = {
		.lower = lower, .n_lower = 400, .upper = -1, .work = -1, .label = "x"
	};

	(void)state;
	for (size_t i = 0; i <= OVERLAY_LAYERS_MAX; i++)
		lower[i] = 1000;
	assert_int_equal(overlay_mount_by_options(&overlay, &err), -1);
	assert_int_equal(err.code, E2BIG);
	overlay.n_lower = OVERLAY_LAYERS_MAX + 1;
	assert_int_equal(overlay_mount(&overlay, &err), -1);
	assert_int_equal(err.code, E2BIG);
}

static void a_single_layer_without_writable_one_is_that_directory(void **state)
{
	int lower[1];

	(void)state;
	NEED_SANDBOX();
	struct overlay overlay = make_case("single", lower, 1);
	overlay.upper = overlay.work = -1;
	int mount = overlay_mount(&overlay, &err);
	check_merged(mount, 1);
	close(mount);
}

static void what_the_kernel_says_is_in_the_error(void **state)
{
	int lower[2];

	(void)state;
	NEED_SANDBOX();
	struct overlay overlay = make_case("same", lower, 1);
	lower[1] = lower[0];
	overlay.n_lower = 2;
	assert_int_equal(overlay_mount(&overlay, &err), -1);
	assert_int_equal(err.code, ELOOP);
	assert_non_null(strstr(err.msg, "overlay: mount"));
	overlay.n_lower = 1;
	overlay.upper = overlay.work;
	assert_int_equal(overlay_mount_by_options(&overlay, &err), -1);
	assert_non_null(strstr(err.msg, "overlay: mount"));
}

static void links_and_other_mounts_are_no_place(void **state)
{
	int parent = open(sandbox, O_PATH | O_DIRECTORY);

	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("target"));
	make_link("target", in_sandbox("link"));
	assert_int_equal(overlay_is_mounted(parent, "link", &err), -1);
	assert_int_equal(mount("tmpfs", in_sandbox("target"), "tmpfs", 0, NULL), 0);
	assert_int_equal(overlay_is_mounted(parent, "target", &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_int_equal(overlay_detach(parent, "link", &err), -1);
	assert_int_equal(umount(in_sandbox("target")), 0);
	close(parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_mount_is_attached_nowhere_until_it_is, clear),
		cmocka_unit_test_setup(kernels_without_fsconfig_for_it_are_told_by_mount_options,
				       clear),
		cmocka_unit_test_setup(more_layers_than_a_page_has_room_for_are_an_error, clear),
		cmocka_unit_test_setup(a_single_layer_without_writable_one_is_that_directory,
				       clear),
		cmocka_unit_test_setup(what_the_kernel_says_is_in_the_error, clear),
		cmocka_unit_test_setup(links_and_other_mounts_are_no_place, clear),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
