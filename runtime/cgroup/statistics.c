#include "runtime/cgroup/statistics.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/cgroup/statistics_versions.h"
#include "spec/base/owned.h"

static int read_group(const char *directory, int version, struct statistics *to, int *filled,
		      struct error *err)
{
	owned_fd group = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A group that is gone has nothing to tell. */
	if (group < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : error_errno(err, errno, "open %s", directory);
	/* Only v2 has that file, in every group. */
	int found = faccessat(group, "cgroup.controllers", F_OK, 0) ? 1 : 2;
	if (found != version)
		return 0;
	if (version == 1 ? statistics_read_v1(group, to, filled, err)
			 : statistics_read_v2(group, to, filled, err))
		return error_prefix(err, "%s", directory);
	return 0;
}

int cgroup_statistics(const struct string_list *directories, struct statistics *to,
		      struct error *err)
{
	int filled = 0;

	for (int version = 1; version <= 2; version++)
		for (size_t i = 0; i < directories->n; i++)
			if (read_group(directories->v[i], version, to, &filled, err))
				return -1;
	statistics_drop_empty(to);
	return 0;
}
