#include "shim/log/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "shim/log/decode.h"
#include "shim/log/files.h"
#include "shim/log/lines.h"
#include "shim/log/options.h"
#include "shim/log/tail.h"
#include "shim/log/watch.h"
#include "spec/base/owned.h"

struct reader {
	const struct log_place *place;
	enum log_driver driver;
	const struct log_query *query;
	const struct log_sink *sink;
	struct log_lines lines;
	char *scratch;
	bool goes_on[LOG_STREAMS]; /* the stream's last record was not its line's last */
	uint64_t damaged;
};

/* Functions that return an int return 0 to go on, 1 to end, or -1. */

static int show(struct reader *reader, const struct log_entry *entry, struct error *err)
{
	bool *goes_on = &reader->goes_on[entry->stream];
	bool begins = !*goes_on;

	*goes_on = !entry->ends;
	return reader->sink->show(reader->sink->context, entry, begins, err);
}

static bool is_from(const struct log_position *position, size_t file, int64_t offset)
{
	return file > position->file || (file == position->file && offset >= position->offset);
}

/* Shows the whole lines from where the reader stands to the end. @from: the first record wanted of each
 * stream, in terms of file number @file; NULL: all are. */
static int drain(struct reader *reader, const struct log_positions *from, size_t file,
		 struct error *err)
{
	struct log_entry entry;
	struct log_line line;
	int got, result = 0;

	while (result == 0 && (got = log_lines_next(&reader->lines, &line, err)) != 0) {
		if (got < 0)
			return -1;
		if (log_decode(reader->driver, line.text, line.length, reader->scratch, &entry))
			reader->damaged++;
		else if (log_query_wants(reader->query, &entry) &&
			 (!from || is_from(&from->v[entry.stream], file, line.offset)))
			result = show(reader, &entry, err);
	}
	return result;
}

/* ---- what is there at the call ---- */

static size_t first_file(const struct log_positions *from)
{
	size_t first = SIZE_MAX;

	for (int i = 0; i < LOG_STREAMS; i++)
		if (from->v[i].file < first)
			first = from->v[i].file;
	return first;
}

/* Nothing wanted lies before it. */
static int64_t first_offset(const struct log_positions *from, size_t file)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < LOG_STREAMS; i++)
		if (from->v[i].file <= file) {
			int64_t offset = from->v[i].file == file ? from->v[i].offset : 0;
			first = offset < first ? offset : first;
		}
	return first;
}

/* Where the last whole line of a file ends, as far as it went when it was opened. */
static int find_end(struct reader *reader, const struct log_files_one *file, int64_t *ret,
		    struct error *err)
{
	struct log_line line;

	log_lines_start_back(&reader->lines, file->fd, file->size);
	int got = log_lines_previous(&reader->lines, &line, err);
	*ret = got > 0 ? line.offset + (int64_t)line.length + 1 : 0;
	return got < 0 ? -1 : 0;
}

/* *end: what was shown of the newest file, as far as whole lines go. */
static int show_existing(struct reader *reader, const struct log_files *files, int64_t *end,
			 struct error *err)
{
	struct log_positions from = { 0 };
	int result = 0;

	*end = 0;
	if (reader->query->tail != LOG_ALL_LINES &&
	    log_tail_find(files, reader->driver, reader->query, &from, err))
		return -1;
	size_t first = first_file(&from);
	if (files->n > 0 && first >= files->n)
		return find_end(reader, &files->v[files->n - 1], end, err);
	for (size_t file = first; result == 0 && file < files->n; file++) {
		log_lines_start(&reader->lines, files->v[file].fd, first_offset(&from, file),
				files->v[file].size);
		result = drain(reader, &from, file, err);
		*end = reader->lines.offset;
	}
	return result;
}

/* ---- what comes after it ---- */

/* Whether the name is still that of the file the reader is in. */
static bool is_current(const struct log_place *place, int fd)
{
	struct stat ours, named;

	return fd >= 0 && fstat(fd, &ours) == 0 &&
	       fstatat(place->directory, place->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* The reader goes over to the file that came after its own. With the name already another file's, nobody writes
 * to its own any more: what was appended since it was last read is shown first. When its own was rotated away
 * meanwhile, the oldest that is left comes next. Returns 0 as well when there is none yet: *moved tells. */
static int move_on(struct reader *reader, int *fd, bool *moved, struct error *err)
{
	OWNED(log_files_close) struct log_files files;

	files.n = 0;
	*moved = false;
	if (is_current(reader->place, *fd))
		return 0;
	if (log_files_open(reader->place, &files, err))
		return -1;
	size_t next = *fd < 0 ? 0 : (size_t)(log_files_find(&files, *fd) + 1);
	if (next >= files.n)
		return 0;
	int result = *fd < 0 ? 0 : drain(reader, NULL, 0, err);
	if (result)
		return result;
	close_fd(*fd);
	*fd = take_fd(&files.v[next].fd);
	log_lines_start(&reader->lines, *fd, 0, INT64_MAX);
	*moved = true;
	return 0;
}

static int show_new(struct reader *reader, int *fd, struct error *err)
{
	int result = 0;

	for (bool moved = true; moved && result == 0;) {
		if (*fd >= 0)
			result = drain(reader, NULL, 0, err);
		if (result == 0)
			result = move_on(reader, fd, &moved, err);
	}
	return result;
}

static int show_idle(struct reader *reader, struct error *err)
{
	const struct log_sink *sink = reader->sink;

	return sink->idle ? sink->idle(sink->context, err) : 0;
}

/* @newest: the file that was the newest one at the call, shown up to @offset; -1: there was none. It is taken. */
static int follow(struct reader *reader, int newest, int64_t offset, struct log_watch *watch,
		  struct error *err)
{
	owned_fd fd = newest;
	bool is_last = false;
	int result = 0;

	if (fd >= 0)
		log_lines_start(&reader->lines, fd, offset, INT64_MAX);
	for (;;) {
		if ((result = show_new(reader, &fd, err)) || (result = show_idle(reader, err)))
			return result;
		if (is_last)
			return 0;
		/* What was written before the end came is shown once more round. */
		int ended = log_watch_wait(watch, reader->query->until, err);
		if (ended < 0)
			return -1;
		is_last = ended;
	}
}

/* ---- both ---- */

static int read_and_follow(struct reader *reader, struct log_watch *watch, struct error *err)
{
	OWNED(log_files_close) struct log_files files;

	int64_t end;

	if (log_files_open(reader->place, &files, err))
		return -1;
	int result = show_existing(reader, &files, &end, err);
	if (result || !reader->query->follow)
		return result ? result : show_idle(reader, err);
	if (files.n == 0)
		return follow(reader, -1, 0, watch, err);
	return follow(reader, take_fd(&files.v[files.n - 1].fd), end, watch, err);
}

int log_read(const struct log_place *place, enum log_driver driver, const struct log_query *query,
	     const struct log_sink *sink, uint64_t *damaged, struct error *err)
{
	struct reader reader = { place, driver, query, sink, .scratch = NULL };
	struct log_watch watch = { -1, -1 };

	*damaged = 0;
	if (driver != LOG_DRIVER_K8S_FILE && driver != LOG_DRIVER_JSON_FILE)
		return error_set(err, EOPNOTSUPP, "the log driver %s keeps nothing to be read here",
				 log_driver_name(driver));
	owned_string scratch = malloc(LOG_RECORD_MAX);
	if (!scratch)
		return error_errno(err, ENOMEM, "read the log");
	if (log_lines_init(&reader.lines, err))
		return -1;
	reader.scratch = scratch;
	/* Before anything is read, so that no change is missed. */
	if (query->follow)
		log_watch_open(&watch, place->directory, query->ended);
	int result = read_and_follow(&reader, &watch, err);
	log_watch_close(&watch);
	*damaged = reader.damaged + reader.lines.too_long;
	log_lines_finish(&reader.lines);
	return result < 0 ? -1 : 0;
}
