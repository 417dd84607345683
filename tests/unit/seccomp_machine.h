/* For tests of seccomp filters: what the kernel would answer, without loading anything. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MACHINE_FAULT 0xdeadbeefu

static inline uint32_t machine_load(const struct seccomp_data *data, uint32_t at)
{
	uint32_t word = MACHINE_FAULT;

	if (at % 4 == 0 && at <= sizeof *data - sizeof word)
		memcpy(&word, (const char *)data + at, sizeof word);
	return word;
}

static inline int machine_compare(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return (a & k) != 0;
	}
}

/* Runs the instructions that seccomp filters are made of; MACHINE_FAULT for any other, and for a
 * program that runs out. */
static inline uint32_t machine_run(const struct sock_filter *program, size_t n,
				   const struct seccomp_data *data)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t at = 0; at < n; at++) {
		uint32_t k = program[at].k;

		switch (program[at].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = machine_load(data, k);
			break;
		case BPF_LD | BPF_MEM:
			a = memory[k % BPF_MEMWORDS];
			break;
		case BPF_ST:
			memory[k % BPF_MEMWORDS] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			break;
		case BPF_JMP | BPF_JA:
			at += k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			at += machine_compare(program[at].code, a, k) ? program[at].jt
								      : program[at].jf;
			break;
		case BPF_RET | BPF_K:
			return k;
		default:
			return MACHINE_FAULT;
		}
	}
	return MACHINE_FAULT;
}
