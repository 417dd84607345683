/* Any bytes as a record, and as the templates, policies, filters and durations of a command line: nothing may crash, what
 * is accepted keeps to the rules and comes back the same, and what is refused says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim/filter.h"
#include "shim/human.h"
#include "shim/inspect.h"
#include "shim/listing.h"
#include "shim/policy.h"
#include "shim/row_format.h"
#include "spec/base/duration.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void owned_record(struct record **record)
{
	record_destroy(*record);
}

/* What is printed is read again, and says the same. */
static void print_and_read(const struct record *record)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	OWNED(buffer_finish) struct buffer again = { 0 };

	record_print(record, &text);
	OWNED(owned_record)
	struct record *other = record_parse(record->id, text.text, text.length, NULL);
	/* A record near the limit may grow by escapes: then it is refused, and never was saved. */
	if (!other && text.length <= RECORD_MAX)
		abort();
	if (!other)
		return;
	record_print(other, &again);
	if (strcmp(text.text, again.text) != 0)
		abort();
}

static void show(const struct record *record)
{
	char status[HUMAN_STATUS_TEXT];
	struct json_object *value = inspect_value(record, NULL, NULL);
	struct json_object *row = listing_row(record, NULL, 0, true);

	if (!value || !row)
		abort();
	json_object_put(value);
	json_object_put(row);
	human_status(record, INT64_C(1) << 60, status);
}

static void decide(struct record *record)
{
	bool starts = policy_starts_at_boot(record), restarts = policy_restarts(record);
	int64_t delay = policy_next_delay(record, 0);

	if (delay < 0 || delay > record->restart->max_delay)
		abort();
	if (record->restart->policy == RESTART_NO && (starts || restarts))
		abort();
	policy_count_restart(record, 0);
	policy_stopped(record);
	if (policy_restarts(record))
		abort();
}

static void read_record(const char *text, size_t size)
{
	struct error err = { 0 };
	OWNED(owned_record) struct record *record = record_parse("c", text, size, &err);

	if (!record) {
		if (!err.code || !*err.msg)
			abort();
		return;
	}
	print_and_read(record);
	show(record);
	decide(record);
}

static const char value_text[] =
	"{\"a\":\"text\",\"b\":-5,\"c\":1.5,\"d\":true,\"e\":null,\"f\":[1,\"x\",{\"a\":2}],"
	"\"g\":{\"k\":\"v\",\"l\":[]},\"h\":\"\",\"i\":{},\"j\":18446744073709551615}";

static void run_template(const char *text)
{
	OWNED(row_format_finish) struct row_format format = { 0 };
	OWNED(buffer_finish) struct buffer printed = { 0 };
	struct error err = { 0 };

	if (row_format_parse(text, "{{.a}}", &format, &err)) {
		if (!err.code)
			abort();
		return;
	}
	struct json_object *value = json_tokener_parse(value_text);
	struct json_object *rows = json_object_new_array();
	if (!value || !rows || json_object_array_add(rows, json_object_get(value)))
		abort();
	if (row_format_print(&format, value, rows, &printed, &err) && !err.code)
		abort();
	json_object_put(rows);
	json_object_put(value);
}

static void read_words(const char *text)
{
	OWNED(filter_finish) struct filter filter = { 0 };
	OWNED(buffer_finish) struct buffer quoted = { 0 };
	OWNED(owned_record) struct record *record = record_new("c", "c", "/", "r");
	struct restart_settings settings = { 0 };
	char printed[DURATION_TEXT];
	int64_t duration, again;

	if (!record)
		abort();
	if (policy_parse(text, &settings, NULL) == 0) {
		owned_string policy = policy_text(&settings);
		struct restart_settings other = { 0 };

		if (!policy || policy_parse(policy, &other, NULL) ||
		    other.policy != settings.policy ||
		    other.maximum_count != settings.maximum_count)
			abort();
	}
	if (duration_parse(text, &duration, NULL) == 0 &&
	    (duration_parse(duration_to_text(duration, printed), &again, NULL) ||
	     again != duration))
		abort();
	if (filter_add(&filter, text, NULL) == 0)
		filter_passes(&filter, record, "image:tag");
	human_quote(text, &quoted);
	human_ellipsis(text, 5, &quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	owned_string text = strndup((const char *)data, size);

	if (!text)
		return 0;
	if (size && data[0] == '{' && size > 1 && data[1] != '{')
		read_record((const char *)data, size);
	else if (size && data[0] == 'w')
		read_words(text + 1);
	else
		run_template(text);
	return 0;
}
