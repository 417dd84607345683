/* Into the namespaces of a process that runs, as exec does; what the new one is in is read from outside. */
#include "runtime/namespace.h"

#include "tests/unit/planned.h"

static struct error err;

#define NEED_ROOT()                       \
	do {                              \
		if (geteuid() != 0)       \
			SKIP("not root"); \
	} while (0)

/* The process whose namespaces are entered. */
struct holder {
	pid_t pid;
	int pidfd;
};

static struct holder hold(uint64_t namespaces)
{
	struct holder holder = { .pidfd = -1 };
	struct clone_args args = { .flags = namespaces | CLONE_PIDFD,
				   .pidfd = (uintptr_t)&holder.pidfd,
				   .exit_signal = SIGCHLD };

	holder.pid = sys_clone3(&args);
	if (holder.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (holder.pid < 0)
		fail_msg("clone3: %s", strerror(errno));
	return holder;
}

static void release(struct holder *holder)
{
	assert_int_equal(kill(holder->pid, SIGKILL), 0);
	assert_int_equal(waitpid(holder->pid, NULL, 0), holder->pid);
	close(holder->pidfd);
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

static bool is_shared(pid_t a, pid_t b, const char *file)
{
	return strcmp(namespace_of(a, file), namespace_of(b, file)) == 0;
}

/* What a case is about: a plan, and the process that is entered. */
struct entry {
	struct planned *planned;
	struct holder holder;
	const char *const *shared; /* names below /proc/PID/ns that must be the holder's */
	const char *const *own;	   /* and that must be ours; NULL-terminated both */
	int code; /* how setns(2), and so namespace_join_running, fails in the child; 0: it does not */
	const char *text;
};

static _Noreturn void be_inside(const struct entry *entry, int tell)
{
	char said = 'y';

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (entry->code)
		refuse_call(SYS_setns, entry->code);
	if (namespace_join_running(&entry->planned->plan, entry->holder.pidfd, &err))
		said = err.code == entry->code && entry->text && strstr(err.msg, entry->text) ? 'f'
											      : 'n';
	/* The test looks into us, with no more power than the runtime has. */
	prctl(PR_SET_DUMPABLE, 1);
	(void)!write(tell, &said, 1);
	for (;;)
		pause();
}

static void enter(void *context)
{
	const struct entry *entry = context;
	struct init_process process;
	bool into_cgroup = true;
	char said = 0;
	int tell[2];

	EXPECT(pipe2(tell, O_CLOEXEC) == 0);
	int side = namespace_spawn_into(&entry->planned->plan, entry->holder.pidfd, -1,
					&into_cgroup, &process, &err);
	if (side == 0)
		be_inside(entry, tell[1]);
	if (side < 0)
		child_fail(__FILE__, __LINE__, "namespace_spawn_into", err.msg);
	EXPECT(!into_cgroup && process.pid > 0);
	EXPECT(fcntl(process.pidfd, F_GETFD) == FD_CLOEXEC);
	/* Later children of ours are where we are. */
	EXPECT(strcmp(namespace_of(getpid(), "pid_for_children"), namespace_of(getpid(), "pid")) ==
	       0);
	EXPECT(read(tell[0], &said, 1) == 1);
	EXPECT(said == (entry->code ? 'f' : 'y'));
	for (size_t i = 0; entry->shared && entry->shared[i]; i++)
		if (!is_shared(process.pid, entry->holder.pid, entry->shared[i]))
			child_fail(__FILE__, __LINE__, "must be the holder's", entry->shared[i]);
	for (size_t i = 0; entry->own && entry->own[i]; i++)
		if (!is_shared(process.pid, getpid(), entry->own[i]))
			child_fail(__FILE__, __LINE__, "must be ours", entry->own[i]);
	EXPECT(sys_pidfd_send_signal(process.pidfd, SIGKILL) == 0);
	EXPECT(waitpid(process.pid, NULL, 0) == process.pid);
}

#define MAPPINGS                                                      \
	",'uidMappings':[{'containerID':0,'hostID':0,'size':65536}]," \
	"'gidMappings':[{'containerID':0,'hostID':0,'size':65536}]"

static void check(const char *namespaces, struct entry entry)
{
	struct planned planned;
	char members[1024];

	err = (struct error){ 0 };
	snprintf(members, sizeof members, "'linux':{'namespaces':[%s]%s}", namespaces,
		 strstr(namespaces, "{'type':'user'}") ? MAPPINGS : "");
	make_plan(members, &planned);
	entry.planned = &planned;
	in_child(enter, &entry);
	finish_plan(&planned);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void all_namespaces_of_the_process_are_entered(void **state)
{
	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC |
				    CLONE_NEWUTS | CLONE_NEWCGROUP);
	check("{'type':'pid'},{'type':'network'},{'type':'mount'},{'type':'ipc'},{'type':'uts'},"
	      "{'type':'cgroup'}",
	      (struct entry){ .holder = holder,
			      .shared = NAMES("pid", "net", "mnt", "ipc", "uts", "cgroup") });
	release(&holder);
}

static void others_than_the_container_has_stay_ours(void **state)
{
	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWNET | CLONE_NEWUTS);
	check("{'type':'uts'}", (struct entry){ .holder = holder,
						.shared = NAMES("uts"),
						.own = NAMES("net", "pid", "mnt", "user") });
	check("", (struct entry){ .holder = holder, .own = NAMES("net", "uts", "pid", "mnt") });
	release(&holder);
}

static void the_user_namespace_is_entered_last(void **state)
{
	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS);
	check("{'type':'user'},{'type':'pid'},{'type':'mount'},{'type':'uts'}",
	      (struct entry){ .holder = holder, .shared = NAMES("user", "pid", "mnt", "uts") });
	release(&holder);
}

static void joined_namespaces_are_the_process_s_whatever_the_path_names_now(void **state)
{
	(void)state;
	NEED_ROOT();
	/* A path that named the container's namespace once and names ours now: its process has ended, and the
	 * number is another's. To stay in our user namespace for that would make root of the container root. */
	struct holder holder = hold(CLONE_NEWUSER | CLONE_NEWUTS);
	check("{'type':'user','path':'/proc/self/ns/user'},{'type':'uts','path':'/no/such'}",
	      (struct entry){ .holder = holder, .shared = NAMES("user", "uts") });
	release(&holder);
}

static void our_own_user_namespace_needs_no_entering(void **state)
{
	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWUTS);
	check("{'type':'user','path':'/proc/self/ns/user'},{'type':'uts'}",
	      (struct entry){ .holder = holder, .shared = NAMES("uts", "user") });
	release(&holder);
}

static void enter_the_dead(void *context)
{
	const struct entry *entry = context;
	struct init_process process;
	bool into_cgroup;

	EXPECT(namespace_spawn_into(&entry->planned->plan, entry->holder.pidfd, -1, &into_cgroup,
				    &process, &err) == -1);
	EXPECT(err.code == ESRCH && process.pidfd == -1);
	EXPECT_ERROR("join the container's namespaces: no such process");
	/* And nobody was left. */
	EXPECT(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void a_process_that_has_ended_cannot_be_entered(void **state)
{
	struct planned planned;

	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWPID);
	struct entry entry = { .holder = holder, .planned = &planned };
	kill(holder.pid, SIGKILL);
	assert_int_equal(waitpid(holder.pid, NULL, 0), holder.pid);
	make_plan("'linux':{'namespaces':[{'type':'pid'}]}", &planned);
	in_child(enter_the_dead, &entry);
	planned.plan.unprivileged = true;
	in_child(enter_the_dead, &entry);
	finish_plan(&planned);
	close(holder.pidfd);
}

static void a_refusal_is_explained(void **state)
{
	struct planned planned;

	(void)state;
	NEED_ROOT();
	struct holder holder = hold(CLONE_NEWUTS | CLONE_NEWUSER);
	make_plan("'linux':{'namespaces':[{'type':'user','path':'/proc/self/ns/user'}]}", &planned);
	struct entry entry = { .planned = &planned,
			       .holder = holder,
			       .code = EPERM,
			       .text = "; its program must be readable" };
	in_child(enter, &entry);
	finish_plan(&planned);
	release(&holder);
}

/* As a caller without CAP_SYS_ADMIN has it: user namespace first, through a process in between. */
static void enter_without_privileges(void *context)
{
	EXPECT(setresgid(1234, 1234, 1234) == 0 && setresuid(1234, 1234, 1234) == 0);
	/* A change of ids makes us unreadable for ourselves: what execve(2) would mend. */
	EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
	struct entry *entry = context;
	entry->holder = hold(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS);
	entry->planned->plan.unprivileged = true;
	enter(entry);
	kill(entry->holder.pid, SIGKILL);
	EXPECT(waitpid(entry->holder.pid, NULL, 0) == entry->holder.pid);
}

static void a_caller_without_privileges_enters_its_own_container(void **state)
{
	struct planned planned;

	(void)state;
	NEED_ROOT();
	make_plan("'linux':{'namespaces':[{'type':'user'},{'type':'pid'},{'type':'uts'},"
		  "{'type':'mount'}]" MAPPINGS "}",
		  &planned);
	struct entry entry = { .planned = &planned, .shared = NAMES("user", "pid", "uts", "mnt") };
	in_child(enter_without_privileges, &entry);
	finish_plan(&planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_namespaces_of_the_process_are_entered),
		cmocka_unit_test(others_than_the_container_has_stay_ours),
		cmocka_unit_test(the_user_namespace_is_entered_last),
		cmocka_unit_test(joined_namespaces_are_the_process_s_whatever_the_path_names_now),
		cmocka_unit_test(our_own_user_namespace_needs_no_entering),
		cmocka_unit_test(a_process_that_has_ended_cannot_be_entered),
		cmocka_unit_test(a_refusal_is_explained),
		cmocka_unit_test(a_caller_without_privileges_enters_its_own_container),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
