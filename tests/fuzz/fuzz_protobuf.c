/* Any bytes as a message of CRIU's: refused with a reason, or the same again from what is written of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/criu_rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct protobuf_type *type, const uint8_t *data, size_t size)
{
	struct error error = { 0 };
	struct buffer first = { 0 }, second = { 0 }, text = { 0 };
	void *object = protobuf_read(type, data, size, &error);

	if (!object != (error.code != 0))
		abort();
	if (!object)
		return;
	protobuf_print(type, object, &text);
	protobuf_write(type, object, &first);
	protobuf_free(type, object);
	object = protobuf_read(type, first.text, first.length, &error);
	if (!object)
		abort();
	protobuf_write(type, object, &second);
	protobuf_free(type, object);
	if (first.length != second.length ||
	    (first.length && memcmp(first.text, second.text, first.length) != 0))
		abort();
	buffer_finish(&text);
	buffer_finish(&first);
	buffer_finish(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	round_trip(&criu_response_type, data, size);
	round_trip(&criu_request_type, data, size);
	return 0;
}
