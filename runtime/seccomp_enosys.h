/* The prologue that answers ENOSYS to system calls newer than a seccomp profile. Knows classic BPF,
 * not libseccomp. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syscall_limit {
	uint32_t audit_arch;
	bool x32;	  /* AUDIT_ARCH_X86_64 with bit 30 set in the numbers */
	uint32_t largest; /* the largest number the profile mentions, whatever it says about it */
};

/* Room for one limit; one more instruction opens the program. */
#define ENOSYS_INSTRUCTIONS(limits) (1 + 9 * (limits))

/* Writes the prologue for @n limits to @to; what follows it is the filter itself. Returns its length,
 * 0 when there are no limits. */
size_t seccomp_enosys_prologue(const struct syscall_limit *limits, size_t n,
			       struct sock_filter *to);
