#include "imgtool/pack/gzip.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/base/interrupt.h"

enum {
	THREADS_MAX = 16,
	/* Beside one in work for each thread: one that is being filled and one that waits to be. */
	SPARE_SLOTS = 2,
	/* What does not get smaller is stored, RFC 1951 section 3.2.4. */
	STORED_MAX = 65535,
	STORED_HEADER = 5,
	OUT_MAX = GZIP_BLOCK + (GZIP_BLOCK / STORED_MAX + 1) * STORED_HEADER,
};

enum slot_state { SLOT_EMPTY, SLOT_FILLED, SLOT_IN_WORK, SLOT_DEFLATED };

struct slot {
	enum slot_state state;
	bool failed;
	size_t in_length, out_length;
	uint8_t *in, *out;
};

struct gzip_pool {
	gzip_sink *sink;
	void *context;
	unsigned level;
	uint32_t crc, plain_size; /* of all, modulo 2³² */
	pthread_mutex_t lock;
	pthread_cond_t filled, deflated;
	/* Under the lock: the states of the slots, and */
	size_t next; /* the slot that a thread takes next */
	bool closing;

	size_t current; /* the slot that is being filled */
	struct slot slots[THREADS_MAX + SPARE_SLOTS];
	size_t n_slots;
	pthread_t threads[THREADS_MAX];
	size_t n_threads;
};

static const size_t level_buffer_sizes[GZIP_LEVEL_MAX + 1] = {
	ISAL_DEF_LVL0_DEFAULT,
	ISAL_DEF_LVL1_DEFAULT,
	ISAL_DEF_LVL2_DEFAULT,
	ISAL_DEF_LVL3_DEFAULT,
};

/* Between two blocks the stream is at the beginning of a byte. */
static void store(struct slot *slot)
{
	uint8_t *to = slot->out;
	size_t length;

	for (size_t at = 0; at < slot->in_length; at += length) {
		length = slot->in_length - at < STORED_MAX ? slot->in_length - at : STORED_MAX;
		*to++ = 0;
		*to++ = (uint8_t)length;
		*to++ = (uint8_t)(length >> 8);
		*to++ = (uint8_t)~length;
		*to++ = (uint8_t)(~length >> 8);
		memcpy(to, slot->in + at, length);
		to += length;
	}
	slot->out_length = (size_t)(to - slot->out);
}

/* Each block stands for itself, ends at a byte and is not the last: gzip_pool_finish adds that. */
static void deflate_slot(struct slot *slot, struct isal_zstream *stream)
{
	isal_deflate_reset(stream);
	stream->next_in = slot->in;
	stream->avail_in = (uint32_t)slot->in_length;
	stream->next_out = slot->out;
	stream->avail_out = OUT_MAX;
	stream->flush = FULL_FLUSH;
	stream->end_of_stream = 0;
	slot->failed = isal_deflate(stream) != COMP_OK;
	slot->out_length = OUT_MAX - stream->avail_out;
	/* libisal itself stores nothing at level 0, so what is random grows there. */
	if (stream->avail_in > 0 || stream->avail_out == 0)
		store(slot);
}

/* The next slot to deflate, or NULL when there will be none. */
static struct slot *take_slot(struct gzip_pool *pool)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&pool->lock);
	while (!pool->closing && pool->slots[pool->next].state != SLOT_FILLED)
		pthread_cond_wait(&pool->filled, &pool->lock);
	if (!pool->closing) {
		slot = &pool->slots[pool->next];
		slot->state = SLOT_IN_WORK;
		pool->next = (pool->next + 1) % pool->n_slots;
	}
	pthread_mutex_unlock(&pool->lock);
	return slot;
}

static void set_state(struct gzip_pool *pool, struct slot *slot, enum slot_state state,
		      pthread_cond_t *tell)
{
	pthread_mutex_lock(&pool->lock);
	slot->state = state;
	pthread_cond_signal(tell);
	pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument)
{
	struct gzip_pool *pool = argument;
	size_t size = level_buffer_sizes[pool->level];
	struct isal_zstream stream;
	struct slot *slot;
	uint8_t *buffer = malloc(size ? size : 1);

	interrupt_leave_to_main();
	isal_deflate_init(&stream);
	stream.level = pool->level;
	stream.level_buf = buffer;
	stream.level_buf_size = (uint32_t)size;
	while ((slot = take_slot(pool))) {
		if (buffer)
			deflate_slot(slot, &stream);
		else
			slot->failed = true;
		set_state(pool, slot, SLOT_DEFLATED, &pool->deflated);
	}
	free(buffer);
	return NULL;
}

static unsigned threads_wanted(void)
{
	cpu_set_t cpus;
	int n = sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : CPU_COUNT(&cpus);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

static int start(struct gzip_pool *pool, unsigned wanted, struct error *err)
{
	pool->n_slots = wanted + SPARE_SLOTS;
	for (size_t i = 0; i < pool->n_slots; i++) {
		pool->slots[i].in = malloc(GZIP_BLOCK);
		pool->slots[i].out = malloc(OUT_MAX);
		if (!pool->slots[i].in || !pool->slots[i].out)
			return error_errno(err, ENOMEM, "gzip");
	}
	for (; pool->n_threads < wanted; pool->n_threads++) {
		int code = pthread_create(&pool->threads[pool->n_threads], NULL, work, pool);

		/* Fewer do as well. */
		if (code && pool->n_threads == 0)
			return error_errno(err, code, "gzip: start a thread");
		if (code)
			break;
	}
	return 0;
}

struct gzip_pool *gzip_pool_open(unsigned level, gzip_sink *sink, void *context, struct error *err)
{
	/* No name, no time and no system, so that the same input gives the same bytes. */
	static const uint8_t header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff };
	struct gzip_pool *pool = calloc(1, sizeof *pool);

	if (!pool) {
		error_errno(err, ENOMEM, "gzip");
		return NULL;
	}
	pool->sink = sink;
	pool->context = context;
	pool->level = level;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->filled, NULL);
	pthread_cond_init(&pool->deflated, NULL);
	if (start(pool, threads_wanted(), err) || sink(context, header, sizeof header, err)) {
		gzip_pool_close(pool);
		return NULL;
	}
	return pool;
}

void *gzip_pool_block(struct gzip_pool *pool)
{
	return pool->slots[pool->current].in;
}

/* Waits until the slot is deflated, when it is filled, and hands on what it holds. */
static int empty_slot(struct gzip_pool *pool, struct slot *slot, struct error *err)
{
	pthread_mutex_lock(&pool->lock);
	while (slot->state == SLOT_FILLED || slot->state == SLOT_IN_WORK)
		pthread_cond_wait(&pool->deflated, &pool->lock);
	bool has_output = slot->state == SLOT_DEFLATED;
	slot->state = SLOT_EMPTY;
	pthread_mutex_unlock(&pool->lock);
	if (!has_output)
		return 0;
	if (slot->failed)
		return error_set(err, EIO, "gzip: libisal cannot deflate");
	return pool->sink(pool->context, slot->out, slot->out_length, err);
}

int gzip_pool_submit(struct gzip_pool *pool, size_t length, struct error *err)
{
	struct slot *slot = &pool->slots[pool->current];

	slot->in_length = length;
	pool->crc = crc32_gzip_refl(pool->crc, slot->in, length);
	pool->plain_size += (uint32_t)length;
	set_state(pool, slot, SLOT_FILLED, &pool->filled);
	pool->current = (pool->current + 1) % pool->n_slots;
	return empty_slot(pool, &pool->slots[pool->current], err);
}

static void put_little_endian(uint8_t *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

int gzip_pool_finish(struct gzip_pool *pool, struct error *err)
{
	/* The last block, which is empty, and the trailer. */
	uint8_t end[2 + 4 + 4] = { 3, 0 };

	for (size_t i = 0; i < pool->n_slots; i++)
		if (empty_slot(pool, &pool->slots[(pool->current + i) % pool->n_slots], err))
			return -1;
	put_little_endian(end + 2, pool->crc);
	put_little_endian(end + 6, pool->plain_size);
	return pool->sink(pool->context, end, sizeof end, err);
}

void gzip_pool_close(struct gzip_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->filled);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	for (size_t i = 0; i < pool->n_slots; i++) {
		free(pool->slots[i].in);
		free(pool->slots[i].out);
	}
	pthread_cond_destroy(&pool->deflated);
	pthread_cond_destroy(&pool->filled);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
