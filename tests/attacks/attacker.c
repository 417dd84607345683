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
#include <unistd.h>

struct counter {
	const char *name;
	unsigned long n;
};

enum { SEEN, WRITTEN, READ, TRACED };
static struct counter counters[] = {
	{ "seen", 0 }, { "written", 0 }, { "read", 0 }, { "traced", 0 }
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

static void try_to_write(const char *process)
{
	char path[300];

	snprintf(path, sizeof path, "%s/exe", process);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd >= 0 && write(fd, "owned", 5) == 5)
		counters[WRITTEN].n++;
	if (fd >= 0)
		close(fd);
}

/* After execve(2) the process is the container's own, and open to us: what was reached counts only
 * if its program is still the runtime's. */
static int runs_the_runtime(const char *process)
{
	char path[300], target[PATH_MAX] = "";

	snprintf(path, sizeof path, "%s/exe", process);
	return readlink(path, target, sizeof target - 1) > 0 && strstr(target, "orun");
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
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		if (runs_the_runtime(process))
			counters[TRACED].n++;
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

/* The runtime's processes are called orun until execve(2). */
static int is_the_runtime(const char *process)
{
	char path[300], name[32] = "";
	snprintf(path, sizeof path, "%s/comm", process);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
	if (fd >= 0)
		close(fd);
	return got > 0 && strncmp(name, "orun", 4) == 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char process[280];

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
			if (!is_the_runtime(process))
				continue;
			counters[SEEN].n++;
			if (strcmp(what, "exe-write") == 0)
				try_to_write(process);
			else
				try_to_read(process);
			if (strcmp(what, "trace") == 0)
				try_to_trace(process, pid);
			report();
		}
		closedir(proc);
		if (round == 0)
			report();
	}
}
