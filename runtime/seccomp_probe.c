#include "runtime/seccomp_probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A jump's condition on the accumulator @a. */
static bool holds(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default: /* BPF_JSET */
		return a & k;
	}
}

static bool is_condition(uint16_t code)
{
	return code == (BPF_JMP | BPF_JEQ | BPF_K) || code == (BPF_JMP | BPF_JGT | BPF_K) ||
	       code == (BPF_JMP | BPF_JGE | BPF_K) || code == (BPF_JMP | BPF_JSET | BPF_K);
}

uint32_t seccomp_evaluate(const struct seccomp_filter *filter, const struct seccomp_data *call)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t at = 0; at < filter->n; at++) {
		const struct sock_filter *instruction = &filter->instructions[at];
		uint32_t k = instruction->k;
		if (is_condition(instruction->code)) {
			at += holds(instruction->code, a, k) ? instruction->jt : instruction->jf;
			continue;
		}
		switch (instruction->code) {
		case BPF_RET | BPF_K:
			return k;
		case BPF_JMP | BPF_JA:
			at += k;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			break;
		case BPF_LD | BPF_W | BPF_ABS:
			if (k > sizeof *call - sizeof a || k % sizeof a)
				return SECCOMP_NO_ANSWER;
			memcpy(&a, (const char *)call + k, sizeof a);
			break;
		case BPF_LD | BPF_MEM:
			a = memory[k % BPF_MEMWORDS];
			break;
		case BPF_ST:
			memory[k % BPF_MEMWORDS] = a;
			break;
		default:
			return SECCOMP_NO_ANSWER;
		}
	}
	return SECCOMP_NO_ANSWER;
}

static bool refuses(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
		return true;
	default:
		return false;
	}
}

int seccomp_ask_instead(const struct seccomp_filter *filter, struct seccomp_filter *ret,
			struct error *err)
{
	*ret = *filter;
	ret->instructions = reallocarray(NULL, filter->n, sizeof *ret->instructions);
	if (!ret->instructions)
		return error_errno(err, ENOMEM, "seccomp filter");
	memcpy(ret->instructions, filter->instructions, filter->n * sizeof *ret->instructions);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->instructions[i].code == (BPF_RET | BPF_K) &&
		    refuses(ret->instructions[i].k))
			ret->instructions[i].k = SECCOMP_RET_USER_NOTIF;
	/* The kernel does not combine a listener with TSYNC, and there is but one thread. */
	ret->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	ret->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	ret->notify = true;
	return 0;
}
