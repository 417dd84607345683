/* descriptors.json as anybody may have written it, and the directories of a checkpoint. */
#include "runtime/checkpoint_files.h"

#include "tests/unit/sandbox.h"

static struct error err;

static int read_names(const char *text, struct string_list *names)
{
	int fd = open_new_folder("images");

	*names = (struct string_list){ 0 };
	make_text(in_sandbox("images/descriptors.json"), text);
	err = (struct error){ 0 };
	int failed = checkpoint_read_descriptors(fd, names, &err);
	close(fd);
	assert_int_equal(unlink(in_sandbox("images/descriptors.json")), 0);
	assert_int_equal(rmdir(in_sandbox("images")), 0);
	return failed;
}

static void names_of_streams_are_kept_and_others_are_empty(void **state)
{
	struct string_list names;

	(void)state;
	assert_int_equal(
		read_names(" [ \"pipe:[12]\" ,\t\"/dev/null\",\n\"file[1f:a0]\" ] \n", &names), 0);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "pipe:[12]");
	assert_string_equal(names.v[1], "");
	assert_string_equal(names.v[2], "file[1f:a0]");
	string_list_finish(&names);
	assert_int_equal(read_names("[]", &names), 0);
	assert_int_equal(names.n, 0);
}

static void names_that_only_look_like_streams_are_empty(void **state)
{
	static const char *const texts[] = {
		"[\"pipe:[]\"]",
		"[\"pipe:[1\"]",
		"[\"pipe:[1]]\"]",
		"[\"pipe:[a]\"]",
		"[\"file[1:]\"]",
		"[\"file[:1]\"]",
		"[\"file[1:2:3]\"]",
		"[\"file[1]\"]",
		"[\"\\u0070ipe:[1]\"]",
		"[\"pipe:[1]\\\"\"]",
		"[\"extRootNetNS\"]",
		"[\"]\"]",
		"[\"\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct string_list names;
		assert_int_equal(read_names(texts[i], &names), 0);
		assert_int_equal(names.n, 1);
		assert_string_equal(names.v[0], "");
		string_list_finish(&names);
	}
}

static void anything_but_a_short_list_of_strings_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"null",
		"{}",
		"[",
		"[\"a\"",
		"[\"a\",]",
		"[,]",
		"[1]",
		"[\"a]",
		"[\"a\\",
		"[\"\\",
		"[\"a\"]]",
		"[\"a\nb\"]",
		"[\"a\" \"b\"]",
		"[\"a\"] x",
		"[[\"a\"]]",
		"[\"a\",\"b\",\"c\",\"d\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct string_list names;
		assert_int_equal(read_names(texts[i], &names), -1);
		assert_int_equal(err.code, EBADMSG);
		assert_memory_equal(err.msg, "descriptors.json", strlen("descriptors.json"));
		string_list_finish(&names);
	}
}

static void what_is_written_is_read_again(void **state)
{
	struct string_list names = { 0 }, again = { 0 };
	int fd = open_new_folder("written");

	(void)state;
	assert_int_equal(string_list_add(&names, "pipe:[7]"), 0);
	assert_int_equal(string_list_add(&names, "/a \"path\"\n"), 0);
	SUCCEEDS(checkpoint_write_descriptors(fd, &names, &err));
	assert_string_equal(text_of(AT_FDCWD, in_sandbox("written/descriptors.json")),
			    "[\"pipe:[7]\",\"/a \\\"path\\\"\\n\"]");
	SUCCEEDS(checkpoint_read_descriptors(fd, &again, &err));
	assert_int_equal(again.n, 2);
	assert_string_equal(again.v[0], "pipe:[7]");
	string_list_finish(&names);
	string_list_finish(&again);
	close(fd);
}

static void directories_are_made_for_a_checkpoint_and_expected_for_a_restore(void **state)
{
	struct checkpoint_directories directories;
	struct stat st;

	(void)state;
	FAILS(checkpoint_directories_open(in_sandbox("new"), NULL, false, &directories, &err),
	      ENOENT, "--image-path");
	SUCCEEDS(checkpoint_directories_open(in_sandbox("new/images"), NULL, true, &directories,
					     &err));
	assert_int_equal(fstat(directories.work, &st), 0);
	assert_true(is_same_file(directories.images, in_sandbox("new/images")));
	assert_true(is_same_file(directories.work, in_sandbox("new/images")));
	assert_int_equal(st.st_mode & 07777, 0700);
	FAILS(checkpoint_check_parent(&directories, "/tmp", &err), EINVAL,
	      "--parent-path must be relative");
	FAILS(checkpoint_check_parent(&directories, "../absent", &err), ENOENT,
	      "invalid --parent-path");
	SUCCEEDS(checkpoint_check_parent(&directories, "..", &err));
	checkpoint_directories_close(&directories);
	assert_int_equal(directories.images, -1);
}

static void a_directory_for_everybody_is_refused(void **state)
{
	struct checkpoint_directories directories;

	(void)state;
	make_folder(in_sandbox("open"));
	assert_int_equal(chmod(in_sandbox("open"), 01777), 0);
	FAILS(checkpoint_directories_open(in_sandbox("open"), NULL, true, &directories, &err),
	      EPERM, "everybody may write to it");
	assert_int_equal(directories.images, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_streams_are_kept_and_others_are_empty),
		cmocka_unit_test(names_that_only_look_like_streams_are_empty),
		cmocka_unit_test(anything_but_a_short_list_of_strings_is_refused),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(directories_are_made_for_a_checkpoint_and_expected_for_a_restore),
		cmocka_unit_test(a_directory_for_everybody_is_refused),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
