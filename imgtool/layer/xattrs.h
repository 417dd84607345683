/* Extended attributes of a layer's entries: which are taken, and how they are set. Those that mean something to the host and
 * nothing in a container are passed over, so that no layer can forge them: all of trusted., overlayfs' marks, labels of
 * security modules. Knows descriptors, but no paths. */
#pragma once

#include <stdbool.h>

#include "imgtool/layer/entry.h"
#include "spec/base/error.h"

#define XATTR_CAPABILITY "security.capability"
#define XATTR_ACL_DEFAULT "system.posix_acl_default"

enum layer_xattr {
	LAYER_XATTR_PASSED_OVER,
	LAYER_XATTR_USER, /* of regular files and directories only, xattr(7) */
	LAYER_XATTR_ACL,  /* names owners */
	LAYER_XATTR_ACL_DEFAULT, /* for the end: it would be passed on to all that is made in the directory */
	LAYER_XATTR_CAPABILITY, /* for the end: a write or a chown takes it away again */
};

/* @recorded: ids are recorded, so that ACLs would name others than they mean, and the record is not the layer's. */
enum layer_xattr layer_xattr_kind(const char *name, bool recorded);

/* The entry's attribute of that kind, or NULL. */
const struct entry_xattr *layer_xattr_find(const struct entry *entry, enum layer_xattr kind,
					   bool recorded);

/* Sets those that are not for the end on @fd, a descriptor as open(2) gives it. *left_out is added to for each that the file
 * system does not have or the caller may not set. */
int layer_xattrs_set(int fd, const struct entry *entry, bool recorded, uint64_t *left_out,
		     struct error *err);
/* The same for @name in @dirfd, neither a file nor a directory. */
int layer_xattrs_set_at(int dirfd, const char *name, const struct entry *entry, bool recorded,
			uint64_t *left_out, struct error *err);

/* Removes what a layer below has set, those for the end too. */
int layer_xattrs_remove(int fd, bool recorded, struct error *err);

int layer_xattr_set_capability(int fd, const void *value, size_t size, uint64_t *left_out,
			       struct error *err);

/* user.rootlesscontainers, a message with the fields 1 uid and 2 gid: https://rootlesscontaine.rs/ */
int layer_xattr_record_owner(int fd, uint32_t uid, uint32_t gid, uint64_t *left_out,
			     struct error *err);
