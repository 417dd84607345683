#include "imgtool/image/archive_spool.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/interrupt.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

enum { READ_SIZE = 256 * 1024 };

static void owned_archive_free(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

bool archive_is_compressed(int fd)
{
	static const struct {
		unsigned char bytes[6];
		ssize_t length;
	} beginnings[] = {
		{ { 0x1f, 0x8b }, 2 },
		{ { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
		{ { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6 },
		{ { 'B', 'Z', 'h' }, 3 },
	};
	unsigned char found[6];
	ssize_t got = pread(fd, found, sizeof found, 0);

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (got >= beginnings[i].length &&
		    memcmp(found, beginnings[i].bytes, (size_t)beginnings[i].length) == 0)
			return true;
	return false;
}

/* Some file systems have no O_TMPFILE: there the name is taken away at once. */
static int open_temporary(struct error *err)
{
	const char *set = secure_getenv("TMPDIR");
	const char *folder = set && *set ? set : "/var/tmp";
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return error_errno(err, errno, "create a temporary file in %s", folder);
	owned_string name = text_format("%s/imgtool.XXXXXX", folder);
	if (!name)
		return error_errno(err, ENOMEM, "create a temporary file");
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "create %s", name);
	unlink(name);
	return fd;
}

/* A filter that the library lacks would be a program of the host: such a one is not taken. */
static int add_filters(struct archive *archive, struct error *err)
{
	if (archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(archive) != ARCHIVE_OK ||
	    archive_read_support_format_raw(archive) != ARCHIVE_OK)
		return error_set(err, ENOTSUP,
				 "libarchive was built without gzip, zstd, xz or bzip2");
	return 0;
}

static int libarchive_failed(struct archive *archive, struct error *err)
{
	const char *words = archive_error_string(archive);

	return error_set(err, EINVAL, "decompress: %s", words ? words : "failed");
}

static int copy(struct archive *archive, int to, uint64_t max, struct error *err)
{
	uint64_t total = 0;
	const void *data;
	size_t length;
	la_int64_t offset;
	int status;

	while ((status = archive_read_data_block(archive, &data, &length, &offset)) == ARCHIVE_OK) {
		total += length;
		if (total > max)
			return error_set(err, EFBIG, "decompress: is larger than %" PRIu64 " bytes",
					 max);
		if (interrupt_check(err))
			return -1;
		if (write_all(to, data, length)) {
			error_errno(err, errno, "write to a temporary file");
			return error_hint(err, "TMPDIR names the folder for it");
		}
	}
	return status == ARCHIVE_EOF ? 0 : libarchive_failed(archive, err);
}

int archive_spool(int fd, uint64_t max, struct error *err)
{
	OWNED(owned_archive_free) struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	if (!archive)
		return error_errno(err, ENOMEM, "decompress");
	if (add_filters(archive, err))
		return -1;
	if (archive_read_open_fd(archive, fd, READ_SIZE) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return libarchive_failed(archive, err);
	/* The last filter is the file itself. */
	if (archive_filter_count(archive) < 2)
		return error_set(err, EINVAL, "decompress: its header is wrong");
	owned_fd to = open_temporary(err);
	if (to < 0)
		return -1;
	return copy(archive, to, max, err) ? -1 : take_fd(&to);
}
