/* The members of archives as regions, made header by header. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "imgtool/image/archive_header.h"
#include "imgtool/image/archive_members.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

static const char posix[8] = { 'u', 's', 't', 'a', 'r', 0, '0', '0' };

/* Appends a member whose header is right; @content also in the header's size. */
static void add(int fd, char type, const char *name, const char *link, const char *content)
{
	char block[ARCHIVE_BLOCK] = { 0 }, padding[ARCHIVE_BLOCK] = { 0 };
	size_t length = strlen(content);
	unsigned sum = 0;

	snprintf(block, 100, "%s", name);
	snprintf(block + 124, 12, "%011o", (unsigned)length);
	memset(block + 148, ' ', 8);
	block[156] = type;
	snprintf(block + 157, 100, "%s", link);
	memcpy(block + 257, posix, sizeof posix);
	for (size_t i = 0; i < sizeof block; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	assert_int_equal(write_all(fd, block, sizeof block), 0);
	assert_int_equal(write_all(fd, content, length), 0);
	assert_int_equal(write_all(fd, padding,
				   (sizeof padding - length % sizeof padding) % sizeof padding),
			 0);
}

static int new_archive(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void finish(struct archive_members **members)
{
	archive_members_free(*members);
}

/* What @name leads to, as text; the error's when it leads to none. */
static const char *content(int fd, const struct archive_members *members, const char *name)
{
	static char text[1024];
	struct error err = { 0 };
	uint64_t offset, size;

	if (archive_members_find(members, name, &offset, &size, &err)) {
		snprintf(text, sizeof text, "%s", err.msg);
		return text;
	}
	assert_true(size < sizeof text);
	assert_int_equal(pread(fd, text, (size_t)size, (off_t)offset), size);
	text[size] = '\0';
	return text;
}

static void names_are_found_however_they_are_written(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, '5', "./", "", "");
	add(fd, '5', "./folder/", "", "");
	add(fd, '0', "./folder//one", "", "1");
	add(fd, '\0', "/two", "", "2");
	add(fd, '7', "three", "", "3");
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "folder/one"), "1");
	assert_string_equal(content(fd, members, "./folder/./one"), "1");
	assert_string_equal(content(fd, members, "two"), "2");
	assert_string_equal(content(fd, members, "three"), "3");
	assert_non_null(strstr(content(fd, members, "folder"), "is not in the archive"));
	assert_non_null(strstr(content(fd, members, ""), "is not in the archive"));
	assert_non_null(strstr(content(fd, members, "../two"), "'../two'"));
}

static void the_last_of_a_name_counts(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, '0', "a", "", "first");
	add(fd, '0', "b", "", "b");
	add(fd, '0', "./a", "", "second");
	add(fd, '0', "a", "", "third");
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "a"), "third");
	assert_string_equal(content(fd, members, "b"), "b");
}

static void links_are_followed_among_the_members(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, '0', "a/file", "", "content");
	add(fd, '2', "b/link", "../a/file", "");
	add(fd, '1', "c/hard", "a/file", "");
	add(fd, '2', "d", "b/link", "");
	add(fd, '2', "out", "../a/file", "");
	add(fd, '2', "absolute", "/a/file", "");
	add(fd, '2', "loop", "loop", "");
	add(fd, '1', "hard-loop", "hard-loop", "");
	add(fd, '1', "hard-out", "../x", "");
	add(fd, '2', "dangling", "nothing", "");
	add(fd, '3', "device", "", "");
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "b/link"), "content");
	assert_string_equal(content(fd, members, "c/hard"), "content");
	assert_string_equal(content(fd, members, "d"), "content");
	assert_string_equal(content(fd, members, "out"),
			    "'out' is a link that leads out of the archive");
	assert_string_equal(content(fd, members, "absolute"),
			    "'absolute' is a link that leads out of the archive");
	assert_string_equal(content(fd, members, "hard-out"),
			    "'hard-out' is a link that leads out of the archive");
	assert_string_equal(content(fd, members, "loop"),
			    "'loop': too many levels of symbolic links");
	assert_string_equal(content(fd, members, "hard-loop"),
			    "'hard-loop': too many levels of symbolic links");
	assert_string_equal(content(fd, members, "dangling"), "'nothing' is not in the archive");
	assert_string_equal(content(fd, members, "device"), "'device' is not a regular file");
}

static void parents_in_names_hide_a_member(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, '0', "a/../b", "", "hidden");
	add(fd, '0', "../b", "", "hidden");
	add(fd, '0', "..b", "", "seen");
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "b"), "'b' is not in the archive");
	assert_string_equal(content(fd, members, "..b"), "seen");
}

static void long_names_are_for_the_next_member(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, 'L', "././@LongLink", "", "a/long/name");
	add(fd, 'g', "global", "", "16 comment=none\n");
	add(fd, '0', "a/lon", "", "1");
	add(fd, 'x', "PaxHeaders/x", "", "12 path=pax\n");
	add(fd, '0', "b", "", "2");
	add(fd, '0', "c", "", "3");
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "a/long/name"), "1");
	assert_string_equal(content(fd, members, "pax"), "2");
	assert_string_equal(content(fd, members, "c"), "3");
	assert_string_equal(content(fd, members, "b"), "'b' is not in the archive");
}

static void not_an_archive(int fd, const char *words)
{
	struct error err = { 0 };

	assert_null(archive_members_read(fd, &err));
	if (!strstr(err.msg, words))
		fail_msg("'%s' does not say '%s'", err.msg, words);
}

static void what_is_cut_off_or_no_archive(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	not_an_archive(fd, "is a tar without files");
	add(fd, '0', "a", "", "content");
	assert_int_equal(ftruncate(fd, 515), 0);
	not_an_archive(fd, "the archive is cut off");
	assert_int_equal(ftruncate(fd, 500), 0);
	not_an_archive(fd, "the archive is cut off");
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(write_all(fd, "text", 4), 0);
	assert_int_equal(ftruncate(fd, 512), 0);
	not_an_archive(fd, "its checksum is wrong");
}

static void the_padding_of_the_last_member_may_be_missing(void **unused)
{
	owned_fd fd = new_archive();

	(void)unused;
	add(fd, '0', "a", "", "content");
	assert_int_equal(ftruncate(fd, ARCHIVE_BLOCK + 7), 0);
	OWNED(finish) struct archive_members *members = archive_members_read(fd, NULL);
	assert_string_equal(content(fd, members, "a"), "content");
}

static void names_are_bounded(void **unused)
{
	owned_fd fd = new_archive();
	owned_string name = malloc(ARCHIVE_NAME_MAX + 2);

	(void)unused;
	memset(name, 'n', ARCHIVE_NAME_MAX + 1);
	name[ARCHIVE_NAME_MAX + 1] = '\0';
	add(fd, 'L', "", "", name);
	add(fd, '0', "a", "", "");
	not_an_archive(fd, "a name of 4097 bytes is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_however_they_are_written),
		cmocka_unit_test(the_last_of_a_name_counts),
		cmocka_unit_test(links_are_followed_among_the_members),
		cmocka_unit_test(parents_in_names_hide_a_member),
		cmocka_unit_test(long_names_are_for_the_next_member),
		cmocka_unit_test(what_is_cut_off_or_no_archive),
		cmocka_unit_test(the_padding_of_the_last_member_may_be_missing),
		cmocka_unit_test(names_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
