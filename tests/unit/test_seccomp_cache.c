/* Compiled filters on disk: found again, never mistaken, never too many. */
#include "runtime/seccomp_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <sys/stat.h>
#include <time.h>

#include "spec/base/io.h"
#include "tests/unit/seccomp_profiles.h"

static int make_cache(void **state)
{
	static char path[64];

	snprintf(path, sizeof path, "/tmp/test_seccomp.XXXXXX");
	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

/* Calls @visit for each file in the cache. */
static size_t for_each_file(const char *path, void (*visit)(int dirfd, const char *name))
{
	owned_dir dir = opendir(path);
	size_t n = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (visit)
			visit(dirfd(dir), entry->d_name);
	}
	return n;
}

static void remove_file(int dirfd, const char *name)
{
	unlinkat(dirfd, name, 0);
}

static int remove_cache(void **state)
{
	for_each_file(*state, remove_file);
	return rmdir(*state);
}

static ino_t inode_seen;
static mode_t mode_seen;
static void see_inode(int dirfd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	inode_seen = st.st_ino;
	mode_seen = st.st_mode;
}

static void a_filter_is_compiled_once(void **state)
{
	owned_fd cache = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_string json = large_profile();
	struct seccomp_filter first, second;

	assert_int_equal(compile(json, cache, &first, NULL), 0);
	assert_int_equal(for_each_file(*state, see_inode), 1);
	assert_int_equal(mode_seen, S_IFREG | 0600);
	ino_t inode = inode_seen;
	assert_int_equal(compile(json, cache, &second, NULL), 0);
	assert_int_equal(for_each_file(*state, see_inode), 1);
	assert_int_equal(inode_seen, inode); /* a second compilation would have replaced it */
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.instructions, second.instructions,
			    first.n * sizeof *first.instructions);
	seccomp_filter_finish(&first);
	seccomp_filter_finish(&second);
}

static void any_difference_makes_another_filter(void **state)
{
	static const char *const profiles[] = {
#define RULE(text) "\"syscalls\":[{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\"" text "}]}"
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(""),
		"{\"defaultAction\":\"SCMP_ACT_LOG\"," RULE(""),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(",\"errnoRet\":0"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(",\"errnoRet\":2"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(
			",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(
			",\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(
			",\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_NE\"}]"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(
			",\"args\":[{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_NE\"}]"),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\",\"sync\"],"
		"\"action\":\"SCMP_ACT_ERRNO\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dupsync\"],"
		"\"action\":\"SCMP_ACT_ERRNO\"}]}",
	};
	owned_fd cache = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(profiles); i++) {
			struct seccomp_filter cached, fresh = filter_of(profiles[i]);

			assert_int_equal(compile(profiles[i], cache, &cached, NULL), 0);
			assert_int_equal(cached.n, fresh.n);
			assert_memory_equal(cached.instructions, fresh.instructions,
					    fresh.n * sizeof *fresh.instructions);
			seccomp_filter_finish(&cached);
			seccomp_filter_finish(&fresh);
		}
		assert_int_equal(for_each_file(*state, NULL), COUNT(profiles));
	}
}

static void a_cache_that_cannot_be_written_is_no_error(void **state)
{
	owned_fd not_a_folder = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct seccomp_filter filter;

	(void)state;
	assert_int_equal(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", not_a_folder, &filter, NULL), 0);
	assert_true(filter.n > 0);
	seccomp_filter_finish(&filter);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double time_compilations(const struct seccomp *profile, int cache, int times)
{
	double start = milliseconds();

	for (int i = 0; i < times; i++) {
		struct seccomp_filter filter;

		assert_int_equal(seccomp_compile(profile, cache, &filter, NULL), 0);
		seccomp_filter_finish(&filter);
	}
	return (milliseconds() - start) / times;
}

static void the_cache_is_worth_it(void **state)
{
	owned_fd cache = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_string json = large_profile();
	struct seccomp *profile = profile_of(json);
	double compiled = time_compilations(profile, -1, 5);

	time_compilations(profile, cache, 1);
	double cached = time_compilations(profile, cache, 50);
	print_message("compiled %.3f ms, cached %.3f ms\n", compiled, cached);
	assert_true(cached < compiled);
	table_free(&seccomp_type, profile);
}

static const struct sock_filter program[] = {
	{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
	{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 39 },
	{ BPF_RET | BPF_K, 0, 0, ERRNO(EPERM) },
	{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
};

static const struct buffer key = { .text = (char[]){ "made\0from" }, .length = 9 };

static int open_cache(const char *path)
{
	int cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(cache >= 0);
	return cache;
}

static bool is_loaded(int cache, const struct buffer *wanted)
{
	struct sock_filter *loaded = NULL;
	size_t n = seccomp_cache_load(cache, wanted, &loaded);
	bool equal = n == COUNT(program) && memcmp(loaded, program, sizeof program) == 0;

	assert_int_equal(n != 0, loaded != NULL);
	if (n && !equal)
		fail_msg("something else was loaded");
	free(loaded);
	return equal;
}

static char only_name[256];
static void see_name(int dirfd, const char *name)
{
	(void)dirfd;
	snprintf(only_name, sizeof only_name, "%s", name);
}

/* Saves the program and tells the file's name. */
static const char *save(const char *path, int cache)
{
	seccomp_cache_save(cache, &key, program, COUNT(program));
	assert_int_equal(for_each_file(path, see_name), 1);
	assert_true(is_loaded(cache, &key));
	return only_name;
}

static void what_is_saved_is_loaded(void **state)
{
	owned_fd cache = open_cache(*state);

	assert_false(is_loaded(cache, &key));
	save(*state, cache);
}

/* Another key in the file that this one's hash leads to. */
static void the_whole_key_counts(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);
	owned_string data = NULL;
	size_t length;

	assert_int_equal(read_file_at(cache, name, 4096, &data, &length, NULL), 0);
	char *at = memmem(data, length, "made", 4);
	assert_non_null(at);
	at[0] = 'f'; /* as long, but not equal */
	assert_int_equal(write_file_atomic_at(cache, name, data, length, 0600, NULL), 0);
	assert_false(is_loaded(cache, &key));
}

static void damaged_files_are_not_used(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);
	owned_string data = NULL;
	size_t length;

	assert_int_equal(read_file_at(cache, name, 4096, &data, &length, NULL), 0);
	for (size_t i = 0; i < length; i++) {
		data[i] = (char)(data[i] ^ 1);
		assert_int_equal(write_file_atomic_at(cache, name, data, length, 0600, NULL), 0);
		if (is_loaded(cache, &key))
			fail_msg("byte %zu does not matter", i);
		data[i] = (char)(data[i] ^ 1);
	}
	assert_int_equal(write_file_atomic_at(cache, name, data, length, 0600, NULL), 0);
	assert_true(is_loaded(cache, &key));
}

static void lengths_must_fit_exactly(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);
	char longer[4096] = "";
	owned_string data = NULL;
	size_t length;

	assert_int_equal(read_file_at(cache, name, 4096, &data, &length, NULL), 0);
	memcpy(longer, data, length);
	for (size_t i = 0; i <= length + 64; i++) {
		assert_int_equal(write_file_atomic_at(cache, name, longer, i, 0600, NULL), 0);
		assert_int_equal(is_loaded(cache, &key), i == length);
	}
}

static void files_that_others_may_write_are_not_used(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);

	assert_int_equal(fchmodat(cache, name, 0620, 0), 0);
	assert_false(is_loaded(cache, &key));
	assert_int_equal(fchmodat(cache, name, 0602, 0), 0);
	assert_false(is_loaded(cache, &key));
	assert_int_equal(fchmodat(cache, name, 0644, 0), 0);
	assert_true(is_loaded(cache, &key));
}

static void another_owners_file_is_not_used(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);

	if (fchownat(cache, name, 65534, 65534, 0)) {
		print_message("needs root to give a file away\n");
		skip();
	}
	assert_false(is_loaded(cache, &key));
}

static void a_symlink_is_not_followed(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);

	assert_int_equal(renameat(cache, name, cache, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", cache, name), 0);
	assert_false(is_loaded(cache, &key));
	/* Saving replaces the symlink, not what it points to. */
	seccomp_cache_save(cache, &key, program, COUNT(program));
	assert_true(is_loaded(cache, &key));
}

static void a_folder_or_fifo_in_the_way_is_no_hit(void **state)
{
	owned_fd cache = open_cache(*state);
	const char *name = save(*state, cache);

	assert_int_equal(unlinkat(cache, name, 0), 0);
	assert_int_equal(mkfifoat(cache, name, 0600), 0);
	assert_false(is_loaded(cache, &key));
	assert_int_equal(unlinkat(cache, name, 0), 0);
	assert_int_equal(mkdirat(cache, name, 0700), 0);
	assert_false(is_loaded(cache, &key));
	seccomp_cache_save(cache, &key, program, COUNT(program));
	assert_false(is_loaded(cache, &key));
	assert_int_equal(unlinkat(cache, name, AT_REMOVEDIR), 0);
}

static void save_numbered(int cache, uint64_t number)
{
	struct buffer numbered = { 0 };

	buffer_add(&numbered, &number, sizeof number);
	seccomp_cache_save(cache, &numbered, program, COUNT(program));
	buffer_finish(&numbered);
}

static bool is_numbered_there(int cache, uint64_t number)
{
	struct buffer numbered = { 0 };

	buffer_add(&numbered, &number, sizeof number);
	bool there = is_loaded(cache, &numbered);
	buffer_finish(&numbered);
	return there;
}

static void the_oldest_files_go(void **state)
{
	owned_fd cache = open_cache(*state);
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	/* What a killed writer left, and a file that is not ours. */
	assert_int_equal(
		write_file_atomic_at(cache, "0123456789abcdef.bpf.77.tmp", "x", 1, 0600, NULL), 0);
	assert_int_equal(write_file_atomic_at(cache, "README", "x", 1, 0600, NULL), 0);
	assert_int_equal(utimensat(cache, "0123456789abcdef.bpf.77.tmp", old, 0), 0);
	assert_int_equal(utimensat(cache, "README", old, 0), 0);
	save_numbered(cache, 0);
	assert_int_equal(for_each_file(*state, NULL), 3);
	for (uint64_t i = 1; i < SECCOMP_CACHE_FILES; i++) {
		struct timespec pause = { .tv_nsec = i == 1 ? 20000000 : 0 };

		nanosleep(&pause, NULL); /* time stamps are coarse: the first is to be the oldest */
		save_numbered(cache, i);
	}
	assert_int_equal(for_each_file(*state, NULL), SECCOMP_CACHE_FILES + 1);
	assert_int_equal(faccessat(cache, "0123456789abcdef.bpf.77.tmp", F_OK, 0), -1);
	assert_true(is_numbered_there(cache, 0));
	save_numbered(cache, 1000);
	assert_int_equal(for_each_file(*state, NULL), SECCOMP_CACHE_FILES + 1);
	assert_false(is_numbered_there(cache, 0));
	assert_true(is_numbered_there(cache, 1000));
	assert_int_equal(faccessat(cache, "README", F_OK, 0), 0);
}

int main(void)
{
#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, make_cache, remove_cache)
	const struct CMUnitTest tests[] = {
		WITH_CACHE(a_filter_is_compiled_once),
		WITH_CACHE(any_difference_makes_another_filter),
		cmocka_unit_test(a_cache_that_cannot_be_written_is_no_error),
		WITH_CACHE(the_cache_is_worth_it),
		WITH_CACHE(what_is_saved_is_loaded),
		WITH_CACHE(the_whole_key_counts),
		WITH_CACHE(damaged_files_are_not_used),
		WITH_CACHE(lengths_must_fit_exactly),
		WITH_CACHE(files_that_others_may_write_are_not_used),
		WITH_CACHE(another_owners_file_is_not_used),
		WITH_CACHE(a_symlink_is_not_followed),
		WITH_CACHE(a_folder_or_fifo_in_the_way_is_no_hit),
		WITH_CACHE(the_oldest_files_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
