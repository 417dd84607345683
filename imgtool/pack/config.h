/* The configuration of a packed image: that of the image below, or a new one, with what the command line says and one more
 * layer. What we do not know of it, such as Docker's HEALTHCHECK, stays. config.md. Knows no file. */
#pragma once

#include <stdbool.h>

#include "imgtool/image/platform.h"
#include "spec/base/error.h"
#include "spec/base/text.h"

/* NULL and empty: nothing is said. */
struct pack_settings {
	/* Words, or one JSON array of them; one empty word: none at all. A new entrypoint drops the command below. */
	struct string_list entrypoint, cmd;
	struct string_list env,
		labels;		    /* NAME=VALUE; of @env also NAME, for the caller's own value */
	struct string_list expose;  /* PORT[-PORT][/tcp|udp|sctp] */
	struct string_list volumes; /* absolute paths */
	const char *workdir, *user, *stop_signal, *author, *message;
	struct wanted_platform platform; /* os NULL: that of the image below, or this machine's */
	int64_t created;		 /* seconds since 1970 */
};

/* @below: the configuration of the image below as text, or NULL. @diff_id: of the new layer; NULL: there is none. *text is
 * the caller's to free. */
int pack_config(const char *below, const struct pack_settings *settings, const char *diff_id,
		char **text, struct error *err);

/* "YYYY-MM-DDTHH:MM:SSZ" as in RFC 3339, or whole seconds since 1970. Returns 0, or -1 with errno EINVAL. */
int pack_time_parse(const char *text, int64_t *ret);
