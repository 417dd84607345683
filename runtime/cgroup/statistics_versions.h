/* The two readers behind cgroup_statistics. */
#pragma once

#include "spec/events.h"

/* Which parts of the statistics have been filled. */
enum statistics_part {
	STATISTICS_CPU = 1,
	STATISTICS_MEMORY = 2,
	STATISTICS_PIDS = 4,
	STATISTICS_IO = 8,
	STATISTICS_HUGETLB = 16,
};

/* Fill @to from the files of one group, which is open as @group: v1's has those of one or several
 * controllers, v2's those of all. @filled: the parts that are filled; v2 leaves them alone. */
int statistics_read_v1(int group, struct statistics *to, int *filled, struct error *err);
int statistics_read_v2(int group, struct statistics *to, int *filled, struct error *err);
