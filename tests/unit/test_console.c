/* The container's terminal, opened in a rootfs whose /dev an image or a mount may have prepared. */
#include "runtime/console.h"

#include "tests/unit/sandbox.h"

#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "spec/base/text.h"

static struct error err;
static struct process process;
static int root = -1;

/* A rootfs with a devpts of its own at /dev/pts. */
static int new_rootfs(void **state)
{
	err = (struct error){ 0 };
	process = (struct process){ .terminal = true };
	if (sandbox_setup(state))
		return -1;
	make_folder(in_sandbox("rootfs"));
	make_folder(in_sandbox("rootfs/dev"));
	make_folder(in_sandbox("rootfs/dev/pts"));
	make_text(in_sandbox("canary"), "alive");
	root = open(in_sandbox("rootfs"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!sandbox_lacks && mount("devpts", in_sandbox("rootfs/dev/pts"), "devpts", 0,
				    "newinstance,ptmxmode=0666,mode=0620"))
		sandbox_lacks = "no devpts";
	return root < 0;
}

static int close_rootfs(void **state)
{
	close(root);
	if (strcmp(text_of(AT_FDCWD, in_sandbox("canary")), "alive") != 0)
		return -1;
	return sandbox_teardown(state);
}

static struct console opened(void)
{
	struct console console = { -1, -1 };

	SUCCEEDS(console_open(root, &process, &console, &err));
	SUCCEEDS(console_bind(root, &console, &err));
	return console;
}

static void finish(struct console *console)
{
	close(console->master);
	close(console->slave);
}

static void what_is_written_at_one_end_comes_out_at_the_other(void **state)
{
	char text[64] = "";

	(void)state;
	NEED_SANDBOX();
	struct console console = opened();
	assert_int_equal(fcntl(console.master, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(console.slave, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(console.slave, "hello\n", 6), 6);
	assert_true(read(console.master, text, sizeof text - 1) > 0);
	assert_string_equal(text, "hello\r\n");
	finish(&console);
}

static void it_belongs_to_the_containers_devpts(void **state)
{
	struct stat pts, slave;

	(void)state;
	NEED_SANDBOX();
	struct console console = opened();
	assert_int_equal(stat(in_sandbox("rootfs/dev/pts"), &pts), 0);
	assert_int_equal(fstat(console.slave, &slave), 0);
	assert_int_equal(slave.st_dev, pts.st_dev);
	/* The first of its own instance, whatever the host has. */
	assert_true(exists(in_sandbox("rootfs/dev/pts/0")));
	finish(&console);
}

static void dev_console_is_the_same_terminal(void **state)
{
	struct stat slave, bound;

	(void)state;
	NEED_SANDBOX();
	struct console console = opened();
	assert_int_equal(fstat(console.slave, &slave), 0);
	assert_int_equal(stat(in_sandbox("rootfs/dev/console"), &bound), 0);
	assert_int_equal(bound.st_rdev, slave.st_rdev);
	assert_int_equal(bound.st_dev, slave.st_dev);
	finish(&console);
}

static void the_size_is_set(void **state)
{
	struct console_size size = { .height = 33, .width = 111 };
	struct winsize window;

	(void)state;
	NEED_SANDBOX();
	process.console_size = &size;
	struct console console = opened();
	assert_int_equal(ioctl(console.slave, TIOCGWINSZ, &window), 0);
	assert_int_equal(window.ws_row, 33);
	assert_int_equal(window.ws_col, 111);
	process.console_size = NULL;
	finish(&console);
}

static void without_devpts_the_hint_says_what_to_mount(void **state)
{
	struct console console;

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(umount(in_sandbox("rootfs/dev/pts")), 0);
	FAILS(console_open(root, &process, &console, &err), ENOENT,
	      "process.terminal: open /dev/pts/ptmx in the rootfs: no such file or directory; "
	      "mount "
	      "devpts at /dev/pts");
}

/* What an image has at /dev/pts/ptmx is not asked for a terminal. */
static void only_devpts_gives_a_terminal(void **state)
{
	struct console console;

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(umount(in_sandbox("rootfs/dev/pts")), 0);
	make_text(in_sandbox("rootfs/dev/pts/ptmx"), "");
	FAILS(console_open(root, &process, &console, &err), EXDEV,
	      "/dev/pts/ptmx: not on the file system expected there");
	remove(in_sandbox("rootfs/dev/pts/ptmx"));
	/* The host's multiplexer, on a file system that is none. */
	assert_int_equal(mknod(in_sandbox("rootfs/dev/pts/ptmx"), S_IFCHR | 0666, makedev(5, 2)),
			 0);
	assert_int_equal(console_open(root, &process, &console, &err), -1);
	remove(in_sandbox("rootfs/dev/pts/ptmx"));
	make_link("/dev/pts/ptmx", in_sandbox("rootfs/dev/pts/ptmx"));
	FAILS(console_open(root, &process, &console, &err), ELOOP, "open /dev/pts/ptmx");
}

static void an_existing_console_file_is_covered(void **state)
{
	struct stat st;

	(void)state;
	NEED_SANDBOX();
	make_text(in_sandbox("rootfs/dev/console"), "the image's");
	struct console console = opened();
	assert_int_equal(stat(in_sandbox("rootfs/dev/console"), &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	finish(&console);
}

/* CVE-2025-52565: the bind must not go where a link leads. */
static void a_console_that_is_a_link_is_refused(void **state)
{
	struct console console;

	(void)state;
	NEED_SANDBOX();
	SUCCEEDS(console_open(root, &process, &console, &err));
	make_link("../../canary", in_sandbox("rootfs/dev/console"));
	FAILS(console_bind(root, &console, &err), EEXIST,
	      "/dev/console: is not a file in the rootfs");
	remove(in_sandbox("rootfs/dev/console"));
	make_folder(in_sandbox("rootfs/dev/console"));
	FAILS(console_bind(root, &console, &err), EEXIST,
	      "/dev/console: is not a file in the rootfs");
	finish(&console);
}

static void a_dev_that_is_a_link_is_refused(void **state)
{
	struct console console;

	(void)state;
	NEED_SANDBOX();
	assert_int_equal(rename(in_sandbox("rootfs/dev"), in_sandbox("rootfs/moved")), 0);
	make_link("moved", in_sandbox("rootfs/dev"));
	SUCCEEDS(console_open(root, &process, &console, &err));
	FAILS(console_bind(root, &console, &err), ELOOP, "open /dev in the rootfs");
	assert_false(exists(in_sandbox("rootfs/moved/console")));
	finish(&console);
}

static void take(void *context)
{
	const struct console *console = context;
	struct stat slave, stream;

	EXPECT(setsid() > 0);
	EXPECT_SUCCESS(console_take(console, &err));
	EXPECT(fstat(console->slave, &slave) == 0);
	for (int fd = 0; fd <= 2; fd++) {
		EXPECT(fstat(fd, &stream) == 0 && stream.st_rdev == slave.st_rdev);
		EXPECT(fcntl(fd, F_GETFD) == 0);
	}
	EXPECT(tcgetsid(0) == getpid());
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	EXPECT(tty >= 0 && write(tty, "mine", 4) == 4);
}

static void it_becomes_the_sessions_terminal(void **state)
{
	char text[16] = "";

	(void)state;
	NEED_SANDBOX();
	struct console console = opened();
	in_child(take, &console);
	assert_int_equal(read(console.master, text, sizeof text - 1), 4);
	assert_string_equal(text, "mine");
	finish(&console);
}

static void take_what_is_none(void *context)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct console console = { -1, null };

	(void)context;
	EXPECT(setsid() > 0);
	EXPECT(console_take(&console, &err) == -1 && err.code == ENOTTY);
	EXPECT_ERROR("take the controlling terminal: ");
}

static void what_is_no_terminal_cannot_be_taken(void **state)
{
	(void)state;
	in_child(take_what_is_none, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, new_rootfs, close_rootfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_written_at_one_end_comes_out_at_the_other),
		CASE(it_belongs_to_the_containers_devpts),
		CASE(dev_console_is_the_same_terminal),
		CASE(the_size_is_set),
		CASE(without_devpts_the_hint_says_what_to_mount),
		CASE(only_devpts_gives_a_terminal),
		CASE(an_existing_console_file_is_covered),
		CASE(a_console_that_is_a_link_is_refused),
		CASE(a_dev_that_is_a_link_is_refused),
		CASE(it_becomes_the_sessions_terminal),
		CASE(what_is_no_terminal_cannot_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
