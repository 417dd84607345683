/* Messages byte by byte, as the encoding's own description gives them, and bytes that are no message. */
#include "runtime/protobuf.h"

#include <errno.h>
#include <string.h>

#include "runtime/criu_rpc.h"
#include "tests/unit/sandbox.h"

static struct error err;

static void writes(const struct protobuf_type *type, const void *object, const char *bytes,
		   size_t length)
{
	struct buffer text = { 0 };

	protobuf_write(type, object, &text);
	assert_false(text.failed);
	assert_int_equal(text.length, length);
	assert_memory_equal(text.text, bytes, length);
	buffer_finish(&text);
}

static void an_empty_message_has_no_bytes(void **state)
{
	struct criu_request request = { 0 };
	struct buffer text = { 0 };

	(void)state;
	protobuf_write(&criu_request_type, &request, &text);
	assert_int_equal(text.length, 0);
	struct criu_request *read = protobuf_read(&criu_request_type, NULL, 0, &err);
	assert_non_null(read);
	assert_false(read->type.set);
	protobuf_free(&criu_request_type, read);
}

static void numbers_are_varints_behind_their_key(void **state)
{
	struct criu_restored restored = { { true, 150 } };
	struct criu_response response = { .restore = &restored };

	(void)state;
	writes(&criu_response_type, &response, "\x22\x03\x08\x96\x01", 5);
}

static void negative_numbers_take_ten_bytes(void **state)
{
	struct criu_request request = { .type = { true, -2 } };

	(void)state;
	writes(&criu_request_type, &request, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
	struct criu_request *read = protobuf_read(
		&criu_request_type, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, &err);
	assert_non_null(read);
	assert_int_equal(read->type.value, -2);
	protobuf_free(&criu_request_type, read);
}

static void field_numbers_beyond_fifteen_take_two_bytes(void **state)
{
	struct criu_options options = { .tcp_close = { true, true } };

	(void)state;
	writes(&criu_options_type, &options, "\xa0\x03\x01", 3);
}

static void what_is_false_is_written_and_what_is_absent_is_not(void **state)
{
	struct criu_options options = { .shell_job = { true, false } };

	(void)state;
	writes(&criu_options_type, &options, "\x38\x00", 2);
}

static void lists_repeat_their_key(void **state)
{
	char *words[] = { (char[]){ "a" }, (char[]){ "" }, NULL };
	struct criu_external_mount mount = { .key = (char[]){ "k" }, .val = (char[]){ "v" } };
	struct criu_external_mount *mounts[] = { &mount, &mount };
	struct criu_options options = { .external = { words, 2 }, .ext_mnt = { mounts, 2 } };

	(void)state;
	writes(&criu_options_type, &options,
	       "\xba\x01\x06\x0a\x01k\x12\x01v\xba\x01\x06\x0a\x01k\x12\x01v"
	       "\xaa\x02\x01"
	       "a\xaa\x02\x00",
	       25);
}

static void what_was_written_is_read_again(void **state)
{
	static const char bytes[] = "\x08\x06\x10\x01\x2a\x0c\x0a\x08pre-dump\x10\x07"
				    "\x42\x04\x08\x01\x10\x00";
	struct buffer text = { 0 }, again = { 0 };

	(void)state;
	struct criu_response *response =
		protobuf_read(&criu_response_type, bytes, sizeof bytes - 1, &err);
	assert_non_null(response);
	protobuf_print(&criu_response_type, response, &text);
	assert_string_equal(text.text,
			    "type=6\nsuccess=true\nnotify.script=pre-dump\nnotify.pid=7\n"
			    "features.mem_track=true\nfeatures.lazy_pages=false\n");
	protobuf_write(&criu_response_type, response, &again);
	assert_int_equal(again.length, sizeof bytes - 1);
	assert_memory_equal(again.text, bytes, again.length);
	buffer_finish(&text);
	buffer_finish(&again);
	protobuf_free(&criu_response_type, response);
}

static void unknown_fields_of_every_wire_type_are_passed_over(void **state)
{
	static const char bytes[] = "\xa0\x06\x05"			       /* 100: varint */
				    "\xa1\x06\x01\x02\x03\x04\x05\x06\x07\x08" /* 64 bits */
				    "\xa2\x06\x02xx"			       /* length */
				    "\xa5\x06\x01\x02\x03\x04"		       /* 32 bits */
				    "\x08\x0a";

	(void)state;
	struct criu_response *response =
		protobuf_read(&criu_response_type, bytes, sizeof bytes - 1, &err);
	assert_non_null(response);
	assert_int_equal(response->type.value, CRIU_VERSION);
	protobuf_free(&criu_response_type, response);
}

static void the_last_value_wins_and_messages_are_merged(void **state)
{
	static const char bytes[] = "\x08\x01\x08\x02\x4a\x01"
				    "a\x4a\x01"
				    "b\x2a\x03\x0a\x01x\x2a\x02\x10\x09";

	(void)state;
	struct criu_response *response =
		protobuf_read(&criu_response_type, bytes, sizeof bytes - 1, &err);
	assert_non_null(response);
	assert_int_equal(response->type.value, 2);
	assert_string_equal(response->cr_errmsg, "b");
	assert_string_equal(response->notify->script, "x");
	assert_int_equal(response->notify->pid.value, 9);
	protobuf_free(&criu_response_type, response);
}

#define REFUSES(bytes, words)                                                                   \
	do {                                                                                    \
		err = (struct error){ 0 };                                                      \
		assert_null(protobuf_read(&criu_response_type, bytes, sizeof bytes - 1, &err)); \
		assert_int_equal(err.code, EBADMSG);                                            \
		assert_non_null(strstr(err.msg, words));                                        \
	} while (0)

static void what_is_no_message_is_refused(void **state)
{
	(void)state;
	REFUSES("\x08", "cut short");
	REFUSES("\x08\x80", "cut short");
	REFUSES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "longer than 64 bits");
	REFUSES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "longer than 64 bits");
	REFUSES("\x4a\x05"
		"abcd",
		"cut short");
	REFUSES("\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut short");
	REFUSES("\x09\x01\x02\x03\x04\x05\x06\x07\x08", "criu_response.type: has the wire type 1");
	REFUSES("\x48\x01", "criu_response.cr_errmsg: has the wire type 0");
	REFUSES("\x0b", "unknown wire type 3");
	REFUSES("\x0d\x01\x02", "cut short");
	REFUSES("\x4a\x03"
		"a\x00"
		"b",
		"the text has a NUL");
	REFUSES("\x2a\x02\x0a\x05", "criu_notification: the message is cut short");
}

static void a_list_without_end_is_refused(void **state)
{
	struct buffer bytes = { 0 };

	(void)state;
	for (int i = 0; i < PROTOBUF_LIST_MAX + 1; i++)
		buffer_add(&bytes, "\xaa\x02\x00", 3);
	err = (struct error){ 0 };
	assert_null(protobuf_read(&criu_options_type, bytes.text, bytes.length, &err));
	assert_non_null(strstr(err.msg, "more than 4096 entries"));
	bytes.length -= 3;
	void *options = protobuf_read(&criu_options_type, bytes.text, bytes.length, &err);
	assert_non_null(options);
	protobuf_free(&criu_options_type, options);
	buffer_finish(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_message_has_no_bytes),
		cmocka_unit_test(numbers_are_varints_behind_their_key),
		cmocka_unit_test(negative_numbers_take_ten_bytes),
		cmocka_unit_test(field_numbers_beyond_fifteen_take_two_bytes),
		cmocka_unit_test(what_is_false_is_written_and_what_is_absent_is_not),
		cmocka_unit_test(lists_repeat_their_key),
		cmocka_unit_test(what_was_written_is_read_again),
		cmocka_unit_test(unknown_fields_of_every_wire_type_are_passed_over),
		cmocka_unit_test(the_last_value_wins_and_messages_are_merged),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(a_list_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
