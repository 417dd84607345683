#include "imgtool/layer/left_out.h"

void left_out_add(struct tree_counts *sum, const struct tree_counts *counts)
{
	sum->devices_left_out += counts->devices_left_out;
	sum->xattrs_left_out += counts->xattrs_left_out;
}

void left_out_tell(struct progress *progress, const struct tree_counts *sum)
{
	if (!progress)
		return;
	if (sum->devices_left_out)
		progress_notice(progress, "%ju devices are left out: only root can make them",
				(uintmax_t)sum->devices_left_out);
	if (sum->xattrs_left_out)
		progress_notice(progress,
				"%ju extended attributes are left out: the file system lacks them, "
				"or only root can set them",
				(uintmax_t)sum->xattrs_left_out);
}
