/* Names and ids: who gets a name, what a reference means, and that no death leaves a container without a name. */
#include "shim/record_names.h"

#include "spec/base/owned.h"
#include "tests/unit/sandbox.h"

static int root = -1;
static struct error err;

static int begin(void **state)
{
	if (sandbox_setup(state))
		return -1;
	root = record_root_open(in_sandbox("root"), &err);
	return root < 0 ? -1 : 0;
}

static int end(void **state)
{
	close(root);
	return sandbox_teardown(state);
}

static struct record_folder made(const char *id, const char *name)
{
	struct record_folder folder;
	struct record *record = record_new(id, name, "/b", "orun");

	SUCCEEDS(record_claim(root, id, &folder, &err));
	SUCCEEDS(record_name_take(root, name, id, &err));
	SUCCEEDS(record_save(&folder, record, &err));
	record_destroy(record);
	return folder;
}

static void removed(struct record_folder *folder, const char *name)
{
	SUCCEEDS(record_name_drop(root, name, folder->id, &err));
	SUCCEEDS(record_remove(folder, &err));
	record_folder_close(folder);
}

static void check_found(const char *reference, const char *id)
{
	owned_string found = NULL;

	err = (struct error){ 0 };
	if (record_find(root, reference, &found, &err))
		fail_msg("%s: %s", reference, err.msg);
	assert_string_equal(found, id);
}

static void check_lost(const char *reference, int code, const char *message)
{
	char *found = NULL;

	FAILS(record_find(root, reference, &found, &err), code, message);
	assert_null(found);
}

static void a_reference_is_an_id_a_name_or_the_beginning_of_an_id(void **state)
{
	struct record_folder one = made("abc1", "web"), two = made("abc2", "abc");

	(void)state;
	check_found("abc1", "abc1");
	check_found("web", "abc1");
	check_found("/web", "abc1");
	check_found("abc", "abc2"); /* a name before a beginning */
	check_lost("ab", ENOTUNIQ, "multiple IDs found with provided prefix: ab");
	check_lost("we", ENOENT, "No such container: we");
	check_lost("", ENOENT, "No such container: ");
	check_lost("../root", ENOENT, "No such container: ../root");
	check_lost("name:web", ENOENT, "No such container: name:web");
	removed(&two, "abc");
	check_found("ab", "abc1");
	struct record_folder three = made("web", "other");
	check_found("web", "web"); /* a whole id before a name */
	removed(&three, "other");
	removed(&one, "web");
	check_lost("web", ENOENT, "No such container: web");
}

static void a_name_has_one_container(void **state)
{
	struct record_folder one = made("id1", "name");

	(void)state;
	FAILS(record_name_take(root, "name", "id2", &err), EEXIST,
	      "Conflict. The container name \"/name\" is already in use by container \"id1\"");
	FAILS(record_name_take(root, "-x", "id2", &err), EINVAL,
	      "Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
	SUCCEEDS(record_name_take(root, "name", "id1", &err));
	SUCCEEDS(record_name_drop(root, "name", "id2", &err)); /* not its name */
	check_found("name", "id1");
	removed(&one, "name");
}

static void a_container_is_renamed(void **state)
{
	struct record_folder one = made("id1", "old"), two = made("id2", "taken");
	struct record *record = record_load(&one, &err);

	(void)state;
	assert_non_null(record);
	FAILS(record_rename(&one, record, "taken", &err), EEXIST, "Conflict.");
	FAILS(record_rename(&one, record, "old", &err), EINVAL, "with the same name");
	FAILS(record_rename(&one, record, "a/b", &err), EINVAL, "Invalid container name (a/b)");
	assert_string_equal(record->name, "old");
	SUCCEEDS(record_rename(&one, record, "new", &err));
	assert_string_equal(record->name, "new");
	check_found("new", "id1");
	check_lost("old", ENOENT, "No such container: old");
	record_destroy(record);
	struct record_folder three = made("id3", "old");
	removed(&three, "old");
	removed(&two, "taken");
	removed(&one, "new");
}

static void a_rename_that_cannot_be_saved_changes_nothing(void **state)
{
	struct record_folder one = made("id1", "old");
	struct record *record = record_load(&one, &err);

	(void)state;
	assert_non_null(record);
	assert_int_equal(mkdirat(one.directory, "record.json.new", 0700), 0);
	FAILS(record_rename(&one, record, "new", &err), EEXIST, "save the record");
	assert_string_equal(record->name, "old");
	check_found("old", "id1");
	check_lost("new", ENOENT, "No such container: new");
	assert_int_equal(unlinkat(one.directory, "record.json.new", AT_REMOVEDIR), 0);
	record_destroy(record);
	removed(&one, "old");
}

/* What a killed rename, create or removal leaves: links that nobody answers for. */
static void names_left_behind_are_free(void **state)
{
	struct record_folder one = made("id1", "real");

	(void)state;
	assert_int_equal(symlinkat("id1", root, "name:half"), 0);
	assert_int_equal(symlinkat("nobody", root, "name:dead"), 0);
	assert_int_equal(symlinkat("../../etc", root, "name:evil"), 0);
	check_lost("half", ENOENT, "No such container");
	check_lost("dead", ENOENT, "No such container");
	check_lost("evil", ENOENT, "No such container");
	struct record_folder two = made("id2", "half"), three = made("id3", "dead"),
			     four = made("id4", "evil");
	check_found("half", "id2");
	check_found("dead", "id3");
	check_found("evil", "id4");
	removed(&four, "evil");
	removed(&three, "dead");
	removed(&two, "half");
	removed(&one, "real");
}

static void a_container_whose_record_is_damaged_keeps_its_name(void **state)
{
	struct record_folder one = made("id1", "name");

	(void)state;
	assert_int_equal(unlinkat(one.directory, "record.json", 0), 0);
	check_found("name", "id1");
	FAILS(record_name_take(root, "name", "id2", &err), EEXIST, "already in use");
	removed(&one, "name");
}

static void of_many_at_once_one_gets_the_name(void **state)
{
	enum { TAKERS = 8, ROUNDS = 10 };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int winners = 0;

		for (int i = 0; i < TAKERS; i++)
			if (fork() == 0) {
				char id[16];
				struct record_folder folder;

				snprintf(id, sizeof id, "taker%d", i);
				_exit(record_claim(root, id, &folder, &err) ||
						      record_name_take(root, "prize", id, &err)
					      ? 1
					      : 0);
			}
		for (int i = 0; i < TAKERS; i++) {
			int status;

			assert_true(wait(&status) > 0);
			winners += status == 0;
		}
		assert_int_equal(winners, 1);
		assert_int_equal(unlinkat(root, "name:prize", 0), 0);
		for (int i = 0; i < TAKERS; i++) {
			char id[16];

			snprintf(id, sizeof id, "taker%d", i);
			assert_int_equal(unlinkat(root, id, AT_REMOVEDIR), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_is_an_id_a_name_or_the_beginning_of_an_id),
		cmocka_unit_test(a_name_has_one_container),
		cmocka_unit_test(a_container_is_renamed),
		cmocka_unit_test(a_rename_that_cannot_be_saved_changes_nothing),
		cmocka_unit_test(names_left_behind_are_free),
		cmocka_unit_test(a_container_whose_record_is_damaged_keeps_its_name),
		cmocka_unit_test(of_many_at_once_one_gets_the_name),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
