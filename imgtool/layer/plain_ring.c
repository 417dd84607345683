#include "imgtool/layer/plain_ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t for_filler, for_user;
	struct digest *digest;
	unsigned char *memory;
	size_t lengths[RING_PIECES];
	/* Pieces since the beginning. released <= hashed <= filled <= released + RING_PIECES. */
	uint64_t filled, hashed, released;
	bool hashing; /* one of the threads is at it, without the lock */
	bool lent;    /* piece number @released is with the user */
	bool ended, stopped;
	struct error failure; /* code 0: none */
};

struct ring *ring_open(struct digest *digest, struct error *err)
{
	struct ring *ring = calloc(1, sizeof *ring);

	if (ring)
		ring->memory = aligned_alloc(4096, RING_PIECES * RING_PIECE_SIZE);
	if (!ring || !ring->memory) {
		free(ring);
		error_errno(err, ENOMEM, "buffers");
		return NULL;
	}
	ring->digest = digest;
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->for_filler, NULL);
	pthread_cond_init(&ring->for_user, NULL);
	return ring;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	pthread_cond_destroy(&ring->for_user);
	pthread_cond_destroy(&ring->for_filler);
	pthread_mutex_destroy(&ring->lock);
	free(ring->memory);
	free(ring);
}

static unsigned char *piece(const struct ring *ring, uint64_t number)
{
	return ring->memory + (size_t)(number % RING_PIECES) * RING_PIECE_SIZE;
}

/* With the lock, which is not held meanwhile. Returns false when there is nothing to hash, or the other thread is
 * at it: then there is something to wait for. */
static bool hash_one(struct ring *ring)
{
	if (ring->hashing || ring->hashed == ring->filled)
		return false;
	ring->hashing = true;
	pthread_mutex_unlock(&ring->lock);
	digest_add(ring->digest, piece(ring, ring->hashed),
		   ring->lengths[ring->hashed % RING_PIECES]);
	pthread_mutex_lock(&ring->lock);
	ring->hashing = false;
	ring->hashed++;
	pthread_cond_signal(&ring->for_user);
	return true;
}

unsigned char *ring_room(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	while (!ring->stopped && ring->filled - ring->released == RING_PIECES)
		if (!hash_one(ring))
			pthread_cond_wait(&ring->for_filler, &ring->lock);
	unsigned char *room = ring->stopped ? NULL : piece(ring, ring->filled);
	pthread_mutex_unlock(&ring->lock);
	return room;
}

void ring_filled(struct ring *ring, size_t length)
{
	pthread_mutex_lock(&ring->lock);
	ring->lengths[ring->filled++ % RING_PIECES] = length;
	pthread_cond_signal(&ring->for_user);
	pthread_mutex_unlock(&ring->lock);
}

bool ring_stopped(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	bool stopped = ring->stopped;
	pthread_mutex_unlock(&ring->lock);
	return stopped;
}

void ring_end(struct ring *ring, const struct error *failure)
{
	pthread_mutex_lock(&ring->lock);
	if (failure)
		ring->failure = *failure;
	ring->ended = true;
	pthread_cond_signal(&ring->for_user);
	pthread_mutex_unlock(&ring->lock);
}

/* With the lock. A piece that is not hashed may not be filled anew. */
static void release(struct ring *ring)
{
	if (!ring->lent)
		return;
	while (ring->hashed == ring->released)
		if (!hash_one(ring))
			pthread_cond_wait(&ring->for_user, &ring->lock);
	ring->released++;
	ring->lent = false;
	pthread_cond_signal(&ring->for_filler);
}

ssize_t ring_next(struct ring *ring, const void **ret, struct error *err)
{
	ssize_t length = 0;

	pthread_mutex_lock(&ring->lock);
	release(ring);
	while (ring->filled == ring->released && !ring->ended)
		pthread_cond_wait(&ring->for_user, &ring->lock);
	if (ring->filled > ring->released) {
		ring->lent = true;
		*ret = piece(ring, ring->released);
		length = (ssize_t)ring->lengths[ring->released % RING_PIECES];
	} else if (ring->failure.code) {
		if (err)
			*err = ring->failure;
		length = -1;
	}
	pthread_mutex_unlock(&ring->lock);
	return length;
}

void ring_stop(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->stopped = true;
	pthread_cond_signal(&ring->for_filler);
	pthread_mutex_unlock(&ring->lock);
}
