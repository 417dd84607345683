/* Pieces between two threads: order, the digest, ends and failures, and each stopping while the other waits. */
#include "imgtool/layer/plain_ring.h"

#include "tests/unit/layers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define LIKE "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static struct ring *ring;
static struct digest *digest;
static pthread_t thread;

/* What the filling thread is to do. */
static struct {
	size_t pieces, length;
	unsigned pause_us; /* before each */
	const struct error *failure;
} plan;
static atomic_bool was_stopped;

static int open_ring(void **state)
{
	(void)state;
	memset(&plan, 0, sizeof plan);
	plan.length = 100;
	was_stopped = false;
	digest = digest_begin(LIKE, NULL);
	ring = ring_open(digest, NULL);
	return ring ? 0 : -1;
}

static int close_ring(void **state)
{
	(void)state;
	ring_free(ring);
	digest_drop(digest);
	return 0;
}

static void pause_us(unsigned microseconds)
{
	const struct timespec time = { 0, (long)microseconds * 1000 };

	if (microseconds)
		nanosleep(&time, NULL);
}

static void fill_piece(unsigned char *to, size_t number, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = (unsigned char)(number + i * 31);
}

static void *fill(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < plan.pieces; i++) {
		pause_us(plan.pause_us);
		unsigned char *room = ring_room(ring);
		if (!room) {
			was_stopped = true;
			break;
		}
		fill_piece(room, i, plan.length);
		ring_filled(ring, plan.length);
	}
	ring_end(ring, plan.failure);
	return NULL;
}

static void start(void)
{
	assert_int_equal(pthread_create(&thread, NULL, fill, NULL), 0);
}

/* Takes all pieces, each after a pause, and compares them. */
static ssize_t take_all(size_t n, unsigned microseconds, struct error *err)
{
	unsigned char *expected = malloc(plan.length);
	const void *got;
	ssize_t length;
	size_t taken = 0;

	assert_non_null(expected);
	while ((length = ring_next(ring, &got, err)) > 0) {
		pause_us(microseconds);
		assert_int_equal(length, plan.length);
		fill_piece(expected, taken++, plan.length);
		assert_memory_equal(got, expected, plan.length);
	}
	assert_int_equal(taken, n);
	free(expected);
	return length;
}

static void expect_digest(size_t n)
{
	struct digest *expected = digest_begin(LIKE, NULL);
	unsigned char *piece = malloc(plan.length);
	char a[DIGEST_MAX], b[DIGEST_MAX];

	assert_non_null(piece);
	for (size_t i = 0; i < n; i++) {
		fill_piece(piece, i, plan.length);
		digest_add(expected, piece, plan.length);
	}
	free(piece);
	digest_end(expected, a);
	digest_end(digest, b);
	digest = NULL;
	assert_string_equal(a, b);
}

static void pass(size_t n, size_t length, unsigned fill_us, unsigned take_us)
{
	plan.pieces = n;
	plan.length = length;
	plan.pause_us = fill_us;
	start();
	assert_int_equal(take_all(n, take_us, NULL), 0);
	pthread_join(thread, NULL);
	expect_digest(n);
}

static void nothing(void **state)
{
	(void)state;
	pass(0, 1, 0, 0);
}

static void both_fast(void **state)
{
	(void)state;
	pass(20000, 100, 0, 0);
}

static void whole_pieces(void **state)
{
	(void)state;
	pass((size_t)5 * RING_PIECES, RING_PIECE_SIZE, 0, 0);
}

/* Then the filler hashes. */
static void slow_taker(void **state)
{
	(void)state;
	pass((size_t)5 * RING_PIECES, 1000, 0, 500);
}

/* Then the taker hashes. */
static void slow_filler(void **state)
{
	(void)state;
	pass((size_t)5 * RING_PIECES, 1000, 500, 0);
}

static void failure_comes_behind_the_pieces(void **state)
{
	static const struct error failure = { EBADMSG, "as it was" };
	struct error err = { 0 };

	(void)state;
	plan.pieces = 3;
	plan.failure = &failure;
	start();
	assert_int_equal(take_all(3, 0, &err), -1);
	assert_int_equal(err.code, EBADMSG);
	assert_string_equal(err.msg, "as it was");
	pthread_join(thread, NULL);
}

static void stopped_while_the_filler_waits_for_room(void **state)
{
	const void *piece;

	(void)state;
	plan.pieces = 1000000;
	start();
	assert_int_equal(ring_next(ring, &piece, NULL), plan.length);
	pause_us(20000);
	ring_stop(ring);
	pthread_join(thread, NULL);
	assert_true(was_stopped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(both_fast, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(whole_pieces, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(slow_taker, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(slow_filler, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(failure_comes_behind_the_pieces, open_ring,
						close_ring),
		cmocka_unit_test_setup_teardown(stopped_while_the_filler_waits_for_room, open_ring,
						close_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
