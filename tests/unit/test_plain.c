/* Layers read to their end: every compression, digests and sizes that lie, bombs, and ends before the end. */
#include "imgtool/layer/plain.h"

#include "tests/unit/layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "imgtool/base/interrupt.h"

#define WRONG "sha256:1111111111111111111111111111111111111111111111111111111111111111"

static struct buffer blob, content;
static struct layer layer;
static struct plain_options options;
static struct error err;

static int prepare(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	options = (struct plain_options){ .max_size = 1ull << 30 };
	return 0;
}

static int finish(void **state)
{
	(void)state;
	layer_finish(&layer);
	layer = (struct layer){ .blob.fd = -1 };
	buffer_finish(&blob);
	buffer_finish(&content);
	blob = content = (struct buffer){ 0 };
	return 0;
}

static void fill_content(size_t length)
{
	unsigned seed = 7;

	content.text = malloc(length);
	assert_non_null(content.text);
	content.length = content.capacity = length;
	for (size_t i = 0; i < length; i++) {
		seed = seed * 1103515245 + 12345;
		content.text[i] = (char)(i & 64 ? seed >> 16 : i >> 8);
	}
}

enum how { PLAIN, GZIP, ZSTD };

static void make(enum how how, size_t length)
{
	fill_content(length);
	if (how == GZIP)
		add_gzip(&blob, content.text, length);
	else if (how == ZSTD)
		add_zstd(&blob, content.text, length, 0);
	else
		buffer_add(&blob, content.text, length);
	layer = make_layer(&blob, &content);
}

static unsigned threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* The kernel may still list a thread that has been joined. */
static void expect_no_other_thread(void)
{
	for (int tries = 0; tries < 1000 && threads() > 1; tries++)
		usleep(1000);
	assert_int_equal(threads(), 1);
}

/* To the end. What comes must be the content, as far as it comes. */
static ssize_t read_to_end(void)
{
	struct plain *plain = plain_open(&layer, &options, &err);
	const void *piece;
	size_t length = 0;
	ssize_t got;

	if (!plain)
		return -1;
	while ((got = plain_read(plain, &piece, &err)) > 0) {
		assert_true(length + (size_t)got <= content.length);
		assert_memory_equal(piece, content.text + length, (size_t)got);
		length += (size_t)got;
	}
	/* Once more: it stays so. */
	struct error again = { 0 };
	assert_int_equal(plain_read(plain, &piece, &again), got);
	assert_string_equal(again.msg, got ? err.msg : "");
	plain_close(plain);
	expect_no_other_thread();
	if (got == 0)
		assert_int_equal(length, content.length);
	return got;
}

static void expect_content(void)
{
	if (read_to_end())
		fail_msg("%s", err.msg);
}

static void expect_failure(int code, const char *words)
{
	err = (struct error){ 0 };
	assert_int_equal(read_to_end(), -1);
	if (err.code != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\" and not %d \"%s\"", err.code, err.msg, code, words);
}

static void reads_every_compression(void **state)
{
	(void)state;
	for (enum how how = PLAIN; how <= ZSTD; how++) {
		/* Around the sizes of pieces, and more than the ring holds. */
		static const size_t lengths[] = {
			0, 1, 5, 131072, 524287, 524288, 524289, 9000000
		};

		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			make(how, lengths[i]);
			expect_content();
			finish(NULL);
		}
	}
	make(PLAIN, 1);
}

/* The media type is one thing, the bytes another: they win. */
static void compression_is_what_the_bytes_say(void **state)
{
	(void)state;
	make(GZIP, 100000);
	layer.compression = COMPRESSION_NONE;
	expect_content();
	layer.compression = COMPRESSION_ZSTD;
	expect_content();
	finish(NULL);
	make(PLAIN, 100000);
	layer.compression = COMPRESSION_GZIP;
	expect_content();
}

static void blob_is_a_region_of_a_file(void **state)
{
	struct buffer file = { 0 };

	(void)state;
	fill_content(50000);
	add_gzip(&blob, content.text, content.length);
	layer = make_layer(&blob, &content);
	buffer_add(&file, "before", 6);
	buffer_add(&file, blob.text, blob.length);
	buffer_add(&file, "behind", 6);
	assert_int_equal(pwrite(layer.blob.fd, file.text, file.length, 0), file.length);
	layer.blob.offset = 6;
	expect_content();
	buffer_finish(&file);
}

static void digests_are_checked(void **state)
{
	(void)state;
	for (enum how how = PLAIN; how <= ZSTD; how++) {
		make(how, 100000);
		char *right = layer.blob.digest;
		layer.blob.digest = strdup(WRONG);
		expect_failure(EBADMSG, "its content has the digest");
		free(layer.blob.digest);

		layer.blob.digest = NULL;
		expect_content();
		layer.blob.digest = right;

		right = layer.diff_id;
		layer.diff_id = strdup(WRONG);
		expect_failure(EBADMSG, "its plain content has the digest");
		free(layer.diff_id);
		layer.diff_id = right;
		expect_content();
		finish(NULL);
	}
	make(PLAIN, 1);
}

static void plain_bytes_of_two_wrong_digests(void **state)
{
	(void)state;
	make(PLAIN, 1000);
	free(layer.diff_id);
	free(layer.blob.digest);
	layer.diff_id = strdup(WRONG);
	layer.blob.digest = strdup(WRONG);
	expect_failure(EBADMSG, "digest");
}

static void sha512_beside_sha256(void **state)
{
	char text[DIGEST_MAX] = "sha512:";

	(void)state;
	make(PLAIN, 600000);
	memset(text + 7, '0', 128);
	text[7 + 128] = '\0';
	assert_int_equal(digest_of(text, blob.text, blob.length, text, &err), 0);
	free(layer.blob.digest);
	layer.blob.digest = strdup(text);
	expect_content();
	layer.blob.digest[10] ^= 1;
	expect_failure(EBADMSG, "its content has the digest sha512:");
}

static void diff_id_that_is_not_there(void **state)
{
	(void)state;
	make(PLAIN, 1000);
	free(layer.diff_id);
	layer.diff_id = NULL;
	expect_failure(EINVAL, "no diff_id");
}

static void size_of_more_than_there_is(void **state)
{
	(void)state;
	for (enum how how = PLAIN; how <= ZSTD; how++) {
		make(how, 1000);
		layer.blob.size++;
		expect_failure(EBADMSG, "ends after");
		finish(NULL);
	}
	make(PLAIN, 1000);
	layer.blob.size = UINT64_MAX;
	expect_failure(EOVERFLOW, "cannot be");
	layer.blob.size = INT64_MAX;
	layer.blob.offset = 1;
	expect_failure(EOVERFLOW, "cannot be");
}

static void size_of_less_than_there_is(void **state)
{
	(void)state;
	make(GZIP, 1000);
	layer.blob.size--;
	expect_failure(EBADMSG, "ends early");
	finish(NULL);
	make(PLAIN, 1000);
	layer.blob.size--;
	expect_failure(EBADMSG, "digest");
}

/* Behind the stream, and in the blob's digest: nothing goes unhashed. */
static void what_follows_the_stream(void **state)
{
	(void)state;
	fill_content(1000);
	add_gzip(&blob, content.text, content.length);
	add_zeros(&blob, 700000);
	layer = make_layer(&blob, &content);
	expect_content();
	assert_int_equal(pwrite(layer.blob.fd, "x", 1, (off_t)blob.length - 1), 1);
	expect_failure(EBADMSG, "something else follows");
}

static void no_more_than_the_largest_size(void **state)
{
	(void)state;
	for (enum how how = PLAIN; how <= ZSTD; how++) {
		make(how, 700000);
		options.max_size = 700000;
		expect_content();
		options.max_size--;
		expect_failure(EFBIG, "--max-size");
		finish(NULL);
	}
	make(PLAIN, 1);
}

/* Ten gigabytes of zeros, made of members that are all the same. */
static void bomb(void **state)
{
	struct buffer megabytes = { 0 };
	static char zeros[10 << 20];
	struct rusage usage;

	(void)state;
	add_gzip(&megabytes, zeros, sizeof zeros);
	for (int i = 0; i < 1000; i++)
		buffer_add(&blob, megabytes.text, megabytes.length);
	fill_content(1);
	layer = make_layer(&blob, &content);
	options.max_size = 300 << 20;
	struct plain *plain = plain_open(&layer, &options, &err);
	assert_non_null(plain);
	const void *piece;
	uint64_t length = 0;
	ssize_t got;
	while ((got = plain_read(plain, &piece, &err)) > 0)
		length += (uint64_t)got;
	plain_close(plain);
	assert_int_equal(got, -1);
	assert_int_equal(err.code, EFBIG);
	assert_true(length <= options.max_size);
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true(usage.ru_maxrss < 200 << 10);
	buffer_finish(&megabytes);
}

static void closed_before_the_end(void **state)
{
	(void)state;
	make(GZIP, 20000000);
	for (int reads = 0; reads < 3; reads++) {
		struct plain *plain = plain_open(&layer, &options, &err);
		const void *piece;

		assert_non_null(plain);
		for (int i = 0; i < reads; i++)
			assert_true(plain_read(plain, &piece, &err) > 0);
		plain_close(plain);
		expect_no_other_thread();
	}
	plain_close(NULL);
}

/* A hundred gigabytes of padding: no plain byte comes that could find out that nobody wants it. */
static void closed_in_the_midst_of_padding(void **state)
{
	time_t before = time(NULL);

	(void)state;
	make(GZIP, 1000);
	layer.blob.size = 100ull << 30;
	assert_int_equal(ftruncate(layer.blob.fd, (off_t)layer.blob.size), 0);
	struct plain *plain = plain_open(&layer, &options, &err);
	assert_non_null(plain);
	usleep(20000);
	plain_close(plain);
	assert_true(time(NULL) - before < 10);
}

static struct {
	uint64_t done, size;
	unsigned calls;
} seen;

static void note_progress(void *context, uint64_t done, uint64_t size)
{
	assert_ptr_equal(context, &seen);
	assert_true(done > seen.done);
	seen.done = done;
	seen.size = size;
	seen.calls++;
}

static void progress_counts_the_blob(void **state)
{
	(void)state;
	make(GZIP, 3000000);
	memset(&seen, 0, sizeof seen);
	options.progress = note_progress;
	options.context = &seen;
	expect_content();
	assert_int_equal(seen.done, blob.length);
	assert_int_equal(seen.size, blob.length);
	assert_true(seen.calls > 1);
}

static void file_that_cannot_be_read(void **state)
{
	(void)state;
	make(PLAIN, 1000);
	close(layer.blob.fd);
	layer.blob.fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_failure(EISDIR, "read: is a directory");
}

static void xz_is_refused(void **state)
{
	(void)state;
	fill_content(1);
	buffer_add(&blob,
		   "\xfd"
		   "7zXZ\0rest",
		   10);
	layer = make_layer(&blob, &content);
	expect_failure(EPROTONOSUPPORT, "xz");
}

/* In a child, because the signal is noted for good. */
static void interrupted(void **state)
{
	int status;

	(void)state;
	make(GZIP, 30000000);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const void *piece;

		interrupt_catch();
		struct plain *plain = plain_open(&layer, &options, &err);
		if (!plain || plain_read(plain, &piece, &err) <= 0)
			_exit(1);
		raise(SIGTERM);
		while (plain_read(plain, &piece, &err) > 0)
			continue;
		_exit(err.code == ECANCELED && strstr(err.msg, "SIGTERM") ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, prepare, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(reads_every_compression),
		CASE(compression_is_what_the_bytes_say),
		CASE(blob_is_a_region_of_a_file),
		CASE(digests_are_checked),
		CASE(plain_bytes_of_two_wrong_digests),
		CASE(sha512_beside_sha256),
		CASE(diff_id_that_is_not_there),
		CASE(size_of_more_than_there_is),
		CASE(size_of_less_than_there_is),
		CASE(what_follows_the_stream),
		CASE(no_more_than_the_largest_size),
		CASE(bomb),
		CASE(closed_before_the_end),
		CASE(closed_in_the_midst_of_padding),
		CASE(progress_counts_the_blob),
		CASE(file_that_cannot_be_read),
		CASE(xz_is_refused),
		CASE(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
