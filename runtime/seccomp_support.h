/* What the running kernel can do of seccomp(2). Asks only: no filter is loaded. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* @flag: one SECCOMP_FILTER_FLAG_…. */
bool seccomp_flag_is_supported(uint64_t flag);

/* @action: SECCOMP_RET_… of <linux/seccomp.h>. Kernel 4.14. */
bool seccomp_action_is_available(uint32_t action);
