/* Pieces of memory that go round between a thread that fills them and one that uses them; their bytes are hashed on the
 * way, in order, by whichever of the two would otherwise wait. Knows no layer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "imgtool/image/digest.h"

/* Four megabytes in all, so that a slow file of the one thread does not stop the other at once. Pieces from 128 KiB to a
 * megabyte are as fast as each other, smaller ones slower. */
#define RING_PIECES 8
#define RING_PIECE_SIZE ((size_t)512 << 10)

struct ring;

/* @digest is borrowed and is whole when ring_next has returned 0. */
struct ring *ring_open(struct digest *digest, struct error *err);
void ring_free(struct ring *ring); /* both threads have let go; NULL allowed */

/* For the one that fills: RING_PIECE_SIZE bytes, once there is room; NULL when the other one has stopped. */
unsigned char *ring_room(struct ring *ring);
/* The first @length bytes of that room are filled. */
void ring_filled(struct ring *ring, size_t length);
/* Whether the other one has stopped, for who takes long to fill. */
bool ring_stopped(struct ring *ring);
/* No more comes, because of @failure when that is not NULL. */
void ring_end(struct ring *ring, const struct error *failure);

/* For the one that uses: the next bytes, valid until the next call, and how many; 0 at the end; -1 with the other's
 * failure, behind all that was filled before. */
ssize_t ring_next(struct ring *ring, const void **ret, struct error *err);
/* ring_room returns NULL from now on. */
void ring_stop(struct ring *ring);
