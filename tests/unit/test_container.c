/* The record of a container: its name, what is read and written, its status and its end. */
#include "runtime/container.h"

#include "tests/unit/containers.h"

#include <limits.h>
#include <sys/file.h>

/* ---- ids ---- */

static void ids_are_letters_digits_and_four_signs(void **state)
{
	static const char *const good[] = { "a",  "0",	  "Az09", "_+-.",     "...",
					    ".a", "a..b", "-x",	  "a.b-c_d+e" };
	static const char *const bad[] = { ".",	  "..",	 "a/b",	 "/",	     "../x", "a b", "a\n",
					   "a\t", "a:b", "a\\b", "\xc3\xa4", "a*",   "$x",  "a;b" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		SUCCEEDS(container_check_id(good[i], &err));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		FAILS(container_check_id(bad[i], &err), EINVAL, "invalid container ID format: ");
	FAILS(container_check_id("", &err), EINVAL, "container id cannot be empty");
}

static void ids_have_an_end(void **state)
{
	char id[NAME_MAX + 1];

	(void)state;
	memset(id, 'x', sizeof id);
	id[NAME_MAX - 16] = '\0';
	SUCCEEDS(container_check_id(id, &err));
	make_container(id, 0);
	id[NAME_MAX - 16] = 'x';
	id[NAME_MAX - 15] = '\0';
	FAILS(container_check_id(id, &err), EINVAL, "invalid container ID: longer than");
}

/* ---- the root ---- */

static void the_root_is_made_where_missing(void **state)
{
	struct stat st;
	char path[512];

	(void)state;
	snprintf(path, sizeof path, "%s", in_sandbox("deep/state/root"));
	int fd = container_open_root(path, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(is_same_file(fd, path));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0711);
	close(fd);
	fd = container_open_root(path, &err);
	assert_true(fd >= 0);
	close(fd);
	make_text(in_sandbox("file"), "");
	FAILS(container_open_root(in_sandbox("file"), &err), ENOTDIR, "state root '");
}

static void open_root_as_somebody(void *context)
{
	(void)context;
	EXPECT(setresuid(1111, 1111, 1111) == 0 || geteuid() != 0);
	EXPECT(setenv("XDG_RUNTIME_DIR", in_sandbox("xdg"), 1) == 0);
	int fd = container_open_root(NULL, &err);
	EXPECT_SUCCESS(fd < 0);
	EXPECT(is_same_file(fd, in_sandbox("xdg/orun")));
}

static void others_than_root_have_their_own(void **state)
{
	(void)state;
	make_folder(in_sandbox("xdg"));
	assert_int_equal(chmod(in_sandbox("xdg"), 0777), 0);
	assert_int_equal(chmod(sandbox, 0755), 0);
	in_child(open_root_as_somebody, NULL);
}

/* ---- claiming ---- */

static void a_name_is_given_once(void **state)
{
	struct container container, second;
	struct stat st;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	assert_true(container.locked);
	assert_int_equal(fstat(container.directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	FAILS(container_claim(root, "c", &second, &err), EEXIST,
	      "container with given ID already exists: c; delete it, or choose another id");
	assert_int_equal(second.directory, -1);
	container_close(&container);
	FAILS(container_claim(root, "c", &second, &err), EEXIST, "already exists");
}

/* A link in the name's place leads nowhere. */
static void a_link_is_no_container(void **state)
{
	struct container container;

	(void)state;
	make_folder(in_sandbox("elsewhere"));
	make_link("elsewhere", in_sandbox("link"));
	make_text(in_sandbox("file"), "");
	FAILS(container_claim(root, "link", &container, &err), EEXIST, "already exists");
	FAILS(container_open(root, "link", true, &container, &err), ENOTDIR, "container link: ");
	FAILS(container_open(root, "file", true, &container, &err), ENOTDIR, "container file: ");
}

/* ---- reading ---- */

/* ---- the configuration it was made from ---- */

static void the_configuration_is_kept(void **state)
{
	static const char text[] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
				   "\"annotations\":{\"kept\":\"yes\"}}";
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "keeper", &container, &err));
	SUCCEEDS(container_keep_config(&container, text, strlen(text), &err));
	struct config *config = container_config(&container, &err);
	if (!config)
		fail_msg("%s", err.msg);
	assert_string_equal(string_map_get(&config->annotations, "kept"), "yes");
	config_free(config);
	/* It is written once. */
	FAILS(container_keep_config(&container, text, strlen(text), &err), EEXIST,
	      "keep config.json of container keeper");
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
}

static void a_container_without_its_configuration_says_so(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "bare", &container, &err));
	assert_null(container_config(&container, &err));
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.msg, "container bare: "));
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
}

static void what_was_saved_is_read(void **state)
{
	struct container container;

	(void)state;
	make_container("c", 0);
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	assert_string_equal(container.id, "c");
	assert_true(container.locked);
	assert_string_equal(container.state->id, "c");
	assert_string_equal(container.state->bundle, "/bundle");
	container.state->pid = 4711;
	SUCCEEDS(container_save(&container, &err));
	container_close(&container);
	assert_int_equal(container.directory, -1);
	assert_null(container.state);
	SUCCEEDS(container_peek(root, "c", &container, &err));
	assert_false(container.locked);
	assert_int_equal(container.state->pid, 4711);
	container_close(&container);
}

static void what_does_not_exist_is_told(void **state)
{
	struct container container;

	(void)state;
	FAILS(container_open(root, "none", true, &container, &err), ENOENT,
	      "container none does not exist");
	FAILS(container_peek(root, "none", &container, &err), ENOENT,
	      "container none does not exist");
	FAILS(container_open(root, "../c", true, &container, &err), EINVAL, "invalid container ID");
	FAILS(container_peek(root, "", &container, &err), EINVAL, "cannot be empty");
}

static void what_a_killed_create_left_can_be_opened(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	container_close(&container);
	FAILS(container_open(root, "c", false, &container, &err), ENOENT,
	      "container c was never finished by its create; delete --force removes");
	assert_int_equal(container.directory, -1);
	FAILS(container_peek(root, "c", &container, &err), ENOENT, "never finished");
	SUCCEEDS(container_open(root, "c", true, &container, &err));
	assert_null(container.state);
	assert_int_equal(container_status(&container), STATUS_STOPPED);
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
	assert_false(exists(in_sandbox("c")));
}

static void broken_records_are_named(void **state)
{
	static const char *const broken[] = { "", "{", "[]", "{\"pid\": \"x\"}", "{\"id\": 7}" };
	struct container container;

	(void)state;
	make_folder(in_sandbox("c"));
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		make_text(in_sandbox("c/state.json"), broken[i]);
		FAILS(container_open(root, "c", true, &container, &err), EINVAL,
		      "state.json of container c: ");
		assert_int_equal(container.directory, -1);
	}
	unlink(in_sandbox("c/state.json"));
	make_folder(in_sandbox("c/state.json"));
	FAILS(container_open(root, "c", true, &container, &err), EISDIR, "state.json");
}

/* ---- status ---- */

static void check_status(const char *id, enum container_status expected)
{
	struct container container;

	SUCCEEDS(container_peek(root, id, &container, &err));
	assert_int_equal(container_status(&container), expected);
	container_close(&container);
}

static void a_container_is_creating_while_somebody_works_on_it(void **state)
{
	struct container container;

	(void)state;
	SUCCEEDS(container_claim(root, "c", &container, &err));
	container.state = new_state("c");
	SUCCEEDS(container_save(&container, &err));
	check_status("c", STATUS_CREATING);
	container_close(&container);
	/* Without a pid and without anybody at work it never will be more. */
	check_status("c", STATUS_STOPPED);
}

static void a_container_is_created_until_init_executes(void **state)
{
	pid_t pid = sleeper();

	(void)state;
	make_container("c", pid);
	int lock = openat(root, "c/created", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	check_status("c", STATUS_CREATED);
	close(lock);
	check_status("c", STATUS_RUNNING);
	end(pid);
	check_status("c", STATUS_STOPPED);
}

static void a_zombie_has_stopped(void **state)
{
	pid_t pid = sleeper();
	siginfo_t info;

	(void)state;
	make_container("c", pid);
	check_status("c", STATUS_RUNNING);
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	check_status("c", STATUS_STOPPED);
	assert_int_equal(process_start_time(pid), 0);
	waitpid(pid, NULL, 0);
}

static void another_process_with_its_pid_is_not_it(void **state)
{
	struct container container;
	pid_t pid = sleeper();

	(void)state;
	make_container("c", pid);
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	int fd = container_pidfd(&container);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	container.state->start_time++;
	errno = 0;
	assert_int_equal(container_pidfd(&container), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(container_status(&container), STATUS_STOPPED);
	container.state->pid = 0;
	assert_int_equal(container_pidfd(&container), -1);
	container.state->pid = -5;
	assert_int_equal(container_pidfd(&container), -1);
	container_close(&container);
	end(pid);
}

static void rename_self(void *context)
{
	uint64_t before = process_start_time(getpid());

	EXPECT(before > 0);
	EXPECT(prctl(PR_SET_NAME, context) == 0);
	EXPECT(process_start_time(getpid()) == before);
}

static void a_hostile_name_does_not_change_the_start_time(void **state)
{
	static char names[][16] = { ") Z 1 2 3 4 5", "a b) R (", "))))", "\n) S", "" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		in_child(rename_self, names[i]);
	assert_int_equal(process_start_time(0), 0);
	assert_int_equal(process_start_time(-1), 0);
}

/* ---- removal and view ---- */

static void everything_of_a_container_is_removed(void **state)
{
	struct container container;

	(void)state;
	make_container("c", 0);
	make_text(in_sandbox("c/created"), "");
	assert_int_equal(mkfifo(in_sandbox("c/start.sock"), 0600), 0);
	make_text(in_sandbox("canary"), "alive");
	make_link("../canary", in_sandbox("c/link"));
	SUCCEEDS(container_open(root, "c", false, &container, &err));
	SUCCEEDS(container_remove(&container, &err));
	assert_false(exists(in_sandbox("c")));
	/* A second removal finds nothing to do. */
	SUCCEEDS(container_remove(&container, &err));
	container_close(&container);
	assert_string_equal(text_of(root, "canary"), "alive");
}

static void the_view_is_the_state_of_the_specification(void **state)
{
	struct state *record = new_state("c");

	(void)state;
	record->pid = 1;
	char *view = container_view(record, STATUS_RUNNING, 4711, "", 0);
	assert_non_null(view);
	assert_string_equal(view, "{\"ociVersion\":\"" SPEC_VERSION
				  "\",\"id\":\"c\",\"pid\":4711,\"status\":\"running\",\"bundle\":"
				  "\"/bundle\",\"rootfs\":\"/bundle/rootfs\",\"created\":"
				  "\"2026-01-02T03:04:05.000000006Z\",\"owner\":\"\"}");
	free(view);
	view = container_view(record, STATUS_STOPPED, 0, "somebody", 2);
	assert_non_null(strstr(view, "\"status\": \"stopped\""));
	assert_non_null(strstr(view, "\"owner\": \"somebody\""));
	free(view);
	table_free(&state_type, record);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ids_are_letters_digits_and_four_signs),
		CASE(ids_have_an_end),
		CASE(the_root_is_made_where_missing),
		CASE(others_than_root_have_their_own),
		CASE(a_name_is_given_once),
		CASE(a_link_is_no_container),
		CASE(the_configuration_is_kept),
		CASE(a_container_without_its_configuration_says_so),
		CASE(what_was_saved_is_read),
		CASE(what_does_not_exist_is_told),
		CASE(what_a_killed_create_left_can_be_opened),
		CASE(broken_records_are_named),
		CASE(a_container_is_creating_while_somebody_works_on_it),
		CASE(a_container_is_created_until_init_executes),
		CASE(a_zombie_has_stopped),
		CASE(another_process_with_its_pid_is_not_it),
		CASE(a_hostile_name_does_not_change_the_start_time),
		CASE(everything_of_a_container_is_removed),
		CASE(the_view_is_the_state_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
