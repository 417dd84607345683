#include "imgtool/base/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "imgtool/base/progress_text.h"
#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

/* Between two looks at what has been done, milliseconds. */
enum { INTERVAL = 100 };

struct item {
	_Atomic uint64_t done;
	/* The rest is under the lock. */
	uint64_t size, told; /* told: what the last JSON object said of done */
	char *name;
	enum progress_state state;
	int64_t begun, ended; /* milliseconds */
};

struct progress {
	enum progress_style style;
	int fd;
	const char *activity;
	_Atomic int64_t due; /* when the next look is */
	pthread_mutex_t lock;
	size_t n_drawn; /* lines on the terminal that are drawn over */
	size_t n;
	struct item items[];
};

static int64_t milliseconds(void)
{
	struct timespec now;

	/* Asked for every buffer, and a few milliseconds do not matter. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool can_draw(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

struct progress *progress_open(enum progress_style style, int fd, size_t n, struct error *err)
{
	struct progress *progress = calloc(1, sizeof *progress + n * sizeof *progress->items);

	if (!progress) {
		error_errno(err, ENOMEM, "progress");
		return NULL;
	}
	if (style == PROGRESS_AUTO)
		style = can_draw(fd) ? PROGRESS_TERMINAL : PROGRESS_LINES;
	progress->style = style;
	progress->fd = fd;
	progress->activity = "Extracting";
	progress->n = n;
	pthread_mutex_init(&progress->lock, NULL);
	return progress;
}

void progress_activity(struct progress *progress, const char *activity)
{
	progress->activity = activity;
}

static struct progress_view view_of(const struct progress *progress, const struct item *item)
{
	int64_t end = item->ended ? item->ended : milliseconds();

	return (struct progress_view){
		.name = item->name ? item->name : "",
		.state = item->state,
		.activity = progress->activity,
		.done = atomic_load_explicit(&item->done, memory_order_relaxed),
		.size = item->size,
		.seconds = item->begun ? (double)(end - item->begun) / 1000 : 0,
	};
}

/* One write(2), so that nothing comes between. There is nobody to tell a failure. */
static void flush(const struct progress *progress, struct buffer *text)
{
	if (text->length && !text->failed)
		(void)write_all(progress->fd, text->text, text->length);
	buffer_finish(text);
}

static void size_of_terminal(int fd, unsigned *rows, unsigned *columns)
{
	struct winsize size;
	bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col;

	*rows = known ? size.ws_row : 24;
	*columns = known ? size.ws_col : 80;
}

/* The items in work, and how many are through: for more items than the terminal has lines. */
static size_t draw_busy(const struct progress *progress, struct buffer *to, unsigned rows,
			unsigned columns)
{
	size_t drawn = 0, ended = 0;
	char summary[64];

	for (size_t i = 0; i < progress->n; i++) {
		struct progress_view view = view_of(progress, &progress->items[i]);

		if (view.state != PROGRESS_WAITING && view.state != PROGRESS_EXTRACTING)
			ended++;
		if (view.state != PROGRESS_EXTRACTING || drawn + 1 >= rows)
			continue;
		progress_print_terminal(to, &view, columns);
		buffer_print(to, "\033[K\n");
		drawn++;
	}
	snprintf(summary, sizeof summary, "%zu of %zu layers", ended, progress->n);
	buffer_print(to, "%.*s\033[K\n", (int)columns, summary);
	return drawn + 1;
}

static size_t draw_all(const struct progress *progress, struct buffer *to, unsigned columns)
{
	for (size_t i = 0; i < progress->n; i++) {
		struct progress_view view = view_of(progress, &progress->items[i]);

		progress_print_terminal(to, &view, columns);
		buffer_print(to, "\033[K\n");
	}
	return progress->n;
}

/* Back to where the drawing began. */
static void go_back(const struct progress *progress, struct buffer *to)
{
	if (progress->n_drawn)
		buffer_print(to, "\033[%zuA\r", progress->n_drawn);
}

/* The cursor is always at the beginning of the line below; the last line and the last column stay free, because
 * a terminal would scroll or wrap there. */
static void draw(struct progress *progress, struct buffer *to)
{
	unsigned rows, columns;

	size_of_terminal(progress->fd, &rows, &columns);
	go_back(progress, to);
	progress->n_drawn = progress->n < rows ? draw_all(progress, to, columns - 1)
					       : draw_busy(progress, to, rows - 1, columns - 1);
	buffer_print(to, "\033[J");
}

static void print_time(char *ret, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;

	*ret = '\0';
	if (gmtime_r(&now, &utc))
		strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void print_event(struct progress *progress, size_t i, struct buffer *to)
{
	struct progress_view view = view_of(progress, &progress->items[i]);
	char now[64];

	print_time(now, sizeof now);
	progress->items[i].told = view.done;
	progress_print_json(to, &view, i, now);
}

static void print_news(struct progress *progress, struct buffer *to)
{
	for (size_t i = 0; i < progress->n; i++)
		if (progress->items[i].state == PROGRESS_EXTRACTING &&
		    progress->items[i].told !=
			    atomic_load_explicit(&progress->items[i].done, memory_order_relaxed))
			print_event(progress, i, to);
}

void progress_item(struct progress *progress, size_t item, const char *name, uint64_t size)
{
	pthread_mutex_lock(&progress->lock);
	free(progress->items[item].name);
	progress->items[item].name = strdup(name);
	progress->items[item].size = size;
	pthread_mutex_unlock(&progress->lock);
}

static void tell_state(struct progress *progress, size_t i, bool is_due)
{
	const struct item *item = &progress->items[i];
	struct buffer text = { 0 };
	struct progress_view view;

	switch (progress->style) {
	case PROGRESS_TERMINAL:
		/* Hundreds may be there already: those need no redraw each. */
		if (is_due || item->state == PROGRESS_EXTRACTING || item->state == PROGRESS_DONE)
			draw(progress, &text);
		break;
	case PROGRESS_JSON:
		print_event(progress, i, &text);
		break;
	case PROGRESS_LINES:
		view = view_of(progress, item);
		progress_print_line(&text, &view);
		break;
	case PROGRESS_AUTO:
	case PROGRESS_QUIET:
		break;
	}
	flush(progress, &text);
}

void progress_state(struct progress *progress, size_t i, enum progress_state state)
{
	struct item *item = &progress->items[i];
	int64_t now = milliseconds();
	bool is_due = now >= atomic_load_explicit(&progress->due, memory_order_relaxed);

	pthread_mutex_lock(&progress->lock);
	item->state = state;
	if (state == PROGRESS_EXTRACTING)
		item->begun = now;
	else if (state != PROGRESS_WAITING)
		item->ended = now;
	/* Whoever reads may have told its last bytes a little early. */
	if (state == PROGRESS_DONE && item->size)
		atomic_store_explicit(&item->done, item->size, memory_order_relaxed);
	if (is_due)
		atomic_store_explicit(&progress->due, now + INTERVAL, memory_order_relaxed);
	tell_state(progress, i, is_due);
	pthread_mutex_unlock(&progress->lock);
}

void progress_bytes(struct progress *progress, size_t item, uint64_t done)
{
	struct buffer text = { 0 };

	atomic_store_explicit(&progress->items[item].done, done, memory_order_relaxed);
	if (progress->style != PROGRESS_TERMINAL && progress->style != PROGRESS_JSON)
		return;

	int64_t now = milliseconds();
	int64_t due = atomic_load_explicit(&progress->due, memory_order_relaxed);

	/* One of the threads for which it is time, and not while another draws. */
	if (now < due || !atomic_compare_exchange_strong(&progress->due, &due, now + INTERVAL) ||
	    pthread_mutex_trylock(&progress->lock))
		return;
	if (progress->style == PROGRESS_TERMINAL)
		draw(progress, &text);
	else
		print_news(progress, &text);
	flush(progress, &text);
	pthread_mutex_unlock(&progress->lock);
}

static void print_notice(struct progress *progress, const char *notice, struct buffer *to)
{
	char now[64];

	if (progress->style == PROGRESS_JSON) {
		print_time(now, sizeof now);
		buffer_print(to, "{\"notice\":");
		buffer_add_json_string(to, notice, strlen(notice));
		buffer_print(to, ",\"time\":\"%s\"}\n", now);
		return;
	}
	if (progress->style == PROGRESS_LINES) {
		buffer_print(to, "%s\n", notice);
		return;
	}
	go_back(progress, to);
	buffer_print(to, "\033[J%s\n", notice);
	progress->n_drawn = 0;
	draw(progress, to);
}

void progress_notice(struct progress *progress, const char *format, ...)
{
	struct buffer text = { 0 };
	char notice[1024];
	va_list arguments;

	if (progress->style == PROGRESS_QUIET)
		return;
	va_start(arguments, format);
	vsnprintf(notice, sizeof notice, format, arguments);
	va_end(arguments);
	text_make_printable(notice);
	pthread_mutex_lock(&progress->lock);
	print_notice(progress, notice, &text);
	flush(progress, &text);
	pthread_mutex_unlock(&progress->lock);
}

void progress_close(struct progress *progress)
{
	struct buffer text = { 0 };

	if (!progress)
		return;
	if (progress->style == PROGRESS_TERMINAL) {
		draw(progress, &text);
		flush(progress, &text);
	}
	for (size_t i = 0; i < progress->n; i++)
		free(progress->items[i].name);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}
