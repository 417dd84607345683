/* Each type of entry becomes what it describes, in place of what had the name, and never outside the root. */
#include "tests/unit/made_tree.h"

/* ---- types ---- */

static void a_file_has_all_that_its_entry_says(void **state)
{
	(void)state;
	umask(077);
	begin_tree();
	makes_content(owned_by(entry_of("f", S_IFREG | 0666), 12, 34), "text");
	end_tree();
	check_text("f", "text");
	check_mode("f", 0666);
	check_time("f", THEN, 123456789);
	if (geteuid() == 0) {
		assert_int_equal(stat_of("f").st_uid, 12);
		assert_int_equal(stat_of("f").st_gid, 34);
	}
	assert_int_equal(counts.files, 1);
	assert_int_equal(counts.bytes, 4);
	assert_int_equal(umask(022), 077);
}

static void times_before_1970_are_kept(void **state)
{
	struct entry entry = entry_of("f", S_IFREG | 0644);

	(void)state;
	entry.mtime = (struct timespec){ -5, 7 };
	begin_tree();
	makes(entry);
	entry.path = text("d");
	entry.mode = S_IFDIR | 0755;
	makes(entry);
	end_tree();
	check_time("f", -5, 7);
	check_time("d", -5, 7);
}

static void special_bits_outlive_a_change_of_owner(void **state)
{
	(void)state;
	NEED_SANDBOX();
	begin_tree();
	makes_content(owned_by(entry_of("suid", S_IFREG | 04755), 12, 34), "text");
	makes_content(owned_by(entry_of("sgid", S_IFREG | 02755), 0, 34), "text");
	makes_content(owned_by(entry_of("sticky", S_IFREG | 01644), 0, 0), "text");
	makes(owned_by(entry_of("fifo", S_IFIFO | 06700), 12, 34));
	end_tree();
	check_mode("suid", 04755);
	check_mode("sgid", 02755);
	check_mode("sticky", 01644);
	check_mode("fifo", 06700);
}

static void what_is_between_pieces_is_a_hole(void **state)
{
	struct entry entry = entry_of("sparse", S_IFREG | 0644);

	(void)state;
	entry.size = 64 << 20;
	entry.sparse = true;
	begin_tree();
	makes(entry);
	SUCCEEDS(tree_write(tree, "end", 3, 32 << 20, &err));
	SUCCEEDS(tree_write(tree, "begin", 5, 0, &err));
	FAILS(tree_write(tree, "beyond", 6, (64 << 20) - 5, &err), EINVAL,
	      "beyond the file's size");
	FAILS(tree_write(tree, "before", 6, -1, &err), EINVAL, "beyond the file's size");
	FAILS(tree_write(tree, "far", 3, INT64_MAX, &err), EINVAL, "beyond the file's size");
	end_tree();
	assert_int_equal(stat_of("sparse").st_size, 64 << 20);
	assert_true(stat_of("sparse").st_blocks < 1 << 10);
	check_text("sparse", "begin");
}

static void data_needs_a_file(void **state)
{
	(void)state;
	begin_tree();
	FAILS(tree_write(tree, "x", 1, 0, &err), EINVAL, "without a file");
	makes_directory("d", 0755);
	FAILS(tree_write(tree, "x", 1, 0, &err), EINVAL, "without a file");
}

static void links_have_owner_and_time(void **state)
{
	char target[32] = "";

	(void)state;
	NEED_SANDBOX();
	begin_tree();
	makes(owned_by(symlink_entry("l", "/nowhere/at all"), 12, 34));
	end_tree();
	assert_int_equal(readlinkat(root, "l", target, sizeof target), 15);
	assert_string_equal(target, "/nowhere/at all");
	assert_int_equal(stat_of("l").st_uid, 12);
	assert_int_equal(stat_of("l").st_gid, 34);
	check_time("l", THEN, 123456789);
	assert_int_equal(counts.links, 1);
}

static void devices_and_fifos_are_made(void **state)
{
	struct entry device = owned_by(entry_of("null", S_IFCHR | 0666), 0, 5);

	(void)state;
	NEED_SANDBOX();
	device.major = 1;
	device.minor = 3;
	begin_tree();
	makes(device);
	device.path = text("loop");
	device.mode = S_IFBLK | 0660;
	device.major = 7;
	device.minor = 300;
	makes(device);
	makes(entry_of("fifo", S_IFIFO | 0622));
	end_tree();
	assert_true(S_ISCHR(stat_of("null").st_mode));
	assert_int_equal(stat_of("null").st_rdev, makedev(1, 3));
	assert_int_equal(stat_of("null").st_gid, 5);
	check_mode("null", 0666);
	check_time("null", THEN, 123456789);
	assert_true(S_ISBLK(stat_of("loop").st_mode));
	assert_int_equal(stat_of("loop").st_rdev, makedev(7, 300));
	assert_true(S_ISFIFO(stat_of("fifo").st_mode));
	check_mode("fifo", 0622);
	assert_int_equal(counts.others, 3);
}

static void devices_are_left_out_on_request(void **state)
{
	(void)state;
	options.leave_out_devices = true;
	begin_tree();
	makes_file("was a file", "below");
	makes(entry_of("was a file", S_IFCHR | 0666));
	makes(entry_of("block", S_IFBLK | 0666));
	makes(entry_of("fifo", S_IFIFO | 0666));
	end_tree();
	assert_false(is_there("was a file"));
	assert_false(is_there("block"));
	assert_true(is_there("fifo"));
	assert_int_equal(counts.devices_left_out, 2);
}

static void sockets_and_unknown_types_are_refused(void **state)
{
	(void)state;
	begin_tree();
	FAILS(make(entry_of("s", S_IFSOCK | 0666)), EINVAL, "type 140000");
	FAILS(make(entry_of("s", 0666)), EINVAL, "type 0");
	end_tree();
	assert_false(is_there("s"));
}

static void an_owner_of_all_ones_is_refused(void **state)
{
	(void)state;
	begin_tree();
	FAILS(make(owned_by(entry_of("f", S_IFREG | 04755), UINT32_MAX, 0)), EINVAL, "owner");
	FAILS(make(owned_by(entry_of("f", S_IFREG | 04755), 0, UINT32_MAX)), EINVAL, "owner");
	end_tree();
	assert_false(is_there("f"));
}

/* ---- hard links ---- */

static void hard_links_share_the_file(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("d", 0755);
	makes_file("d/f", "text");
	makes(hard_link_entry("g", "d/f"));
	/* The next layer. */
	next_tree();
	makes(hard_link_entry("d/h", "g"));
	makes(hard_link_entry("g", "d/f"));
	end_tree();
	assert_int_equal(stat_of("g").st_ino, stat_of("d/f").st_ino);
	assert_int_equal(stat_of("d/h").st_ino, stat_of("d/f").st_ino);
	assert_int_equal(stat_of("g").st_nlink, 3);
	check_time("g", THEN, 123456789);
}

static void a_hard_link_to_a_symbolic_link_is_that_link(void **state)
{
	(void)state;
	begin_tree();
	makes_file("f", "text");
	makes(symlink_entry("l", "f"));
	makes(hard_link_entry("h", "l"));
	end_tree();
	assert_true(S_ISLNK(stat_of("h").st_mode));
	assert_int_equal(stat_of("h").st_ino, stat_of("l").st_ino);
}

static void hard_links_go_nowhere_outside(void **state)
{
	(void)state;
	link_to("../outside", "up");
	link_to("/", "slash");
	begin_tree();
	FAILS(make(hard_link_entry("h", "up/canary")), ENOENT, "not there");
	FAILS(make(hard_link_entry("h", "../outside/canary")), EINVAL, "..");
	FAILS(make(hard_link_entry("h", "slash/outside/canary")), ENOENT, "not there");
	FAILS(make(hard_link_entry("h", "etc/passwd")), ENOENT, "not there");
	FAILS(make(hard_link_entry("h", "")), EINVAL, "root directory");
	FAILS(make(hard_link_entry("h", "..")), EINVAL, "ends in '..'");
	FAILS(make(hard_link_entry("h", "slash/.")), EINVAL, "ends in '.'");
	/* The link itself, never what it leads to. */
	link_to("../outside/canary", "canary");
	makes(hard_link_entry("h", "canary"));
	end_tree();
	assert_true(S_ISLNK(stat_of("h").st_mode));
}

static void hard_links_to_directories_and_themselves_are_refused(void **state)
{
	(void)state;
	begin_tree();
	makes_directory("d", 0755);
	makes_directory("d/e", 0755);
	makes_file("d/e/f", "text");
	FAILS(make(hard_link_entry("h", "d")), EPERM, "hard link to 'd'");
	FAILS(make(hard_link_entry("d/e/f", "d/e/f")), EINVAL, "itself");
	FAILS(make(hard_link_entry("d", "d/e/f")), EINVAL, "what is in it");
	end_tree();
	check_text("d/e/f", "text");
}

/* ---- in place of something ---- */

static void anything_takes_the_place_of_anything(void **state)
{
	const mode_t types[] = { S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO };
	size_t n = sizeof types / sizeof *types;

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		struct entry first = entry_of("x", types[i / n] | 0755);
		struct entry second = entry_of("x", types[i % n] | 0700);

		first.link = second.link = text("target");
		begin_tree();
		makes(first);
		if (S_ISDIR(first.mode))
			makes_file("x/below", "text");
		if (i & 1)
			next_tree();
		makes(second);
		end_tree();
		assert_int_equal(stat_of("x").st_mode & S_IFMT, types[i % n]);
		assert_int_equal(is_there("x/below"), S_ISDIR(first.mode) && S_ISDIR(second.mode));
		begin_tree();
		SUCCEEDS(tree_remove(tree, "x", &err));
		end_tree();
		assert_false(is_there("x"));
	}
}

static void a_file_is_not_written_through_a_link_of_its_name(void **state)
{
	(void)state;
	link_to("../outside/canary", "f");
	begin_tree();
	makes_file("f", "mine");
	end_tree();
	assert_true(S_ISREG(stat_of("f").st_mode));
	check_text("f", "mine");
}

static void a_file_is_not_written_into_its_other_name(void **state)
{
	(void)state;
	begin_tree();
	makes_file("f", "old");
	makes(hard_link_entry("g", "f"));
	next_tree();
	makes_file("f", "new");
	end_tree();
	check_text("f", "new");
	check_text("g", "old");
}

/* ---- the root ---- */

static void the_root_takes_its_entry_over(void **state)
{
	(void)state;
	begin_tree();
	makes_file("f", "text");
	makes_directory("", 0711);
	makes_file("g", "text");
	end_tree();
	check_mode(".", 0711);
	check_time(".", THEN, 123456789);
	check_text("f", "text");
}

static void the_root_stays_a_directory(void **state)
{
	(void)state;
	begin_tree();
	FAILS(make(symlink_entry("", "/etc")), EINVAL, "not a directory");
	FAILS(make(entry_of("", S_IFREG | 0644)), EINVAL, "not a directory");
	FAILS(make(hard_link_entry("", "f")), EINVAL, "not a directory");
	FAILS(make(entry_of("", S_IFIFO | 0644)), EINVAL, "not a directory");
	FAILS(make(entry_of(".", S_IFREG | 0644)), EINVAL, "ends in '.'");
	FAILS(make(entry_of("..", S_IFREG | 0644)), EINVAL, "ends in '..'");
	FAILS(make(entry_of("a/..", S_IFREG | 0644)), EINVAL, "ends in '..'");
	end_tree();
	assert_true(S_ISDIR(stat_of(".").st_mode));
}

/* ---- a layer of its own ---- */

static void without_the_lower_layers_parents_must_be_there(void **state)
{
	(void)state;
	options.parents_must_exist = true;
	begin_tree();
	makes_file("f", "text");
	assert_int_equal(make(entry_of("d/f", S_IFREG | 0644)), TREE_NEEDS_LOWER);
	assert_int_equal(make(entry_of("f/f", S_IFREG | 0644)), TREE_NEEDS_LOWER);
	assert_int_equal(make(hard_link_entry("h", "absent")), TREE_NEEDS_LOWER);
	assert_int_equal(make(hard_link_entry("h", "absent/f")), TREE_NEEDS_LOWER);
	makes(symlink_entry("dangling", "usr/lib"));
	assert_int_equal(make(entry_of("dangling/f", S_IFREG | 0644)), TREE_NEEDS_LOWER);
	end_tree();
	assert_false(is_there("d"));
	assert_false(is_there("usr"));
}

static void nothing_stays_open(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	begin_tree();
	makes_file("a/b/c", "text");
	end_tree();
	begin_tree();
	makes_file("a/b/d", "text");
	tree_drop(tree);
	tree = NULL;
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_CASE(a_file_has_all_that_its_entry_says),
		TREE_CASE(times_before_1970_are_kept),
		TREE_CASE(special_bits_outlive_a_change_of_owner),
		TREE_CASE(what_is_between_pieces_is_a_hole),
		TREE_CASE(data_needs_a_file),
		TREE_CASE(links_have_owner_and_time),
		TREE_CASE(devices_and_fifos_are_made),
		TREE_CASE(devices_are_left_out_on_request),
		TREE_CASE(sockets_and_unknown_types_are_refused),
		TREE_CASE(an_owner_of_all_ones_is_refused),
		TREE_CASE(hard_links_share_the_file),
		TREE_CASE(a_hard_link_to_a_symbolic_link_is_that_link),
		TREE_CASE(hard_links_go_nowhere_outside),
		TREE_CASE(hard_links_to_directories_and_themselves_are_refused),
		TREE_CASE(anything_takes_the_place_of_anything),
		TREE_CASE(a_file_is_not_written_through_a_link_of_its_name),
		TREE_CASE(a_file_is_not_written_into_its_other_name),
		TREE_CASE(the_root_takes_its_entry_over),
		TREE_CASE(the_root_stays_a_directory),
		TREE_CASE(without_the_lower_layers_parents_must_be_there),
		TREE_CASE(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
