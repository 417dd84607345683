#include "imgtool/base/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "spec/base/owned.h"
#include "spec/base/text.h"

#define XATTRS_MAX 65536 /* of a list of names, and of a value: limits of the kernel, xattr(7) */

bool attributes_overlay_mark(const char *xattr)
{
	return text_starts_with(xattr, "trusted.overlay.") ||
	       text_starts_with(xattr, "user.overlay.");
}

static int copy_xattrs(int from, int to, struct error *err)
{
	char names[XATTRS_MAX], value[XATTRS_MAX];
	ssize_t length = flistxattr(from, names, sizeof names);

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : error_errno(err, errno, "list xattrs");
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		if (attributes_overlay_mark(name))
			continue;
		ssize_t size = fgetxattr(from, name, value, sizeof value);
		/* A security module's label is the host's affair, and may be neither read nor set. */
		if ((size < 0 || fsetxattr(to, name, value, (size_t)size, 0)) &&
		    !text_starts_with(name, "security."))
			return error_errno(err, errno, "xattr %s", name);
	}
	return 0;
}

int attributes_copy(int from, int to, struct error *err)
{
	struct stat st;

	if (fstat(from, &st))
		return error_errno(err, errno, "stat");
	/* chown(2) takes the setgid bit away. */
	if (fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		return error_errno(err, errno, "owner and mode");
	if (copy_xattrs(from, to, err))
		return -1;
	const struct timespec times[] = { st.st_atim, st.st_mtim };
	return futimens(to, times) ? error_errno(err, errno, "times") : 0;
}
