/* An entry as libarchive gives it, checked and put into our own form. Reads no archive. */
#pragma once

#include <archive_entry.h>

#include "imgtool/layer/entry.h"
#include "spec/base/error.h"

struct tar_entry {
	struct entry entry; /* points into this and into libarchive's */
	int64_t data_size;  /* bytes that the archive must have for it: the size without holes */
	char path[ENTRY_NAME_MAX + 1], link[ENTRY_NAME_MAX + 1];
	size_t xattrs_room;
	struct entry_xattr acls[2]; /* values are owned */
	int n_acls;
};

/* Fills @entry, zeroed or filled before, from @from, which must outlive what is done with it. After a failure entry->path is the
 * name, as far as there is one. */
int tar_entry_fill(struct tar_entry *entry, struct archive_entry *from, struct error *err);
void tar_entry_finish(struct tar_entry *entry);
