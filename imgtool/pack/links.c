#include "imgtool/pack/links.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct named {
	dev_t device;
	ino_t inode;
	char path[];
};

static int compare(const void *a, const void *b)
{
	const struct named *one = a, *other = b;

	if (one->device != other->device)
		return one->device < other->device ? -1 : 1;
	return (one->inode > other->inode) - (one->inode < other->inode);
}

int pack_links_find(struct pack_links *links, const struct stat *stat, const char *path,
		    const char **ret, struct error *err)
{
	size_t size = strlen(path) + 1;
	struct named *named = malloc(sizeof *named + size);

	if (!named)
		return error_errno(err, ENOMEM, "names of files");
	named->device = stat->st_dev;
	named->inode = stat->st_ino;
	memcpy(named->path, path, size);

	struct named **found = tsearch(named, &links->tree, compare);
	*ret = found && *found != named ? (*found)->path : NULL;
	if (!found || *found != named)
		free(named);
	return found ? 0 : error_errno(err, ENOMEM, "names of files");
}

void pack_links_finish(struct pack_links *links)
{
	tdestroy(links->tree, free);
	links->tree = NULL;
}
