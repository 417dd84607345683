/* The parts of a configuration, one file each, as convert.c puts them together. Each fills its own members of @config and is
 * called once, in the order that is here: a later part may read what an earlier one wrote. */
#pragma once

#include "imgtool/convert/run_options.h"
#include "imgtool/convert/users.h"
#include "spec/config.h"
#include "spec/image.h"

/* What every part is given. */
struct conversion {
	const struct image_config *image;
	const struct image_process *process; /* the image's; an empty one where it has none */
	const struct run_options *options;
	int root;
	struct account account;
	struct config *config;
	struct string_list *notices;
};

/* convert_process.c: process but for its security, hostname. */
int convert_process(struct conversion *conversion, struct error *err);
/* convert_annotations.c */
int convert_annotations(struct conversion *conversion, struct error *err);
/* convert_mounts.c: mounts. */
int convert_mounts(struct conversion *conversion, struct error *err);
/* convert_limits.c: namespaces, id mappings, resources. */
int convert_limits(struct conversion *conversion, struct error *err);
/* convert_security.c: capabilities, seccomp, labels, hidden paths. */
int convert_security(struct conversion *conversion, struct error *err);

/* Tells the user of something that is not in the result. */
int convert_notice(const struct conversion *conversion, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A path of the image's that is "/" or below, for a directory in the container: made absolute as Docker does. Control
 * characters are refused, and more than the kernel takes. For the caller to free; NULL on failure. */
char *convert_path(const char *field, const char *path, struct error *err);
/* Whether the image's volume can be one: not "/" and not a part of what the runtime mounts itself. */
bool convert_is_volume(const char *path);
/* Whether an id of the container's is in its user namespace, or it has none of its own. */
bool convert_is_mapped(const struct id_mapping_list *mappings, uint32_t id);
