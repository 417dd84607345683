/* A hostile process inside a container: tries without pause what its first argument says on every
 * other process that it can see, and keeps count in the files /out/NAME. Built and used by the bats files
 * beside it only. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct counter {
	const char *name;
	unsigned long n;
};

enum { SEEN, KEPT, WRITTEN, READ, TRACED };
static struct counter counters[] = {
	{ "seen", 0 }, { "kept", 0 }, { "written", 0 }, { "read", 0 }, { "traced", 0 }
};

static void report(void)
{
	char path[64];

	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		snprintf(path, sizeof path, "/out/%s", counters[i].name);
		FILE *file = fopen(path, "w");
		if (!file)
			exit(3);
		fprintf(file, "%lu\n", counters[i].n);
		fclose(file);
	}
}

/* The runtime's file is a mount of its own, which is shown as "/". After execve(2) the process is the container's
 * own, and open to us: what was reached counts only if its program is still the runtime's. */
static int is_the_runtime_s(const char *link)
{
	char target[PATH_MAX] = "";

	return readlink(link, target, sizeof target - 1) > 0 &&
	       (strcmp(target, "/") == 0 || strstr(target, "orun"));
}

static int runs_the_runtime(const char *process)
{
	char path[300];

	snprintf(path, sizeof path, "%s/exe", process);
	return is_the_runtime_s(path);
}

/* While a program runs nobody may write to its file (ETXTBSY): a descriptor is kept until it has ended. */
static int kept = -1;

static void try_to_write(void)
{
	char path[64];

	if (kept < 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", kept);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "owned", 5) == 5)
		counters[WRITTEN].n++;
	close(fd);
}

static void keep_program(const char *process)
{
	char path[300];

	snprintf(path, sizeof path, "%s/exe", process);
	int fd = open(path, O_PATH | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd >= 0 && !is_the_runtime_s(path)) {
		close(fd);
		return;
	}
	if (fd < 0)
		return;
	counters[KEPT].n++;
	if (kept >= 0)
		close(kept);
	kept = fd;
}

/* Memory, root, directories and descriptors. */
static void try_to_read(const char *process)
{
	static const char *const files[] = { "mem", "environ", "root/.", "cwd/.", "fd/.", "maps" };
	char path[300];

	if (runs_the_runtime(process))
		counters[READ].n++;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", process, files[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && runs_the_runtime(process))
			counters[READ].n++;
		if (fd >= 0)
			close(fd);
	}
}

static void try_to_trace(const char *process, int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return;
	if (runs_the_runtime(process))
		counters[TRACED].n++;
	/* Only who stands still can be let go; and who is traced to its end is waited for by nobody else. */
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, NULL, __WALL) == pid)
		ptrace(PTRACE_DETACH, pid, 0, 0);
}

static size_t read_text(const char *process, const char *name, char *text, size_t size)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%s", process, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	return got < 0 ? 0 : (size_t)got;
}

/* The runtime's processes are called orun until execve(2). Where we see those of the whole host, @argument is among
 * the arguments of the one that is meant. */
static int is_the_runtime(const char *process, const char *argument)
{
	char name[32] = "", arguments[4096] = "";

	read_text(process, "comm", name, sizeof name);
	if (strncmp(name, "orun", 4) != 0)
		return 0;
	return !argument ||
	       memmem(arguments, read_text(process, "cmdline", arguments, sizeof arguments),
		      argument, strlen(argument));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char process[280];

	/* What the others are tried on, to see that they work: a program called orun without any defence. */
	if (strcmp(what, "decoy") == 0)
		return (int)sleep(1);

	for (unsigned long round = 0;; round++) {
		DIR *proc = opendir("/proc");
		const struct dirent *entry;
		if (!proc)
			return 2;
		while ((entry = readdir(proc))) {
			int pid = (int)strtol(entry->d_name, NULL, 10);
			if (pid <= 0 || pid == getpid())
				continue;
			snprintf(process, sizeof process, "/proc/%s", entry->d_name);
			if (!is_the_runtime(process, argc > 2 ? argv[2] : NULL))
				continue;
			counters[SEEN].n++;
			if (strcmp(what, "exe-write") == 0)
				keep_program(process);
			else
				try_to_read(process);
			if (strcmp(what, "trace") == 0)
				try_to_trace(process, pid);
			report();
		}
		closedir(proc);
		unsigned long written = counters[WRITTEN].n;
		try_to_write();
		if (round == 0 || counters[WRITTEN].n != written)
			report();
	}
}
