#include "shim/log/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim/log/time.h"
#include "spec/base/io.h"

enum { BUFFER = 65536 };

int log_printer_init(struct log_printer *printer, int out, int errors, bool timestamps,
		     struct error *err)
{
	*printer = (struct log_printer){ .fds = { out, errors },
					 .timestamps = timestamps,
					 .waiting = malloc(BUFFER) };
	return printer->waiting ? 0 : error_errno(err, ENOMEM, "print the log");
}

void log_printer_finish(struct log_printer *printer)
{
	free(printer->waiting);
	printer->waiting = NULL;
}

static int flush(void *context, struct error *err)
{
	struct log_printer *printer = context;
	size_t length = printer->length;

	printer->length = 0;
	if (write_all(printer->fds[printer->stream], printer->waiting, length))
		return error_errno(err, errno, "print the log");
	return 0;
}

static int print(struct log_printer *printer, const char *text, size_t length, struct error *err)
{
	while (length) {
		if (printer->length == BUFFER && flush(printer, err))
			return -1;
		size_t room = BUFFER - printer->length, part = length < room ? length : room;
		memcpy(printer->waiting + printer->length, text, part);
		printer->length += part;
		text += part;
		length -= part;
	}
	return 0;
}

static int print_time(struct log_printer *printer, int64_t time, struct error *err)
{
	char stamp[LOG_TIME_TEXT];
	size_t length = log_time_print_fixed(time, stamp);

	stamp[length++] = ' ';
	return print(printer, stamp, length, err);
}

/* One buffer for both streams, so that on a terminal they keep their order. */
static int show(void *context, const struct log_entry *entry, bool begins, struct error *err)
{
	struct log_printer *printer = context;

	if (printer->stream != entry->stream && flush(printer, err))
		return -1;
	printer->stream = entry->stream;
	if (printer->timestamps && begins && print_time(printer, entry->time, err))
		return -1;
	if (print(printer, entry->text, entry->length, err))
		return -1;
	return entry->ends ? print(printer, "\n", 1, err) : 0;
}

struct log_sink log_printer_sink(struct log_printer *printer)
{
	return (struct log_sink){ show, flush, printer };
}
