/* From bytes to files: lines, their parts, rotation, and a disk that is full. */
#include "shim/log/write.h"

#include "tests/unit/logs.h"

#define K8S(flag, stream, text) LOG_TEST_STAMP " " stream " " flag " " text "\n"
#define JSON(stream, text)                           \
	"{\"log\":\"" text "\",\"stream\":\"" stream \
	"\",\"time\":\"2026-01-02T03:04:05.00000006Z\"}\n"

static void lines_become_records(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDOUT, "one\ntw");
	log_test_write(&writer, LOG_STDERR, "oops\n");
	log_test_expect(folder, 0, K8S("F", "stdout", "one") K8S("F", "stderr", "oops"));
	log_test_write(&writer, LOG_STDOUT, "o\n\n");
	assert_int_equal(log_writer_close(&writer), 0);
	log_test_expect(folder, 0,
			K8S("F", "stdout", "one") K8S("F", "stderr", "oops")
				K8S("F", "stdout", "two") K8S("F", "stdout", ""));
}

static void the_end_of_a_stream_is_a_part(void **state)
{
	owned_fd folder = log_test_folder(), other = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "k8s-file", "");
	log_test_write(&writer, LOG_STDOUT, "unfinished");
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_flush(&writer, LOG_STDERR, LOG_TEST_TIME);
	log_writer_close(&writer);
	log_test_expect(folder, 0, K8S("P", "stdout", "unfinished"));
	log_test_open(&writer, other, "json-file", "");
	log_test_write(&writer, LOG_STDERR, "unfinished");
	log_flush(&writer, LOG_STDERR, LOG_TEST_TIME);
	log_writer_close(&writer);
	log_test_expect(other, 0, JSON("stderr", "unfinished"));
}

/* A writer that ends with something held was killed: nobody flushed. */
static void what_settled_outlives_the_writer(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "json-file", "");
	log_test_write(&writer, LOG_STDOUT, "prompt \xe2\x82");
	log_settle(&writer, LOG_TEST_TIME);
	log_test_expect(folder, 0, JSON("stdout", "prompt "));
	log_test_write(&writer, LOG_STDOUT, "\xac answer\n");
	log_settle(&writer, LOG_TEST_TIME);
	log_writer_close(&writer);
	log_test_expect(folder, 0, JSON("stdout", "prompt ") JSON("stdout", "€ answer\\n"));
}

/* Docker: the parts of a line have the time of the first; containerd: each its own. */
static void parts_have_times(void **state)
{
	owned_fd folder = log_test_folder(), other = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "json-file", "");
	log_write(&writer, LOG_STDOUT, "a", 1, 0);
	log_settle(&writer, 1);
	log_write(&writer, LOG_STDOUT, "b\nc\n", 4, 2);
	log_writer_close(&writer);
	log_test_expect(folder, 0,
			"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00."
			"000000001Z\"}\n"
			"{\"log\":\"b\\n\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00."
			"000000001Z\"}\n"
			"{\"log\":\"c\\n\",\"stream\":\"stdout\",\"time\":\"1970-01-01T00:00:00."
			"000000002Z\"}\n");
	log_test_open(&writer, other, "k8s-file", "");
	log_write(&writer, LOG_STDOUT, "a", 1, 0);
	log_settle(&writer, 1);
	/* The clock was put back. */
	log_write(&writer, LOG_STDOUT, "b\n", 2, 0);
	log_writer_close(&writer);
	log_test_expect(other, 0,
			"1970-01-01T00:00:00.000000001Z stdout P a\n1970-01-01T00:00:00.000000000Z "
			"stdout F b\n");
}

/* ---- long lines, as dockerd 20.10 and containerd split them ---- */

static void expect_lengths(const char *driver, size_t length, const char *expected)
{
	owned_fd folder = log_test_folder();
	OWNED(buffer_finish) struct buffer found = { 0 };
	owned_string line = malloc(length + 1);
	struct log_writer writer;

	memset(line, 'x', length);
	line[length] = '\n';
	log_test_open(&writer, folder, driver, "");
	for (size_t at = 0; at <= length; at += 2000)
		log_write(&writer, LOG_STDOUT, line + at,
			  length + 1 - at < 2000 ? length + 1 - at : 2000, LOG_TEST_TIME);
	log_writer_close(&writer);
	owned_string text = log_test_file(folder, 0, NULL);
	for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
		size_t n = 0;
		for (const char *byte = at; *byte != '\n'; byte++)
			n += *byte == 'x';
		bool ends = *driver == 'k' ? strstr(at, "stdout ")[7] == 'F'
					   : !strncmp(strchr(at + 8, '"') - 2, "\\n", 2);
		buffer_print(&found, "%zu%c ", n, ends ? 'F' : 'P');
	}
	assert_string_equal(found.text, expected);
}

static void long_lines_are_split(void **state)
{
	(void)state;
	expect_lengths("json-file", 16383, "16383F ");
	expect_lengths("json-file", 16384, "16384P 0F ");
	expect_lengths("json-file", 16385, "16384P 1F ");
	expect_lengths("json-file", 40000, "16384P 16384P 7232F ");
	expect_lengths("k8s-file", 16383, "16383F ");
	expect_lengths("k8s-file", 16384, "16384F ");
	expect_lengths("k8s-file", 16385, "16384P 1F ");
	expect_lengths("k8s-file", 40000, "16384P 16384P 7232F ");
	expect_lengths("k8s-file", 32768, "16384P 16384F ");
}

/* A character at the place where a line is split is in one record or the other, but whole. */
static void no_character_is_torn_in_json(void **state)
{
	static const char *const characters[] = { "é", "€", "\U0001F600" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t before = LOG_LINE_MAX - 4; before <= LOG_LINE_MAX; before++) {
			OWNED(buffer_finish) struct buffer line = { 0 };
			const struct log_query query = LOG_QUERY_ALL;
			owned_fd folder = log_test_folder();
			struct log_writer writer;
			struct log_shown shown = { 0 };
			for (size_t n = 0; n < before; n++)
				buffer_add(&line, "x", 1);
			buffer_print(&line, "%s end\n", characters[i]);
			log_test_open(&writer, folder, "json-file", "");
			for (size_t at = 0; at < line.length; at++)
				log_write(&writer, LOG_STDOUT, line.text + at, 1, LOG_TEST_TIME);
			log_writer_close(&writer);
			log_test_read(folder, LOG_DRIVER_JSON_FILE, 1, &query, &shown);
			assert_int_equal(shown.records, 2);
			assert_string_equal(shown.all.text, line.text);
			log_test_forget(&shown);
		}
}

static void what_only_looks_like_a_character_is_not_held(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "json-file", "");
	log_test_write(&writer, LOG_STDOUT, "\x80\x80\x80\x80");
	log_settle(&writer, LOG_TEST_TIME);
	log_test_expect(folder, 0, JSON("stdout", "\\ufffd\\ufffd\\ufffd\\ufffd"));
	log_test_write(&writer, LOG_STDOUT, "\xe2");
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_writer_close(&writer);
	log_test_expect(folder, 0,
			JSON("stdout", "\\ufffd\\ufffd\\ufffd\\ufffd") JSON("stdout", "\\ufffd"));
}

/* ---- a simple writer that keeps all in memory: what the real one must come to ---- */

enum { MODEL_FILES = 4 };

struct model {
	bool is_json;
	int64_t max_size;
	struct buffer files[MODEL_FILES];
	struct buffer lines[LOG_STREAMS];
};

static void model_record(struct model *model, int stream, bool ends)
{
	static const char *const names[] = { "stdout", "stderr" };
	struct buffer *line = &model->lines[stream];

	if (model->max_size && (int64_t)model->files[0].length >= model->max_size) {
		buffer_finish(&model->files[MODEL_FILES - 1]);
		memmove(model->files + 1, model->files, (MODEL_FILES - 1) * sizeof *model->files);
		model->files[0] = (struct buffer){ 0 };
	}
	buffer_add(line, "", 0);
	if (model->is_json)
		buffer_print(&model->files[0],
			     "{\"log\":\"%s%s\",\"stream\":\"%s\",\"time\":\"2026-01-02T03:04:05."
			     "00000006Z\"}\n",
			     log_shown_text(line), ends ? "\\n" : "", names[stream]);
	else
		buffer_print(&model->files[0], LOG_TEST_STAMP " %s %c %s\n", names[stream],
			     ends ? 'F' : 'P', log_shown_text(line));
	buffer_finish(line);
}

static void model_write(struct model *model, int stream, const char *bytes, size_t length)
{
	struct buffer *line = &model->lines[stream];

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			model_record(model, stream, true);
			continue;
		}
		if (!model->is_json && line->length == LOG_LINE_MAX)
			model_record(model, stream, false);
		buffer_add(line, bytes + i, 1);
		if (model->is_json && line->length == LOG_LINE_MAX)
			model_record(model, stream, false);
	}
}

static void model_flush(struct model *model)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		if (model->lines[i].length)
			model_record(model, i, false);
}

static void expect_model(struct model *model, int folder)
{
	for (unsigned i = 0; i < MODEL_FILES; i++) {
		size_t length;
		owned_string text = log_test_file(folder, i, &length);
		if (!text && model->files[i].length == 0)
			continue;
		assert_non_null(text);
		assert_int_equal(length, model->files[i].length);
		assert_memory_equal(text, log_shown_text(&model->files[i]), length);
		buffer_finish(&model->files[i]);
	}
}

/* Lines of a few bytes, none, or about as many as one record takes. */
static size_t make_output(char *to, size_t max, uint32_t *seed)
{
	size_t used = 0;

	while (used < max) {
		uint32_t kind = log_test_random(seed) % 100;
		size_t length = kind < 90   ? log_test_random(seed) % 60
				: kind < 98 ? LOG_LINE_MAX - 3 + log_test_random(seed) % 6
					    : log_test_random(seed) % 50000;
		for (; length && used < max; length--)
			to[used++] = (char)('a' + length % 26);
		if (used < max)
			to[used++] = '\n';
	}
	return used;
}

/* @longest: of the portions that the bytes come in. */
static void compare_with_model(const char *driver, int64_t max_size, const char *output,
			       size_t length, size_t longest, uint32_t *seed)
{
	struct model model = { .is_json = *driver == 'j', .max_size = max_size };
	owned_string options =
		max_size ? text_format("max-size=%jd max-file=%d", (intmax_t)max_size, MODEL_FILES)
			 : strdup("");
	owned_fd folder = log_test_folder();
	struct log_writer writer;

	log_test_open(&writer, folder, driver, options);
	for (size_t at = 0, part; at < length; at += part) {
		enum log_stream stream = log_test_random(seed) % 3 ? LOG_STDOUT : LOG_STDERR;
		part = 1 + log_test_random(seed) % longest;
		part = part < length - at ? part : length - at;
		log_write(&writer, stream, output + at, part, LOG_TEST_TIME);
		model_write(&model, (int)stream, output + at, part);
		if (log_test_random(seed) % 64 == 0) {
			log_settle(&writer, LOG_TEST_TIME);
			model_flush(&model);
		}
	}
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_flush(&writer, LOG_STDERR, LOG_TEST_TIME);
	model_flush(&model);
	assert_int_equal(log_writer_close(&writer), 0);
	expect_model(&model, folder);
}

static void any_portions_give_the_same_records(void **state)
{
	static char output[300000];
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 12; round++) {
		size_t length = make_output(output, sizeof output, &seed);
		size_t longest = (size_t[]){ 10, 1000, 20000, 70000 }[round % 4];
		compare_with_model("k8s-file", 0, output, length, longest, &seed);
		compare_with_model("json-file", 0, output, length, longest, &seed);
		compare_with_model("k8s-file", 50000, output, length, longest, &seed);
		compare_with_model("json-file", 100000, output, length, longest, &seed);
	}
}

static void a_file_may_end_at_any_size(void **state)
{
	static char output[600];
	uint32_t seed = 3;

	(void)state;
	for (int64_t max_size = 1; max_size < 400; max_size++) {
		size_t length = make_output(output, sizeof output, &seed);
		compare_with_model("k8s-file", max_size, output, length, 100, &seed);
		compare_with_model("json-file", max_size, output, length, 600, &seed);
	}
}

/* As dockerd 20.10 with --log-opt max-size=1k and max-file=3: 13, 13 and 9 records. */
static void rotation_is_dockers(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_writer writer;
	char line[32];

	(void)state;
	log_test_open(&writer, folder, "json-file", "max-size=1k max-file=3");
	for (int i = 1000; i < 1060; i++) {
		snprintf(line, sizeof line, "line %d\n", i);
		/* Of the length that most of Docker's stamps have. */
		log_write(&writer, LOG_STDOUT, line, strlen(line), INT64_C(1700000000123456789));
	}
	log_write(&writer, LOG_STDOUT, "unfinished", 10, INT64_C(1700000000123456789));
	log_flush(&writer, LOG_STDOUT, INT64_C(1700000000123456789));
	log_writer_close(&writer);
	for (unsigned number = 0; number < 3; number++) {
		size_t records = 0;
		owned_string text = log_test_file(folder, number, NULL);
		assert_non_null(text);
		for (const char *at = text; *at; at++)
			records += *at == '\n';
		assert_int_equal(records, number ? 13 : 9);
	}
	owned_string fourth = log_test_file(folder, 3, NULL);
	assert_null(fourth);
}

/* ---- drivers ---- */

static void none_writes_nothing(void **state)
{
	owned_fd folder = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, folder, "none", "");
	log_test_write(&writer, LOG_STDOUT, "one\ntwo");
	log_flush(&writer, LOG_STDOUT, LOG_TEST_TIME);
	log_settle(&writer, LOG_TEST_TIME);
	log_reopen(&writer);
	assert_int_equal(log_writer_close(&writer), 0);
	owned_string text = log_test_file(folder, 0, NULL);
	assert_null(text);
}

static void a_path_of_its_own_is_used(void **state)
{
	owned_fd folder = log_test_folder();
	owned_string option = text_format("path=%s/mine", log_test_path);
	owned_fd elsewhere = log_test_folder();
	struct log_writer writer;

	(void)state;
	log_test_open(&writer, elsewhere, "k8s-file", option);
	log_test_write(&writer, LOG_STDOUT, "one\n");
	log_reopen(&writer);
	log_test_write(&writer, LOG_STDOUT, "two\n");
	log_writer_close(&writer);
	assert_string_equal(text_of(folder, "mine"),
			    K8S("F", "stdout", "one") K8S("F", "stdout", "two"));
	owned_string text = log_test_file(elsewhere, 0, NULL);
	assert_null(text);
}

static void what_cannot_be_opened_is_said(void **state)
{
	OWNED(log_options_finish)
	struct log_options options = log_test_options("k8s-file", "path=/nowhere/at/all");
	struct log_writer writer;
	struct error err;

	(void)state;
	FAILS(log_writer_open(&writer, &options, &log_test_subject, -1, LOG_TEST_NAME, NULL, NULL,
			      &err),
	      ENOENT, "open the log's folder /nowhere/at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_records),
		cmocka_unit_test(the_end_of_a_stream_is_a_part),
		cmocka_unit_test(what_settled_outlives_the_writer),
		cmocka_unit_test(parts_have_times),
		cmocka_unit_test(long_lines_are_split),
		cmocka_unit_test(no_character_is_torn_in_json),
		cmocka_unit_test(what_only_looks_like_a_character_is_not_held),
		cmocka_unit_test(any_portions_give_the_same_records),
		cmocka_unit_test(a_file_may_end_at_any_size),
		cmocka_unit_test(rotation_is_dockers),
		cmocka_unit_test(none_writes_nothing),
		cmocka_unit_test(a_path_of_its_own_is_used),
		cmocka_unit_test(what_cannot_be_opened_is_said),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
