/* The agent here is a thread or a process that listens at the other end of a socket pair, as
 * linux.seccomp.listenerPath would be. */
#include "runtime/seccomp_listener.h"

#include "tests/unit/sandbox.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct error err;

static struct config *parse(const char *seccomp)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	buffer_print(&text,
		     "{'ociVersion':'1.3.0','root':{'path':'r'},'process':{'cwd':'/','args':['x']},"
		     "'linux':{'seccomp':%s}}",
		     seccomp);
	for (char *at = text.text; (at = strchr(at, '\''));)
		*at = '"';
	struct config *config = config_parse(text.text, text.length, &problems);
	if (!config)
		fail_msg("%s", problems.list.v[0]);
	problems_finish(&problems);
	buffer_finish(&text);
	return config;
}

#define NOTIFY_MKDIR                                                          \
	"{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/run/agent.sock'," \
	"'listenerMetadata':'some "                                           \
	"\\\"metadata\\\"','syscalls':[{'names':['mkdir','mkdirat'],'action':'SCMP_ACT_NOTIFY'}]}"
#define NOTIFY_FUTEX                                                          \
	"{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'/run/agent.sock'," \
	"'syscalls':[{'names':['futex','madvise','munmap'],'action':'SCMP_ACT_NOTIFY'}]}"

struct agreement {
	struct seccomp_filter filter;
	int container, agent; /* the ends of the pair */
};

static struct agreement agree(const char *seccomp)
{
	struct agreement made = { .container = -1 };
	struct config *config = parse(seccomp);
	int pair[2];

	SUCCEEDS(seccomp_compile(config->linux_->seccomp, -1, &made.filter, &err));
	assert_true(made.filter.notify);
	config_free(config);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	made.container = pair[0];
	made.agent = pair[1];
	return made;
}

static void end_agreement(struct agreement *agreement)
{
	seccomp_filter_finish(&agreement->filter);
	close(agreement->container);
	if (agreement->agent >= 0)
		close(agreement->agent);
}

/* The agent's part: one message with one descriptor. */
static int receive(int socket, char *message, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec text = { message, size - 1 };
	struct msghdr header = { .msg_iov = &text,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof control };
	ssize_t got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	struct cmsghdr *part = got < 0 ? NULL : CMSG_FIRSTHDR(&header);
	int fd;

	if (!part || part->cmsg_type != SCM_RIGHTS)
		return -1;
	message[got] = '\0';
	memcpy(&fd, CMSG_DATA(part), sizeof fd);
	return fd;
}

/* Answers one notification: the call returns -@code. */
static int answer(int listener, int code)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request))
		return -1;
	response.id = request.id;
	response.error = -code;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static bool kernel_has_listeners(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

#define NEED_LISTENERS()                                  \
	do {                                              \
		if (!kernel_has_listeners())              \
			SKIP("no seccomp notifications"); \
	} while (0)

static void load_and_call(void *context)
{
	struct agreement *agreement = context;

	close(agreement->agent);
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT_SUCCESS(seccomp_load_and_send(&agreement->filter, agreement->container,
					     "{\"the\":\"message\"}", &err));
	EXPECT(mkdir("/no/such/folder/at/all", 0755) == -1 && errno == EXDEV);
	/* Our ends are closed: the descriptor is the agent's alone. */
	EXPECT(fcntl(agreement->container, F_GETFD) == -1 && errno == EBADF);
}

/* Forks the container's side; it must end with status 0. */
static pid_t start(void (*run)(void *), struct agreement *agreement)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(agreement);
		_exit(0);
	}
	return pid;
}

static void check_ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_agent_gets_descriptor_and_message(void **state)
{
	char message[4096];

	(void)state;
	NEED_LISTENERS();
	struct agreement agreement = agree(NOTIFY_MKDIR);
	pid_t pid = start(load_and_call, &agreement);
	int listener = receive(agreement.agent, message, sizeof message);
	assert_true(listener >= 0);
	assert_string_equal(message, "{\"the\":\"message\"}");
	assert_int_equal(answer(listener, EXDEV), 0);
	check_ended(pid);
	close(listener);
	end_agreement(&agreement);
}

static void load_and_exit(void *context)
{
	struct agreement *agreement = context;

	close(agreement->agent);
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT_SUCCESS(seccomp_load_and_send(&agreement->filter, agreement->container, "x", &err));
	/* No call that the filter watches may follow but by us, and each is answered. */
	syscall(SYS_exit_group, 0);
}

/* The loader must not wait in a call that waits for the agent, who has no descriptor yet. */
static void a_filter_on_the_waiting_calls_does_not_hang(void **state)
{
	char message[4096];

	(void)state;
	NEED_LISTENERS();
	struct agreement agreement = agree(NOTIFY_FUTEX);
	pid_t pid = start(load_and_exit, &agreement);
	int listener = receive(agreement.agent, message, sizeof message);
	assert_true(listener >= 0);
	check_ended(pid);
	close(listener);
	end_agreement(&agreement);
}

static void load_without_agent(void *context)
{
	struct agreement *agreement = context;

	close(agreement->agent);
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT(seccomp_load_and_send(&agreement->filter, agreement->container, "x", &err) == -1);
	EXPECT(err.code == EPIPE);
	EXPECT_ERROR("linux.seccomp.listenerPath: send a descriptor: ");
	/* Without a listener the kernel answers by itself, instead of letting us wait for ever. */
	EXPECT(mkdir("/no/such/folder/at/all", 0755) == -1 && errno == ENOSYS);
}

static void an_agent_that_has_gone_is_an_error(void **state)
{
	(void)state;
	NEED_LISTENERS();
	struct agreement agreement = agree(NOTIFY_MKDIR);
	close(agreement.agent);
	/* Again for the child to close. */
	agreement.agent = open("/dev/null", O_RDONLY | O_CLOEXEC);
	in_child(load_without_agent, &agreement);
	end_agreement(&agreement);
}

static void load_without_right(void *context)
{
	struct agreement *agreement = context;

	close(agreement->agent);
	EXPECT(setresuid(1111, 1111, 1111) == 0 || geteuid() != 0);
	EXPECT(seccomp_load_and_send(&agreement->filter, agreement->container, "x", &err) == -1);
	EXPECT(err.code == EACCES);
	/* The socket is still ours to close. */
	EXPECT(fcntl(agreement->container, F_GETFD) >= 0);
}

static void a_filter_that_is_refused_is_an_error(void **state)
{
	char byte;

	(void)state;
	NEED_LISTENERS();
	struct agreement agreement = agree(NOTIFY_MKDIR);
	in_child(load_without_right, &agreement);
	close(agreement.container);
	/* The agent heard nothing. */
	assert_int_equal(read(agreement.agent, &byte, 1), 0);
	agreement.container = agreement.agent;
	agreement.agent = -1;
	end_agreement(&agreement);
}

static void load_on_an_old_kernel(void *context)
{
	struct agreement *agreement = context;

	close(agreement->agent);
	refuse_call(SYS_seccomp, ENOSYS);
	EXPECT(seccomp_load_and_send(&agreement->filter, agreement->container, "x", &err) == -1);
	EXPECT(err.code == ENOSYS);
}

static void a_kernel_without_seccomp_is_an_error(void **state)
{
	(void)state;
	struct agreement agreement = agree(NOTIFY_MKDIR);
	in_child(load_on_an_old_kernel, &agreement);
	end_agreement(&agreement);
}

static struct state record = { .oci_version = SPEC_VERSION,
			       .id = "c",
			       .bundle = "/bundle",
			       .rootfs = "/bundle/rootfs",
			       .created = "2026-01-02T03:04:05.000000006Z" };

/* config-linux.md, The Container Process State. */
static void the_message_is_the_container_process_state(void **state)
{
	struct config *config = parse(NOTIFY_MKDIR);
	char *text = seccomp_listener_message(config->linux_->seccomp, &record, 4711);

	(void)state;
	assert_non_null(text);
	const char *head = "{\"ociVersion\":\"" SPEC_VERSION
			   "\",\"fds\":[\"seccompFd\"],\"pid\":4711,"
			   "\"metadata\":\"some \\\"metadata\\\"\",\"state\":{\"ociVersion\":";
	assert_true(strncmp(text, head, strlen(head)) == 0);
	assert_non_null(strstr(text, "\"id\":\"c\",\"pid\":4711,"));
	assert_int_equal(strcmp(text + strlen(text) - 2, "}}"), 0);
	free(text);
	config_free(config);
}

static void without_metadata_the_message_has_none(void **state)
{
	struct config *config = parse(NOTIFY_FUTEX);
	char *text = seccomp_listener_message(config->linux_->seccomp, &record, 1);

	(void)state;
	assert_non_null(text);
	assert_null(strstr(text, "metadata"));
	assert_non_null(strstr(text, "\"pid\":1,\"state\":{"));
	free(text);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agent_gets_descriptor_and_message),
		cmocka_unit_test(a_filter_on_the_waiting_calls_does_not_hang),
		cmocka_unit_test(an_agent_that_has_gone_is_an_error),
		cmocka_unit_test(a_filter_that_is_refused_is_an_error),
		cmocka_unit_test(a_kernel_without_seccomp_is_an_error),
		cmocka_unit_test(the_message_is_the_container_process_state),
		cmocka_unit_test(without_metadata_the_message_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
