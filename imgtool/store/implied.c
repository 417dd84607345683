#include "imgtool/store/implied.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "imgtool/base/attributes.h"
#include "imgtool/base/walk.h"
#include "spec/base/owned.h"

/* Each path stands behind one of these and ends with a NUL, for it may hold anything else. */
enum { MARK_PLAIN = 'd', MARK_HIDES_ONLY = 'h' };

#define LIST_MAX (256 << 20) /* bytes */

int store_implied_add(void *list, const char *path, bool hides_only, struct error *err)
{
	FILE *to = list;

	if (ftell(to) > LIST_MAX)
		return error_set(err, EFBIG, "more than %d bytes of names of parents", LIST_MAX);
	if (putc(hides_only ? MARK_HIDES_ONLY : MARK_PLAIN, to) == EOF ||
	    fwrite(path, strlen(path) + 1, 1, to) != 1)
		return error_errno(err, errno, "write names of parents");
	return 0;
}

static int settle_one(int lower, int tree, const char *path, bool hides_only, struct error *err)
{
	owned_fd from = lower < 0 ? -1 : walk_open_directory(lower, path, O_RDONLY);
	int code = lower < 0 ? ENOENT : errno;

	/* A directory that is new is as it was made; one that only hides something is not made where there is nothing. */
	if (from < 0 && code == ENOENT)
		return hides_only ? STORE_IMPLIED_DIFFERS : 0;
	/* A link, for instance, that leads to where the layer's files belong. */
	if (from < 0 && (code == ELOOP || code == ENOTDIR || code == EXDEV))
		return STORE_IMPLIED_DIFFERS;
	if (from < 0)
		return error_errno(err, code, "directory %.300s of the layers below", path);
	owned_fd to = walk_open_directory(tree, path, O_RDONLY);
	if (to < 0)
		return error_errno(err, errno, "directory %.300s", path);
	return attributes_copy(from, to, err) ? error_prefix(err, "directory %.300s", path) : 0;
}

int store_implied_settle(int lower, int tree, FILE *list, struct error *err)
{
	owned_string text = NULL;
	size_t capacity = 0;
	int result = 0;

	while (!result && getdelim(&text, &capacity, '\0', list) > 0)
		result = settle_one(lower, tree, text + 1, *text == MARK_HIDES_ONLY, err);
	if (!result && !feof(list))
		return error_errno(err, errno, "read names of parents");
	return result;
}
