/* The floor: the kernel calls of a container with the default config.json, hard-coded. No JSON, no
 * state, no checks of what is beneath the root: what a runtime takes on top of this is its own doing.
 * Must not share code with orun, so that it stays a measure of it.
 *
 * parent                                             child
 *   mkdir of the group in each hierarchy
 *   cpuset: cpus, mems; devices: the rules
 *   clone3 (pid, network, ipc, uts, mount) ────────►   itself into each hierarchy: a pid that is written
 *                                                      from outside costs a grace period of the kernel
 *                                                      unshare (cgroup)
 *                                                      propagation, bind of the root file system
 *                                                      proc, dev, pts, shm, mqueue, sys, cgroups
 *                                                      six devices, five links
 *                                                      pivot_root, masked and read-only paths
 *                                                      root read-only
 *                                                      hostname, rlimit, ids, capabilities, no_new_privs
 *                                                      execve
 *   waitpid ◄───────────────────────────────────────   exit
 *   rmdir of the group in each hierarchy
 *
 * With cgroup v2 alone it is one hierarchy, entered by clone3, and a device program instead of rules. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define MAX_HIERARCHIES 32
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

/* The control groups ----------------------------------------------------------------------------- */

static struct {
	char names[MAX_HIERARCHIES][NAME_MAX + 1];
	char groups[MAX_HIERARCHIES][PATH_MAX];
	size_t n;
	bool v2;
} cgroups;

static const struct {
	char type;
	int major, minor; /* -1: any */
	bool only_mknod;
} device_rules[] = {
	{ 'c', -1, -1, true }, { 'b', -1, -1, true },	{ 'c', 1, 3, false }, { 'c', 1, 8, false },
	{ 'c', 1, 7, false },  { 'c', 5, 0, false },	{ 'c', 1, 5, false }, { 'c', 1, 9, false },
	{ 'c', 5, 1, false },  { 'c', 136, -1, false }, { 'c', 5, 2, false },
};
#define N_DEVICE_RULES (sizeof device_rules / sizeof *device_rules)

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX + NAME_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd >= 0, path);
	check(write(fd, text, strlen(text)) >= 0, path);
	close(fd);
}

/* A new cpuset group is empty and takes no process before it has its parent's values. */
static void inherit_cpuset(const char *group, const char *name)
{
	char path[PATH_MAX], text[4096];

	snprintf(path, sizeof path, CGROUPS "/cpuset/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0, path);
	ssize_t length = read(fd, text, sizeof text - 1);
	check(length > 0, path);
	close(fd);
	text[length] = '\0';
	write_file(group, name, text);
}

static void write_device_rules(const char *group)
{
	char line[64], major[12], minor[12];

	write_file(group, "devices.deny", "a");
	for (size_t i = 0; i < N_DEVICE_RULES; i++) {
		snprintf(major, sizeof major, "%d", device_rules[i].major);
		snprintf(minor, sizeof minor, "%d", device_rules[i].minor);
		snprintf(line, sizeof line, "%c %s:%s %s", device_rules[i].type,
			 device_rules[i].major < 0 ? "*" : major,
			 device_rules[i].minor < 0 ? "*" : minor,
			 device_rules[i].only_mknod ? "m" : "rwm");
		write_file(group, "devices.allow", line);
	}
}

static size_t device_instructions(struct bpf_insn *to)
{
	size_t n = 0;
	const size_t access = offsetof(struct bpf_cgroup_dev_ctx, access_type);
	const size_t major = offsetof(struct bpf_cgroup_dev_ctx, major);
	const size_t minor = offsetof(struct bpf_cgroup_dev_ctx, minor);

#define ADD(...) to[n++] = (struct bpf_insn){ __VA_ARGS__ }
#define LOAD(reg, at) \
	ADD(.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = (reg), .src_reg = 1, .off = (int16_t)(at))
#define UNLESS_EQUAL(reg, value, skip) \
	ADD(.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (reg), .off = (skip), .imm = (value))
	LOAD(2, access);
	LOAD(3, access);
	ADD(.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = 2, .imm = 0xffff);
	ADD(.code = BPF_ALU | BPF_RSH | BPF_K, .dst_reg = 3, .imm = 16);
	LOAD(4, major);
	LOAD(5, minor);
	for (size_t i = 0; i < N_DEVICE_RULES; i++) {
		bool with_major = device_rules[i].major >= 0,
		     with_minor = device_rules[i].minor >= 0;
		short skip = (short)(2 + with_major + with_minor + device_rules[i].only_mknod);

		UNLESS_EQUAL(2,
			     device_rules[i].type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
			     skip);
		if (device_rules[i].only_mknod)
			UNLESS_EQUAL(3, BPF_DEVCG_ACC_MKNOD, --skip);
		if (with_major)
			UNLESS_EQUAL(4, device_rules[i].major, --skip);
		if (with_minor)
			UNLESS_EQUAL(5, device_rules[i].minor, --skip);
		ADD(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1);
		ADD(.code = BPF_JMP | BPF_EXIT);
	}
	ADD(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0);
	ADD(.code = BPF_JMP | BPF_EXIT);
	return n;
}

static void attach_device_program(int group)
{
	struct bpf_insn instructions[8 + 6 * N_DEVICE_RULES];
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE };

	load.insns = (uintptr_t)instructions;
	load.insn_cnt = (uint32_t)device_instructions(instructions);
	load.license = (uintptr_t) "Apache-2.0";
	int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
	check(program >= 0, "load the device program");
	union bpf_attr attach = { .target_fd = (uint32_t)group,
				  .attach_bpf_fd = (uint32_t)program,
				  .attach_type = BPF_CGROUP_DEVICE,
				  .attach_flags = BPF_F_ALLOW_MULTI };
	check(!syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach),
	      "attach the device program");
	close(program);
}

static void add_hierarchy(const char *name)
{
	size_t i = cgroups.n++;

	snprintf(cgroups.names[i], sizeof cgroups.names[i], "%s", name);
	snprintf(cgroups.groups[i], sizeof cgroups.groups[i], CGROUPS "/%s/floor-%d", name,
		 (int)getpid());
	check(!mkdir(cgroups.groups[i], 0755), cgroups.groups[i]);
	if (strcmp(name, "cpuset") == 0) {
		inherit_cpuset(cgroups.groups[i], "cpuset.cpus");
		inherit_cpuset(cgroups.groups[i], "cpuset.mems");
	}
	if (strcmp(name, "devices") == 0)
		write_device_rules(cgroups.groups[i]);
}

/* Returns the descriptor for CLONE_INTO_CGROUP, or -1 with v1. */
static int cgroups_make(void)
{
	struct statfs fs;

	check(!statfs(CGROUPS, &fs), CGROUPS);
	cgroups.v2 = fs.f_type == CGROUP2_SUPER_MAGIC;
	if (cgroups.v2) {
		add_hierarchy(".");
		int group = open(cgroups.groups[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		check(group >= 0, cgroups.groups[0]);
		attach_device_program(group);
		return group;
	}
	DIR *dir = opendir(CGROUPS);
	check(dir, CGROUPS);
	for (struct dirent *entry; (entry = readdir(dir)) && cgroups.n < MAX_HIERARCHIES;)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "unified") != 0)
			add_hierarchy(entry->d_name);
	closedir(dir);
	return -1;
}

static void cgroups_enter(void)
{
	for (size_t i = 0; i < cgroups.n && !cgroups.v2; i++)
		write_file(cgroups.groups[i], "cgroup.procs", "0");
}

/* The kernel may count a reaped process for a moment longer. */
static void cgroups_remove(void)
{
	for (size_t i = 0; i < cgroups.n; i++)
		for (int tries = 0; rmdir(cgroups.groups[i]); tries++) {
			check(errno == EBUSY && tries < 2000, cgroups.groups[i]);
			usleep(1000);
		}
}

/* The child -------------------------------------------------------------------------------------- */

static void mount_(const char *source, const char *target, const char *type, unsigned long flags,
		   const char *data)
{
	check(!mount(source, target, type, flags, data), target);
}

static void make_mounts(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	mount_("proc", "proc", "proc", 0, NULL);
	mount_("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	check(!mkdir("dev/pts", 0755), "dev/pts");
	mount_("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	       "newinstance,ptmxmode=0666,mode=0620,gid=5");
	check(!mkdir("dev/shm", 0755), "dev/shm");
	mount_("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=65536k");
	check(!mkdir("dev/mqueue", 0755), "dev/mqueue");
	mount_("mqueue", "dev/mqueue", "mqueue", safe, NULL);
	mount_("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL);
	if (cgroups.v2) {
		mount_("cgroup", "sys/fs/cgroup", "cgroup2", safe | MS_RDONLY | MS_RELATIME, NULL);
		return;
	}
	mount_("tmpfs", "sys/fs/cgroup", "tmpfs", safe | MS_RELATIME, "mode=755");
	for (size_t i = 0; i < cgroups.n; i++) {
		char target[PATH_MAX];
		const char *name = cgroups.names[i];

		snprintf(target, sizeof target, "sys/fs/cgroup/%s", name);
		check(!mkdir(target, 0755), target);
		mount_("cgroup", target, "cgroup", safe | MS_RDONLY | MS_RELATIME,
		       strcmp(name, "systemd") == 0 ? "none,name=systemd" : name);
	}
	mount_(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | safe | MS_RELATIME,
	       NULL);
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} devices[] = { { "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
			{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
	static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" },
						{ "/proc/self/fd/0", "dev/stdin" },
						{ "/proc/self/fd/1", "dev/stdout" },
						{ "/proc/self/fd/2", "dev/stderr" },
						{ "pts/ptmx", "dev/ptmx" } };

	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		check(!mknod(devices[i].path, S_IFCHR | 0666,
			     makedev(devices[i].major, devices[i].minor)),
		      devices[i].path);
		check(!chown(devices[i].path, 0, 0), devices[i].path);
	}
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		check(!symlink(links[i][0], links[i][1]), links[i][1]);
}

static void change_root(void)
{
	int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check(old >= 0, "/");
	check(!syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(!fchdir(old), "old root");
	mount_(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL);
	check(!umount2(".", MNT_DETACH), "old root");
	check(!chdir("/"), "/");
	close(old);
}

static void hide_paths(void)
{
	static const char *const masked[] = { "/proc/acpi",	     "/proc/asound",
					      "/proc/kcore",	     "/proc/keys",
					      "/proc/latency_stats", "/proc/timer_list",
					      "/proc/timer_stats",   "/proc/sched_debug",
					      "/sys/firmware",	     "/proc/scsi" };
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };
	struct stat st;

	for (size_t i = 0; i < sizeof readonly / sizeof *readonly; i++) {
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL)) {
			check(errno == ENOENT, readonly[i]);
			continue;
		}
		mount_(NULL, readonly[i], NULL,
		       MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	}
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
		if (stat(masked[i], &st)) {
			check(errno == ENOENT, masked[i]);
			continue;
		}
		if (S_ISDIR(st.st_mode))
			mount_("tmpfs", masked[i], "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1");
		else
			mount_("/dev/null", masked[i], NULL, MS_BIND, NULL);
	}
	mount_(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

static void limit_privileges(void)
{
	const struct rlimit files = { 1024, 1024 };
	const uint32_t kept = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = { { kept, kept, 0 } };
	static_assert(CAP_AUDIT_WRITE < 32, "all of them are in the first word");

	check(!setrlimit(RLIMIT_NOFILE, &files), "rlimit");
	check(!setgroups(0, NULL), "setgroups");
	check(!setresgid(0, 0, 0), "setresgid");
	check(!setresuid(0, 0, 0), "setresuid");
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (capability > 31 || !(kept & 1u << capability))
			check(!prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) || errno == EINVAL,
			      "bounding set");
	check(!syscall(SYS_capset, &header, data), "capset");
	check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void child(const char *rootfs, char **argv)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"TERM=xterm", NULL
	};

	cgroups_enter();
	check(!unshare(CLONE_NEWCGROUP), "cgroup namespace");
	check(setsid() > 0, "setsid");
	mount_(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
	mount_(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL);
	check(!chdir(rootfs), rootfs);
	make_mounts();
	make_devices();
	change_root();
	hide_paths();
	check(!sethostname("runc", 4), "hostname");
	umask(0022);
	limit_privileges();
	execve(argv[0], argv, environment);
	check(false, argv[0]);
}

int main(int argc, char **argv)
{
	static char *program[] = { (char *)"/bin/true", NULL };
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: floor ROOTFS [PROGRAM [ARGUMENT...]]\n");
		return 125;
	}
	umask(0);
	int group = cgroups_make();
	struct clone_args args = { .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
					    CLONE_NEWUTS | CLONE_NEWNS,
				   .exit_signal = SIGCHLD };
	if (group >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (__u64)group;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	check(pid >= 0, "clone3");
	if (pid == 0)
		child(argv[1], argc > 2 ? argv + 2 : program);
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	cgroups_remove();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
