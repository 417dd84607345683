/* What directories have for themselves, kept away from what is made in them until the end: times, which every new name
 * changes, and the setgid bit and the default ACL, which every new name would inherit. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>

#include "imgtool/layer/directories.h"

#define ACL_DEFAULT "system.posix_acl_default"
#define ACL_VALUE_MAX 65536	  /* XATTR_SIZE_MAX of linux/limits.h */
#define ACLS_BYTES_MAX (8u << 20) /* all those put aside, against images that are made of them */

int directory_put_acl_aside(struct directories *all, uint32_t number, const char *value,
			    size_t size, struct error *err)
{
	size_t bytes = all->acl_bytes + sizeof *all->acls + size;

	if (size > ACL_VALUE_MAX || bytes > ACLS_BYTES_MAX)
		return error_set(err, EFBIG, "more than %u bytes of default ACLs in one layer",
				 ACLS_BYTES_MAX);
	if ((all->n_acls & (all->n_acls - 1)) == 0) {
		struct put_aside_acl *larger = reallocarray(
			all->acls, all->n_acls ? 2 * all->n_acls : 1, sizeof *all->acls);

		if (!larger)
			return error_errno(err, ENOMEM, "default ACLs");
		all->acls = larger;
	}
	struct put_aside_acl acl = { .directory = number, .size = (uint32_t)size };
	if (size) {
		acl.value = malloc(size);
		if (!acl.value)
			return error_errno(err, ENOMEM, "default ACLs");
		memcpy(acl.value, value, size);
	}
	all->acls[all->n_acls++] = acl;
	all->acl_bytes = bytes;
	return 0;
}

int directory_prepare(struct directories *all, uint32_t number, struct error *err)
{
	struct directory *one = directory_of(all, number);
	char acl[ACL_VALUE_MAX];

	if (one->flags & (DIRECTORY_FRESH | DIRECTORY_LOOKED))
		return 0;
	int fd = directory_fd(all, number, err);
	if (fd < 0)
		return -1;
	one->flags |= DIRECTORY_LOOKED | DIRECTORY_TIMES;
	if (one->mode & S_ISGID) {
		mode_t bits = (one->mode & ~(unsigned)S_ISGID) | (all->unlock ? S_IRWXU : 0);

		if (fchmod(fd, bits))
			return error_errno(err, errno, "chmod of its directory");
		one->flags |= DIRECTORY_MODE;
	}
	ssize_t size = fgetxattr(fd, ACL_DEFAULT, acl, sizeof acl);
	if (size <= 0)
		return 0;
	if (fremovexattr(fd, ACL_DEFAULT))
		return error_errno(err, errno, "default ACL of its directory");
	return directory_put_acl_aside(all, number, acl, (size_t)size, err);
}

static int settle_acl(struct directories *all, const struct put_aside_acl *acl, struct error *err)
{
	int fd = directory_fd(all, acl->directory, err);

	if (fd < 0)
		return -1;
	/* An empty one takes back what was put aside before: the layer's entry has none. */
	int failed = acl->size ? fsetxattr(fd, ACL_DEFAULT, acl->value, acl->size, 0)
			       : fremovexattr(fd, ACL_DEFAULT);
	if (!failed || errno == ENODATA)
		return 0;
	return error_errno(err, errno, "directory '%s': set default ACL",
			   directory_name(all, acl->directory));
}

static int settle_one(struct directories *all, uint32_t number, struct error *err)
{
	const struct directory *one = directory_of(all, number);
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = one->mtime_seconds, .tv_nsec = one->mtime_nanoseconds },
	};
	const char *name = directory_name(all, number);
	/* By its name in its parent, which children of one parent share: a descriptor less to open. */
	bool by_name = number != DIRECTORY_ROOT && !(one->flags & DIRECTORY_MODE);
	int fd = directory_fd(all, by_name ? one->parent : number, err);

	if (fd < 0)
		return -1;
	if (one->flags & DIRECTORY_MODE && fchmod(fd, one->mode))
		return error_errno(err, errno, "directory '%s': chmod", name);
	if (!(one->flags & DIRECTORY_TIMES))
		return 0;
	if (by_name ? utimensat(fd, name, times, AT_SYMLINK_NOFOLLOW) : futimens(fd, times))
		return error_errno(err, errno, "directory '%s': set times", name);
	return 0;
}

int directories_settle(struct directories *all, struct error *err)
{
	/* A directory has a lower number than what is in it. */
	for (uint32_t i = 1; i < all->n; i++)
		if (directory_of(all, directory_of(all, i)->parent)->flags & DIRECTORY_GONE)
			directory_of(all, i)->flags |= DIRECTORY_GONE;
	for (size_t i = 0; i < all->n_acls; i++)
		if (!(directory_of(all, all->acls[i].directory)->flags & DIRECTORY_GONE) &&
		    settle_acl(all, &all->acls[i], err))
			return -1;
	/* The lower ones first: a mode may lock us out. */
	for (uint32_t i = (uint32_t)all->n; i-- > 0;) {
		uint16_t flags = directory_of(all, i)->flags;

		if (flags & (DIRECTORY_TIMES | DIRECTORY_MODE) && !(flags & DIRECTORY_GONE) &&
		    settle_one(all, i, err))
			return -1;
	}
	return 0;
}
