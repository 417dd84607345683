/* ENOSYS for system calls newer than the profile.
 *
 * C libraries try a new system call first and fall back to the older one on ENOSYS. A profile written
 * before the call existed answers it with its default action, mostly EPERM, which the libraries take
 * for an answer: programs break on a new libc, not on a new kernel. A number above all those
 * that the profile mentions is one that its author did not know, so it gets the answer of a kernel
 * that does not know it either. Numbers below that were left out on purpose and go to the filter. */
#include "runtime/seccomp_enosys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#define X32_BIT 0x40000000u

struct program {
	struct sock_filter *at;
	size_t n;
};

static void emit(struct program *program, unsigned code, uint32_t k, size_t if_true,
		 size_t if_false)
{
	program->at[program->n++] =
		(struct sock_filter){ (uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, k };
}

static void emit_enosys(struct program *program)
{
	emit(program, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

/* To be aimed at the filter once the length of the prologue is known. */
static void emit_jump_to_filter(struct program *program)
{
	emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void emit_limit(struct program *program, const struct syscall_limit *limit)
{
	if (limit) {
		emit(program, BPF_JMP | BPF_JGT | BPF_K, limit->largest, 0, 1);
		emit_enosys(program);
	}
	emit_jump_to_filter(program);
}

static bool multiplexes_new_calls(uint32_t audit_arch)
{
	return audit_arch == AUDIT_ARCH_S390 || audit_arch == AUDIT_ARCH_S390X;
}

/* @plain and @x32: the limits of one architecture; either may be NULL. */
static void emit_section(struct program *program, uint32_t audit_arch,
			 const struct syscall_limit *plain, const struct syscall_limit *x32)
{
	size_t test = program->n;

	emit(program, BPF_JMP | BPF_JEQ | BPF_K, audit_arch, 0, 0);
	emit(program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	/* s390 passes large numbers beside a 0, and leaves the 0 for what its kernel does not know. */
	if (multiplexes_new_calls(audit_arch)) {
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
		emit_enosys(program);
	}
	if (audit_arch == AUDIT_ARCH_X86_64) {
		emit(program, BPF_JMP | BPF_JSET | BPF_K, X32_BIT, plain ? 3 : 1, 0);
		emit_limit(program, plain);
		emit_limit(program, x32);
	} else {
		emit_limit(program, plain);
	}
	program->at[test].jf = (uint8_t)(program->n - test - 1);
}

static const struct syscall_limit *find_limit(const struct syscall_limit *limits, size_t n,
					      uint32_t audit_arch, bool x32)
{
	for (size_t i = 0; i < n; i++)
		if (limits[i].audit_arch == audit_arch && limits[i].x32 == x32)
			return &limits[i];
	return NULL;
}

size_t seccomp_enosys_prologue(const struct syscall_limit *limits, size_t n, struct sock_filter *to)
{
	struct program program = { .at = to };

	if (n == 0)
		return 0;
	emit(&program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t arch = limits[i].audit_arch;
		const struct syscall_limit *plain = find_limit(limits, n, arch, false);
		const struct syscall_limit *x32 = find_limit(limits, n, arch, true);

		if (&limits[i] == (plain ? plain : x32)) /* one section for both */
			emit_section(&program, arch, plain, x32);
	}
	for (size_t i = 0; i < program.n; i++)
		if (to[i].code == (BPF_JMP | BPF_JA))
			to[i].k = (uint32_t)(program.n - i - 1);
	return program.n;
}
