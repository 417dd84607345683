/* Numbers of cgroup v1 in the ranges of v2. Arithmetic only. */
#pragma once

#include <stdint.h>

/* cpu.shares [2, 262144], default 1024, to cpu.weight [1, 10000], default 100:
 * ceil(10 ^ ((l² + 125 l) / 612 - 7 / 34)) with l = log2(shares), which meets both ends and the
 * default (opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value, 2025; crun the same).
 * Values outside the range give the nearest end. */
unsigned cgroup_weight_of_shares(uint64_t shares);

/* blkio.weight [10, 1000] to io.weight [1, 10000], in a straight line. */
unsigned cgroup_io_weight(uint32_t weight);
