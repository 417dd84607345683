/* ACLs of an archive's entry, as text or numbers, made the values of the kernel's extended attributes. */
#pragma once

#include <archive_entry.h>
#include <sys/stat.h>

#include "imgtool/layer/entry.h"
#include "spec/base/error.h"

/* Most entries of one list; ext4 holds far fewer. */
#define TAR_ACL_MAX 1024

/* The POSIX ACLs of @entry as system.posix_acl_access and _default in xattrs[0] and [1], whose values are the caller's to free.
 * Returns how many there are, or -1. The group bits of *mode become those of the mask, which is what they mean
 * for a file with an ACL (acl(5)). A user or group that has a name and no number is refused: names are the host's. */
int tar_acl_xattrs(struct archive_entry *entry, mode_t *mode, struct entry_xattr xattrs[2],
		   struct error *err);
