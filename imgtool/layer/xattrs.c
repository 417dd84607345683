/* Extended attributes of a layer's entries: see layer_xattrs.h. */
#include "imgtool/layer/xattrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "spec/base/owned.h"
#include "spec/base/text.h"

#define OWNER_RECORD "user.rootlesscontainers"
#define NAMES_MAX 65536 /* XATTR_LIST_MAX of linux/limits.h */

enum layer_xattr layer_xattr_kind(const char *name, bool recorded)
{
	if (strcmp(name, XATTR_CAPABILITY) == 0)
		return LAYER_XATTR_CAPABILITY;
	if (strcmp(name, "system.posix_acl_access") == 0)
		return recorded ? LAYER_XATTR_PASSED_OVER : LAYER_XATTR_ACL;
	if (strcmp(name, XATTR_ACL_DEFAULT) == 0)
		return recorded ? LAYER_XATTR_PASSED_OVER : LAYER_XATTR_ACL_DEFAULT;
	if (!text_starts_with(name, "user.") || text_starts_with(name, "user.overlay.") ||
	    (recorded && strcmp(name, OWNER_RECORD) == 0))
		return LAYER_XATTR_PASSED_OVER;
	return LAYER_XATTR_USER;
}

const struct entry_xattr *layer_xattr_find(const struct entry *entry, enum layer_xattr kind,
					   bool recorded)
{
	/* The last one of a name counts. */
	for (size_t i = entry->n_xattrs; i-- > 0;)
		if (layer_xattr_kind(entry->xattrs[i].name, recorded) == kind)
			return &entry->xattrs[i];
	return NULL;
}

/* After a set that failed: whether the entry can do without, as it has to on many file systems. */
static int judge(const char *name, uint64_t *left_out, struct error *err)
{
	if (errno != EOPNOTSUPP && errno != EPERM && errno != EACCES)
		return error_errno(err, errno, "set attribute '%.100s'", name);
	++*left_out;
	return 0;
}

int layer_xattrs_set(int fd, const struct entry *entry, bool recorded, uint64_t *left_out,
		     struct error *err)
{
	for (size_t i = 0; i < entry->n_xattrs; i++) {
		const struct entry_xattr *one = &entry->xattrs[i];
		enum layer_xattr kind = layer_xattr_kind(one->name, recorded);

		if ((kind == LAYER_XATTR_USER || kind == LAYER_XATTR_ACL) &&
		    fsetxattr(fd, one->name, one->value, one->size, 0) &&
		    judge(one->name, left_out, err))
			return -1;
	}
	return 0;
}

int layer_xattrs_set_at(int dirfd, const char *name, const struct entry *entry, bool recorded,
			uint64_t *left_out, struct error *err)
{
	const struct entry_xattr *acl = layer_xattr_find(entry, LAYER_XATTR_ACL, recorded);
	char path[40];

	if (!acl)
		return 0;
	/* Devices and FIFOs are not opened, since that may act; procfs leads to what the descriptor stands for. */
	owned_fd place = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return error_errno(err, errno, "open");
	snprintf(path, sizeof path, "/proc/self/fd/%d", place);
	return setxattr(path, acl->name, acl->value, acl->size, 0) ? judge(acl->name, left_out, err)
								   : 0;
}

int layer_xattrs_remove(int fd, bool recorded, struct error *err)
{
	char names[NAMES_MAX];
	ssize_t length = flistxattr(fd, names, sizeof names);

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : error_errno(err, errno, "list attributes");
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if ((layer_xattr_kind(name, recorded) != LAYER_XATTR_PASSED_OVER ||
		     strcmp(name, OWNER_RECORD) == 0) &&
		    fremovexattr(fd, name) && errno != ENODATA)
			return error_errno(err, errno, "remove attribute '%.100s'", name);
	return 0;
}

int layer_xattr_set_capability(int fd, const void *value, size_t size, uint64_t *left_out,
			       struct error *err)
{
	return fsetxattr(fd, XATTR_CAPABILITY, value, size, 0)
		       ? judge(XATTR_CAPABILITY, left_out, err)
		       : 0;
}

/* A field of the wire type VARINT, when it is not 0: what a reader takes for a missing one. */
static size_t add_field(unsigned char *at, unsigned number, uint32_t value)
{
	size_t length = 0;

	if (!value)
		return 0;
	at[length++] = (unsigned char)(number << 3);
	for (; value > 0x7f; value >>= 7)
		at[length++] = (unsigned char)(value | 0x80);
	at[length++] = (unsigned char)value;
	return length;
}

int layer_xattr_record_owner(int fd, uint32_t uid, uint32_t gid, uint64_t *left_out,
			     struct error *err)
{
	unsigned char record[12]; /* twice a tag and five groups of seven bits */
	size_t length = add_field(record, 1, uid);

	length += add_field(record + length, 2, gid);
	return fsetxattr(fd, OWNER_RECORD, record, length, 0) ? judge(OWNER_RECORD, left_out, err)
							      : 0;
}
