/* In effect what Docker allows (moby/profiles, 2026): everything that a program without privileges has a use for and that has
 * not let anyone out, and calls that need a privilege only where the container has it. What is in no group fails
 * with EPERM: the loading of modules and kernels, keyrings, io_uring, userfaultfd, swap, obsolete calls. */
#include "imgtool/convert/seccomp_groups.h"

#include <errno.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

/* linux/sched.h; those that make a namespace need CAP_SYS_ADMIN, or CLONE_NEWUSER, which gives it. */
#define NAMESPACE_FLAGS                                                                \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* personality(2): asks which one it is. */
#define PERSONALITY_QUERY 0xffffffff

#define ARGUMENT(index_, op_, value_) \
	.has_argument = true,         \
	.argument = { .index = (index_), .op = SECCOMP_##op_, .value = (value_) }

const struct seccomp_group seccomp_groups[] = {
	/* Programs and processes. */
	{ .names = "execve execveat exit exit_group fork vfork wait4 waitid waitpid getpid getppid "
		   "gettid "
		   "getpgid getpgrp setpgid getsid setsid set_tid_address pidfd_open "
		   "pidfd_send_signal "
		   "process_mrelease prctl getrusage times uname sysinfo getcpu umask getcwd chdir "
		   "fchdir" },
	/* Threads and waiting for each other. */
	{ .names = "futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue "
		   "get_robust_list "
		   "set_robust_list rseq membarrier get_thread_area set_thread_area "
		   "restart_syscall pause" },
	/* Signals. */
	{ .names = "kill tkill tgkill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
		   "rt_sigreturn "
		   "rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
		   "sigaltstack "
		   "sigprocmask sigreturn signalfd signalfd4" },
	/* The scheduler and limits. */
	{ .names = "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr "
		   "sched_getparam sched_setparam sched_getscheduler sched_setscheduler "
		   "sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
		   "sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set "
		   "getrlimit "
		   "setrlimit prlimit64 ugetrlimit" },
	/* Who one is. The kernel checks capabilities. */
	{ .names = "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid "
		   "getresuid32 "
		   "getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 "
		   "setreuid "
		   "setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 "
		   "setfsuid "
		   "setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset" },
	/* To have less: sandboxes that programs make for themselves. */
	{ .names = "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self" },
	/* Memory. */
	{ .names = "brk mmap mmap2 munmap mremap mprotect msync madvise mincore mlock mlock2 "
		   "mlockall munlock "
		   "munlockall mseal remap_file_pages memfd_create memfd_secret pkey_alloc "
		   "pkey_free "
		   "pkey_mprotect map_shadow_stack" },
	/* Opening, reading and writing. */
	{ .names = "open openat openat2 creat close close_range read readv pread64 preadv preadv2 "
		   "write writev "
		   "pwrite64 pwritev pwritev2 lseek _llseek dup dup2 dup3 fcntl fcntl64 flock "
		   "ioctl sendfile "
		   "sendfile64 splice tee vmsplice copy_file_range readahead fadvise64 "
		   "fadvise64_64 fallocate "
		   "truncate truncate64 ftruncate ftruncate64 sync syncfs fsync fdatasync "
		   "sync_file_range "
		   "cachestat pipe pipe2" },
	/* Asynchronous reading and writing, of the older kind. */
	{ .names = "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents "
		   "io_pgetevents_time64" },
	/* Names in the file system. */
	{ .names = "access faccessat faccessat2 mkdir mkdirat rmdir mknod mknodat link linkat "
		   "symlink symlinkat "
		   "unlink unlinkat rename renameat renameat2 readlink readlinkat getdents "
		   "getdents64 "
		   "name_to_handle_at" },
	/* What is known of files, and of file systems. */
	{ .names = "stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs "
		   "statfs64 fstatfs "
		   "fstatfs64 listmount statmount chmod fchmod fchmodat fchmodat2 chown chown32 "
		   "lchown lchown32 "
		   "fchown fchown32 fchownat utime utimes futimesat utimensat utimensat_time64" },
	/* Extended attributes. */
	{ .names = "getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr "
		   "setxattrat listxattr "
		   "llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr "
		   "removexattrat" },
	/* Waiting for files. */
	{ .names =
		  "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create "
		  "epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait "
		  "epoll_pwait2 "
		  "eventfd eventfd2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch "
		  "fanotify_mark" },
	/* Time. The setting of a clock by these needs CAP_SYS_TIME. */
	{ .names = "time gettimeofday clock_gettime clock_gettime64 clock_getres "
		   "clock_getres_time64 "
		   "clock_nanosleep clock_nanosleep_time64 nanosleep alarm getitimer setitimer "
		   "timer_create "
		   "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
		   "timer_settime64 "
		   "timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
		   "timerfd_settime64 adjtimex "
		   "clock_adjtime clock_adjtime64" },
	/* Sockets; `socket` itself is below. */
	{ .names = "socketcall socketpair bind listen accept accept4 connect shutdown getsockname "
		   "getpeername "
		   "getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg "
		   "recvmmsg "
		   "recvmmsg_time64" },
	/* Messages, semaphores and memory between processes. */
	{ .names = "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
		   "semtimedop_time64 shmat shmctl "
		   "shmdt shmget mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive "
		   "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64" },
	{ .names = "getrandom" },
	/* What the kernel calls for a probe of its own, and what it says of a processor. */
	{ .names = "uretprobe riscv_hwprobe" },
	/* Debuggers. Since kernel 4.8 a traced call is filtered after its tracer could change it. */
	{ .names = "ptrace process_vm_readv process_vm_writev" },

	/* All families of sockets but the kernel's cryptography and those to the hypervisor, which know no
	 * network namespace. */
	{ .names = "socket", ARGUMENT(0, LT, AF_ALG) },
	{ .names = "socket", ARGUMENT(0, EQ, AF_NFC) },
	{ .names = "socket", ARGUMENT(0, GT, AF_VSOCK) },

	/* Linux, 32 bits, each also with an old kernel's version, and the question which it is. Others turn
	 * protections of the address space off. */
	{ .names = "personality", ARGUMENT(0, EQ, PER_LINUX) },
	{ .names = "personality", ARGUMENT(0, EQ, PER_LINUX32) },
	{ .names = "personality", ARGUMENT(0, EQ, UNAME26) },
	{ .names = "personality", ARGUMENT(0, EQ, UNAME26 | PER_LINUX32) },
	{ .names = "personality", ARGUMENT(0, EQ, PERSONALITY_QUERY) },

	/* What one architecture has alone. */
	{ .names = "sync_file_range2 swapcontext", .architectures = "ppc64le" },
	{ .names = "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush "
		   "set_tls",
	  .architectures = "arm arm64" },
	{ .names = "arch_prctl", .architectures = "amd64 x32" },
	{ .names = "modify_ldt", .architectures = "amd64 x32 x86" },
	{ .names = "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
	  .architectures = "s390 s390x" },
	{ .names = "riscv_flush_icache", .architectures = "riscv64" },

	/* New processes, but no namespaces. The filter cannot see the flags of clone3, which are in memory: ENOSYS
	 * makes the C library take clone. */
	{ .names = "clone",
	  .without = "CAP_SYS_ADMIN",
	  .not_architectures = "s390 s390x",
	  ARGUMENT(0, MASKED_EQ, NAMESPACE_FLAGS) },
	{ .names = "clone",
	  .without = "CAP_SYS_ADMIN",
	  .architectures = "s390 s390x",
	  ARGUMENT(1, MASKED_EQ, NAMESPACE_FLAGS) },
	{ .names = "clone3", .without = "CAP_SYS_ADMIN", .fails_with = ENOSYS },

	/* With a capability what it is for. */
	{ .with = "CAP_SYS_ADMIN",
	  .names = "clone clone3 unshare setns sethostname setdomainname mount umount umount2 "
		   "mount_setattr "
		   "move_mount open_tree fsopen fsconfig fsmount fspick quotactl quotactl_fd "
		   "fanotify_init "
		   "lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr bpf "
		   "perf_event_open "
		   "syslog" },
	{ .with = "CAP_DAC_READ_SEARCH", .names = "open_by_handle_at" },
	{ .with = "CAP_SYS_BOOT", .names = "reboot" },
	{ .with = "CAP_SYS_CHROOT", .names = "chroot" },
	{ .with = "CAP_SYS_MODULE", .names = "init_module finit_module delete_module" },
	{ .with = "CAP_SYS_PACCT", .names = "acct" },
	{ .with = "CAP_SYS_PTRACE", .names = "kcmp pidfd_getfd process_madvise" },
	{ .with = "CAP_SYS_RAWIO", .names = "iopl ioperm" },
	{ .with = "CAP_SYS_TIME", .names = "settimeofday stime clock_settime clock_settime64" },
	{ .with = "CAP_SYS_TTY_CONFIG", .names = "vhangup" },
	{ .with = "CAP_SYS_NICE",
	  .names = "get_mempolicy set_mempolicy set_mempolicy_home_node mbind" },
	{ .with = "CAP_SYSLOG", .names = "syslog" },
	{ .with = "CAP_BPF", .names = "bpf" },
	{ .with = "CAP_PERFMON", .names = "perf_event_open" },
	{ .names = NULL },
};
