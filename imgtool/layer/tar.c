#include "imgtool/layer/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/layer/tar_entry.h"

#define BLOCK 512

/* Most bytes of one special header: a long name, or attributes. libarchive would take more, and its time for ACLs grows
 * with the square of their number. */
#define SPECIAL_MAX (ENTRY_XATTRS_MAX + 2 * ENTRY_NAME_MAX)
/* Most bytes that are handed out between one entry's data and the next: special headers, and sparse maps, of which
 * libarchive keeps up to twelve times as much. */
#define HEADER_MAX ((size_t)1 << 20)

/* What plain_read has given last, and where in the stream it begins. Pieces are whole blocks, but for the last. */
struct piece {
	const unsigned char *bytes;
	size_t length;
	uint64_t at;
};

struct tar {
	struct plain *plain;
	struct archive *archive;
	locale_t locale;
	struct error failure; /* what a callback could not say; code 0: nothing */
	struct piece piece;
	bool in_header;
	uint64_t special_at; /* where the next header begins, that may be a special one */
	size_t header_size;  /* bytes handed out since the header began */
	bool has_entry, ended;
	uint64_t total_size; /* of the files so far, holes included */
	struct tar_entry entry;
	int64_t data_done; /* bytes of the entry's content so far */
	int64_t data_end;  /* where in the file the last of them ended */
};

/* ---- libarchive's side ---- */

/* The number of a header's field, in octal digits or base 256; what is neither libarchive refuses. */
static uint64_t field_number(const unsigned char *field, size_t size)
{
	uint64_t number = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		for (i = 1; i < size; i++)
			number = number >> 56 ? UINT64_MAX >> 1 : number << 8 | field[i];
		return number;
	}
	while (i < size && field[i] == ' ')
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		number = number << 3 | (uint64_t)(field[i] - '0');
	return number;
}

/* The special headers before an entry, as far as the piece reaches. */
static int check_special_headers(struct tar *tar)
{
	const struct piece *piece = &tar->piece;

	while (tar->special_at >= piece->at &&
	       tar->special_at + BLOCK <= piece->at + piece->length) {
		const unsigned char *block = piece->bytes + (tar->special_at - piece->at);

		if (!block[156] || !strchr("xXgLKAV", block[156])) {
			tar->special_at = UINT64_MAX - BLOCK;
			break;
		}
		uint64_t size = field_number(block + 124, 12);
		if (size > SPECIAL_MAX)
			return error_set(&tar->failure, E2BIG,
					 "tar: a name or attributes of %" PRIu64
					 " bytes are more than the %u allowed",
					 size, SPECIAL_MAX);
		tar->special_at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return 0;
}

static la_ssize_t give(struct archive *archive, void *of, const void **ret)
{
	struct tar *tar = of;

	if (tar->in_header && tar->header_size >= HEADER_MAX) {
		error_set(
			&tar->failure, E2BIG,
			"tar: what comes before the content of one entry takes more than %zu bytes",
			HEADER_MAX);
		goto failed;
	}
	ssize_t got = plain_read(tar->plain, ret, &tar->failure);
	if (got < 0)
		goto failed;
	if (got == 0)
		return 0;
	tar->piece = (struct piece){ *ret, (size_t)got, tar->piece.at + tar->piece.length };
	tar->header_size += (size_t)got;
	if (tar->in_header && check_special_headers(tar))
		goto failed;
	return got;
failed:
	archive_set_error(archive, tar->failure.code, "read");
	return ARCHIVE_FATAL;
}

/* All that follows the end of the archive, so that the digests are checked. */
static int read_rest(struct plain *plain, struct error *err)
{
	const void *piece;
	ssize_t got;

	do
		got = plain_read(plain, &piece, err);
	while (got > 0);
	return (int)got;
}

/* What is wrong with the archive, or what a callback has found. When it is damaged (EBADMSG), that it is not the one that
 * the image means comes first: its maker did nothing wrong. */
static int fail(struct tar *tar, int code, const char *what, struct error *err)
{
	if (!tar->failure.code && code == EBADMSG)
		(void)read_rest(tar->plain, &tar->failure);
	if (tar->failure.code) {
		if (err)
			*err = tar->failure;
		return -1;
	}
	if (!tar->has_entry)
		return error_set(err, code, "tar: %s", what);
	return error_set(err, code, "tar: at or behind '%.200s': %s", tar->entry.path, what);
}

static int fail_archive(struct tar *tar, struct error *err)
{
	const char *what = archive_error_string(tar->archive);

	return fail(tar, EBADMSG, what ? what : "damaged", err);
}

static int open_archive(struct tar *tar, struct error *err)
{
	tar->archive = archive_read_new();
	/* libarchive turns the names of a PAX header, which should be UTF-8, into the locale's characters, and gives those
	 * that it cannot turn as they are. In this locale it gives all names as they are. */
	tar->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!tar->archive || !tar->locale)
		return error_errno(err, ENOMEM, "tar");
	if (archive_read_support_format_tar(tar->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(tar->archive) != ARCHIVE_OK ||
	    archive_read_open2(tar->archive, tar, NULL, give, NULL, NULL) != ARCHIVE_OK)
		return fail_archive(tar, err);
	return 0;
}

struct tar *tar_open(struct plain *plain, struct error *err)
{
	struct tar *tar = calloc(1, sizeof *tar);

	if (!tar) {
		error_errno(err, ENOMEM, "tar");
		return NULL;
	}
	tar->plain = plain;
	if (open_archive(tar, err)) {
		tar_close(tar);
		return NULL;
	}
	return tar;
}

void tar_close(struct tar *tar)
{
	if (!tar)
		return;
	archive_read_free(tar->archive);
	if (tar->locale)
		freelocale(tar->locale);
	tar_entry_finish(&tar->entry);
	free(tar);
}

/* ---- the next entry ---- */

/* A size that stands in an extension only, or an old sparse map, could still make libarchive skip some. */
static int check_no_data(struct tar *tar, struct error *err)
{
	const void *data;
	size_t length;
	la_int64_t offset;

	switch (archive_read_data_block(tar->archive, &data, &length, &offset)) {
	case ARCHIVE_EOF:
		return 0;
	case ARCHIVE_OK:
		return fail(tar, EBADMSG, "content of what should have none", err);
	default:
		return fail_archive(tar, err);
	}
}

/* The rest of the last entry's content. libarchive goes by the map of a sparse file: content that is in no map would
 * become headers. Where the next one begins shows it, but for whole blocks. */
static int finish_entry(struct tar *tar, struct error *err)
{
	if (!tar->has_entry)
		return 0;
	if (archive_read_data_skip(tar->archive) < ARCHIVE_OK)
		return fail_archive(tar, err);
	if (archive_filter_bytes(tar->archive, 0) % BLOCK != 0)
		return fail(tar, EBADMSG, "a sparse map of less than the content", err);
	return 0;
}

static int next_header(struct tar *tar, struct archive_entry **ret)
{
	tar->header_size = 0;
	tar->special_at = (uint64_t)archive_filter_bytes(tar->archive, 0);
	if (check_special_headers(tar))
		return ARCHIVE_FATAL;
	locale_t before = uselocale(tar->locale);

	tar->in_header = true;
	archive_clear_error(tar->archive);
	int result = archive_read_next_header(tar->archive, ret);
	tar->in_header = false;
	uselocale(before);
	return result;
}

/* Whether @result is one for an entry that is as the archive has it. libarchive makes warnings of much that is
 * damage, and notes a bad ACL without one; that a name is not in the characters of the locale is what we want. */
static bool is_whole(struct tar *tar, int result)
{
	int code = archive_errno(tar->archive);

	return (result == ARCHIVE_OK && code == 0) ||
	       ((result == ARCHIVE_OK || result == ARCHIVE_WARN) && code == EILSEQ);
}

static int take_entry(struct tar *tar, struct archive_entry *from, struct error *err)
{
	uint64_t max = plain_max_size(tar->plain);
	struct error found = { 0 };

	tar->has_entry = true;
	tar->data_done = tar->data_end = 0;
	if (tar_entry_fill(&tar->entry, from, &found))
		return fail(tar, found.code, found.msg, err);
	uint64_t size = (uint64_t)tar->entry.entry.size;
	if (size > max - tar->total_size)
		return error_set(err, EFBIG,
				 "has files of more than %" PRIu64
				 " bytes, holes included; --max-size allows more",
				 max);
	tar->total_size += size;
	return tar->entry.data_size ? 0 : check_no_data(tar, err);
}

int tar_next(struct tar *tar, const struct entry **ret, struct error *err)
{
	struct archive_entry *from;

	if (tar->ended)
		return 0;
	if (finish_entry(tar, err))
		return -1;
	int result = next_header(tar, &from);
	if (result == ARCHIVE_EOF) {
		if (read_rest(tar->plain, err))
			return -1;
		tar->ended = true;
		return 0;
	}
	if (!is_whole(tar, result))
		return fail_archive(tar, err);
	if (take_entry(tar, from, err))
		return -1;
	*ret = &tar->entry.entry;
	return 1;
}

int tar_data(struct tar *tar, const void **ret, size_t *length, int64_t *offset, struct error *err)
{
	la_int64_t at;
	int result = archive_read_data_block(tar->archive, ret, length, &at);

	if (result == ARCHIVE_EOF) {
		if (tar->data_done != tar->entry.data_size)
			return fail(tar, EBADMSG, "the content is not as long as it says", err);
		return 0;
	}
	if (result != ARCHIVE_OK)
		return fail_archive(tar, err);
	int64_t size = tar->entry.entry.size;
	if (at < tar->data_end || at > size || *length > (uint64_t)(size - at))
		return fail(tar, EBADMSG, "a sparse map out of order or beyond the file", err);
	tar->data_done += (int64_t)*length;
	tar->data_end = at + (int64_t)*length;
	*offset = at;
	return 1;
}
