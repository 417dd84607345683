/* Subordinate ids by /etc/subuid and /etc/subgid, in a namespace where those are the test's. */
#include "imgtool/id_mappings.h"

#include "tests/unit/sandbox.h"

static struct error err;
static struct id_mappings mappings;

static int finish(void **state)
{
	(void)state;
	id_mappings_finish(&mappings);
	err = (struct error){ 0 };
	return 0;
}

/* What is mapped for us, as root of the initial namespace, when the files say so: "0:0:1 1:100:5". */
static const char *mapped(const char *subuid, const char *subgid)
{
	static char text[512];
	size_t used = 0;

	make_text(in_sandbox("subuid"), subuid);
	make_text(in_sandbox("subgid"), subgid);
	assert_int_equal(mount(in_sandbox("subuid"), "/etc/subuid", NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(in_sandbox("subgid"), "/etc/subgid", NULL, MS_BIND, NULL), 0);
	int result = id_mappings_of_user(&mappings, &err);
	assert_int_equal(umount("/etc/subuid"), 0);
	assert_int_equal(umount("/etc/subgid"), 0);
	assert_int_equal(result, 0);
	for (size_t i = 0; i < mappings.uids.n; i++) {
		const struct id_mapping *one = mappings.uids.v[i];
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%u:%u:%u",
					 used ? " " : "", one->container_id, one->host_id,
					 one->size);
	}
	return text;
}

/* Programs of that name, which nobody runs. */
static void have_programs(bool have)
{
	make_folder(in_sandbox("bin"));
	if (have) {
		make_text(in_sandbox("bin/newuidmap"), "");
		make_text(in_sandbox("bin/newgidmap"), "");
		chmod(in_sandbox("bin/newuidmap"), 0755);
		chmod(in_sandbox("bin/newgidmap"), 0755);
	}
	setenv("PATH", in_sandbox("bin"), 1);
}

static void need_files(void)
{
	NEED_SANDBOX();
	if (!exists("/etc/subuid") || !exists("/etc/subgid"))
		SKIP("there is no /etc/subuid to put another in the place of");
}

static void ranges_follow_the_user_itself(void **state)
{
	(void)state;
	need_files();
	have_programs(true);
	assert_string_equal(mapped("root:100000:65536\n", "root:100000:65536\n"),
			    "0:0:1 1:100000:65536");
	assert_true(id_mappings_full(&mappings));
}

static void several_ranges_and_numbers_are_taken_in_their_order(void **state)
{
	(void)state;
	need_files();
	assert_string_equal(mapped("other:1:2\nroot:500:10\n0:900:70000\n", "root:5:70000\n"),
			    "0:0:1 1:500:10 11:900:70000");
	assert_true(id_mappings_full(&mappings));
}

static void lines_that_are_none_are_passed_over(void **state)
{
	static const char *const wrong[] = { "",
					     "root\n",
					     "root:1\n",
					     "root:x:5\n",
					     "root:1:0\n",
					     "root:-1:5\n",
					     "root:4294967295:5\n",
					     "root:4294967290:10\n",
					     "root:1:99999999999999999999\n",
					     ":::\n\n:\n",
					     "rootx:1:5\n" };

	(void)state;
	need_files();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_string_equal(mapped(wrong[i], "root:100000:65536\n"), "0:0:1");
		assert_int_equal(mappings.gids.n, 1);
		id_mappings_finish(&mappings);
	}
	/* What is too much for one number is left out, the rest is taken. */
	assert_string_equal(mapped("root:1:4294967290\nroot:5:100\nroot:7:3\n", "root:1:5\n"),
			    "0:0:1 1:1:4294967290 4294967291:7:3");
}

static void fewer_ids_than_images_have_are_not_full(void **state)
{
	(void)state;
	need_files();
	mapped("root:100000:1000\n", "root:100000:65536\n");
	assert_false(id_mappings_full(&mappings));
}

static void without_the_programs_there_are_no_ranges(void **state)
{
	(void)state;
	need_files();
	unlink(in_sandbox("bin/newgidmap"));
	assert_string_equal(mapped("root:100000:65536\n", "root:100000:65536\n"), "0:0:1");
}

static void the_initial_namespace_maps_all_ids_to_themselves(void **state)
{
	struct id_mapping one = { 0, 1000, 1 }, *list[] = { &one };
	const struct id_mappings single = { .uids = { list, 1 }, .gids = { list, 1 } };
	struct id_mapping first = { 0, 7, 10 }, second = { 10, 90, 65526 }, gap = { 11, 90, 65526 };
	struct id_mapping *whole[] = { &second, &first }, *holed[] = { &first, &gap };
	const struct id_mappings joined = { .uids = { whole, 2 }, .gids = { whole, 2 } };

	(void)state;
	assert_int_equal(id_mappings_of_process(&mappings, &err), 0);
	assert_true(mappings.uids.n > 0);
	assert_int_equal(id_mappings_identical(&mappings),
			 id_mappings_count(&mappings.uids) == UINT32_MAX &&
				 mappings.uids.v[0]->host_id == 0);
	assert_false(id_mappings_identical(&single));
	assert_true(id_mappings_full(&joined));
	assert_int_equal(id_mappings_count(&(struct id_mapping_list){ holed, 2 }), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ranges_follow_the_user_itself, finish),
		cmocka_unit_test_teardown(several_ranges_and_numbers_are_taken_in_their_order,
					  finish),
		cmocka_unit_test_teardown(lines_that_are_none_are_passed_over, finish),
		cmocka_unit_test_teardown(fewer_ids_than_images_have_are_not_full, finish),
		cmocka_unit_test_teardown(without_the_programs_there_are_no_ranges, finish),
		cmocka_unit_test_teardown(the_initial_namespace_maps_all_ids_to_themselves, finish),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
