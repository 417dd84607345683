#include "shim/record_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "shim/name.h"
#include "spec/base/owned.h"

#define PREFIX "name:"
#define LINK_LENGTH (sizeof PREFIX + NAME_LENGTH_MAX)

static void link_name(const char *name, char link[static LINK_LENGTH])
{
	snprintf(link, LINK_LENGTH, PREFIX "%.*s", NAME_LENGTH_MAX, name);
}

/* The id that the link stands for, "" when there is none that could be one. */
static void read_link(int root, const char *name, char id[static NAME_LENGTH_MAX + 1])
{
	char link[LINK_LENGTH];

	link_name(name, link);
	ssize_t length = readlinkat(root, link, id, NAME_LENGTH_MAX);
	id[length > 0 ? length : 0] = '\0';
	if (id_check(id, NULL))
		*id = '\0';
}

/* Whether the container has the name as far as anybody can tell: a record that cannot be read keeps it, and so
 * does one that is being made. */
static bool has_name(int root, const char *id, const char *name)
{
	struct record_folder folder;
	struct error err = { 0 };

	if (!*id || record_open(root, id, RECORD_UNLOCKED, &folder, &err))
		return false;
	struct record *record = record_load(&folder, &err);
	bool has = !record || strcmp(record->name, name) == 0;
	record_destroy(record);
	record_folder_close(&folder);
	return has;
}

/* Everybody who changes names has the root's lock meanwhile. Returns a descriptor to close, or -1. */
static int lock_names(int root, struct error *err)
{
	owned_fd fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "lock the names of containers");
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return error_errno(err, errno, "lock the names of containers");
	return take_fd(&fd);
}

static int take(int root, const char *name, const char *id, struct error *err)
{
	char link[LINK_LENGTH], owner[NAME_LENGTH_MAX + 1];

	read_link(root, name, owner);
	if (strcmp(owner, id) == 0)
		return 0;
	if (has_name(root, owner, name)) {
		error_set(err, EEXIST,
			  "Conflict. The container name \"/%s\" is already in use by container "
			  "\"%s\"",
			  name, owner);
		return error_hint(err, "remove or rename that container to be able to reuse that "
				       "name");
	}
	link_name(name, link);
	if (unlinkat(root, link, 0) && errno != ENOENT)
		return error_errno(err, errno, "take over the name %s", name);
	if (symlinkat(id, root, link) || fsync(root))
		return error_errno(err, errno, "take the name %s", name);
	return 0;
}

int record_name_take(int root, const char *name, const char *id, struct error *err)
{
	if (name_check(name, err) || id_check(id, err))
		return -1;
	owned_fd lock = lock_names(root, err);
	return lock < 0 ? -1 : take(root, name, id, err);
}

int record_name_drop(int root, const char *name, const char *id, struct error *err)
{
	char link[LINK_LENGTH], owner[NAME_LENGTH_MAX + 1];

	if (name_check(name, err))
		return -1;
	owned_fd lock = lock_names(root, err);
	if (lock < 0)
		return -1;
	read_link(root, name, owner);
	link_name(name, link);
	if (strcmp(owner, id) == 0 && unlinkat(root, link, 0) && errno != ENOENT)
		return error_errno(err, errno, "give up the name %s", name);
	return 0;
}

/* First both names lead here, then the record says which one is right, then the other goes. */
int record_rename(const struct record_folder *folder, struct record *record, const char *name,
		  struct error *err)
{
	if (strcmp(record->name, name) == 0)
		return error_set(
			err, EINVAL,
			"Renaming a container with the same name as its current name: %.200s",
			name);
	owned_string new_name = strdup(name);
	if (!new_name)
		return error_errno(err, ENOMEM, "rename container %s", folder->id);
	if (record_name_take(folder->root, name, folder->id, err))
		return -1;
	owned_string old_name = record->name;
	record->name = take_pointer(new_name);
	if (record_save(folder, record, err) == 0)
		return record_name_drop(folder->root, old_name, folder->id, err);
	new_name = record->name;
	record->name = take_pointer(old_name);
	record_name_drop(folder->root, new_name, folder->id, NULL);
	return -1;
}

static int return_id(const char *id, char **ret, struct error *err)
{
	*ret = strdup(id);
	return *ret ? 0 : error_errno(err, ENOMEM, "find container %s", id);
}

static bool is_container(int root, const char *id)
{
	struct stat st;

	return id_check(id, NULL) == 0 && fstatat(root, id, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int find_beginning(int root, const char *reference, char **ret, struct error *err)
{
	OWNED(string_list_finish) struct string_list ids = { 0 };
	const char *found = NULL;

	if (record_ids(root, &ids, err))
		return -1;
	for (size_t i = 0; i < ids.n; i++) {
		if (!text_starts_with(ids.v[i], reference))
			continue;
		if (found)
			return error_set(err, ENOTUNIQ,
					 "multiple IDs found with provided prefix: %.200s",
					 reference);
		found = ids.v[i];
	}
	return found ? return_id(found, ret, err)
		     : error_set(err, ENOENT, "No such container: %.200s", reference);
}

int record_find(int root, const char *reference, char **ret, struct error *err)
{
	/* inspect shows names with a slash, and docker takes them so. */
	const char *name = reference + (*reference == '/');
	char id[NAME_LENGTH_MAX + 1];

	if (name_check(name, NULL))
		return error_set(err, ENOENT, "No such container: %.200s", reference);
	if (is_container(root, reference))
		return return_id(reference, ret, err);
	read_link(root, name, id);
	if (has_name(root, id, name))
		return return_id(id, ret, err);
	return find_beginning(root, reference, ret, err);
}
