#include "shim/log/tail.h"

#include <errno.h>
#include <stdlib.h>

#include "shim/log/decode.h"
#include "shim/log/lines.h"
#include "spec/base/owned.h"

enum { PARTS_MAX = 1 << 20 /* bytes */ };

struct search {
	const struct log_query *query;
	struct log_positions *found;
	uint64_t lines;		       /* counted */
	int64_t bytes_since_last;      /* read since the last one was */
	bool has_line[LOG_STREAMS];    /* one of the stream is counted */
	bool is_complete[LOG_STREAMS]; /* and the oldest of them is known from its start on */
};

/* Going back, a record that ends its line, or the stream's last one, is where another line begins; others are
 * parts of the line that was met before. */
static void look_at(struct search *search, const struct log_entry *entry, size_t file,
		    int64_t offset)
{
	enum log_stream stream = entry->stream;

	if (search->is_complete[stream] || !log_query_wants(search->query, entry))
		return;
	if (entry->ends || !search->has_line[stream]) {
		if (search->lines == search->query->tail) {
			search->is_complete[stream] = true;
			return;
		}
		search->lines++;
		search->bytes_since_last = 0;
		search->has_line[stream] = true;
	}
	search->found->v[stream] = (struct log_position){ file, offset };
}

static bool is_done(const struct search *search)
{
	bool complete = true;

	if (search->lines < search->query->tail)
		return false;
	for (int i = 0; i < LOG_STREAMS; i++)
		complete &= !search->has_line[i] || search->is_complete[i];
	return complete || search->bytes_since_last > PARTS_MAX;
}

static int search_file(struct search *search, const struct log_files *files, size_t file,
		       enum log_driver driver, struct log_lines *lines, char *scratch,
		       struct error *err)
{
	struct log_entry entry;
	struct log_line line;
	int got = 0;

	log_lines_start_back(lines, files->v[file].fd, files->v[file].size);
	while (!is_done(search) && (got = log_lines_previous(lines, &line, err)) > 0) {
		search->bytes_since_last += (int64_t)line.length;
		if (log_decode(driver, line.text, line.length, scratch, &entry) == 0)
			look_at(search, &entry, file, line.offset);
	}
	return got;
}

int log_tail_find(const struct log_files *files, enum log_driver driver,
		  const struct log_query *query, struct log_positions *ret, struct error *err)
{
	struct search search = { .query = query, .found = ret };
	OWNED(log_lines_finish) struct log_lines lines;
	owned_string scratch = malloc(LOG_RECORD_MAX);

	for (int i = 0; i < LOG_STREAMS; i++)
		ret->v[i] = (struct log_position){ .file = files->n };
	if (log_lines_init(&lines, err))
		return -1;
	if (!scratch)
		return error_errno(err, ENOMEM, "read the log");
	for (size_t file = files->n; file > 0 && !is_done(&search); file--)
		if (search_file(&search, files, file - 1, driver, &lines, scratch, err) < 0)
			return -1;
	return 0;
}
