#include "imgtool/new_bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "imgtool/base/discard.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* ".NAME.imgtool-XXXXXX"; of a long name only what fits is there. */
#define MARK ".imgtool-"
enum { SUFFIX = 6, NAME_PART = NAME_MAX - 1 - (int)sizeof MARK - SUFFIX, TRIES = 100 };

/* Each attempt holds a lock on its directory as long as its process lives. A name that was locked but is another
 * directory by now was taken by someone who removes what is left over. */
static int lock_directory(int parent, const char *name)
{
	owned_fd fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat locked, named;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &locked) ||
	    fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (locked.st_dev != named.st_dev || locked.st_ino != named.st_ino ||
	    locked.st_uid != geteuid()) {
		errno = ESTALE;
		return -1;
	}
	return take_fd(&fd);
}

static char *name_prefix(const char *name)
{
	return text_format(".%.*s" MARK, NAME_PART, name);
}

/* What cannot be removed is somebody else's matter: it is in nobody's way. */
static void remove_left_over(const struct new_bundle *bundle, const char *prefix)
{
	int copy = openat(bundle->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir parent = copy < 0 ? NULL : fdopendir(copy);

	if (!parent)
		close_fd(copy);
	for (struct dirent *entry; parent && (entry = readdir(parent));) {
		if (!text_starts_with(entry->d_name, prefix) ||
		    strlen(entry->d_name) != strlen(prefix) + SUFFIX)
			continue;
		owned_fd lock = lock_directory(bundle->parent, entry->d_name);
		if (lock >= 0)
			discard(bundle->parent, entry->d_name, NULL, NULL);
	}
}

static void random_letters(char *to)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char bytes[SUFFIX] = { 0 };

	/* Only that names differ matters, which EEXIST sees to. */
	(void)!getrandom(bytes, sizeof bytes, GRND_NONBLOCK);
	for (size_t i = 0; i < SUFFIX; i++)
		to[i] = letters[bytes[i] % (sizeof letters - 1)];
}

static int make_temporary(struct new_bundle *bundle, const char *prefix)
{
	bundle->temporary = text_format("%sXXXXXX", prefix);
	if (!bundle->temporary) {
		errno = ENOMEM;
		return -1;
	}
	for (int tries = 0; tries < TRIES; tries++) {
		random_letters(bundle->temporary + strlen(prefix));
		if (mkdirat(bundle->parent, bundle->temporary, 0700) == 0) {
			bundle->directory = lock_directory(bundle->parent, bundle->temporary);
			if (bundle->directory >= 0)
				return 0;
		} else if (errno != EEXIST) {
			break;
		}
	}
	free(take_pointer(bundle->temporary));
	return -1;
}

/* The absolute path of what is there, or of what could be there. */
static char *absolute_path(const char *path, struct error *err)
{
	char *found = realpath(path, NULL);

	if (found || errno != ENOENT) {
		if (!found)
			error_errno(err, errno, "bundle '%s'", path);
		return found;
	}
	owned_string copy = strdup(path);
	for (size_t end = copy ? strlen(copy) : 0; end > 1 && copy[end - 1] == '/';)
		copy[--end] = '\0';
	char *slash = copy ? strrchr(copy, '/') : NULL;
	const char *name = slash ? slash + 1 : copy;
	if (!copy || !*copy || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		error_errno(err, copy ? ENOENT : ENOMEM, "bundle '%s'", path);
		return NULL;
	}
	owned_string parent_name = slash ? strndup(copy, (size_t)(slash - copy) + 1) : strdup(".");
	owned_string parent = parent_name ? realpath(parent_name, NULL) : NULL;
	if (!parent) {
		error_errno(err, errno, "bundle '%s': directory '%s'", path, parent_name);
		return NULL;
	}
	return text_format("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name);
}

static int open_parent(struct new_bundle *bundle, struct error *err)
{
	char *slash = strrchr(bundle->path, '/');
	owned_string parent = strndup(bundle->path, (size_t)(slash - bundle->path) + 1);

	bundle->name = slash + 1;
	bundle->parent = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (bundle->parent < 0)
		return error_errno(err, errno, "bundle '%s': its directory", bundle->path);
	return 0;
}

static int in_the_way(const struct new_bundle *bundle, int code, struct error *err)
{
	error_errno(err, code, "bundle '%s'", bundle->path);
	return error_hint(err, "it must not exist, or be an empty directory");
}

/* Before any work is done; rename(2) says the same at the end. */
static int check_place(const struct new_bundle *bundle, struct error *err)
{
	int fd = openat(bundle->parent, bundle->name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	owned_dir directory = fd < 0 ? NULL : fdopendir(fd);

	if (fd < 0)
		return errno == ENOENT ? 0 : in_the_way(bundle, errno, err);
	if (!directory) {
		close_fd(fd);
		return error_errno(err, ENOMEM, "bundle '%s'", bundle->path);
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return in_the_way(bundle, ENOTEMPTY, err);
	return 0;
}

int new_bundle_begin(const char *path, struct new_bundle *ret, struct error *err)
{
	*ret = (struct new_bundle){ .directory = -1, .parent = -1 };
	ret->path = absolute_path(path, err);
	if (!ret->path || open_parent(ret, err) || check_place(ret, err)) {
		new_bundle_drop(ret);
		return -1;
	}
	owned_string prefix = name_prefix(ret->name);
	if (prefix)
		remove_left_over(ret, prefix);
	if (prefix && make_temporary(ret, prefix) == 0)
		return 0;
	error_errno(err, prefix ? errno : ENOMEM, "bundle '%s': make a directory beside it",
		    ret->path);
	new_bundle_drop(ret);
	return -1;
}

int new_bundle_keep(struct new_bundle *bundle, struct error *err)
{
	if (renameat(bundle->parent, bundle->temporary, bundle->parent, bundle->name))
		return in_the_way(bundle, errno, err);
	bundle->kept = true;
	return 0;
}

void new_bundle_take_back(struct new_bundle *bundle)
{
	/* The old name again, so that nobody finds half of it under the other. */
	if (renameat(bundle->parent, bundle->name, bundle->parent, bundle->temporary) == 0)
		bundle->kept = false;
}

void new_bundle_drop(struct new_bundle *bundle)
{
	if (bundle->temporary && !bundle->kept)
		discard(bundle->parent, bundle->temporary, NULL, NULL);
	free(bundle->temporary);
	free(bundle->path);
	close_fd(bundle->directory);
	close_fd(bundle->parent);
	*bundle = (struct new_bundle){ .directory = -1, .parent = -1 };
}
