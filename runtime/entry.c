/* The entry point of the static executable, before the C library starts: the first half of exe.h at a
 * fraction of its price. The library asks the processor for its features with many cpuid instructions, each of which
 * is a trap on a virtual machine: a third of a millisecond that a process which is about to execute
 * itself again need not spend. Whatever does not work here is left to exe_protect(), which main calls
 * all the same.
 *
 * Nothing here may use the C library, a relocated address or the stack protector: none is ready. */
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define UNPREPARED __attribute__((no_stack_protector, used, visibility("hidden")))

void UNPREPARED entry_protect(long *stack);

#if defined(__x86_64__)
__asm__(".globl orun_entry\n"
	"orun_entry:\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdx, %r12\n" /* for _start: what to call at exit */
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call entry_protect\n"
	"	mov %rbx, %rsp\n"
	"	mov %r12, %rdx\n"
	"	jmp _start\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl orun_entry\n"
	"orun_entry:\n"
	"	mov x19, sp\n"
	"	mov x20, x0\n"
	"	mov x0, sp\n"
	"	bl entry_protect\n"
	"	mov sp, x19\n"
	"	mov x0, x20\n"
	"	b _start\n");

static inline long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}
#endif

/* Only verbs that put us into a container need it. Another argument that reads so costs time alone. */
static inline int is_verb(const char *word)
{
	return (word[0] == 'r' && word[1] == 'u' && word[2] == 'n' && !word[3]) ||
	       (word[0] == 'e' && word[1] == 'x' && word[2] == 'e' && word[3] == 'c' && !word[4]) ||
	       (word[0] == 'c' && word[1] == 'r' && word[2] == 'e' && word[3] == 'a' &&
		word[4] == 't' && word[5] == 'e' && !word[6]);
}

void UNPREPARED entry_protect(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	char **envp = argv + argc + 1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	struct statfs fs;
	int wanted = 0;

	for (long i = 1; i < argc; i++)
		wanted |= is_verb(argv[i]);
	if (!wanted)
		return;
	long exe = call(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", O_PATH | O_CLOEXEC, 0, 0);
	if (exe < 0)
		return;
	fs.f_flags = 0;
	long told = call(SYS_fstatfs, exe, (long)&fs, 0, 0, 0);
	call(SYS_close, exe, 0, 0, 0, 0);
	if (told < 0 || (fs.f_flags & 1 /* ST_RDONLY */))
		return;
	long clone = call(SYS_open_tree, AT_FDCWD, (long)"/proc/self/exe",
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (clone < 0)
		return;
	if (call(SYS_mount_setattr, clone, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof attr) == 0)
		call(SYS_execveat, clone, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	call(SYS_close, clone, 0, 0, 0, 0);
}
