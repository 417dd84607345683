/* --log-driver and --log-opt: what is asked for, by Docker's names and rules. Opens nothing. */
#pragma once

#include "shim/log/entry.h"
#include "spec/base/error.h"
#include "spec/base/text.h"

struct log_options {
	enum log_driver driver;
	char *path;	   /* absolute; NULL: the container's own folder */
	int64_t max_size;  /* bytes after which a new file begins; 0: never */
	unsigned max_file; /* files, the one that is written included */
	char *tag;	   /* with {{.ID}}, {{.FullID}}, {{.Name}} and {{.ImageName}}; or NULL */
	struct string_list labels, env; /* names of those that become attributes */
};

/* @driver: "k8s-file", "json-file", "journald" or "none"; NULL is k8s-file. @options: the keys path, max-size
 * (docker's units: powers of 1000, whatever letters they have) and max-file for those with files; tag, labels
 * and env (names with commas between) for json-file and journald. As in Docker one file is kept unless
 * max-file says otherwise. @ret must be finished. Errors: EINVAL, with words. */
int log_options_parse(const char *driver, const struct string_map *options, struct log_options *ret,
		      struct error *err);
void log_options_finish(struct log_options *options);

/* "k8s-file" and so on. */
const char *log_driver_name(enum log_driver driver);

/* A size as max-size takes it: "10m" is 10,000,000 bytes. *ret > 0. */
int log_size_parse(const char *text, int64_t *ret, struct error *err);
