/* For tests of trees and layers: entries made by hand, and what came of them beneath the hostile root file system of a case. */
#pragma once

#include "tests/unit/hostile_rootfs.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "imgtool/layer/tree.h"

static struct tree *tree;
static struct tree_options options;
static struct tree_counts counts;

#define THEN 1000000000

static inline void begin_tree(void)
{
	tree = tree_open(root, &options, &err);
	if (!tree)
		fail_msg("tree_open: %s", err.msg);
}

static inline void end_tree(void)
{
	SUCCEEDS(tree_finish(tree, &counts, &err));
	tree = NULL;
}

/* The next layer. */
static inline void next_tree(void)
{
	end_tree();
	begin_tree();
}

static inline int setup_tree(void **state)
{
	int failed = make_case(state);

	options = (struct tree_options){ 0 };
	counts = (struct tree_counts){ 0 };
	tree = NULL;
	return failed;
}

static inline int teardown_tree(void **state)
{
	tree_drop(tree);
	tree = NULL;
	umask(022);
	return check_outside(state);
}

#define TREE_CASE(name) cmocka_unit_test_setup_teardown(name, setup_tree, teardown_tree)

/* ---- entries ---- */

/* Texts of an entry are not const there, since they belong to their reader. */
static inline char *text(const char *words)
{
	static char texts[16][40000];
	static size_t next;
	char *to = texts[next++ % 16];

	snprintf(to, sizeof texts[0], "%s", words);
	return to;
}

static inline struct entry entry_of(const char *path, mode_t mode)
{
	return (struct entry){ .path = text(path),
			       .mode = mode,
			       .uid = geteuid(),
			       .gid = getegid(),
			       .mtime = { THEN, 123456789 } };
}

static inline struct entry owned_by(struct entry entry, uint32_t uid, uint32_t gid)
{
	entry.uid = uid;
	entry.gid = gid;
	return entry;
}

static inline struct entry symlink_entry(const char *path, const char *target)
{
	struct entry entry = entry_of(path, S_IFLNK | 0777);

	entry.link = text(target);
	return entry;
}

static inline struct entry hard_link_entry(const char *path, const char *target)
{
	struct entry entry = entry_of(path, S_IFREG | 0644);

	entry.link = text(target);
	entry.hardlink = true;
	return entry;
}

static inline struct entry with_xattr(struct entry entry, const char *name, const char *value,
				      size_t size)
{
	static struct entry_xattr xattrs[8][4];
	static size_t next;

	if (!entry.n_xattrs)
		entry.xattrs = xattrs[next++ % 8];
	entry.xattrs[entry.n_xattrs].name = text(name);
	entry.xattrs[entry.n_xattrs].value = memcpy(text(""), value, size);
	entry.xattrs[entry.n_xattrs++].size = size;
	return entry;
}

static inline int make(struct entry entry)
{
	return tree_make(tree, &entry, &err);
}

static inline void makes(struct entry entry)
{
	int status = make(entry);

	if (status)
		fail_msg("'%.100s': %d %s", entry.path, status, err.msg);
}

static inline void makes_content(struct entry entry, const char *content)
{
	entry.size = (int64_t)strlen(content);
	makes(entry);
	SUCCEEDS(tree_write(tree, content, strlen(content), 0, &err));
}

static inline void makes_file(const char *path, const char *content)
{
	makes_content(entry_of(path, S_IFREG | 0644), content);
}

static inline void makes_directory(const char *path, mode_t mode)
{
	makes(entry_of(path, S_IFDIR | mode));
}

/* ---- what came of them ---- */

static inline struct stat stat_of(const char *path)
{
	struct stat st = { 0 };

	if (fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW))
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void check_mode(const char *path, mode_t mode)
{
	assert_int_equal(stat_of(path).st_mode & 07777, mode);
}

static inline void check_text(const char *path, const char *content)
{
	assert_string_equal(text_of(root, path), content);
}

static inline void check_time(const char *path, time_t seconds, long nanoseconds)
{
	struct stat st = stat_of(path);

	assert_int_equal(st.st_mtim.tv_sec, seconds);
	assert_int_equal(st.st_mtim.tv_nsec, nanoseconds);
}

/* The length of the attribute, -1 when there is none; its value in @value when not NULL. */
static inline ssize_t xattr_of(const char *path, const char *name, void *value, size_t size)
{
	char at[PATH_MAX + 64];
	int fd = openat(root, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	assert_true(fd >= 0);
	snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
	ssize_t length = getxattr(at, name, value, size);
	close(fd);
	return length;
}

static inline void check_xattr(const char *path, const char *name, const char *value)
{
	char found[256] = "";

	if (xattr_of(path, name, found, sizeof found - 1) < 0)
		fail_msg("%s: %s: %s", path, name, strerror(errno));
	assert_string_equal(found, value);
}

/* Whether the case's file system has such attributes. */
static inline bool has_xattrs(const char *name, const void *value, size_t size)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool has = fsetxattr(fd, name, value, size, 0) == 0;

	if (has)
		fremovexattr(fd, name);
	close(fd);
	return has;
}

/* Descriptors of this process: a tree that ended has none. */
static inline unsigned open_descriptors(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}
