#include "shim/log/batch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* What a pipe holds by default; a larger write is no faster. */
enum { WRITE_SIZE = 65536 };

int log_batch_open(struct log_batch *batch, struct log_place *place, enum log_driver driver,
		   int64_t max_size, const char *attributes, struct error *err)
{
	*batch = (struct log_batch){ .file.fd = -1 };
	if (log_file_open(&batch->file, place, max_size, err))
		return -1;
	if (log_encoding_init(&batch->encoding, driver, attributes, err)) {
		log_file_close(&batch->file);
		return -1;
	}
	batch->capacity = WRITE_SIZE + LOG_RECORD_MAX;
	/* Not malloc: pages that were never touched, or given back, are no memory. */
	batch->waiting = mmap(NULL, batch->capacity, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (batch->waiting == MAP_FAILED) {
		batch->waiting = NULL;
		log_batch_close(batch);
		return error_errno(err, ENOMEM, "log");
	}
	return 0;
}

void log_batch_close(struct log_batch *batch)
{
	if (batch->waiting)
		munmap(batch->waiting, batch->capacity);
	log_encoding_finish(&batch->encoding);
	log_file_close(&batch->file);
	batch->waiting = NULL;
}

int log_batch_flush(struct log_batch *batch, struct error *err)
{
	size_t kept;

	if (batch->length == 0)
		return 0;
	int result = log_file_append(&batch->file, batch->waiting, batch->length, &kept, err);
	batch->length -= kept;
	memmove(batch->waiting, batch->waiting + kept, batch->length);
	return result;
}

static int make_room(struct log_batch *batch, size_t room, struct error *err)
{
	if (log_file_is_due(&batch->file, batch->length) &&
	    (log_batch_flush(batch, err) || log_file_rotate(&batch->file, err)))
		return -1;
	if (batch->length + room <= batch->capacity && batch->length < WRITE_SIZE)
		return 0;
	return log_batch_flush(batch, err);
}

int log_batch_add(struct log_batch *batch, enum log_stream stream, const char *text, size_t length,
		  bool ends, int64_t time, struct error *err)
{
	log_encoding_set_time(&batch->encoding, time);
	if (make_room(batch, log_encode_room(&batch->encoding, length), err))
		return -1;
	char *end = log_encode(&batch->encoding, batch->waiting + batch->length, stream, text,
			       length, ends);
	batch->length = (size_t)(end - batch->waiting);
	return 0;
}

void log_batch_rest(struct log_batch *batch)
{
	if (batch->length == 0)
		madvise(batch->waiting, batch->capacity, MADV_DONTNEED);
}
