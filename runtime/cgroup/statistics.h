/* What the kernel has counted for a container. Must not know of limits, nor what the numbers are for. */
#pragma once

#include "spec/events.h"

/* Fills @to, new from statistics_new, from the groups @directories (state.json's), of cgroup v1, v2 or both:
 * where both count something, v1 has it. What a kernel or a group does not count stays empty. On v2
 * and the hybrid of both there is also the pressure of cpu, memory and io. @to is then ready to be
 * printed. On failure it is the caller's all the same. */
int cgroup_statistics(const struct string_list *directories, struct statistics *to,
		      struct error *err);
