/* Any bytes as config.json and as the other documents that are read by table: nothing may crash, and
 * what was accepted must come back the same from its own text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/config.h"
#include "spec/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *parse(const struct type *type, const char *text, size_t length)
{
	struct problems problems = { 0 };
	void *object = table_parse(type, text, length, &problems);

	/* A refusal must say why, and an acceptance must not complain. */
	if (!object == (problems_count(&problems) == 0))
		abort();
	problems_finish(&problems);
	return object;
}

static void round_trip(const struct type *type, const char *text, size_t length)
{
	void *object = parse(type, text, length);
	struct buffer first = { 0 }, second = { 0 };

	if (!object)
		return;
	table_print(type, object, 0, &first);
	table_free(type, object);
	object = parse(type, first.text, first.length);
	if (!object)
		abort();
	table_print(type, object, 0, &second);
	table_free(type, object);
	if (first.length != second.length || memcmp(first.text, second.text, first.length) != 0)
		abort();
	buffer_finish(&first);
	buffer_finish(&second);
}

static void validate(const char *text, size_t length)
{
	struct problems problems = { 0 };
	struct config *config = config_parse(text, length, &problems);

	if (!config == (problems_count(&problems) == 0))
		abort();
	config_free(config);
	problems_finish(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	round_trip(&config_type, text, size);
	round_trip(&process_type, text, size);
	round_trip(&resources_type, text, size);
	round_trip(&state_type, text, size);
	round_trip(&state_view_type, text, size);
	validate(text, size);
	return 0;
}
