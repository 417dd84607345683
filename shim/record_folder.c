#include "shim/record_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "shim/name.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define FILE_NAME "record.json"
/* One name is enough: only who has the lock writes. */
#define NEW_FILE_NAME "record.json.new"
#define GONE "gone:"

static int open_directory(int root, const char *name)
{
	return openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A directory for readdir that has an offset of its own, whatever @directory was used for. */
static DIR *list_directory(int directory)
{
	owned_fd fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (list)
		take_fd(&fd);
	return list;
}

static int remove_files(int directory, struct error *err)
{
	const struct dirent *entry;
	owned_dir list = list_directory(directory);

	if (!list)
		return error_errno(err, errno, "list its folder");
	while ((entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(directory, entry->d_name, 0) && errno != ENOENT)
			return error_errno(err, errno, "remove %s", entry->d_name);
	return 0;
}

/* Its remover holds the lock for as long as it lives. What cannot be removed now is tried again next time. */
static void finish_removal(int root, const char *name)
{
	owned_fd directory = open_directory(root, name);

	if (directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0 &&
	    remove_files(directory, NULL) == 0)
		unlinkat(root, name, AT_REMOVEDIR);
}

static int finish_removals(int root, struct error *err)
{
	const struct dirent *entry;
	owned_dir list = list_directory(root);

	if (!list)
		return error_errno(err, errno, "list the containers");
	while ((entry = readdir(list)))
		if (text_starts_with(entry->d_name, GONE))
			finish_removal(root, entry->d_name);
	return 0;
}

int record_root_open(const char *path, struct error *err)
{
	if (make_directories(path, 0700, err))
		return -1;
	owned_fd root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, "open %s", path);
	if (finish_removals(root, err))
		return error_prefix(err, "%s", path);
	return take_fd(&root);
}

static int no_such_container(const char *id, struct error *err)
{
	return error_set(err, ENOENT, "No such container: %.250s", id);
}

static int start_folder(int root, const char *id, struct record_folder *ret, struct error *err)
{
	*ret = RECORD_FOLDER_NONE;
	ret->root = root;
	ret->id = strdup(id);
	return ret->id ? 0 : error_errno(err, ENOMEM, "container %.250s", id);
}

static int claim(struct record_folder *folder, struct error *err)
{
	if (mkdirat(folder->root, folder->id, 0700)) {
		if (errno != EEXIST)
			return error_errno(err, errno, "make the folder of container %s",
					   folder->id);
		error_set(err, EEXIST, "Conflict. The container id %s is already in use",
			  folder->id);
		return error_hint(err, "remove that container, or choose another id");
	}
	folder->directory = open_directory(folder->root, folder->id);
	if (folder->directory < 0 || flock(folder->directory, LOCK_EX))
		return error_errno(err, errno, "lock container %s", folder->id);
	folder->locked = true;
	return 0;
}

int record_claim(int root, const char *id, struct record_folder *ret, struct error *err)
{
	*ret = RECORD_FOLDER_NONE;
	if (id_check(id, err) || start_folder(root, id, ret, err))
		return -1;
	if (claim(ret, err) == 0)
		return 0;
	record_folder_close(ret);
	return -1;
}

/* Removed, and perhaps made anew, while we waited for the lock: then ours is not the folder of that name. */
static bool is_still_there(const struct record_folder *folder)
{
	struct stat ours, named;

	return fstat(folder->directory, &ours) == 0 &&
	       fstatat(folder->root, folder->id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static int lock(struct record_folder *folder, enum record_lock how, struct error *err)
{
	int result;

	do
		result = flock(folder->directory, LOCK_EX | (how == RECORD_TRY ? LOCK_NB : 0));
	while (result && errno == EINTR);
	if (result && errno == EWOULDBLOCK)
		return error_set(err, EWOULDBLOCK, "container %s is being worked on", folder->id);
	return result ? error_errno(err, errno, "lock container %s", folder->id) : 0;
}

static int open_folder(struct record_folder *folder, enum record_lock how, struct error *err)
{
	for (;;) {
		folder->directory = open_directory(folder->root, folder->id);
		if (folder->directory < 0 && errno == ENOENT)
			return no_such_container(folder->id, err);
		if (folder->directory < 0)
			return error_errno(err, errno, "container %s", folder->id);
		if (how == RECORD_UNLOCKED)
			return 0;
		if (lock(folder, how, err))
			return -1;
		folder->locked = is_still_there(folder);
		if (folder->locked)
			return 0;
		close_fd(take_fd(&folder->directory));
	}
}

int record_open(int root, const char *id, enum record_lock lock_kind, struct record_folder *ret,
		struct error *err)
{
	*ret = RECORD_FOLDER_NONE;
	if (id_check(id, NULL))
		return no_such_container(id, err);
	if (start_folder(root, id, ret, err))
		return -1;
	if (open_folder(ret, lock_kind, err) == 0)
		return 0;
	record_folder_close(ret);
	return -1;
}

static struct record *refuse(const struct record_folder *folder, struct error *err)
{
	if (err && err->code == ENOENT) {
		/* Its files go after its name when it is removed. */
		if (!is_still_there(folder)) {
			no_such_container(folder->id, err);
			return NULL;
		}
		error_set(err, ENOENT, "container %s was never finished by its create", folder->id);
	}
	error_hint(err, "removing it by force takes away what is left of it");
	return NULL;
}

struct record *record_load(const struct record_folder *folder, struct error *err)
{
	owned_string text = NULL;
	size_t length;

	if (read_file_at(folder->directory, FILE_NAME, RECORD_MAX, &text, &length, err)) {
		if (err && err->code != ENOENT)
			error_prefix(err, "record of container %s", folder->id);
		return refuse(folder, err);
	}
	struct record *record = record_parse(folder->id, text, length, err);
	return record ? record : refuse(folder, err);
}

/* The bytes reach the disk before the name does, and the name before anybody acts on what was saved: a file
 * system may otherwise have the new name with none of the bytes after a loss of power (fsync(2), rename(2)). */
static int replace_file(int directory, const struct buffer *text)
{
	unlinkat(directory, NEW_FILE_NAME, 0); /* of a saver that was killed */
	owned_fd fd = openat(directory, NEW_FILE_NAME,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	if (write_all(fd, text->text, text->length) || fsync(fd) ||
	    renameat(directory, NEW_FILE_NAME, directory, FILE_NAME)) {
		int saved = errno;

		unlinkat(directory, NEW_FILE_NAME, 0);
		errno = saved;
		return -1;
	}
	return fsync(directory);
}

int record_save(const struct record_folder *folder, const struct record *record, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	record_print(record, &text);
	if (text.failed)
		return error_errno(err, ENOMEM, "save the record of container %s", folder->id);
	if (text.length > RECORD_MAX)
		return error_set(err, EFBIG,
				 "save the record of container %s: %zu bytes are more than the %zu "
				 "allowed",
				 folder->id, text.length, RECORD_MAX);
	if (replace_file(folder->directory, &text))
		return error_errno(err, errno, "save the record of container %s", folder->id);
	return 0;
}

/* Under another name first: nobody finds half a container, and a loss of power leaves one name or the other. */
int record_remove(struct record_folder *folder, struct error *err)
{
	owned_string gone = text_format(GONE "%s", folder->id);

	if (!gone)
		return error_errno(err, ENOMEM, "remove container %s", folder->id);
	/* What an earlier container of that id left: its remover was killed. */
	finish_removal(folder->root, gone);
	if (renameat(folder->root, folder->id, folder->root, gone) || fsync(folder->root))
		return error_errno(err, errno, "remove container %s", folder->id);
	if (remove_files(folder->directory, err))
		return error_prefix(err, "remove container %s", folder->id);
	if (unlinkat(folder->root, gone, AT_REMOVEDIR) && errno != ENOENT)
		return error_errno(err, errno, "remove container %s", folder->id);
	return 0;
}

void record_folder_close(struct record_folder *folder)
{
	close_fd(folder->directory);
	free(folder->id);
	*folder = RECORD_FOLDER_NONE;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int record_ids(int root, struct string_list *ids, struct error *err)
{
	const struct dirent *entry;
	owned_dir list = list_directory(root);
	struct stat st;

	if (!list)
		return error_errno(err, errno, "list the containers");
	while ((entry = readdir(list)))
		if (id_check(entry->d_name, NULL) == 0 &&
		    fstatat(root, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode) && string_list_add(ids, entry->d_name))
			return error_errno(err, ENOMEM, "list the containers");
	if (ids->n)
		qsort(ids->v, ids->n, sizeof *ids->v, compare);
	return 0;
}
