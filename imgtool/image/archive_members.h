/* The members of an uncompressed tar as regions of its file: ustar, PAX and GNU long names. Makes no files, so no
 * name can do harm; knows no image. */
#pragma once

#include <stdint.h>

#include "spec/base/error.h"

/* Most members and links in a row, most bytes of one extension header, of one name and of all names together. */
#define ARCHIVE_MEMBERS_MAX 65536
#define ARCHIVE_LINKS_MAX 16
#define ARCHIVE_EXTENSION_MAX (1u << 20)
#define ARCHIVE_NAME_MAX 4096
#define ARCHIVE_NAMES_MAX (16u << 20)

struct archive_members;

/* Reads the headers of @fd, a regular file. NULL on failure. */
struct archive_members *archive_members_read(int fd, struct error *err);

/* Where the content of the file @name lies; links among the members are followed, also hard ones. Of several members with
 * one name the last counts, as it does for who extracts them. ENOENT when there is none. */
int archive_members_find(const struct archive_members *members, const char *name, uint64_t *offset,
			 uint64_t *size, struct error *err);

void archive_members_free(struct archive_members *members); /* NULL allowed */
