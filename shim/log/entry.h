/* What the writers and the readers of a container's log have in common. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* k8s-file is the format of Kubernetes' container runtime interface, json-file Docker's. */
enum log_driver { LOG_DRIVER_K8S_FILE, LOG_DRIVER_JSON_FILE, LOG_DRIVER_JOURNALD, LOG_DRIVER_NONE };

enum log_stream { LOG_STDOUT, LOG_STDERR, LOG_STREAMS };

/* A longer line becomes several records. containerd's and Docker's number. */
#define LOG_LINE_MAX 16384

/* No record is longer: a line in which every byte takes six ("\u0001"), and its attributes. */
#define LOG_ATTRIBUTES_MAX 65536
#define LOG_RECORD_MAX (6 * LOG_LINE_MAX + LOG_ATTRIBUTES_MAX + 256)

/* One record, without the newline of its line. */
struct log_entry {
	int64_t time; /* nanoseconds since 1970 */
	enum log_stream stream;
	const char *text;
	size_t length;
	bool ends; /* the line ends with it; else its next part is the stream's next record */
};
