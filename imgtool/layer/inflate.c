#include "imgtool/layer/inflate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The first bytes of each, masked. A tar begins with a file's name and has none of these in practice; if one
 * did, its diff_id would still be checked. */
static const struct magic {
	const char *name;
	enum compression compression;
	bool refused;
	size_t length;
	unsigned char bytes[INFLATE_MAGIC_SIZE], mask[INFLATE_MAGIC_SIZE];
} magics[] = {
	{ "gzip", COMPRESSION_GZIP, false, 3, { 0x1f, 0x8b, 8 }, { 0xff, 0xff, 0xff } },
	{ "zstd",
	  COMPRESSION_ZSTD,
	  false,
	  4,
	  { 0x28, 0xb5, 0x2f, 0xfd },
	  { 0xff, 0xff, 0xff, 0xff } },
	/* A skippable frame of zstd. */
	{ "zstd",
	  COMPRESSION_ZSTD,
	  false,
	  4,
	  { 0x50, 0x2a, 0x4d, 0x18 },
	  { 0xf0, 0xff, 0xff, 0xff } },
	{ "bzip2", COMPRESSION_NONE, true, 3, { 'B', 'Z', 'h' }, { 0xff, 0xff, 0xff } },
	{ "xz",
	  COMPRESSION_NONE,
	  true,
	  6,
	  { 0xfd, '7', 'z', 'X', 'Z', 0 },
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
};

static bool starts_with_magic(const unsigned char *start, size_t length, const struct magic *magic)
{
	if (length < magic->length)
		return false;
	for (size_t i = 0; i < magic->length; i++)
		if ((start[i] & magic->mask[i]) != magic->bytes[i])
			return false;
	return true;
}

int inflate_detect(const unsigned char *start, size_t length, enum compression *ret,
		   struct error *err)
{
	*ret = COMPRESSION_NONE;
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		if (!starts_with_magic(start, length, &magics[i]))
			continue;
		if (magics[i].refused)
			return error_set(
				err, EPROTONOSUPPORT,
				"is compressed with %s; image layers are plain, gzip or zstd",
				magics[i].name);
		*ret = magics[i].compression;
		break;
	}
	return 0;
}
