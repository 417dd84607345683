/* Signal names to numbers. Knows nothing of processes. */
#include "runtime/signals.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "spec/base/text.h"

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },	 { "INT", SIGINT },    { "QUIT", SIGQUIT },	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },	 { "ABRT", SIGABRT },  { "IOT", SIGABRT },	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },	 { "KILL", SIGKILL },  { "USR1", SIGUSR1 },	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },	 { "PIPE", SIGPIPE },  { "ALRM", SIGALRM },	{ "TERM", SIGTERM },
#ifdef SIGSTKFLT /* not on every architecture */
	{ "STKFLT", SIGSTKFLT },
#endif
#ifdef SIGEMT
	{ "EMT", SIGEMT },
#endif
	{ "CHLD", SIGCHLD },	 { "CLD", SIGCHLD },   { "CONT", SIGCONT },	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },	 { "TTIN", SIGTTIN },  { "TTOU", SIGTTOU },	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },	 { "XFSZ", SIGXFSZ },  { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },	 { "IO", SIGIO },      { "POLL", SIGIO },	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },	 { "UNUSED", SIGSYS },
};

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n". The base is glibc's, as in kill(1): the kernel's first two
 * real-time signals belong to the C library. */
static int parse_real_time(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t distance = 0;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -1;
	const char *rest = name + 5;
	if (*rest && (*rest != (from_min ? '+' : '-') || text_to_uint64(rest + 1, &distance)))
		return -1;
	if (distance > (uint64_t)(SIGRTMAX - SIGRTMIN))
		return -1;
	return from_min ? SIGRTMIN + (int)distance : SIGRTMAX - (int)distance;
}

static int parse_name(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(names[i].name, name) == 0)
			return names[i].number;
	return parse_real_time(name);
}

int signal_parse(const char *text, struct error *err)
{
	uint64_t number;
	int signal = -1;

	if (isdigit((unsigned char)*text)) {
		if (text_to_uint64(text, &number) == 0 && number <= (uint64_t)SIGRTMAX)
			signal = (int)number;
	} else {
		signal = parse_name(text);
	}
	if (signal < 0)
		return error_set(err, EINVAL, "unknown signal \"%s\"", text);
	return signal;
}
