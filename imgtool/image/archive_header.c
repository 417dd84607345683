#include "imgtool/image/archive_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/base/text.h"

/* Where the fields are, and how long. */
enum {
	NAME = 0,
	NAME_LENGTH = 100,
	SIZE = 124,
	NUMBER_LENGTH = 12,
	CHECKSUM = 148,
	CHECKSUM_LENGTH = 8,
	TYPE = 156,
	LINK = 157,
	LINK_LENGTH = 100,
	MAGIC = 257,
	PREFIX = 345,
	PREFIX_LENGTH = 155,
};

bool archive_block_is_zero(const unsigned char block[ARCHIVE_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, ARCHIVE_BLOCK - 1) == 0;
}

/* Octal digits among blanks and NULs, or GNU's big-endian binary number behind a byte 0x80. */
static int parse_number(const unsigned char *field, size_t length, uint64_t *ret)
{
	size_t i = 0;

	*ret = 0;
	if (field[0] == 0x80) {
		for (i = 1; i < length; i++) {
			if (*ret >> 55)
				return -1;
			*ret = *ret << 8 | field[i];
		}
		return 0;
	}
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
		*ret = *ret << 3 | (uint64_t)(field[i] - '0');
	return i == length || field[i] == ' ' || field[i] == '\0' ? 0 : -1;
}

/* The sum of all bytes, that of the checksum taken as blanks; old programs added signed bytes. */
static bool checksum_is_right(const unsigned char block[ARCHIVE_BLOCK])
{
	int64_t as_unsigned = 0, as_signed = 0;
	uint64_t said;

	if (parse_number(block + CHECKSUM, CHECKSUM_LENGTH, &said))
		return false;
	for (size_t i = 0; i < ARCHIVE_BLOCK; i++) {
		bool blank = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH;

		as_unsigned += blank ? ' ' : block[i];
		as_signed += blank ? ' ' : (signed char)block[i];
	}
	return (int64_t)said == as_unsigned || (int64_t)said == as_signed;
}

static char *copy_field(const unsigned char *field, size_t length)
{
	return strndup((const char *)field, length);
}

/* POSIX has a place for the name's beginning where GNU has other fields. */
static char *parse_name(const unsigned char block[ARCHIVE_BLOCK])
{
	owned_string name = copy_field(block + NAME, NAME_LENGTH);

	if (memcmp(block + MAGIC,
		   "ustar\0"
		   "00",
		   8) != 0 ||
	    !block[PREFIX])
		return take_pointer(name);
	owned_string prefix = copy_field(block + PREFIX, PREFIX_LENGTH);
	return name && prefix ? text_format("%s/%s", prefix, name) : NULL;
}

/* Links, devices, directories and FIFOs: whatever size they name, nothing follows them. */
static bool has_content(char type)
{
	return !strchr("123456", type);
}

int archive_header_parse(const unsigned char block[ARCHIVE_BLOCK],
			 struct archive_extension *extension, struct archive_header *ret,
			 struct error *err)
{
	struct archive_header header = { .type = block[TYPE] ? (char)block[TYPE] : '0' };

	if (!checksum_is_right(block))
		return error_set(err, EINVAL, "is no header of a tar: its checksum is wrong");
	if (parse_number(block + SIZE, NUMBER_LENGTH, &header.size))
		return error_set(err, EINVAL, "the size in the header is no number");
	if (extension->has_size)
		header.size = extension->size;
	if (!has_content(header.type))
		header.size = 0;
	header.sparse = header.type == 'S' || extension->sparse;
	header.name = extension->name ? take_pointer(extension->name) : parse_name(block);
	header.link = extension->link ? take_pointer(extension->link)
				      : copy_field(block + LINK, LINK_LENGTH);
	*ret = header;
	if (!header.name || !header.link) {
		archive_header_finish(ret);
		return error_errno(err, ENOMEM, "header");
	}
	archive_extension_finish(extension);
	return 0;
}

void archive_header_finish(struct archive_header *header)
{
	free(header->name);
	free(header->link);
	*header = (struct archive_header){ 0 };
}

bool archive_is_extension(char type)
{
	return type == 'L' || type == 'K' || type == 'x';
}

static int replace(char **text, const char *value, size_t length, struct error *err)
{
	if (memchr(value, '\0', length))
		return error_set(err, EINVAL, "a name in an extension header has a NUL in it");
	char *copy = strndup(value, length);
	if (!copy)
		return error_errno(err, ENOMEM, "extension header");
	free(*text);
	*text = copy;
	return 0;
}

static bool key_is(const char *key, size_t length, const char *name)
{
	return strlen(name) == length && strncmp(key, name, length) == 0;
}

static int add_record(struct archive_extension *extension, const char *key, size_t key_length,
		      const char *value, size_t length, struct error *err)
{
	char digits[24];

	if (key_is(key, key_length, "path") || key_is(key, key_length, "GNU.sparse.name"))
		return replace(&extension->name, value, length, err);
	if (key_is(key, key_length, "linkpath"))
		return replace(&extension->link, value, length, err);
	if (key_length >= 11 && strncmp(key, "GNU.sparse.", 11) == 0)
		extension->sparse = true;
	if (!key_is(key, key_length, "size"))
		return 0;
	if (length < sizeof digits) {
		memcpy(digits, value, length);
		digits[length] = '\0';
		extension->has_size = text_to_uint64(digits, &extension->size) == 0;
	}
	if (!extension->has_size)
		return error_set(err, EINVAL, "the size in an extension header is no number");
	return 0;
}

/* Records "LENGTH key=value\n", whose length counts the whole record. */
static int add_records(struct archive_extension *extension, const char *text, size_t length,
		       struct error *err)
{
	while (length) {
		size_t digits = strspn(text, "0123456789");
		size_t record = digits && digits < 8 ? strtoul(text, NULL, 10) : 0;

		if (text[digits] != ' ' || record > length || record < digits + 3 ||
		    text[record - 1] != '\n')
			return error_set(err, EINVAL, "an extension header has a wrong record");
		const char *key = text + digits + 1, *end = text + record - 1;
		const char *equals = memchr(key, '=', (size_t)(end - key));
		if (!equals)
			return error_set(err, EINVAL, "an extension header has a wrong record");
		if (add_record(extension, key, (size_t)(equals - key), equals + 1,
			       (size_t)(end - equals - 1), err))
			return -1;
		text += record;
		length -= record;
	}
	return 0;
}

int archive_extension_add(struct archive_extension *extension, char type, const char *text,
			  size_t length, struct error *err)
{
	if (type == 'L')
		return replace(&extension->name, text, strnlen(text, length), err);
	if (type == 'K')
		return replace(&extension->link, text, strnlen(text, length), err);
	return add_records(extension, text, length, err);
}

void archive_extension_finish(struct archive_extension *extension)
{
	free(extension->name);
	free(extension->link);
	*extension = (struct archive_extension){ 0 };
}
