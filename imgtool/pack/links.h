/* Files with several names, by the first of them that was packed. */
#pragma once

#include <sys/stat.h>

#include "spec/base/error.h"

struct pack_links {
	void *tree; /* of tsearch(3); begin with NULL */
};

/* The name that the file has been given, or NULL in *ret when it has none: then it is @path from now on. */
int pack_links_find(struct pack_links *links, const struct stat *stat, const char *path,
		    const char **ret, struct error *err);
void pack_links_finish(struct pack_links *links);
