/* A container's terminal in the foreground: bytes both ways, window size, signals, our own terminal
 * in raw mode. Knows a master descriptor and a pidfd; nothing of containers and how they start. */
#include "runtime/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#include "spec/base/owned.h"
#include "spec/base/sys.h"
#include "spec/base/text.h"

/* Bytes on their way in one direction. */
struct pipeline {
	char data[16384];
	size_t start, end;
};

struct forwarding {
	int master, pidfd, signals;
	int slave;	    /* -1, or kept open: see hold_slave */
	int output;	    /* our stdout, or our own description of it: see open_output */
	size_t at_once;	    /* how much may be written there with one call */
	bool input_open;    /* stdin has not ended */
	bool output_open;   /* somebody still reads our stdout */
	bool exited;	    /* the process is gone */
	bool drained;	    /* and the master has nothing left */
	size_t after_exit;  /* bytes read since then */
	struct pipeline in; /* stdin to master */
	struct pipeline out;
};

/* What a pty can hold is less; more than that after the process has gone comes from somebody who
 * outlived it and may never end. */
#define AFTER_EXIT_MAX (256u << 10)

/* Faults and abort(3) end the program on the spot: only a signal handler can give the user's terminal
 * back then, and a handler finds its data in static variables only. */
static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
#define FATAL_SIGNALS (sizeof fatal_signals / sizeof fatal_signals[0])
static struct termios terminal_before;
static volatile sig_atomic_t terminal_is_raw;
static struct sigaction fatal_before[FATAL_SIGNALS];

static void leave_raw_mode(void)
{
	/* Not TCSADRAIN: a terminal stopped by ^S would keep us here. */
	if (terminal_is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
	terminal_is_raw = 0;
}

static void on_fatal_signal(int signal)
{
	if (terminal_is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
	for (size_t i = 0; i < FATAL_SIGNALS; i++)
		if (fatal_signals[i] == signal)
			sigaction(signal, &fatal_before[i], NULL);
	raise(signal);
}

static void enter_raw_mode(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal_before))
		return; /* not a terminal: bytes are passed on as they come */
	raw = terminal_before;
	cfmakeraw(&raw);
	/* Before the change: a handler that comes too late would find a raw terminal. */
	terminal_is_raw = 1;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		terminal_is_raw = 0;
}

static void catch_fatal_signals(void)
{
	struct sigaction action = { .sa_handler = on_fatal_signal };

	for (size_t i = 0; i < FATAL_SIGNALS; i++)
		sigaction(fatal_signals[i], &action, &fatal_before[i]);
}

static void release_fatal_signals(void)
{
	for (size_t i = 0; i < FATAL_SIGNALS; i++)
		sigaction(fatal_signals[i], &fatal_before[i], NULL);
}

/* Every signal that is passed on or handled. Left out: what ends the program at once, SIGCHLD, which
 * is the caller's, and SIGTTIN and SIGTTOU, which must stop us while we are in the background. A
 * signal that is ignored (nohup) stays ignored. */
static void choose_signals(sigset_t *set)
{
	static const int left_out[] = { SIGCHLD, SIGTTIN, SIGTTOU, SIGKILL, SIGSTOP };
	struct sigaction action;

	sigfillset(set);
	for (size_t i = 0; i < FATAL_SIGNALS; i++)
		sigdelset(set, fatal_signals[i]);
	for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
		sigdelset(set, left_out[i]);
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (sigismember(set, signal) == 1 && signal != SIGPIPE &&
		    sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigdelset(set, signal);
}

void terminal_copy_size(int master)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	if (size.ws_row && size.ws_col)
		ioctl(master, TIOCSWINSZ, &size);
}

/* SIGTSTP for us from outside: the shell gets its terminal as it was, and we get it back. */
static void stop_ourselves(const struct forwarding *f)
{
	leave_raw_mode();
	raise(SIGSTOP);
	enter_raw_mode();
	terminal_copy_size(f->master);
}

static void handle_signal(struct forwarding *f, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;

	if (signal == SIGWINCH && f->master >= 0) {
		terminal_copy_size(f->master);
		return;
	}
	/* Our own writes make it; who reads our output has gone, which is no news for the process. */
	if (signal == SIGPIPE && info->ssi_pid == (uint32_t)getpid())
		return;
	if (signal == SIGTSTP && terminal_is_raw) {
		stop_ourselves(f);
		return;
	}
	if (signal == SIGCONT && terminal_is_raw) {
		/* After a SIGSTOP the shell has set the terminal as it likes it. */
		leave_raw_mode();
		enter_raw_mode();
		terminal_copy_size(f->master);
	}
	if (f->exited && (signal == SIGINT || signal == SIGTERM || signal == SIGHUP))
		f->output_open = false; /* do not insist on writing the rest */
	sys_pidfd_send_signal(f->pidfd, signal);
}

static int read_signals(struct forwarding *f, struct error *err)
{
	struct signalfd_siginfo info[8];
	ssize_t got = read(f->signals, info, sizeof info);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0
							 : error_errno(err, errno, "read signals");
	for (size_t i = 0; i < (size_t)got / sizeof info[0]; i++)
		handle_signal(f, &info[i]);
	return 0;
}

static size_t waiting(const struct pipeline *pipeline)
{
	return pipeline->end - pipeline->start;
}

static bool has_room(const struct pipeline *pipeline)
{
	return pipeline->end < sizeof pipeline->data;
}

/* Returns what read(2) returned. */
static ssize_t fill(struct pipeline *pipeline, int fd)
{
	ssize_t got =
		read(fd, pipeline->data + pipeline->end, sizeof pipeline->data - pipeline->end);

	if (got > 0)
		pipeline->end += (size_t)got;
	return got;
}

/* Writes what @fd takes. Returns false when it will never take any more. */
static bool drain(struct pipeline *pipeline, int fd, size_t at_once)
{
	size_t length = waiting(pipeline);
	ssize_t written =
		write(fd, pipeline->data + pipeline->start, length < at_once ? length : at_once);

	if (written < 0)
		return errno == EAGAIN || errno == EINTR;
	pipeline->start += (size_t)written;
	if (pipeline->start == pipeline->end)
		pipeline->start = pipeline->end = 0;
	return true;
}

static void read_input(struct forwarding *f)
{
	ssize_t got = fill(&f->in, STDIN_FILENO);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		f->input_open = false;
}

/* The end of the output is EIO when nobody has the slave any more (0 where the master is no pty), or
 * after the process has gone, nothing to read: reading moves what was written into our reach. */
static void read_output(struct forwarding *f)
{
	ssize_t got = fill(&f->out, f->master);

	if (got > 0) {
		f->after_exit += f->exited ? (size_t)got : 0;
		f->drained = f->after_exit > AFTER_EXIT_MAX;
		if (!f->output_open)
			f->out.start = f->out.end = 0;
	} else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		f->drained = f->exited && errno == EAGAIN;
	} else {
		f->drained = true;
	}
}

/* A blocking description of a terminal or a pipe takes this much without blocking when poll(2) says
 * that it is writable: PIPE_BUF for a pipe; a terminal promises less. */
#define CAREFUL_WRITE 256
#define ANY_WRITE ((size_t)-1)

static void write_output(struct forwarding *f)
{
	f->output_open = drain(&f->out, f->output, f->at_once);
	if (!f->output_open)
		f->out.start = f->out.end = 0;
}

enum { POLL_SIGNALS, POLL_PIDFD, POLL_INPUT, POLL_MASTER, POLL_OUTPUT, POLLED };

/* A descriptor that is wanted for nothing is left out, since its hang-up would wake us for ever. */
static struct pollfd want(int fd, bool to_read, bool to_write)
{
	short events = (short)((to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0));

	return (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

static int wait_for_work(const struct forwarding *f, struct pollfd polled[POLLED])
{
	bool running = f->master >= 0 && !f->drained;

	polled[POLL_SIGNALS] = want(f->signals, true, false);
	polled[POLL_PIDFD] = want(f->pidfd, !f->exited, false);
	polled[POLL_INPUT] = want(
		STDIN_FILENO, running && f->input_open && !f->exited && has_room(&f->in), false);
	polled[POLL_MASTER] = want(f->master, running && has_room(&f->out),
				   running && !f->exited && waiting(&f->in));
	polled[POLL_OUTPUT] = want(f->output, false, f->output_open && waiting(&f->out));
	/* What is left of the output after the exit may come without an event of its own. */
	int timeout = f->exited && running && has_room(&f->out) ? 0 : -1;

	return poll(polled, POLLED, timeout);
}

static int do_work(struct forwarding *f, const struct pollfd polled[POLLED], struct error *err)
{
	if (polled[POLL_SIGNALS].revents && read_signals(f, err))
		return -1;
	if (polled[POLL_PIDFD].revents)
		f->exited = true;
	if (polled[POLL_INPUT].revents)
		read_input(f);
	if (polled[POLL_MASTER].events & POLLOUT &&
	    polled[POLL_MASTER].revents & (POLLOUT | POLLERR | POLLHUP) &&
	    !drain(&f->in, f->master, ANY_WRITE))
		f->in.start = f->in.end = 0; /* nobody has the slave: the words go nowhere */
	if (polled[POLL_MASTER].events & POLLIN && (polled[POLL_MASTER].revents || f->exited))
		read_output(f);
	if (polled[POLL_OUTPUT].revents)
		write_output(f);
	return 0;
}

static int forward(struct forwarding *f, struct error *err)
{
	struct pollfd polled[POLLED];

	while (!f->exited || !f->drained || (f->output_open && waiting(&f->out))) {
		if (wait_for_work(f, polled) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, errno, "poll the terminal");
		}
		if (do_work(f, polled, err))
			return -1;
	}
	return 0;
}

/* With one slave descriptor of our own the terminal does not end when the process closes all of its:
 * an init may open its console again. Fails where @master is not a pty, or the kernel is too old;
 * then the first EIO ends the output. */
static int hold_slave(int master)
{
#ifdef TIOCGPTPEER
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
#else
	return -1;
#endif
}

/* Other processes, the shell among them, share our stdout's description, so O_NONBLOCK must not be set
 * on it. A terminal or a pipe can be opened once more for ourselves. A file cannot: it would be
 * written from its start; but it never blocks either. */
static void open_output(struct forwarding *f)
{
	struct stat st = { 0 };

	f->output = STDOUT_FILENO;
	f->at_once = CAREFUL_WRITE;
	fstat(STDOUT_FILENO, &st);
	if (S_ISREG(st.st_mode))
		f->at_once = ANY_WRITE;
	if (!S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return;
	int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	f->output = fd;
	f->at_once = ANY_WRITE;
}

/* A SIGPIPE of our own last write would end us when the signals are let through again. */
static void discard_own_sigpipe(void)
{
	static const struct timespec at_once = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigtimedwait(&set, NULL, &at_once);
}

static int forward_with_signals(struct forwarding *f, const sigset_t *signals, struct error *err)
{
	f->signals = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signals < 0)
		return error_errno(err, errno, "signalfd");
	if (f->master < 0)
		return forward(f, err);
	int flags = fcntl(f->master, F_GETFL);
	if (flags < 0 || fcntl(f->master, F_SETFL, flags | O_NONBLOCK))
		return error_errno(err, errno, "make the terminal's master non-blocking");
	f->slave = hold_slave(f->master);
	open_output(f);
	catch_fatal_signals();
	enter_raw_mode();
	terminal_copy_size(f->master);
	int rc = forward(f, err);
	leave_raw_mode();
	release_fatal_signals();
	fcntl(f->master, F_SETFL, flags);
	return rc;
}

int terminal_forward(int master, int pidfd, struct error *err)
{
	struct forwarding f = { .master = master,
				.pidfd = pidfd,
				.signals = -1,
				.slave = -1,
				.output = STDOUT_FILENO,
				.input_open = master >= 0,
				.output_open = master >= 0,
				.drained = master < 0 };
	sigset_t signals, before;

	choose_signals(&signals);
	if (sigprocmask(SIG_BLOCK, &signals, &before))
		return error_errno(err, errno, "block signals");
	int rc = forward_with_signals(&f, &signals, err);
	close_fd(f.signals);
	close_fd(f.slave);
	if (f.output != STDOUT_FILENO)
		close_fd(f.output);
	discard_own_sigpipe();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
