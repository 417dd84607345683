/* Entries as a tar: what our reader makes of what our writer wrote, and the bytes where they matter. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgtool/layer/plain.h"
#include "imgtool/layer/tar.h"
#include "imgtool/pack/tar.h"
#include "spec/base/owned.h"

struct written {
	int fd;
	struct packed packed;
};

/* An archive of that entry alone, a regular file with zeros. */
static struct written write_entry(const struct entry *entry)
{
	struct error err = { 0 };
	struct written written = { .fd = memfd_create("tar", MFD_CLOEXEC) };
	struct pack_stream *stream = pack_stream_open(written.fd, 0, COMPRESSION_NONE, -1, &err);
	owned_string content = calloc(1, (size_t)entry->size + 1);

	assert_non_null(stream);
	assert_int_equal(pack_tar_entry(stream, entry, &err), 0);
	if (S_ISREG(entry->mode) && !entry->hardlink) {
		assert_int_equal(pack_stream_write(stream, content, (size_t)entry->size, &err), 0);
		assert_int_equal(pack_tar_pad(stream, (uint64_t)entry->size, &err), 0);
	}
	assert_int_equal(pack_tar_end(stream, &err), 0);
	assert_int_equal(pack_stream_end(stream, &written.packed, &err), 0);
	assert_int_equal(written.packed.size % TAR_BLOCK, 0);
	return written;
}

/* What the sources of both have in common. */
static void expect_same(const struct entry *is, const struct entry *expected)
{
	assert_string_equal(is->path, expected->path);
	assert_string_equal(is->link ? is->link : "", expected->link ? expected->link : "");
	assert_int_equal(is->hardlink, expected->hardlink);
	if (!expected->hardlink)
		assert_int_equal(is->mode, expected->mode);
	assert_int_equal(is->uid, expected->uid);
	assert_int_equal(is->gid, expected->gid);
	if (S_ISCHR(expected->mode) || S_ISBLK(expected->mode)) {
		assert_int_equal(is->major, expected->major);
		assert_int_equal(is->minor, expected->minor);
	}
	assert_int_equal(is->mtime.tv_sec, expected->mtime.tv_sec);
	assert_int_equal(is->mtime.tv_nsec, expected->mtime.tv_nsec);
	assert_int_equal(is->size, expected->size);
	assert_int_equal(is->n_xattrs, expected->n_xattrs);
	for (size_t i = 0; i < expected->n_xattrs; i++) {
		assert_string_equal(is->xattrs[i].name, expected->xattrs[i].name);
		assert_int_equal(is->xattrs[i].size, expected->xattrs[i].size);
		assert_memory_equal(is->xattrs[i].value, expected->xattrs[i].value,
				    expected->xattrs[i].size);
	}
}

static void check_round(const struct entry *entry)
{
	struct error err = { 0 };
	struct written written = write_entry(entry);
	struct layer layer = { .blob = { .fd = written.fd,
					 .size = written.packed.size,
					 .digest = written.packed.digest },
			       .diff_id = written.packed.diff_id };
	struct plain_options options = { .max_size = UINT64_MAX };
	struct plain *plain = plain_open(&layer, &options, &err);
	struct tar *tar = tar_open(plain, &err);
	const struct entry *read_again;

	assert_non_null(tar);
	assert_int_equal(tar_next(tar, &read_again, &err), 1);
	expect_same(read_again, entry);
	assert_int_equal(tar_next(tar, &read_again, &err), 0);
	tar_close(tar);
	plain_close(plain);
	close(written.fd);
}

static struct entry file(const char *path)
{
	return (struct entry){ .path = (char *)path, .mode = S_IFREG | 0644 };
}

static void every_kind_of_file(void **unused)
{
	struct entry entry = file("a/b");

	(void)unused;
	entry.mode = S_IFREG | 06755;
	entry.size = 700;
	entry.uid = 1000;
	entry.gid = 2000;
	entry.mtime.tv_sec = 1700000000;
	check_round(&entry);
	entry.size = 0;
	entry.mode = S_IFDIR | 01777;
	check_round(&entry);
	entry.path = (char *)"";
	check_round(&entry);
	entry.path = (char *)"x";
	entry.mode = S_IFIFO | 0600;
	check_round(&entry);
	entry.mode = S_IFCHR | 0600;
	entry.major = 4095;
	entry.minor = 1048575;
	check_round(&entry);
	entry.mode = S_IFBLK | 0600;
	check_round(&entry);
	entry.mode = S_IFLNK | 0777;
	entry.link = (char *)"../etc/passwd";
	check_round(&entry);
	entry.mode = S_IFREG | 0644;
	entry.hardlink = true;
	entry.link = (char *)"a/b";
	check_round(&entry);
}

/* For the caller to free. */
static char *name_of(size_t length, size_t slash_every)
{
	char *name = malloc(length + 1);

	assert_non_null(name);
	for (size_t i = 0; i < length; i++)
		name[i] = slash_every && i % slash_every == slash_every - 1 ? '/' : 'n';
	name[length - 1] = 'e';
	name[length] = '\0';
	return name;
}

static void names_of_every_length(void **unused)
{
	static const size_t lengths[] = { 1,   98,  99,	 100, 101, 102, 150, 199,  200,
					  201, 254, 255, 256, 257, 258, 300, 4095, 32768 };
	static const size_t parts[] = { 0, 2, 50, 98, 99, 100, 101, 102, 155, 156, 157 };

	(void)unused;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (size_t j = 0; j < sizeof parts / sizeof *parts; j++) {
			owned_string name = name_of(lengths[i], parts[j]);
			struct entry entry = file(name);

			check_round(&entry);
			entry.mode = S_IFDIR | 0755;
			if (lengths[i] < ENTRY_NAME_MAX)
				check_round(&entry);
			entry.mode = S_IFLNK | 0777;
			entry.link = name;
			check_round(&entry);
			entry.mode = S_IFREG;
			entry.hardlink = true;
			check_round(&entry);
		}
}

static void names_of_any_bytes(void **unused)
{
	owned_string name = name_of(300, 0);
	struct entry entry = file("\377\376 \001\n\"\\");

	(void)unused;
	check_round(&entry);
	name[5] = '\377';
	entry.path = name;
	check_round(&entry);
	entry.path = (char *)"x";
	entry.mode = S_IFLNK | 0777;
	entry.link = name;
	check_round(&entry);
	entry.link = (char *)"\303\244";
	check_round(&entry);
}

static void numbers_that_no_field_holds(void **unused)
{
	struct entry entry = file("x");

	(void)unused;
	entry.uid = 2097151;
	entry.gid = 2097152;
	check_round(&entry);
	entry.uid = 4294967294;
	check_round(&entry);
	entry.mtime = (struct timespec){ 8589934591, 0 };
	check_round(&entry);
	entry.mtime = (struct timespec){ 8589934592, 999999999 };
	check_round(&entry);
	entry.mtime = (struct timespec){ 1, 500000000 };
	check_round(&entry);
	entry.mtime = (struct timespec){ 0, 1 };
	check_round(&entry);
	entry.mtime = (struct timespec){ -100, 0 };
	check_round(&entry);
}

static void xattrs_of_any_bytes(void **unused)
{
	struct entry_xattr xattrs[] = {
		{ (char *)"security.capability", (char *)"\1\0\0\2\n=\0", 7 },
		{ (char *)"user.empty", (char *)"", 0 },
		{ (char *)"user.x", (char *)"1", 1 },
	};
	struct entry entry = file("x");

	(void)unused;
	entry.xattrs = xattrs;
	entry.n_xattrs = 3;
	check_round(&entry);
	entry.mode = S_IFDIR | 0755;
	check_round(&entry);
}

static void an_xattr_that_cannot_be_said_is_refused(void **unused)
{
	struct entry_xattr xattr = { (char *)"user.a=b", (char *)"1", 1 };
	struct entry entry = file("x");
	struct error err = { 0 };
	owned_fd fd = memfd_create("tar", MFD_CLOEXEC);
	struct pack_stream *stream = pack_stream_open(fd, 0, COMPRESSION_NONE, -1, &err);

	(void)unused;
	entry.xattrs = &xattr;
	entry.n_xattrs = 1;
	assert_int_equal(pack_tar_entry(stream, &entry, &err), -1);
	assert_string_equal(err.msg, "a layer cannot have the xattr 'user.a=b'");
	pack_stream_drop(stream);
}

/* Around 100 bytes its own digits become one more. */
static void the_length_of_a_record_counts_itself(void **unused)
{
	struct entry entry = file("x");
	char record[TAR_BLOCK] = "";

	(void)unused;
	entry.mtime = (struct timespec){ 1700000000, 120000000 };
	struct written written = write_entry(&entry);
	assert_int_equal(pread(written.fd, record, sizeof record, TAR_BLOCK), TAR_BLOCK);
	assert_string_equal(record, "23 mtime=1700000000.12\n");
	close(written.fd);

	for (size_t length = 85; length < 100; length++) {
		owned_string value = name_of(length, 0);
		struct entry_xattr xattr = { (char *)"user.a", value, length };

		entry.xattrs = &xattr;
		entry.n_xattrs = 1;
		check_round(&entry);
	}
}

static void a_plain_file_has_one_header(void **unused)
{
	struct entry entry = file("a");
	char block[TAR_BLOCK];

	(void)unused;
	entry.mtime.tv_sec = 8;
	struct written written = write_entry(&entry);
	assert_int_equal(written.packed.size, 3 * TAR_BLOCK);
	assert_int_equal(pread(written.fd, block, sizeof block, 0), TAR_BLOCK);
	assert_memory_equal(block, "a\0", 2);
	assert_memory_equal(block + 100,
			    "0000644\0"
			    "0000000\0"
			    "0000000\0"
			    "00000000000\0"
			    "00000000010\0",
			    48);
	assert_memory_equal(block + 156, "0", 1);
	/* Names of users stay out, since they are the host's. */
	assert_memory_equal(block + 257, "ustar\00000\0\0\0\0", 12);
	close(written.fd);
}

static void a_file_of_an_archive_may_be_large(void **unused)
{
	static const unsigned char large[12] = { 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1 };
	char header[TAR_BLOCK];

	(void)unused;
	pack_tar_file_header(header, "name", UINT64_C(8589934591), 0);
	assert_memory_equal(header + 124, "77777777777\0", 12);
	pack_tar_file_header(header, "name", UINT64_C(8589934593), 0);
	assert_memory_equal(header + 124, large, sizeof large);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_file),
		cmocka_unit_test(names_of_every_length),
		cmocka_unit_test(names_of_any_bytes),
		cmocka_unit_test(numbers_that_no_field_holds),
		cmocka_unit_test(xattrs_of_any_bytes),
		cmocka_unit_test(an_xattr_that_cannot_be_said_is_refused),
		cmocka_unit_test(the_length_of_a_record_counts_itself),
		cmocka_unit_test(a_plain_file_has_one_header),
		cmocka_unit_test(a_file_of_an_archive_may_be_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
