/* Compiled seccomp filters on disk. A file that is not exactly as expected is as good as absent: the
 * cache can make a start slower, never different. Knows nothing of profiles. */
#include "runtime/seccomp_cache.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf_common.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"

#define FILE_SUFFIX ".bpf"
#define NAME_DIGITS 16

/* What a file starts with; behind it the key and then the instructions. */
struct header {
	char magic[8];
	uint64_t key_length;
	uint64_t n;
	uint64_t checksum; /* of the instructions */
};
static const char magic[8] = { 'o', 'r', 'u', 'n', 'b', 'p', 'f', '1' };

/* FNV-1a. Not a defence: equal keys are compared byte by byte, and who can write here is root. */
static uint64_t hash(const void *data, size_t length)
{
	const unsigned char *at = data;
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		value = (value ^ at[i]) * UINT64_C(0x100000001b3);
	return value;
}

static void file_name(const struct buffer *key, char name[32])
{
	snprintf(name, 32, "%016" PRIx64 FILE_SUFFIX, hash(key->text, key->length));
}

/* The bytes of file @name when its owner, its mode and its size are what we would have written. */
static char *read_own_file(int dirfd, const char *name, size_t smallest, size_t largest,
			   size_t *size)
{
	owned_fd fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) || st.st_size < (off_t)smallest ||
	    st.st_size > (off_t)largest)
		return NULL;
	*size = (size_t)st.st_size;
	owned_string data = malloc(*size);
	if (!data || read(fd, data, *size) != (ssize_t)*size)
		return NULL;
	return take_pointer(data);
}

#define DIRECTORY "seccomp:cache"

int seccomp_cache_open(int root)
{
	if (mkdirat(root, DIRECTORY, 0700) && errno != EEXIST)
		return -1;
	return openat(root, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

size_t seccomp_cache_load(int dirfd, const struct buffer *key, struct sock_filter **ret)
{
	size_t before = sizeof(struct header) + key->length;
	size_t largest = before + BPF_MAXINSNS * sizeof(struct sock_filter);
	char name[32];
	size_t size;
	struct header header;

	file_name(key, name);
	owned_string data = read_own_file(dirfd, name, before, largest, &size);
	if (!data)
		return 0;
	memcpy(&header, data, sizeof header);
	if (memcmp(header.magic, magic, sizeof magic) != 0 || header.key_length != key->length ||
	    header.n == 0 || header.n > BPF_MAXINSNS ||
	    size != before + header.n * sizeof(struct sock_filter) ||
	    memcmp(data + sizeof header, key->text, key->length) != 0 ||
	    header.checksum != hash(data + before, size - before))
		return 0;
	struct sock_filter *instructions = malloc(size - before);
	if (!instructions)
		return 0;
	memcpy(instructions, data + before, size - before);
	*ret = instructions;
	return header.n;
}

/* Ours, finished or left behind by a killed writer ("HASH.bpf", "HASH.bpf.PID.tmp"). */
static bool is_cache_file(const char *name)
{
	return strspn(name, "0123456789abcdef") == NAME_DIGITS &&
	       text_starts_with(name + NAME_DIGITS, FILE_SUFFIX);
}

static bool older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Counts our files and finds the oldest one. */
static size_t survey(DIR *dir, char oldest[NAME_MAX + 1])
{
	struct timespec oldest_time = { 0 };
	size_t n = 0;

	rewinddir(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat st;

		if (!is_cache_file(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (n++ == 0 || older(&st.st_mtim, &oldest_time)) {
			oldest_time = st.st_mtim;
			snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
		}
	}
	return n;
}

static void evict(int cache_dirfd)
{
	owned_fd fd = openat(cache_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir dir = fd < 0 ? NULL : fdopendir(fd);
	char oldest[NAME_MAX + 1];

	if (!dir)
		return;
	take_fd(&fd);
	while (survey(dir, oldest) > SECCOMP_CACHE_FILES)
		if (unlinkat(dirfd(dir), oldest, 0) && errno != ENOENT)
			return;
}

void seccomp_cache_save(int dirfd, const struct buffer *key, const struct sock_filter *instructions,
			size_t n)
{
	size_t length = n * sizeof *instructions;
	struct header header = { .key_length = key->length,
				 .n = n,
				 .checksum = hash(instructions, length) };
	struct buffer file = { 0 };
	char name[32];

	memcpy(header.magic, magic, sizeof magic);
	buffer_add(&file, &header, sizeof header);
	buffer_add(&file, key->text, key->length);
	buffer_add(&file, instructions, length);
	file_name(key, name);
	if (!file.failed &&
	    write_file_atomic_at(dirfd, name, file.text, file.length, 0600, NULL) == 0)
		evict(dirfd);
	buffer_finish(&file);
}
