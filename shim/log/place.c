#include "shim/log/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/owned.h"

enum { NUMBER_DIGITS = 4 }; /* ".199" */

int log_place_init(struct log_place *place, int directory, const char *name, unsigned count,
		   struct error *err)
{
	*place = (struct log_place){ .directory = -1, .count = count };
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, EINVAL, "'%.100s' is no name of a log file", name);
	if (strlen(name) > NAME_MAX - NUMBER_DIGITS)
		return error_errno(err, ENAMETOOLONG, "log file '%.100s…'", name);
	place->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (place->directory < 0)
		return error_errno(err, errno, "log file %s", name);
	place->name = strdup(name);
	if (!place->name) {
		log_place_finish(place);
		return error_errno(err, ENOMEM, "log file %s", name);
	}
	return 0;
}

int log_place_init_path(struct log_place *place, const char *path, unsigned count,
			struct error *err)
{
	const char *slash = strrchr(path, '/');

	*place = (struct log_place){ .directory = -1 };
	if (*path != '/')
		return error_set(err, EINVAL, "log path '%.200s': wants an absolute path", path);
	owned_string folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return error_errno(err, ENOMEM, "log path %s", path);
	owned_fd directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_errno(err, errno, "open the log's folder %s", folder);
	return log_place_init(place, directory, slash + 1, count, err);
}

void log_place_finish(struct log_place *place)
{
	close_fd(place->directory);
	free(place->name);
	*place = (struct log_place){ .directory = -1 };
}

void log_place_name(const struct log_place *place, unsigned number, char name[static NAME_MAX + 1])
{
	if (number == 0)
		snprintf(name, NAME_MAX + 1, "%s", place->name);
	else
		snprintf(name, NAME_MAX + 1, "%s.%u", place->name, number);
}

/* The lowest free number. With all taken it is the last: renaming replaces that file, which so is never gone
 * without the one before having taken its name. A number below that is free is what a killed rotation left:
 * only the files before it have still to move. */
static int find_free(const struct log_place *place, unsigned *ret)
{
	char name[NAME_MAX + 1];
	struct stat st;

	for (*ret = 1; *ret < place->count - 1; ++*ret) {
		log_place_name(place, *ret, name);
		if (fstatat(place->directory, name, &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : -1;
	}
	return 0;
}

int log_place_rotate(const struct log_place *place, struct error *err)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];
	unsigned number;
	struct stat st;

	/* Else the oldest file would go for nothing. */
	if (fstatat(place->directory, place->name, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
		return 0;
	if (place->count == 1) {
		if (unlinkat(place->directory, place->name, 0) && errno != ENOENT)
			return error_errno(err, errno, "remove the log %s", place->name);
		return 0;
	}
	if (find_free(place, &number))
		return error_errno(err, errno, "rotate the log %s", place->name);
	for (; number > 0; number--) {
		log_place_name(place, number - 1, from);
		log_place_name(place, number, to);
		if (renameat(place->directory, from, place->directory, to) && errno != ENOENT)
			return error_errno(err, errno, "rename the log %s to %s", from, to);
	}
	return 0;
}
