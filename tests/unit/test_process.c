/* What the container's process is: limits, ids and directory, each in a child of its own. */
#include "runtime/process.h"

#include "tests/unit/sandbox.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

static struct error err;

/* ---- the working directory ---- */

static void enter(void *context)
{
	bool entered = false;
	char here[512];

	(void)context;
	EXPECT_SUCCESS(process_enter_cwd(sandbox, &entered, &err));
	EXPECT(entered && getcwd(here, sizeof here) && strcmp(here, sandbox) == 0);
	EXPECT(process_enter_cwd("/no/such/folder", &entered, &err) == -1);
	EXPECT(!entered && err.code == ENOENT);
	EXPECT_ERROR("process.cwd: chdir to '/no/such/folder': no such file or directory");
}

static void the_working_directory_is_entered(void **state)
{
	(void)state;
	in_child(enter, NULL);
}

/* CVE-2024-21626: a descriptor that leads outside, as /proc/self/fd/7 does. */
static void enter_through_a_descriptor(void *context)
{
	bool entered = false;
	char path[64];
	int outside = open("/", O_PATH | O_CLOEXEC);

	(void)context;
	EXPECT(outside >= 0 && mount("proc", in_sandbox("jail/proc"), "proc", 0, NULL) == 0);
	EXPECT(chroot(in_sandbox("jail")) == 0 && chdir("/") == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", outside);
	EXPECT(process_enter_cwd(path, &entered, &err) == -1);
	EXPECT(err.code == EACCES);
	EXPECT_ERROR("leads outside the container's root: refused");
	/* Not to be tried again as the user. */
	EXPECT(entered);
}

static void a_directory_outside_the_root_is_refused(void **state)
{
	(void)state;
	NEED_SANDBOX();
	make_folder(in_sandbox("jail"));
	make_folder(in_sandbox("jail/proc"));
	in_child(enter_through_a_descriptor, NULL);
	umount2(in_sandbox("jail/proc"), MNT_DETACH);
}

/* ---- limits ---- */

static struct resource_limit_list limits_of(struct resource_limit *limit)
{
	static struct resource_limit *v[1];

	v[0] = limit;
	return (struct resource_limit_list){ .v = v, .n = 1 };
}

static void set_limits(void *context)
{
	struct resource_limit files = { RLIMIT_NOFILE, 100, 200 }, core = { RLIMIT_CORE, 0, 0 };
	struct resource_limit *v[] = { &files, &core };
	const struct resource_limit_list limits = { v, 2 };
	struct rlimit now;

	(void)context;
	EXPECT_SUCCESS(process_set_rlimits(getpid(), &limits, &err));
	EXPECT(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 100 && now.rlim_max == 200);
	EXPECT(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0);
}

static void limits_are_set(void **state)
{
	(void)state;
	in_child(set_limits, NULL);
}

static void limits_of_another_process_are_set(void **state)
{
	struct resource_limit files = { RLIMIT_NOFILE, 50, 60 };
	const struct resource_limit_list limits = limits_of(&files);
	struct rlimit now;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	SUCCEEDS(process_set_rlimits(pid, &limits, &err));
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &now), 0);
	assert_int_equal(now.rlim_cur, 50);
	assert_int_equal(now.rlim_max, 60);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	FAILS(process_set_rlimits(pid, &limits, &err), ESRCH, "process.rlimits[0]: set soft 50");
}

static void raise_limit(void *context)
{
	struct resource_limit files = { RLIMIT_NOFILE, 100, 200 };
	struct resource_limit_list limits = limits_of(&files);

	(void)context;
	EXPECT(setresuid(1111, 1111, 1111) == 0 || geteuid() != 0);
	EXPECT_SUCCESS(process_set_rlimits(getpid(), &limits, &err));
	files.hard = 300;
	EXPECT(process_set_rlimits(getpid(), &limits, &err) == -1 && err.code == EPERM);
	EXPECT_ERROR("process.rlimits[0]: set soft 100, hard 300: operation not permitted; raising "
		     "a hard limit needs CAP_SYS_RESOURCE");
	files.soft = 400;
	EXPECT(process_set_rlimits(getpid(), &limits, &err) == -1 && err.code == EINVAL);
}

static void a_hard_limit_is_not_raised_by_anybody(void **state)
{
	(void)state;
	in_child(raise_limit, NULL);
}

static void set_score(void *context)
{
	struct opt_int64 score = { false, 500 };
	const char *path = "/proc/self/oom_score_adj";
	char before[4096];

	(void)context;
	snprintf(before, sizeof before, "%s", text_of(AT_FDCWD, path));
	EXPECT_SUCCESS(process_set_oom_score(getpid(), &score, &err));
	EXPECT(strcmp(text_of(AT_FDCWD, path), before) == 0);
	score.set = true;
	EXPECT_SUCCESS(process_set_oom_score(getpid(), &score, &err));
	EXPECT(strcmp(text_of(AT_FDCWD, path), "500\n") == 0);
	score.value = 5000;
	EXPECT(process_set_oom_score(getpid(), &score, &err) == -1 && err.code == EINVAL);
	EXPECT_ERROR("process.oomScoreAdj: ");
}

static void the_oom_score_is_set(void **state)
{
	(void)state;
	in_child(set_score, NULL);
}

static void lower_score(void *context)
{
	struct opt_int64 score = { true, -999 };

	(void)context;
	EXPECT(setresuid(1111, 1111, 1111) == 0 || geteuid() != 0);
	EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
	EXPECT(process_set_oom_score(getpid(), &score, &err) == -1 && err.code == EACCES);
	EXPECT_ERROR("process.oomScoreAdj: ");
	EXPECT_ERROR("lowering it below the runtime's own needs CAP_SYS_RESOURCE");
}

static void the_oom_score_is_not_lowered_by_anybody(void **state)
{
	(void)state;
	in_child(lower_score, NULL);
}

/* ---- the user ---- */

static void become(void *context)
{
	uint32_t groups[] = { 7, 8, 9 };
	const struct user user = { .uid = 1111, .gid = 2222, .additional_gids = { groups, 3 } };
	gid_t got[8], r, e, s;
	uid_t ru, eu, su;

	(void)context;
	EXPECT_SUCCESS(process_become_user(&user, false, &err));
	EXPECT(getresuid(&ru, &eu, &su) == 0 && ru == 1111 && eu == 1111 && su == 1111);
	EXPECT(getresgid(&r, &e, &s) == 0 && r == 2222 && e == 2222 && s == 2222);
	EXPECT(getgroups(8, got) == 3 && got[0] == 7 && got[1] == 8 && got[2] == 9);
	EXPECT(process_become_user(NULL, false, &err) == -1 && err.code == EPERM);
}

static void become_root(void *context)
{
	gid_t groups[] = { 1, 2 };

	(void)context;
	EXPECT(setgroups(2, groups) == 0);
	EXPECT_SUCCESS(process_become_user(NULL, false, &err));
	EXPECT(getuid() == 0 && getgid() == 0 && getgroups(0, NULL) == 0);
}

static void all_ids_and_groups_are_taken(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("not root");
	in_child(become, NULL);
	in_child(become_root, NULL);
}

static void become_in_a_namespace(void *context)
{
	const struct user root = { 0 }, other = { .uid = 5 }, grouped = { .gid = 5 };
	uint32_t groups[] = { 7 };
	const struct user many = { .additional_gids = { groups, 1 } };

	(void)context;
	EXPECT(unshare(CLONE_NEWUSER) == 0);
	int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && write(fd, "deny", 4) == 4);
	close(fd);
	fd = open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && write(fd, "0 0 1", 5) == 5);
	close(fd);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	EXPECT(fd >= 0 && write(fd, "0 0 1", 5) == 5);
	close(fd);
	EXPECT_SUCCESS(process_become_user(&root, true, &err));
	/* The namespace may be the runtime's and not the container's. */
	EXPECT_SUCCESS(process_become_user(&root, false, &err));
	EXPECT(process_become_user(&many, true, &err) == -1);
	EXPECT_ERROR("process.user.additionalGids: setgroups");
	EXPECT(process_become_user(&other, true, &err) == -1 && err.code == EINVAL);
	EXPECT_ERROR("process.user.uid: setresuid 5: invalid argument; linux.uidMappings has no");
	EXPECT(process_become_user(&grouped, true, &err) == -1 && err.code == EINVAL);
	EXPECT_ERROR("process.user.gid: setresgid 5: invalid argument; linux.gidMappings has no");
}

/* Who may not call setgroups(2) for another reason keeps groups that the container must not have. */
static void become_without_the_capability(void *context)
{
	const struct user root = { 0 };

	(void)context;
	EXPECT(setgroups(0, NULL) == 0);
	EXPECT(setresuid(5, 5, 5) == 0);
	EXPECT(process_become_user(&root, false, &err) == -1 && err.code == EPERM);
	EXPECT_ERROR("process.user.additionalGids: setgroups");
}

static void groups_that_cannot_be_given_up_are_an_error(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("not root");
	in_child(become_without_the_capability, NULL);
}

static void in_a_namespace_of_one_id_there_are_no_groups(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("not root");
	in_child(become_in_a_namespace, NULL);
}

static void own_streams(void *context)
{
	int pipes[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct stat before, st;

	(void)context;
	EXPECT(null >= 0 && fstat(null, &before) == 0 && pipe2(pipes, O_CLOEXEC) == 0);
	int file = open(in_sandbox("stream"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	EXPECT(file >= 0);
	EXPECT(dup2(null, 0) == 0 && dup2(pipes[1], 1) == 1 && dup2(file, 2) == 2);
	EXPECT_SUCCESS(process_own_stdio(1111, &err));
	EXPECT(fstat(pipes[1], &st) == 0 && st.st_uid == 1111);
	EXPECT(fstat(file, &st) == 0 && st.st_uid == 1111);
	/* The host's own node belongs to everybody. */
	EXPECT(fstat(null, &st) == 0 && st.st_uid == before.st_uid);
	close(0);
	EXPECT_SUCCESS(process_own_stdio(1111, &err));
}

static void standard_streams_are_given_to_the_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("not root");
	in_child(own_streams, NULL);
}

/* ---- the keyring ---- */

static void join_keyring(void *context)
{
	char description[256] = "";

	(void)context;
	EXPECT_SUCCESS(process_join_keyring("some-id", &err));
	/* KEYCTL_DESCRIBE of KEY_SPEC_SESSION_KEYRING. */
	if (sys_keyctl(6, (unsigned long)-3, (unsigned long)description, sizeof description) < 0)
		return;
	EXPECT(strstr(description, ";_ses.some-id"));
}

static void the_session_keyring_is_new(void **state)
{
	(void)state;
	in_child(join_keyring, NULL);
}

static void join_without_keyrings(void *context)
{
	refuse_call(SYS_keyctl, *(int *)context);
	EXPECT_SUCCESS(process_join_keyring("some-id", &err));
}

static void join_over_quota(void *context)
{
	(void)context;
	refuse_call(SYS_keyctl, EDQUOT);
	EXPECT(process_join_keyring("some-id", &err) == -1 && err.code == EDQUOT);
	EXPECT_ERROR("raise kernel.keys.maxkeys, or use --no-new-keyring");
}

static void kernels_without_keyrings_will_do(void **state)
{
	int codes[] = { ENOSYS, EPERM };

	(void)state;
	in_child(join_without_keyrings, &codes[0]);
	in_child(join_without_keyrings, &codes[1]);
	in_child(join_over_quota, NULL);
}

/* ---- signals ---- */

static void reset_what_is_ignored(void *context)
{
	(void)context;
	EXPECT(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	EXPECT(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	EXPECT(signal(SIGRTMAX, SIG_IGN) != SIG_ERR);
	EXPECT(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	EXPECT(signal(SIGINT, SIG_IGN) != SIG_ERR);
	process_reset_signals();
	EXPECT(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGRTMAX, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGHUP, SIG_DFL) == SIG_DFL);
	EXPECT(signal(SIGINT, SIG_DFL) == SIG_DFL);
}

static void ignored_signals_are_reset(void **state)
{
	(void)state;
	in_child(reset_what_is_ignored, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_working_directory_is_entered),
		CASE(a_directory_outside_the_root_is_refused),
		CASE(limits_are_set),
		CASE(limits_of_another_process_are_set),
		CASE(a_hard_limit_is_not_raised_by_anybody),
		CASE(the_oom_score_is_set),
		CASE(the_oom_score_is_not_lowered_by_anybody),
		CASE(all_ids_and_groups_are_taken),
		CASE(in_a_namespace_of_one_id_there_are_no_groups),
		CASE(groups_that_cannot_be_given_up_are_an_error),
		CASE(standard_streams_are_given_to_the_user),
		CASE(the_session_keyring_is_new),
		CASE(kernels_without_keyrings_will_do),
		CASE(ignored_signals_are_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
