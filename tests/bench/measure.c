/* Times command sequences beside each other and prints one line of raw numbers per run. Knows nothing
 * of containers but that a process named in a pid file may have to end between two commands. It is
 * linked statically and kept small: the kernel counts the memory of the process that starts a command
 * into that command's peak.
 *
 * usage: measure CASE RUNS WARMUP interleaved|sequential FILE
 *
 * FILE has lines of three fields, separated by tabs:
 *   CONTESTANT  KIND  COMMAND WORDS, or for the kind `wait` the pid file
 * Lines of one contestant are one sequence; "%" in a word becomes the number of the run. Kinds:
 *   time    counts
 *   quiet   does not count
 *   wait    until the process of the pid file has ended; its processor time counts, the wait does not
 *   after   runs, once per run, when all runs are done; does not count
 * Interleaved, each round runs every contestant once, beginning with another one each time, so that a
 * disturbance of the machine hits all of them alike and rounds can be compared pair by pair.
 *
 * Prints CASE, contestant, run, wall µs, processor µs (user and system, of the commands and of every
 * process they left behind), peak memory in KiB of the first counted command. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONTESTANTS 8
#define MAX_STEPS 12
#define MAX_WORDS 24

enum kind { TIME, QUIET, WAIT, AFTER };

struct step {
	enum kind kind;
	char *words[MAX_WORDS + 1];
};

struct contestant {
	char *name;
	struct step steps[MAX_STEPS];
	size_t n_steps;
};

struct result {
	double wall, processor; /* microseconds */
	long peak;		/* KiB */
};

static struct contestant contestants[MAX_CONTESTANTS];
static size_t n_contestants;
static posix_spawn_file_actions_t no_output;

static void __attribute__((noreturn)) die(const char *what, const char *which)
{
	fprintf(stderr, "measure: %s: %s\n", what, which);
	exit(1);
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double processor_time(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* The case file ---------------------------------------------------------------------------------- */

static enum kind kind_of(const char *word)
{
	static const char *const names[] = { "time", "quiet", "wait", "after" };

	for (int i = 0; i < 4; i++)
		if (strcmp(word, names[i]) == 0)
			return (enum kind)i;
	die("unknown kind", word);
}

static struct contestant *contestant_of(const char *name)
{
	for (size_t i = 0; i < n_contestants; i++)
		if (strcmp(contestants[i].name, name) == 0)
			return &contestants[i];
	if (n_contestants == MAX_CONTESTANTS)
		die("too many contestants", name);
	contestants[n_contestants].name = strdup(name);
	return &contestants[n_contestants++];
}

static void read_cases(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		die(path, strerror(errno));
	while (getline(&line, &size, file) > 0) {
		char *rest, *name = strtok_r(line, "\t\n", &rest),
			    *kind = strtok_r(NULL, "\t\n", &rest),
			    *word = strtok_r(NULL, " \n", &rest);
		if (!name || !kind || !word)
			die("a line without three fields", path);
		struct contestant *contestant = contestant_of(name);
		if (contestant->n_steps == MAX_STEPS)
			die("too many steps", name);
		struct step *step = &contestant->steps[contestant->n_steps++];
		step->kind = kind_of(kind);
		for (size_t n = 0; word; word = strtok_r(NULL, " \n", &rest)) {
			if (n == MAX_WORDS)
				die("too many words", step->words[0]);
			step->words[n++] = strdup(word);
		}
	}
	free(line);
	fclose(file);
}

/* One command ------------------------------------------------------------------------------------ */

static void fill_in(const struct step *step, size_t run, char **argv)
{
	size_t i;

	for (i = 0; step->words[i]; i++) {
		char *percent = strchr(step->words[i], '%');

		if (!percent)
			argv[i] = strdup(step->words[i]);
		else if (asprintf(&argv[i], "%.*s%zu%s", (int)(percent - step->words[i]),
				  step->words[i], run, percent + 1) < 0)
			die("out of memory", step->words[i]);
	}
	argv[i] = NULL;
}

static void release(char **argv)
{
	for (; *argv; argv++)
		free(*argv);
}

/* Everything that ends meanwhile is reaped: a runtime that waits for a container's end would wait for
 * our zombie. Returns the command's wait status. */
static int reap_until(pid_t command, struct rusage *usage, double *others)
{
	int status;

	for (;;) {
		pid_t pid = wait4(-1, &status, 0, usage);
		if (pid == command)
			return status;
		if (pid < 0)
			die("wait4", strerror(errno));
		*others += processor_time(usage);
	}
}

static void run_command(const struct step *step, size_t run, struct result *result)
{
	char *argv[MAX_WORDS + 1];
	struct rusage usage;
	double others = 0;
	pid_t pid;

	fill_in(step, run, argv);
	if (!argv[0])
		die("an empty command", "");
	double begin = microseconds();
	int failed = posix_spawnp(&pid, argv[0], &no_output, NULL, argv, environ);
	if (failed)
		die(argv[0], strerror(failed));
	int status = reap_until(pid, &usage, &others);
	double wall = microseconds() - begin;
	if (status) {
		fprintf(stderr, "measure: status %#x from:", (unsigned)status);
		for (char **word = argv; *word; word++)
			fprintf(stderr, " %s", *word);
		fputc('\n', stderr);
		if (step->kind != AFTER)
			exit(1);
	}
	result->processor += others;
	if (step->kind == TIME) {
		result->wall += wall;
		result->processor += processor_time(&usage);
		if (!result->peak)
			result->peak = usage.ru_maxrss;
	}
	release(argv);
}

/* The container is our child when its parent has left it, since we are a subreaper. */
static void wait_for_pid_file(const struct step *step, size_t run, struct result *result)
{
	char *argv[MAX_WORDS + 1];
	struct rusage usage;
	char text[32];
	int status;

	fill_in(step, run, argv);
	FILE *file = fopen(argv[0], "re");
	if (!file || !fgets(text, sizeof text, file))
		die("no pid in", argv[0]);
	fclose(file);
	pid_t pid = (pid_t)strtol(text, NULL, 10);
	if (pid <= 0)
		die("no pid in", argv[0]);
	release(argv);
	/* Fails when it was reaped before, while a command ran: then it has been counted too. */
	if (wait4(pid, &status, 0, &usage) == pid) {
		result->processor += processor_time(&usage);
		return;
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0) {
		struct pollfd end = { .fd = pidfd, .events = POLLIN };
		poll(&end, 1, -1);
		close(pidfd);
	}
}

/* Sequences -------------------------------------------------------------------------------------- */

static struct result run_once(const struct contestant *contestant, size_t run)
{
	struct result result = { 0 };

	for (size_t i = 0; i < contestant->n_steps; i++) {
		const struct step *step = &contestant->steps[i];

		if (step->kind == WAIT)
			wait_for_pid_file(step, run, &result);
		else if (step->kind != AFTER)
			run_command(step, run, &result);
	}
	return result;
}

static void run_after(const struct contestant *contestant, size_t run)
{
	struct result ignored = { 0 };

	for (size_t i = 0; i < contestant->n_steps; i++)
		if (contestant->steps[i].kind == AFTER)
			run_command(&contestant->steps[i], run, &ignored);
}

static void print_result(const char *name, const struct contestant *contestant, size_t run,
			 const struct result *result)
{
	printf("%s\t%s\t%zu\t%.0f\t%.0f\t%ld\n", name, contestant->name, run, result->wall,
	       result->processor, result->peak);
	fflush(stdout);
}

static void measure_interleaved(const char *name, size_t runs, size_t warmup)
{
	for (size_t run = 1; run <= warmup + runs; run++)
		for (size_t k = 0; k < n_contestants; k++) {
			const struct contestant *contestant =
				&contestants[(run + k) % n_contestants];
			struct result result = run_once(contestant, run);

			if (run > warmup)
				print_result(name, contestant, run - warmup, &result);
		}
	for (size_t run = 1; run <= warmup + runs; run++)
		for (size_t k = 0; k < n_contestants; k++)
			run_after(&contestants[k], run);
}

static void measure_sequential(const char *name, size_t runs)
{
	for (size_t k = 0; k < n_contestants; k++) {
		for (size_t run = 1; run <= runs; run++) {
			struct result result = run_once(&contestants[k], run);
			print_result(name, &contestants[k], run, &result);
		}
		for (size_t run = 1; run <= runs; run++)
			run_after(&contestants[k], run);
	}
}

int main(int argc, char **argv)
{
	if (argc != 6)
		die("usage", "measure CASE RUNS WARMUP interleaved|sequential FILE");
	size_t runs = strtoul(argv[2], NULL, 10), warmup = strtoul(argv[3], NULL, 10);
	read_cases(argv[5]);
	if (!n_contestants)
		die("nothing to measure", argv[5]);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		die("subreaper", strerror(errno));
	posix_spawn_file_actions_init(&no_output);
	posix_spawn_file_actions_addopen(&no_output, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&no_output, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (strcmp(argv[4], "interleaved") == 0)
		measure_interleaved(argv[1], runs, warmup);
	else
		measure_sequential(argv[1], runs);
	return 0;
}
