/* Any bytes as a log's files: nothing may crash; what is found from the end is the end of what is found from the
 * start; and a record that was read is the same when it is written and read again. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/log/decode.h"
#include "shim/log/encode.h"
#include "shim/log/read.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/oshim-fuzz-XXXXXX";
static int directory = -1;
static const char *const names[] = { "box.log", "box.log.1" };

static void remove_folder(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlinkat(directory, names[i], 0);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(folder) || atexit(remove_folder))
		abort();
	directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory < 0;
}

struct shown {
	struct buffer streams[LOG_STREAMS];
	uint64_t lines;
};

/* In the format that holds any bytes but a newline. */
static void check_again(const struct log_entry *entry)
{
	struct log_encoding encoding;
	struct log_entry again;

	if (memchr(entry->text, '\n', entry->length))
		return;
	if (log_encoding_init(&encoding, LOG_DRIVER_K8S_FILE, NULL, NULL))
		abort();
	log_encoding_set_time(&encoding, entry->time);
	owned_string record = malloc(log_encode_room(&encoding, entry->length));
	if (!record)
		abort();
	const char *end = log_encode(&encoding, record, entry->stream, entry->text, entry->length,
				     entry->ends);
	if (log_decode(LOG_DRIVER_K8S_FILE, record, (size_t)(end - record) - 1, NULL, &again) ||
	    again.time != entry->time || again.stream != entry->stream ||
	    again.ends != entry->ends || again.length != entry->length ||
	    memcmp(again.text, entry->text, entry->length) != 0)
		abort();
	log_encoding_finish(&encoding);
}

static int show(void *context, const struct log_entry *entry, bool begins, struct error *err)
{
	struct shown *shown = context;
	struct buffer *to = &shown->streams[entry->stream];

	(void)err;
	shown->lines += begins;
	buffer_add(to, entry->text, entry->length);
	buffer_add(to, "\n", entry->ends);
	check_again(entry);
	return 0;
}

static void read_tail(enum log_driver driver, uint64_t tail, struct shown *shown)
{
	const struct log_sink sink = { show, NULL, shown };
	struct log_query query = LOG_QUERY_ALL;
	struct log_place place;
	struct error err = { 0 };
	uint64_t damaged;

	*shown = (struct shown){ 0 };
	query.tail = tail;
	if (log_place_init(&place, directory, names[0], 2, &err) ||
	    log_read(&place, driver, &query, &sink, &damaged, &err))
		abort();
	log_place_finish(&place);
}

static void check_tail(enum log_driver driver, const struct shown *all, uint64_t tail)
{
	struct shown some = { 0 };

	read_tail(driver, tail, &some);
	if (some.lines != (tail < all->lines ? tail : all->lines))
		abort();
	for (int i = 0; i < LOG_STREAMS; i++) {
		const struct buffer *whole = &all->streams[i];
		struct buffer *part = &some.streams[i];
		if (part->length > whole->length ||
		    (part->length && memcmp(whole->text + whole->length - part->length, part->text,
					    part->length) != 0))
			abort();
		buffer_finish(part);
	}
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	owned_fd fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write_all(fd, data, size))
		abort();
}

/* The first byte says where one file ends and the next begins. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t older = (size - 1) * data[0] / 255;
	put(names[1], data + 1, older);
	put(names[0], data + 1 + older, size - 1 - older);
	for (int i = 0; i < 2; i++) {
		enum log_driver driver = i ? LOG_DRIVER_JSON_FILE : LOG_DRIVER_K8S_FILE;
		struct shown all = { 0 };
		read_tail(driver, LOG_ALL_LINES, &all);
		for (uint64_t tail = 0; tail < 5; tail++)
			check_tail(driver, &all, tail);
		for (int stream = 0; stream < LOG_STREAMS; stream++)
			buffer_finish(&all.streams[stream]);
	}
	return 0;
}
