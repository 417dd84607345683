#include "imgtool/base/progress_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/json_text.h"

static const char hexadecimal[] = "0123456789abcdef";

void progress_short_name(const char *name, char ret[PROGRESS_NAME_MAX])
{
	enum { DIGITS = 12 };
	const char *digits = strchr(name, ':');

	if (digits && strspn(digits + 1, hexadecimal) >= DIGITS) {
		snprintf(ret, PROGRESS_NAME_MAX, "%.*s", DIGITS, digits + 1);
		return;
	}
	snprintf(ret, PROGRESS_NAME_MAX, "%s", name);
	text_make_printable(ret);
	/* A column is a byte, so that widths are known. */
	for (char *at = ret; *at; at++)
		if (*at & 0x80)
			*at = '?';
}

void progress_print_bytes(char ret[PROGRESS_BYTES_MAX], double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	size_t unit = 0;

	/* What would be rounded up to 1000.0 is 1.0 of the next. */
	while (bytes >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
		bytes /= 1000;
		unit++;
	}
	snprintf(ret, PROGRESS_BYTES_MAX, "%.*f %s", unit ? 1 : 0, bytes, units[unit]);
}

static void print_seconds(char *ret, size_t size, double seconds)
{
	unsigned whole = seconds < 100.0 * 3600 ? (unsigned)(seconds + 0.5) : 100 * 3600;

	if (whole >= 3600)
		snprintf(ret, size, "%u h %02u min", whole / 3600, whole / 60 % 60);
	else if (whole >= 60)
		snprintf(ret, size, "%u min %02u s", whole / 60, whole % 60);
	else
		snprintf(ret, size, "%u s", whole);
}

static const char *state_text(const struct progress_view *view)
{
	switch (view->state) {
	case PROGRESS_WAITING:
		return "Waiting";
	case PROGRESS_EXTRACTING:
		return view->activity;
	case PROGRESS_PRESENT:
		return "Already there";
	case PROGRESS_DONE:
		return "Done";
	case PROGRESS_FAILED:
		return "Failed";
	}
	return "";
}

/* What is shown of an item in work, the most important first; of a width that stays, so that the bar does not jump. */
enum piece { PIECE_PERCENT, PIECE_BYTES, PIECE_RATE, PIECE_LEFT, PIECES };

static void print_piece(char *to, size_t room, const struct progress_view *view, enum piece piece)
{
	char done[PROGRESS_BYTES_MAX], size[PROGRESS_BYTES_MAX];
	double rate = view->seconds > 0 ? (double)view->done / view->seconds : 0;

	*to = '\0';
	switch (piece) {
	case PIECE_PERCENT:
		if (view->size > 0)
			snprintf(to, room, " %3.0f %%",
				 100.0 * (double)view->done / (double)view->size);
		return;
	case PIECE_BYTES:
		progress_print_bytes(done, (double)view->done);
		progress_print_bytes(size, (double)view->size);
		snprintf(to, room, "  %8s%s%s", done, view->size ? "/" : "",
			 view->size ? size : "");
		return;
	case PIECE_RATE:
		progress_print_bytes(done, rate);
		if (rate > 0)
			snprintf(to, room, "  %8s/s", done);
		return;
	case PIECE_LEFT:
		if (rate > 0 && view->size > view->done) {
			char left[32];

			print_seconds(left, sizeof left, (double)(view->size - view->done) / rate);
			snprintf(to, room, "  %12s left", left);
		}
		return;
	case PIECES:
		return;
	}
}

static void print_bar(struct buffer *to, const struct progress_view *view, unsigned inside)
{
	unsigned filled = (unsigned)((double)inside * (double)view->done / (double)view->size);

	buffer_print(to, " [");
	for (unsigned i = 0; i < inside; i++)
		buffer_add(to, i < filled ? "=" : i == filled ? ">" : " ", 1);
	buffer_print(to, "]");
}

static void print_in_work(struct buffer *to, const struct progress_view *view, unsigned room)
{
	enum { BAR_LEAST = 10, BAR_MOST = 40, BAR_AROUND = 3 };
	struct progress_view within = *view;
	char pieces[160] = "";
	unsigned used = 0;

	/* A file may say less than it has. */
	if (within.size && within.done > within.size)
		within.done = within.size;
	for (enum piece piece = 0; piece < PIECES; piece++) {
		char text[64];

		print_piece(text, sizeof text, &within, piece);
		if (used + strlen(text) > room)
			break;
		used += (unsigned)snprintf(pieces + used, sizeof pieces - used, "%s", text);
	}
	room -= used;
	if (within.size && room >= BAR_LEAST + BAR_AROUND)
		print_bar(to, &within, room - BAR_AROUND < BAR_MOST ? room - BAR_AROUND : BAR_MOST);
	buffer_add(to, pieces, used);
}

/* "45.6 MB in 1.2 s" */
static void print_outcome(char *to, size_t room, const struct progress_view *view)
{
	char bytes[PROGRESS_BYTES_MAX];

	progress_print_bytes(bytes, (double)view->done);
	snprintf(to, room, "%s in %.1f s", bytes, view->seconds);
}

void progress_print_terminal(struct buffer *to, const struct progress_view *view, unsigned columns)
{
	char name[PROGRESS_NAME_MAX], head[64], outcome[64];

	progress_short_name(view->name, name);
	snprintf(head, sizeof head, "%-12s  %s", name, state_text(view));

	unsigned used = (unsigned)strlen(head);

	if (used > columns)
		used = columns;
	buffer_add(to, head, used);
	if (view->state == PROGRESS_EXTRACTING)
		print_in_work(to, view, columns - used);
	if (view->state != PROGRESS_DONE)
		return;
	print_outcome(outcome, sizeof outcome, view);
	if (used + 2 + strlen(outcome) <= columns)
		buffer_print(to, "  %s", outcome);
}

void progress_print_line(struct buffer *to, const struct progress_view *view)
{
	char name[PROGRESS_NAME_MAX], more[64] = "";

	if (view->state == PROGRESS_WAITING)
		return;
	progress_short_name(view->name, name);
	if (view->state == PROGRESS_EXTRACTING && view->size)
		progress_print_bytes(more, (double)view->size);
	else if (view->state == PROGRESS_DONE)
		print_outcome(more, sizeof more, view);
	buffer_print(to, "%s: %s%s%s\n", name, state_text(view), *more ? ", " : "", more);
}

void progress_print_json(struct buffer *to, const struct progress_view *view, size_t item,
			 const char *time)
{
	static const char *const states[] = {
		[PROGRESS_WAITING] = "waiting",
		[PROGRESS_PRESENT] = "present",
		[PROGRESS_DONE] = "done",
		[PROGRESS_FAILED] = "failed",
	};
	char activity[32];
	const char *state = states[view->state];

	if (view->state == PROGRESS_EXTRACTING) {
		snprintf(activity, sizeof activity, "%s", view->activity);
		*activity = (char)tolower((unsigned char)*activity);
		state = activity;
	}
	buffer_print(to, "{\"item\":%zu,\"digest\":", item);
	buffer_add_json_string(to, view->name, strlen(view->name));
	buffer_print(to, ",\"state\":\"%s\",\"done\":%llu,\"size\":%llu,\"time\":\"%s\"}\n", state,
		     (unsigned long long)view->done, (unsigned long long)view->size, time);
}
