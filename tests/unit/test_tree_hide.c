/* What a layer takes away is what was below it, never what it has made; and overlayfs understands the marks that stand for
 * it. */
#include "tests/unit/made_tree.h"

#include "spec/base/text.h"

#define OPAQUE "trusted.overlay.opaque"

static void removes(const char *path)
{
	SUCCEEDS(tree_remove(tree, path, &err));
}

static void clears(const char *path)
{
	SUCCEEDS(tree_clear(tree, path, &err));
}

/* The lower layer of most cases. */
static void make_lower(void)
{
	begin_tree();
	makes_file("f", "lower");
	makes_directory("d", 0755);
	makes_file("d/f", "lower");
	makes_file("d/g", "lower");
	makes_directory("d/e", 0755);
	makes_file("d/e/f", "lower");
	makes_file("d/e/g", "lower");
	makes_directory("d/other", 0755);
	makes_file("d/other/f", "lower");
	makes(symlink_entry("l", "d"));
	next_tree();
}

/* ---- names ---- */

static void a_name_goes_with_all_below_it(void **state)
{
	(void)state;
	make_lower();
	removes("f");
	removes("d/e");
	removes("absent");
	removes("absent/too");
	removes("f/is no directory");
	end_tree();
	assert_false(is_there("f"));
	assert_false(is_there("d/e"));
	check_text("d/f", "lower");
}

static void a_link_goes_and_not_what_it_leads_to(void **state)
{
	(void)state;
	make_lower();
	makes(symlink_entry("out", "../outside"));
	next_tree();
	removes("l");
	removes("out");
	end_tree();
	assert_false(is_there("l"));
	assert_false(is_there("out"));
	check_text("d/f", "lower");
}

static void a_parent_that_is_a_link_is_followed_inside(void **state)
{
	(void)state;
	make_lower();
	makes(symlink_entry("out", "../../outside"));
	next_tree();
	removes("l/f");
	removes("out/canary");
	end_tree();
	assert_false(is_there("d/f"));
}

static void the_root_and_dots_are_refused(void **state)
{
	(void)state;
	make_lower();
	FAILS(tree_remove(tree, "", &err), EINVAL, "root directory");
	FAILS(tree_remove(tree, ".", &err), EINVAL, "ends in '.'");
	FAILS(tree_remove(tree, "..", &err), EINVAL, "ends in '..'");
	FAILS(tree_remove(tree, "d/..", &err), EINVAL, "ends in '..'");
	FAILS(tree_remove(tree, "../outside/canary", &err), EINVAL, "..");
	FAILS(tree_clear(tree, "..", &err), EINVAL, "..");
	FAILS(tree_clear(tree, "d/../..", &err), EINVAL, "..");
	end_tree();
	check_text("d/f", "lower");
}

static void what_the_layer_has_made_stays(void **state)
{
	(void)state;
	make_lower();
	makes_file("f", "upper");
	makes_file("d/e/new", "upper");
	makes_file("implied/f", "upper");
	removes("f");
	removes("d");
	removes("implied");
	end_tree();
	check_text("f", "upper");
	check_text("d/e/new", "upper");
	check_text("implied/f", "upper");
	assert_false(is_there("d/f"));
	assert_false(is_there("d/g"));
	assert_false(is_there("d/other"));
	assert_false(is_there("d/e/f"));
}

static void a_directory_with_an_entry_stays_without_its_lower_content(void **state)
{
	(void)state;
	make_lower();
	makes_directory("d", 0700);
	removes("d");
	end_tree();
	check_mode("d", 0700);
	assert_int_equal(stat_of("d").st_nlink, 2);
	assert_false(is_there("d/f"));
}

/* ---- opaque directories: layer.md, "Opaque Whiteout", says that the order does not matter ---- */

static void opaque_before_or_after_what_the_layer_makes(void **state)
{
	(void)state;
	for (unsigned after = 0; after < 2; after++) {
		make_lower();
		if (!after)
			clears("d");
		makes_directory("d", 0755);
		makes_directory("d/e", 0755);
		makes_file("d/e/new", "upper");
		makes_file("d/g", "upper");
		makes(hard_link_entry("d/h", "d/g"));
		makes(symlink_entry("d/l", "g"));
		if (after)
			clears("d");
		end_tree();
		check_text("d/e/new", "upper");
		check_text("d/g", "upper");
		assert_true(is_there("d/h"));
		assert_true(is_there("d/l"));
		assert_false(is_there("d/f"));
		assert_false(is_there("d/e/f"));
		assert_false(is_there("d/other"));
		check_time("d", THEN, 123456789);
		begin_tree();
		clears("");
		end_tree();
		assert_int_equal(stat_of(".").st_nlink, 2);
	}
}

static void clearing_what_is_no_directory_does_nothing(void **state)
{
	(void)state;
	make_lower();
	clears("absent");
	clears("f");
	clears("f/below");
	end_tree();
	check_text("f", "lower");
	assert_false(is_there("absent"));
}

static void clearing_the_root_keeps_what_the_layer_made(void **state)
{
	(void)state;
	make_lower();
	makes_file("d/e/new", "upper");
	clears("");
	end_tree();
	check_text("d/e/new", "upper");
	assert_false(is_there("f"));
	assert_false(is_there("l"));
	assert_false(is_there("d/f"));
}

static void a_directory_only_looked_through_is_cleared(void **state)
{
	(void)state;
	make_lower();
	removes("d/e/f");
	clears("d");
	end_tree();
	assert_false(is_there("d/e"));
}

/* ---- for overlayfs ---- */

/* The case's root becomes the upper of two layers; below it CASE/lower. */
static void make_overlay_layers(void)
{
	int upper = root;

	options = (struct tree_options){ 0 };
	assert_int_equal(mkdirat(case_folder, "lower", 0755), 0);
	root = openat(case_folder, "lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
	make_lower();
	end_tree();
	close(root);
	root = upper;
	options.parents_must_exist = true;
	begin_tree();
}

static void in_case(char path[PATH_MAX], const char *name)
{
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", case_folder);
	ssize_t length = readlink(link, path, PATH_MAX - 32);
	assert_true(length > 0);
	snprintf(path + length, 32, "/%s", name);
}

/* From here on the root is the overlay. */
static void mount_overlay(void)
{
	char lower[PATH_MAX], upper[PATH_MAX], mounted[PATH_MAX], layers[2 * PATH_MAX + 32];

	end_tree();
	in_case(lower, "lower");
	in_case(upper, "rootfs");
	in_case(mounted, "mounted");
	make_folder(mounted);
	snprintf(layers, sizeof layers, "lowerdir=%s:%s", upper, lower);
	if (mount("overlay", mounted, "overlay", 0, layers))
		SKIP("no overlayfs: %s", strerror(errno));
	close(root);
	root = openat(case_folder, "mounted", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void unmount_overlay(void)
{
	char mounted[PATH_MAX];

	in_case(mounted, "mounted");
	assert_int_equal(umount2(mounted, MNT_DETACH), 0);
}

static unsigned names_in(const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void whiteout(const char *path)
{
	SUCCEEDS(tree_whiteout(tree, path, &err));
}

static void a_whiteout_hides_the_lower_name(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_overlay_layers();
	makes_directory("d", 0711);
	whiteout("d/f");
	whiteout("d/f");
	whiteout("f");
	whiteout("d/e");
	assert_int_equal(tree_whiteout(tree, "absent/f", &err), TREE_NEEDS_LOWER);
	FAILS(tree_whiteout(tree, "", &err), EINVAL, "root directory");
	FAILS(tree_whiteout(tree, "d/..", &err), EINVAL, "ends in '..'");
	mount_overlay();
	assert_false(is_there("f"));
	assert_false(is_there("d/f"));
	assert_false(is_there("d/e"));
	check_text("d/g", "lower");
	check_mode("d", 0711);
	check_time("d", THEN, 123456789);
	assert_int_equal(names_in("d"), 2);
	unmount_overlay();
}

static void whiteouts_of_nothing_are_not_seen(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_overlay_layers();
	makes_directory("new", 0755);
	makes_file("new/f", "upper");
	whiteout("new/g");
	whiteout("absent");
	makes_directory("d", 0755);
	makes_directory("d/new", 0700);
	whiteout("d/new/g");
	mount_overlay();
	assert_int_equal(names_in("new"), 1);
	assert_int_equal(names_in("d/new"), 0);
	check_text("new/f", "upper");
	check_mode("d/new", 0700);
	unmount_overlay();
}

static void a_whiteout_does_not_hide_what_the_layer_made(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_overlay_layers();
	makes_file("f", "upper");
	whiteout("f");
	makes_directory("d", 0755);
	makes_file("d/new", "upper");
	whiteout("d");
	mount_overlay();
	check_text("f", "upper");
	check_text("d/new", "upper");
	assert_int_equal(names_in("d"), 1);
	unmount_overlay();
}

static void a_directory_after_its_whiteout_is_opaque(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_overlay_layers();
	whiteout("d");
	makes_directory("d", 0700);
	makes_directory("d/e", 0755);
	makes_file("d/e/new", "upper");
	whiteout("f");
	makes_file("f", "upper");
	whiteout("l");
	makes_file("l", "thought better of");
	makes_directory("l", 0755);
	mount_overlay();
	check_mode("d", 0700);
	check_text("d/e/new", "upper");
	assert_int_equal(names_in("d"), 1);
	assert_int_equal(names_in("d/e"), 1);
	check_text("f", "upper");
	assert_int_equal(names_in("l"), 0);
	unmount_overlay();
}

/* Whiteouts in an opaque directory would be seen by readdir(3). */
static void an_opaque_directory_has_no_whiteouts(void **state)
{
	(void)state;
	NEED_SANDBOX();
	for (unsigned after = 0; after < 2; after++) {
		if (after) {
			check_outside(NULL);
			assert_int_equal(make_case(NULL), 0);
		}
		make_overlay_layers();
		makes_directory("d", 0755);
		if (!after)
			SUCCEEDS(tree_make_opaque(tree, "d", &err));
		makes_directory("d/e", 0755);
		makes_file("d/e/new", "upper");
		whiteout("d/f");
		whiteout("d/e/f");
		if (after)
			SUCCEEDS(tree_make_opaque(tree, "d", &err));
		whiteout("d/g");
		makes_directory("d", 0755);
		mount_overlay();
		assert_int_equal(names_in("d"), 1);
		assert_int_equal(names_in("d/e"), 1);
		check_text("d/e/new", "upper");
		unmount_overlay();
	}
}

static void marks_need_what_they_mark(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_overlay_layers();
	assert_int_equal(tree_make_opaque(tree, "d", &err), TREE_NEEDS_LOWER);
	assert_int_equal(tree_make_opaque(tree, "", &err), TREE_NEEDS_LOWER);
	whiteout("f");
	FAILS(make(hard_link_entry("g", "f")), ENOENT, "removes");
	end_tree();
}

/* ---- parents without an entry ---- */

static int note_implied(void *context, const char *path, bool hides_only, struct error *unused)
{
	struct buffer *list = context;

	(void)unused;
	buffer_print(list, "%s%s ", path, hides_only ? "*" : "");
	return 0;
}

static void parents_without_an_entry_are_told_of(void **state)
{
	struct buffer list = { 0 };

	(void)state;
	NEED_SANDBOX();
	options.implied = note_implied;
	options.implied_context = &list;
	options.parents_must_exist = true;
	begin_tree();
	makes_file("a/b/f", "text");
	whiteout("c/f");
	makes_directory("made", 0755);
	makes_file("made/too/f", "text");
	makes_directory("opaque", 0755);
	SUCCEEDS(tree_make_opaque(tree, "opaque", &err));
	makes_file("opaque/hidden/f", "text");
	SUCCEEDS(tree_make_opaque(tree, "implied", &err));
	/* What else is said of such a directory may mean what a link of that name leads to. */
	assert_int_equal(make(entry_of("a", S_IFDIR | 0755)), TREE_NEEDS_LOWER);
	assert_int_equal(make(entry_of("a/b", S_IFREG | 0644)), TREE_NEEDS_LOWER);
	assert_int_equal(make(hard_link_entry("c", "a/b/f")), TREE_NEEDS_LOWER);
	assert_int_equal(tree_whiteout(tree, "a/b", &err), TREE_NEEDS_LOWER);
	assert_int_equal(tree_whiteout(tree, "c", &err), TREE_NEEDS_LOWER);
	assert_int_equal(tree_make_opaque(tree, "a", &err), TREE_NEEDS_LOWER);
	end_tree();
	assert_string_equal(list.text, "a a/b c* made/too implied* ");
	check_mode("a/b", 0755);
	assert_true(S_ISCHR(stat_of("c/f").st_mode));
	buffer_finish(&list);
}

static void marks_may_be_user_attributes(void **state)
{
	(void)state;
	if (!has_xattrs("user.x", "x", 1))
		SKIP("this file system has no user attributes");
	options.user_xattrs = true;
	begin_tree();
	makes_directory("d", 0755);
	SUCCEEDS(tree_make_opaque(tree, "d", &err));
	/* The layer's entry does not take the mark away. */
	makes(with_xattr(entry_of("d", S_IFDIR | 0755), "user.overlay.opaque", "n", 1));
	end_tree();
	check_xattr("d", "user.overlay.opaque", "y");
	assert_int_equal(xattr_of("d", OPAQUE, NULL, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(a_name_goes_with_all_below_it),
		TREE_CASE(a_link_goes_and_not_what_it_leads_to),
		TREE_CASE(a_parent_that_is_a_link_is_followed_inside),
		TREE_CASE(the_root_and_dots_are_refused),
		TREE_CASE(what_the_layer_has_made_stays),
		TREE_CASE(a_directory_with_an_entry_stays_without_its_lower_content),
		TREE_CASE(opaque_before_or_after_what_the_layer_makes),
		TREE_CASE(clearing_what_is_no_directory_does_nothing),
		TREE_CASE(clearing_the_root_keeps_what_the_layer_made),
		TREE_CASE(a_directory_only_looked_through_is_cleared),
		TREE_CASE(a_whiteout_hides_the_lower_name),
		TREE_CASE(whiteouts_of_nothing_are_not_seen),
		TREE_CASE(a_whiteout_does_not_hide_what_the_layer_made),
		TREE_CASE(a_directory_after_its_whiteout_is_opaque),
		TREE_CASE(an_opaque_directory_has_no_whiteouts),
		TREE_CASE(marks_need_what_they_mark),
		TREE_CASE(parents_without_an_entry_are_told_of),
		TREE_CASE(marks_may_be_user_attributes),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
