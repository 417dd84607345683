/* The rows of ps: what a container is to docker's users, as the values that their --format knows. Reads no file and
 * prints nothing. */
#pragma once

#include <json-c/json.h>

#include "shim/record.h"
#include "spec/config.h"

#define LISTING_TEMPLATE                                                                   \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{." \
	"Names}}"

/* What the container was made from, as far as its bundle says (annotation org.opencontainers.image.ref.name, of the
 * image specification); NULL: it does not. @config may be NULL. */
const char *listing_image(const struct config *config);

/* The titles of the columns; NULL: no memory. */
struct json_object *listing_titles(void);

/* A row, for json_object_put; NULL: no memory. @config: the bundle's, NULL when it cannot be read. @now: nanoseconds since
 * 1970. @whole: nothing is shortened. */
struct json_object *listing_row(const struct record *record, const struct config *config,
				int64_t now, bool whole);
