/* What `oshim logs` prints: records as text on two descriptors. Knows no log. */
#pragma once

#include "shim/log/read.h"

struct log_printer {
	int fds[LOG_STREAMS]; /* not owned; may be the same */
	bool timestamps;      /* docker logs -t: each line after its time and a blank */
	char *waiting;
	size_t length;
	enum log_stream stream; /* of what waits */
};

/* Errors: ENOMEM. */
int log_printer_init(struct log_printer *printer, int out, int errors, bool timestamps,
		     struct error *err);
void log_printer_finish(struct log_printer *printer);

/* The printer as log_read's sink. Its errors are those of write(2), EPIPE among them. */
struct log_sink log_printer_sink(struct log_printer *printer);
