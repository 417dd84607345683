#include "imgtool/pack/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/json_text.h"
#include "spec/base/text.h"

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
		magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is a block");

#define OCTAL_MAX(digits) ((UINT64_C(1) << (3 * (digits))) - 1)

/* All digits but one, which is NUL. The value must fit. */
static void put_octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	while (size-- > 0) {
		field[size] = (char)('0' + value % 8);
		value /= 8;
	}
}

/* Beyond 8 GiB as all tars have it, though POSIX does not: base 256, with the highest bit set. */
static void put_size(char field[12], uint64_t size)
{
	if (size <= OCTAL_MAX(11)) {
		put_octal(field, 12, size);
		return;
	}
	for (int i = 11; i > 0; i--) {
		field[i] = (char)(size & 0xff);
		size >>= 8;
	}
	field[0] = (char)0x80;
}

static void put_checksum(struct ustar *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	memset(header->checksum, ' ', sizeof header->checksum);
	for (size_t i = 0; i < sizeof *header; i++)
		sum += bytes[i];
	put_octal(header->checksum, sizeof header->checksum - 1, sum);
}

static void begin_header(struct ustar *header, char type, mode_t mode, uint64_t mtime)
{
	memset(header, 0, sizeof *header);
	header->type = type;
	memcpy(header->magic, "ustar", sizeof header->magic);
	memcpy(header->version, "00", sizeof header->version);
	put_octal(header->mode, sizeof header->mode, mode & 07777);
	put_octal(header->uid, sizeof header->uid, 0);
	put_octal(header->gid, sizeof header->gid, 0);
	put_octal(header->mtime, sizeof header->mtime, mtime);
	put_octal(header->major, sizeof header->major, 0);
	put_octal(header->minor, sizeof header->minor, 0);
	put_size(header->size, 0);
}

void pack_tar_file_header(char ret[TAR_BLOCK], const char *name, uint64_t size, int64_t mtime)
{
	struct ustar header;

	begin_header(&header, '0', 0644, mtime < 0 ? 0 : (uint64_t)mtime & OCTAL_MAX(11));
	memcpy(header.name, name, strnlen(name, sizeof header.name));
	put_size(header.size, size);
	put_checksum(&header);
	memcpy(ret, &header, sizeof header);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts its own digits. */
static void add_record(struct buffer *records, const char *key, const void *value, size_t size)
{
	size_t rest = strlen(key) + size + 3; /* the space, "=" and the newline */
	size_t length = rest + 1;

	while (length != rest + (size_t)snprintf(NULL, 0, "%zu", length))
		length = rest + (size_t)snprintf(NULL, 0, "%zu", length);
	buffer_print(records, "%zu %s=", length, key);
	buffer_add(records, value, size);
	buffer_add(records, "\n", 1);
}

static void add_number(struct buffer *records, const char *key, uint64_t number)
{
	char text[24];

	add_record(records, key, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, number));
}

static bool is_utf8(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t size = utf8_sequence(text, left);

		if (!size)
			return false;
		text += size;
		left -= size;
	}
	return true;
}

/* A number that fits goes into its field, another into a record. */
static void put_number(char *field, size_t size, uint64_t number, struct buffer *records,
		       const char *key)
{
	if (number <= OCTAL_MAX(size - 1))
		put_octal(field, size, number);
	else
		add_number(records, key, number);
}

/* Seconds with what is behind the point, without zeros at its end. */
static void put_mtime(struct ustar *header, const struct timespec *mtime, struct buffer *records)
{
	bool fits = mtime->tv_sec >= 0 && (uint64_t)mtime->tv_sec <= OCTAL_MAX(11);
	int64_t seconds = mtime->tv_sec;
	long nanoseconds = mtime->tv_nsec;
	char text[48];

	put_octal(header->mtime, sizeof header->mtime, fits ? (uint64_t)seconds : 0);
	if (fits && nanoseconds == 0)
		return;
	bool negative = seconds < 0;
	if (negative && nanoseconds > 0) {
		seconds++;
		nanoseconds = 1000000000 - nanoseconds;
	}
	int used = snprintf(text, sizeof text, "%s%" PRIu64 ".%09ld", negative ? "-" : "",
			    negative ? -(uint64_t)seconds : (uint64_t)seconds, nanoseconds);
	while (text[used - 1] == '0')
		used--;
	if (text[used - 1] == '.')
		used--;
	add_record(records, "mtime", text, (size_t)used);
}

/* Into name, or prefix and name with a slash between them; false: it has no such place for its slash. */
static bool put_name(struct ustar *header, const char *name, size_t length)
{
	if (length <= sizeof header->name) {
		memcpy(header->name, name, length);
		return true;
	}
	/* What follows the slash must fit, and the slash of a directory at the end is no place. */
	const char *last = name + length - 1;
	const char *slash = last - sizeof header->name;
	if (slash < name)
		slash = name;
	while (slash < last && *slash != '/')
		slash++;
	if (slash >= last || slash == name || (size_t)(slash - name) > sizeof header->prefix)
		return false;
	memcpy(header->prefix, name, (size_t)(slash - name));
	memcpy(header->name, slash + 1, (size_t)(name + length - slash - 1));
	return true;
}

/* The path with a slash behind a directory's; the root is "./". */
static int put_path(struct ustar *header, const struct entry *entry, struct buffer *records,
		    struct error *err)
{
	struct buffer path = { 0 };

	buffer_print(&path, "%s", *entry->path ? entry->path : ".");
	if (S_ISDIR(entry->mode))
		buffer_add(&path, "/", 1);
	if (path.failed)
		return error_errno(err, ENOMEM, "tar");
	if (!put_name(header, path.text, path.length)) {
		if (!is_utf8(path.text))
			add_record(records, "hdrcharset", "BINARY", 6);
		add_record(records, "path", path.text, path.length);
		/* For readers that do not know records; what is cut is all the same a relative path. */
		memcpy(header->name, path.text, sizeof header->name);
	}
	buffer_finish(&path);
	return 0;
}

static void put_link(struct ustar *header, const char *link, struct buffer *records)
{
	size_t length = strlen(link);

	memcpy(header->link, link, length < sizeof header->link ? length : sizeof header->link);
	if (length <= sizeof header->link)
		return;
	if (!is_utf8(link))
		add_record(records, "hdrcharset", "BINARY", 6);
	add_record(records, "linkpath", link, length);
}

static int add_xattrs(const struct entry *entry, struct buffer *records, struct error *err)
{
	for (size_t i = 0; i < entry->n_xattrs; i++) {
		const struct entry_xattr *xattr = &entry->xattrs[i];
		char key[sizeof "SCHILY.xattr." + 256];

		if (strchr(xattr->name, '='))
			return error_set(err, EINVAL, "a layer cannot have the xattr '%s'",
					 xattr->name);
		snprintf(key, sizeof key, "SCHILY.xattr.%s", xattr->name);
		add_record(records, key, xattr->value, xattr->size);
	}
	return 0;
}

static char type_of(const struct entry *entry)
{
	if (entry->hardlink)
		return '1';
	switch (entry->mode & S_IFMT) {
	case S_IFLNK:
		return '2';
	case S_IFCHR:
		return '3';
	case S_IFBLK:
		return '4';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

static int fill_header(struct ustar *header, const struct entry *entry, struct buffer *records,
		       struct error *err)
{
	begin_header(header, type_of(entry), entry->mode, 0);
	if (put_path(header, entry, records, err))
		return -1;
	if (entry->link)
		put_link(header, entry->link, records);
	put_number(header->uid, sizeof header->uid, entry->uid, records, "uid");
	put_number(header->gid, sizeof header->gid, entry->gid, records, "gid");
	if (header->type == '0')
		put_number(header->size, sizeof header->size, (uint64_t)entry->size, records,
			   "size");
	put_octal(header->major, sizeof header->major, entry->major);
	put_octal(header->minor, sizeof header->minor, entry->minor);
	put_mtime(header, &entry->mtime, records);
	put_checksum(header);
	return entry->hardlink ? 0 : add_xattrs(entry, records, err);
}

static int write_records(struct pack_stream *stream, const struct buffer *records,
			 struct error *err)
{
	struct ustar header;

	if (records->failed)
		return error_errno(err, ENOMEM, "tar");
	if (!records->length)
		return 0;
	begin_header(&header, 'x', 0644, 0);
	memcpy(header.name, "PaxHeaders", sizeof "PaxHeaders");
	put_size(header.size, records->length);
	put_checksum(&header);
	if (pack_stream_write(stream, &header, sizeof header, err) ||
	    pack_stream_write(stream, records->text, records->length, err))
		return -1;
	return pack_tar_pad(stream, records->length, err);
}

int pack_tar_entry(struct pack_stream *stream, const struct entry *entry, struct error *err)
{
	struct buffer records = { 0 };
	struct ustar header;
	int result = -1;

	if (fill_header(&header, entry, &records, err) == 0 &&
	    write_records(stream, &records, err) == 0)
		result = pack_stream_write(stream, &header, sizeof header, err);
	buffer_finish(&records);
	return result;
}

int pack_tar_pad(struct pack_stream *stream, uint64_t size, struct error *err)
{
	static const char zeros[TAR_BLOCK];
	size_t over = (size_t)(size % TAR_BLOCK);

	return over ? pack_stream_write(stream, zeros, TAR_BLOCK - over, err) : 0;
}

int pack_tar_end(struct pack_stream *stream, struct error *err)
{
	static const char zeros[2 * TAR_BLOCK];

	return pack_stream_write(stream, zeros, sizeof zeros, err);
}
