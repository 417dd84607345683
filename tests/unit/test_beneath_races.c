/* A hostile rootfs whose directories become links, and links directories, while we work in it. */
#include "runtime/beneath.h"

#include "tests/unit/hostile_rootfs.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_bool stop;

/* Swaps a directory for a link that leads out, as fast as it can. */
static void *swap(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop))
		syscall(SYS_renameat2, root, "swapped", root, "link", 2 /* RENAME_EXCHANGE */);
	return NULL;
}

static void start_swapping(pthread_t *thread, const char *target)
{
	folder("swapped");
	link_to(target, "link");
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(thread, NULL, swap, NULL), 0);
}

static void stop_swapping(pthread_t thread)
{
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define ROUNDS 3000

/* check_outside sees what went wrong. */
static void directories_are_never_made_outside(void **state)
{
	pthread_t thread;
	unsigned made = 0;

	(void)state;
	start_swapping(&thread, "../outside");
	for (unsigned i = 0; i < ROUNDS; i++) {
		char path[64];
		snprintf(path, sizeof path, "/swapped/d%u/x", i);
		int fd = beneath_make_directory(root, path, 0755, NULL);
		made += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	stop_swapping(thread);
	assert_true(made > 0);
}

static void files_are_never_made_outside(void **state)
{
	pthread_t thread;
	unsigned made = 0;

	(void)state;
	start_swapping(&thread, "../outside");
	for (unsigned i = 0; i < ROUNDS; i++) {
		char path[64];
		snprintf(path, sizeof path, "/swapped/f%u", i);
		int fd = beneath_make_file(root, path, NULL);
		made += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	stop_swapping(thread);
	assert_true(made > 0);
}

/* The target of the link: the same inode must never come back. */
static void files_outside_are_never_opened(void **state)
{
	struct stat outside, found;
	pthread_t thread;
	unsigned opened = 0;

	(void)state;
	assert_int_equal(fstatat(case_folder, "outside/canary", &outside, 0), 0);
	start_swapping(&thread, "../../../outside");
	file("canary", "inside");
	for (unsigned i = 0; i < ROUNDS; i++) {
		int fd = beneath_open(root, "swapped/../../outside/canary", O_RDONLY, 0);
		if (fd < 0)
			fd = beneath_open(root, "swapped/../canary", O_RDONLY, 0);
		if (fd < 0)
			continue;
		opened++;
		assert_int_equal(fstat(fd, &found), 0);
		assert_int_not_equal(found.st_ino, outside.st_ino);
		close(fd);
	}
	stop_swapping(thread);
	assert_true(opened > 0);
}

static void a_link_is_never_followed_where_none_may_be(void **state)
{
	struct stat real, found;
	pthread_t thread;
	unsigned opened = 0;

	(void)state;
	folder("target");
	start_swapping(&thread, "target");
	assert_int_equal(fstatat(root, "target", &real, 0), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		int fd = beneath_open_nofollow(root, "/swapped", O_PATH | O_DIRECTORY);
		if (fd < 0)
			continue;
		opened++;
		assert_int_equal(fstat(fd, &found), 0);
		assert_int_not_equal(found.st_ino, real.st_ino);
		close(fd);
	}
	stop_swapping(thread);
	assert_true(opened > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_case, check_outside)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(directories_are_never_made_outside),
		CASE(files_are_never_made_outside),
		CASE(files_outside_are_never_opened),
		CASE(a_link_is_never_followed_where_none_may_be),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
