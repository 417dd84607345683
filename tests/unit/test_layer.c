/* The rules of layer.md, from tars as tools write them and as attackers would. */
#include "imgtool/layer/layer.h"

#include "tests/unit/layers.h"
#include "tests/unit/made_tree.h"

static struct buffer tar;
static struct layer_options how;
static bool has_root;

static int setup_layer(void **state)
{
	how = (struct layer_options){ .plain.max_size = 1 << 30, .max_entries = 1000 };
	tar = (struct buffer){ 0 };
	return setup_tree(state);
}

static int teardown_layer(void **state)
{
	buffer_finish(&tar);
	return teardown_tree(state);
}

#define LAYER_CASE(name) cmocka_unit_test_setup_teardown(name, setup_layer, teardown_layer)

static void has_file(const char *name, const char *content)
{
	add_member(&tar, (struct block){ .name = name }, content, strlen(content));
}

static void has_directory(const char *name)
{
	add_block(&tar, &(struct block){ .name = name, .type = '5', .mode = "0000755" });
}

static void has_link(char type, const char *name, const char *target)
{
	add_block(&tar, &(struct block){ .name = name, .type = type, .link = target });
}

/* Applies what was added since the last time. */
static int apply(void)
{
	add_end(&tar);
	struct layer layer = make_layer(&tar, &tar);

	err = (struct error){ 0 };
	int status = layer_apply(&layer, root, &how, &counts, &has_root, &err);
	layer_finish(&layer);
	buffer_finish(&tar);
	tar = (struct buffer){ 0 };
	return status;
}

static void applies(void)
{
	int status = apply();

	if (status)
		fail_msg("layer: %d %s", status, err.msg);
}

static void fails(const char *words)
{
	assert_int_equal(apply(), -1);
	if (!strstr(err.msg, words))
		fail_msg("\"%s\" and not \"%s\"", err.msg, words);
}

/* The layer below of most cases. */
static void make_base(void)
{
	has_directory("./");
	has_file("./f", "lower");
	has_directory("./d/");
	has_file("./d/f", "lower");
	has_file("./d/g", "lower");
	has_directory("./d/e/");
	has_file("./d/e/f", "lower");
	applies();
}

static void entries_become_files(void **state)
{
	(void)state;
	make_base();
	check_text("f", "lower");
	check_text("d/e/f", "lower");
	assert_true(has_root);
	assert_int_equal(counts.files, 4);
	assert_int_equal(counts.directories, 3);
	assert_int_equal(counts.bytes, 20);
	has_file("f", "upper");
	applies();
	check_text("f", "upper");
	assert_false(has_root);
}

static void a_later_entry_of_the_name_wins(void **state)
{
	(void)state;
	has_file("f", "first");
	has_file("g", "other");
	has_file("f", "second");
	applies();
	check_text("f", "second");
}

static void a_whiteout_hits_the_lower_layers_only(void **state)
{
	(void)state;
	make_base();
	has_file("d/.wh.f", "");
	has_file(".wh.absent", "");
	has_file("absent/.wh.f", "");
	has_file("d/g", "upper");
	has_file("d/.wh.g", "");
	has_file("d/e/new", "upper");
	has_file("d/.wh.e", "");
	applies();
	assert_false(is_there("d/f"));
	assert_false(is_there("d/.wh.f"));
	assert_false(is_there("absent"));
	check_text("d/g", "upper");
	check_text("d/e/new", "upper");
	assert_false(is_there("d/e/f"));
}

static void an_opaque_whiteout_empties_a_directory(void **state)
{
	(void)state;
	make_base();
	has_directory("d/");
	has_file("d/new", "upper");
	has_file("d/.wh..wh..opq", "");
	applies();
	check_text("d/new", "upper");
	assert_false(is_there("d/f"));
	assert_false(is_there("d/e"));
	check_text("f", "lower");
	has_file(".wh..wh..opq", "");
	has_file("only", "this");
	applies();
	assert_false(is_there("f"));
	check_text("only", "this");
}

static void whiteouts_that_name_nothing_are_errors(void **state)
{
	static const char *const names[] = { ".wh.",	 "d/.wh.", ".wh..",
					     "d/.wh...", ".wh...", "./.wh." };

	(void)state;
	make_base();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		has_file(names[i], "");
		assert_int_equal(apply(), -1);
		assert_int_equal(err.code, EINVAL);
	}
	check_text("d/f", "lower");
	check_text("f", "lower");
}

static void whiteouts_lead_nowhere_outside(void **state)
{
	(void)state;
	has_link('2', "out", "../outside");
	has_link('2', "d", "/");
	has_file("f", "text");
	applies();
	has_file("out/.wh.canary", "");
	has_file("d/.wh.f", "");
	applies();
	assert_false(is_there("f"));
	has_file("../outside/.wh.canary", "");
	fails("..");
	has_file("out/.wh..wh..opq", "");
	has_file(".wh.out", "");
	applies();
	assert_false(is_there("out"));
}

static void a_whiteout_may_be_of_any_type(void **state)
{
	(void)state;
	make_base();
	has_directory(".wh.d/");
	has_link('2', ".wh.f", "f");
	applies();
	assert_false(is_there("d"));
	assert_false(is_there("f"));
	assert_false(is_there(".wh.d"));
	has_file(".wh.d/f", "text");
	fails("a whiteout cannot be a directory");
}

static void records_of_aufs_are_skipped(void **state)
{
	(void)state;
	has_directory(".wh..wh.plnk/");
	has_file(".wh..wh.plnk/123.456", "text");
	has_file(".wh..wh.aufs", "");
	has_file("d/.wh..wh.orph", "");
	has_file("d/f", "text");
	applies();
	assert_false(is_there(".wh..wh.plnk"));
	assert_false(is_there(".wh..wh.aufs"));
	assert_false(is_there("d/.wh..wh.orph"));
	check_text("d/f", "text");
	/* Similar, and yet files. */
	has_file("a.wh.b", "text");
	has_file(".whiteout", "text");
	has_file("wh..wh..opq", "text");
	applies();
	check_text("a.wh.b", "text");
	check_text(".whiteout", "text");
	check_text("wh..wh..opq", "text");
}

static void a_directory_over_a_link_replaces_it(void **state)
{
	(void)state;
	has_directory("usr/");
	has_directory("usr/lib/");
	has_file("usr/lib/f", "text");
	has_link('2', "lib", "usr/lib");
	applies();
	has_file("lib/through", "text");
	applies();
	check_text("usr/lib/through", "text");
	has_directory("lib/");
	has_file("lib/own", "text");
	applies();
	assert_true(S_ISDIR(stat_of("lib").st_mode));
	check_text("lib/own", "text");
	assert_false(is_there("lib/through"));
	assert_false(is_there("usr/lib/own"));
}

static void hard_links_cross_layers(void **state)
{
	(void)state;
	make_base();
	has_link('1', "h", "./d/f");
	has_link('1', "d/e/h", "/d/f");
	applies();
	assert_int_equal(stat_of("h").st_nlink, 3);
	has_link('1', "h", "../outside/canary");
	fails("..");
	has_link('2', "out", "../outside");
	has_link('1', "h", "out/canary");
	fails("not there");
}

static void the_root_is_a_directory_or_the_layer_is_refused(void **state)
{
	(void)state;
	has_link('2', "./", "/etc");
	fails("not a directory");
	has_link('2', ".", "/etc");
	fails("not a directory");
	has_link('2', "/", "/etc");
	fails("not a directory");
	has_file("./", "text");
	assert_int_equal(apply(), -1);
	assert_true(S_ISDIR(stat_of(".").st_mode));
}

static void entries_are_counted(void **state)
{
	char name[16];

	(void)state;
	how.max_entries = 10;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "f%u", i);
		has_file(name, "");
	}
	applies();
	for (unsigned i = 0; i < 11; i++)
		has_file("f", "");
	fails("more than 10 entries");
	assert_int_equal(err.code, EFBIG);
}

static void wrong_bytes_are_no_layer(void **state)
{
	(void)state;
	has_file("f", "text");
	add_end(&tar);
	struct layer layer = make_layer(&tar, &tar);
	layer.diff_id[10] = layer.diff_id[10] == '0' ? '1' : '0';
	assert_int_equal(layer_apply(&layer, root, &how, &counts, &has_root, &err), -1);
	layer_finish(&layer);
}

/* ---- alone ---- */

static void a_layer_alone_has_marks(void **state)
{
	char found[4] = "";

	(void)state;
	NEED_SANDBOX();
	how.form = LAYER_FOR_OVERLAY;
	has_directory("./");
	has_directory("d/");
	has_file("d/.wh.f", "");
	has_directory("o/");
	has_file("o/.wh..wh..opq", "");
	has_file("o/.wh.dropped", "");
	has_file("o/new", "text");
	has_file(".wh.again", "");
	has_directory("again/");
	applies();
	assert_true(has_root);
	assert_true(S_ISCHR(stat_of("d/f").st_mode));
	assert_int_equal(stat_of("d/f").st_rdev, 0);
	assert_int_equal(xattr_of("o", "trusted.overlay.opaque", found, sizeof found), 1);
	assert_string_equal(found, "y");
	assert_int_equal(xattr_of("again", "trusted.overlay.opaque", NULL, 0), 1);
	assert_int_equal(xattr_of("d", "trusted.overlay.opaque", NULL, 0), -1);
	assert_false(is_there("o/dropped"));
	assert_false(is_there("d/.wh.f"));
	check_text("o/new", "text");
}

static void a_layer_that_is_not_whole_says_so(void **state)
{
	(void)state;
	how.form = LAYER_FOR_OVERLAY;
	has_file("d/f", "its parent is missing");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
	has_link('1', "h", "lower");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
	has_file("d/.wh.f", "");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
	has_file("d/.wh..wh..opq", "");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
	has_file(".wh..wh..opq", "");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
	has_file("f", "");
	has_file("f/g", "");
	assert_int_equal(apply(), LAYER_NEEDS_LOWER);
}

static void nothing_stays_open(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	make_base();
	has_file("../f", "");
	fails("..");
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAYER_CASE(entries_become_files),
		LAYER_CASE(a_later_entry_of_the_name_wins),
		LAYER_CASE(a_whiteout_hits_the_lower_layers_only),
		LAYER_CASE(an_opaque_whiteout_empties_a_directory),
		LAYER_CASE(whiteouts_that_name_nothing_are_errors),
		LAYER_CASE(whiteouts_lead_nowhere_outside),
		LAYER_CASE(a_whiteout_may_be_of_any_type),
		LAYER_CASE(records_of_aufs_are_skipped),
		LAYER_CASE(a_directory_over_a_link_replaces_it),
		LAYER_CASE(hard_links_cross_layers),
		LAYER_CASE(the_root_is_a_directory_or_the_layer_is_refused),
		LAYER_CASE(entries_are_counted),
		LAYER_CASE(wrong_bytes_are_no_layer),
		LAYER_CASE(a_layer_alone_has_marks),
		LAYER_CASE(a_layer_that_is_not_whole_says_so),
		LAYER_CASE(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
