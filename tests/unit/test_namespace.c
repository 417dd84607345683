/* Children in new and in joined namespaces; what they are in is read from outside, below /proc/PID/ns. */
#include "runtime/namespace.h"

#include "tests/unit/planned.h"

#include <time.h>

static struct error err;

#define NEED_ROOT()                       \
	do {                              \
		if (geteuid() != 0)       \
			SKIP("not root"); \
	} while (0)

/* A child that has told that it is where it should be, and waits to be killed. */
struct child {
	struct init_process process;
	bool into_cgroup;
};

static _Noreturn void stay(const struct plan *plan, int tell)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (namespace_join_mount(plan, &err) == 0 && namespace_new_cgroup(plan, &err) == 0)
		(void)!write(tell, "", 1);
	else
		(void)!write(tell, err.msg, strlen(err.msg));
	for (;;)
		pause();
}

#define MAPPINGS                                                      \
	",'uidMappings':[{'containerID':0,'hostID':0,'size':65536}]," \
	"'gidMappings':[{'containerID':0,'hostID':0,'size':65536}]"

static int try_spawn(const char *namespaces, int cgroup, struct child *child)
{
	struct planned planned;
	char members[2048], said[512] = "";
	int tell[2];

	err = (struct error){ 0 };
	/* The configuration must have maps where it has a new user namespace; nobody writes them here. */
	snprintf(members, sizeof members, "'linux':{'namespaces':[%s]%s}", namespaces,
		 strstr(namespaces, "{'type':'user'}") ? MAPPINGS : "");
	make_plan(members, &planned);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	int side =
		namespace_spawn(&planned.plan, cgroup, &child->into_cgroup, &child->process, &err);
	if (side == 0)
		stay(&planned.plan, tell[1]);
	close(tell[1]);
	finish_plan(&planned);
	ssize_t got = side < 0 ? 1 : read(tell[0], said, sizeof said - 1);
	close(tell[0]);
	if (got < 1 || *said)
		fail_msg("the child said: %s", said);
	return side < 0 ? -1 : 0;
}

static struct child spawn(const char *namespaces)
{
	struct child child;

	SUCCEEDS(try_spawn(namespaces, -1, &child));
	assert_true(child.process.pid > 0);
	assert_int_equal(fcntl(child.process.pidfd, F_GETFD), FD_CLOEXEC);
	return child;
}

/* It must be our child, and its pidfd its own. */
static void end(struct child *child)
{
	int status;

	assert_int_equal(sys_pidfd_send_signal(child->process.pidfd, SIGKILL), 0);
	assert_int_equal(waitpid(child->process.pid, &status, 0), child->process.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(child->process.pidfd);
}

static const char *namespace_of(pid_t pid, const char *file)
{
	static char target[2][64];
	static int next;
	char path[64], *name = target[next++ % 2];

	snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, file);
	ssize_t length = readlink(path, name, sizeof target[0] - 1);
	name[length < 0 ? 0 : length] = '\0';
	return name;
}

static void check_shared(pid_t a, pid_t b, const char *file, bool shared)
{
	const char *of_a = namespace_of(a, file), *of_b = namespace_of(b, file);

	if ((strcmp(of_a, of_b) == 0) != shared)
		fail_msg("%s: %s and %s", file, of_a, of_b);
}

static void without_namespaces_it_shares_ours(void **state)
{
	static const char *const files[] = { "pid", "net", "mnt", "ipc", "uts", "user", "cgroup" };
	struct child child = spawn("");

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		check_shared(child.process.pid, getpid(), files[i], true);
	assert_false(child.into_cgroup);
	end(&child);
}

static void new_namespaces_are_made_at_once(void **state)
{
	static const char *const files[] = { "pid", "net", "mnt", "ipc", "uts", "cgroup" };

	(void)state;
	NEED_ROOT();
	struct child child = spawn("{'type':'pid'},{'type':'network'},{'type':'mount'},"
				   "{'type':'ipc'},{'type':'uts'},{'type':'cgroup'}");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		check_shared(child.process.pid, getpid(), files[i], false);
	check_shared(child.process.pid, getpid(), "user", true);
	end(&child);
}

static const char *children_namespace(void)
{
	return namespace_of(getpid(), "time_for_children");
}

static void a_time_namespace_has_its_offsets(void **state)
{
	struct planned planned;
	struct child child;
	struct timespec ours, theirs;
	char before[64];
	int tell[2];

	(void)state;
	NEED_ROOT();
	snprintf(before, sizeof before, "%s", children_namespace());
	if (!*before)
		SKIP("no time namespaces");
	make_plan("'linux':{'namespaces':[{'type':'time'}],"
		  "'timeOffsets':{'monotonic':{'secs':86400},'boottime':{'secs':-1,'nanosecs':5}}}",
		  &planned);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	int side = namespace_spawn(&planned.plan, -1, &child.into_cgroup, &child.process, &err);
	if (side == 0) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		(void)!write(tell[1], &now, sizeof now);
		for (;;)
			pause();
	}
	if (side < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(read(tell[0], &theirs, sizeof theirs), sizeof theirs);
	clock_gettime(CLOCK_MONOTONIC, &ours);
	assert_true(theirs.tv_sec - ours.tv_sec > 86000 && theirs.tv_sec - ours.tv_sec < 86500);
	/* We have come back: our next child has our time. */
	assert_string_equal(children_namespace(), before);
	end(&child);
	close(tell[0]);
	close(tell[1]);
	finish_plan(&planned);
}

/* JSON for joining namespaces of @pid; @types ends with NULL. */
static const char *of_process(pid_t pid, const char *const *types, const char *const *files)
{
	static char text[1024];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; types[i]; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
					 "%s{'type':'%s','path':'/proc/%d/ns/%s'}", i ? "," : "",
					 types[i], (int)pid, files[i]);
	return text;
}

static const char *const all_types[] = { "pid", "network", "mount", "ipc", "uts", "cgroup", NULL };
static const char *const all_files[] = { "pid", "net", "mnt", "ipc", "uts", "cgroup", NULL };

static void namespaces_are_joined_and_left_again(void **state)
{
	char before[6][64];

	(void)state;
	NEED_ROOT();
	struct child holder = spawn("{'type':'pid'},{'type':'network'},{'type':'mount'},"
				    "{'type':'ipc'},{'type':'uts'},{'type':'cgroup'}");
	for (size_t i = 0; all_files[i]; i++)
		snprintf(before[i], sizeof before[i], "%s", namespace_of(getpid(), all_files[i]));
	struct child child = spawn(of_process(holder.process.pid, all_types, all_files));
	for (size_t i = 0; all_files[i]; i++) {
		check_shared(child.process.pid, holder.process.pid, all_files[i], true);
		assert_string_equal(namespace_of(getpid(), all_files[i]), before[i]);
	}
	assert_string_equal(namespace_of(getpid(), "pid_for_children"), before[0]);
	end(&child);
	end(&holder);
}

static void a_user_namespace_is_joined_through_a_process_in_between(void **state)
{
	static const char *const types[] = { "user", "pid", "network", "uts", "mount", NULL };
	static const char *const files[] = { "user", "pid", "net", "uts", "mnt", NULL };

	(void)state;
	NEED_ROOT();
	struct child holder = spawn("{'type':'user'},{'type':'pid'},{'type':'network'},"
				    "{'type':'uts'},{'type':'mount'}");
	struct child child = spawn(of_process(holder.process.pid, types, files));
	for (size_t i = 0; files[i]; i++)
		check_shared(child.process.pid, holder.process.pid, files[i], true);
	check_shared(child.process.pid, getpid(), "ipc", true);
	/* end() waits for it, so it is our child; the one in between has been waited for. */
	end(&child);
	end(&holder);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void new_namespaces_belong_to_the_joined_user_namespace(void **state)
{
	static const char *const user[] = { "user", NULL };
	char members[1024];

	(void)state;
	NEED_ROOT();
	struct child holder = spawn("{'type':'user'}");
	snprintf(members, sizeof members, "%s,{'type':'pid'},{'type':'uts'},{'type':'mount'}",
		 of_process(holder.process.pid, user, user));
	struct child child = spawn(members);
	check_shared(child.process.pid, holder.process.pid, "user", true);
	check_shared(child.process.pid, holder.process.pid, "uts", false);
	check_shared(child.process.pid, getpid(), "uts", false);
	check_shared(child.process.pid, getpid(), "pid", false);
	end(&child);
	end(&holder);
}

static void check_refused(const char *namespaces, int code, const char *text)
{
	struct child child;
	char before[64];

	snprintf(before, sizeof before, "%s", namespace_of(getpid(), "uts"));
	FAILS(try_spawn(namespaces, -1, &child), code, text);
	assert_string_equal(namespace_of(getpid(), "uts"), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_path_that_is_no_such_namespace_is_refused(void **state)
{
	(void)state;
	NEED_ROOT();
	check_refused("{'type':'network','path':'/no/such/namespace'}", ENOENT,
		      "linux.namespaces: open net namespace '/no/such/namespace': no such file");
	check_refused("{'type':'uts','path':'/proc/self/ns/net'}", EINVAL,
		      "linux.namespaces: join '/proc/self/ns/net': invalid argument; it is not a "
		      "uts namespace");
	check_refused("{'type':'ipc','path':'/etc/passwd'}", EINVAL, "it is not a ipc namespace");
	check_refused("{'type':'user','path':'/proc/self/ns/net'}", EINVAL,
		      "it is not a user namespace");
	check_refused("{'type':'user','path':'/no/such/namespace'}", ENOENT,
		      "open user namespace '/no/such/namespace'");
}

/* One that was joined already is left when the next cannot be. */
static void after_a_failure_we_are_where_we_were(void **state)
{
	static const char *const types[] = { "network", NULL }, *const files[] = { "net", NULL };
	char members[1024], before[64];
	struct child child;

	(void)state;
	NEED_ROOT();
	struct child holder = spawn("{'type':'network'}");
	snprintf(before, sizeof before, "%s", namespace_of(getpid(), "net"));
	snprintf(members, sizeof members, "%s,{'type':'uts','path':'/proc/self/ns/net'}",
		 of_process(holder.process.pid, types, files));
	FAILS(try_spawn(members, -1, &child), EINVAL, "it is not a uts namespace");
	assert_string_equal(namespace_of(getpid(), "net"), before);
	end(&holder);
}

/* ---- the group ---- */

static void a_group_that_is_refused_is_done_without(void **state)
{
	struct child child;

	(void)state;
	/* No group at all: EBADF, as EINVAL before 5.7. */
	int fd = open("/tmp", O_PATH | O_CLOEXEC);
	SUCCEEDS(try_spawn("", fd, &child));
	assert_false(child.into_cgroup);
	end(&child);
	close(fd);
}

/* A cgroup2 mount in the sandbox with a group of the test's own. */
static int open_group(char *path, size_t size)
{
	make_folder(in_sandbox("cgroup2"));
	if (mount("cgroup2", in_sandbox("cgroup2"), "cgroup2", 0, NULL))
		return -1;
	snprintf(path, size, "%s/orun-unit-%d", in_sandbox("cgroup2"), (int)getpid());
	return mkdir(path, 0755) ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void remove_group_at(const char *path)
{
	/* The kernel may still be taking the task down. */
	for (int tries = 0; rmdir(path) && tries < 200; tries++)
		usleep(10000);
	assert_false(exists(path));
}

static void remove_group(const char *path)
{
	remove_group_at(path);
	umount2(in_sandbox("cgroup2"), MNT_DETACH);
	rmdir(in_sandbox("cgroup2"));
}

static void it_starts_in_its_group_where_the_kernel_can(void **state)
{
	char path[512], procs[600], pid[24];
	struct child child;

	(void)state;
	NEED_SANDBOX();
	int fd = open_group(path, sizeof path);
	if (fd < 0)
		SKIP("no cgroup2: %s", strerror(errno));
	SUCCEEDS(try_spawn("{'type':'pid'}", fd, &child));
	snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
	snprintf(pid, sizeof pid, "%d\n", (int)child.process.pid);
	bool listed = strcmp(text_of(AT_FDCWD, procs), pid) == 0;
	bool said = child.into_cgroup;
	end(&child);
	close(fd);
	remove_group(path);
	assert_true(said);
	assert_true(listed);
}

/* Below a threaded group there is none that takes a process: EOPNOTSUPP. The child is made all the same, and
 * its own move then says why. */
static void a_group_that_takes_no_process_is_done_without(void **state)
{
	char path[512], name[600];
	struct child child = { .into_cgroup = true };

	(void)state;
	NEED_SANDBOX();
	int fd = open_group(path, sizeof path);
	if (fd < 0)
		SKIP("no cgroup2: %s", strerror(errno));
	snprintf(name, sizeof name, "%s/cgroup.type", path);
	int type = open(name, O_WRONLY | O_CLOEXEC);
	assert_true(type >= 0);
	bool threaded = write(type, "threaded", 8) == 8;
	close(type);
	snprintf(name, sizeof name, "%s/invalid", path);
	make_folder(name);
	int invalid = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int failed = threaded ? try_spawn("", invalid, &child) : 0;
	if (threaded && !failed)
		end(&child);
	close(invalid);
	close(fd);
	remove_group_at(name);
	remove_group(path);
	if (!threaded)
		SKIP("no threaded groups");
	SUCCEEDS(failed);
	assert_false(child.into_cgroup);
}

static void spawn_without_clone3(void *context)
{
	struct plan plan = { .join_namespace = { 0 } };
	struct child child;

	plan.join_namespace[NAMESPACE_USER] = context;
	refuse_call(SYS_clone3, EPERM);
	EXPECT(namespace_spawn(&plan, -1, &child.into_cgroup, &child.process, &err) == -1);
	EXPECT(err.code == EPERM && child.process.pidfd == -1);
	EXPECT_ERROR("clone3: operation not permitted");
}

static void a_refused_clone_is_an_error(void **state)
{
	char path[] = "/proc/self/ns/user";

	(void)state;
	in_child(spawn_without_clone3, NULL);
	in_child(spawn_without_clone3, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_namespaces_it_shares_ours),
		cmocka_unit_test(new_namespaces_are_made_at_once),
		cmocka_unit_test(a_time_namespace_has_its_offsets),
		cmocka_unit_test(namespaces_are_joined_and_left_again),
		cmocka_unit_test(a_user_namespace_is_joined_through_a_process_in_between),
		cmocka_unit_test(new_namespaces_belong_to_the_joined_user_namespace),
		cmocka_unit_test(a_path_that_is_no_such_namespace_is_refused),
		cmocka_unit_test(after_a_failure_we_are_where_we_were),
		cmocka_unit_test(a_group_that_is_refused_is_done_without),
		cmocka_unit_test(it_starts_in_its_group_where_the_kernel_can),
		cmocka_unit_test(a_group_that_takes_no_process_is_done_without),
		cmocka_unit_test(a_refused_clone_is_an_error),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
