/* One gzip stream made by several threads: blocks are deflated apart (RFC 1951) and joined in their order (RFC 1952), so
 * the result does not depend on how many threads there are. libisal. Knows no file and no digest. */
#pragma once

#include <stddef.h>

#include "spec/base/error.h"

#define GZIP_BLOCK (1u << 20) /* bytes */
#define GZIP_LEVEL_MAX 3      /* libisal's */

/* Takes the compressed bytes, on the caller's thread. */
typedef int gzip_sink(void *context, const void *data, size_t length, struct error *err);

struct gzip_pool;

/* NULL on failure. */
struct gzip_pool *gzip_pool_open(unsigned level, gzip_sink *sink, void *context, struct error *err);

/* Where the next block belongs, GZIP_BLOCK bytes; the same until gzip_pool_submit. */
void *gzip_pool_block(struct gzip_pool *pool);

/* @length bytes of it are there; waits when the threads are behind, and hands on to the sink what is finished. */
int gzip_pool_submit(struct gzip_pool *pool, size_t length, struct error *err);

/* Hands on all the rest and the end of the stream. */
int gzip_pool_finish(struct gzip_pool *pool, struct error *err);

void gzip_pool_close(struct gzip_pool *pool); /* NULL allowed */
