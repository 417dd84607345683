/* One header block of a tar and the extension headers before it: POSIX.1-2001 pax, "ustar" and GNU tar's manual,
 * Basic Tar Format. Knows no file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/error.h"

#define ARCHIVE_BLOCK 512

struct archive_header {
	char type;	   /* '0' for files, also old ones */
	char *name, *link; /* owned */
	uint64_t size;	   /* bytes of what follows the header; 0 for types that have no content */
	bool sparse;	   /* what follows is not the file's content as it is */
};

/* What extension headers say of the next member. */
struct archive_extension {
	char *name, *link; /* owned */
	bool has_size, sparse;
	uint64_t size;
};

bool archive_block_is_zero(const unsigned char block[ARCHIVE_BLOCK]);

/* Parses the block; @extension is used up. Finish *ret when this returns 0. */
int archive_header_parse(const unsigned char block[ARCHIVE_BLOCK],
			 struct archive_extension *extension, struct archive_header *ret,
			 struct error *err);
void archive_header_finish(struct archive_header *header);

/* Whether the content of a member of @type says something of the next one. */
bool archive_is_extension(char type);
/* Takes in the @length bytes at @text, the content of an extension of @type; text[length] is NUL. */
int archive_extension_add(struct archive_extension *extension, char type, const char *text,
			  size_t length, struct error *err);
void archive_extension_finish(struct archive_extension *extension);
