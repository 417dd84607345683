/* A compiled filter looked at from outside: what it would say of a call, and a copy of it that asks
 * instead of refusing. seccomp(2), bpf(2) classic. */
#pragma once

#include <linux/seccomp.h>

#include "runtime/seccomp.h"

/* SECCOMP_RET_… that @filter gives for @call, or SECCOMP_NO_ANSWER for what the kernel would not have loaded:
 * instructions that no filter of libseccomp has, loads beyond the data, an end without a return. */
#define SECCOMP_NO_ANSWER 0xdeadbeefu /* no action has this value */
uint32_t seccomp_evaluate(const struct seccomp_filter *filter, const struct seccomp_data *call);

/* A copy of @filter that notifies wherever it would return an error, a trap or a death; for the caller
 * to seccomp_filter_finish. */
int seccomp_ask_instead(const struct seccomp_filter *filter, struct seccomp_filter *ret,
			struct error *err);
