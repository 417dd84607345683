/* Words of a request become values of a D-Bus message. Must not know what they are for. */
#include "runtime/systemd_value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/text.h"

static int append_number(sd_bus_message *message, char type, const char *text)
{
	int64_t number;
	uint64_t wide;

	if (type == 't')
		return text_to_uint64(text, &wide)
			       ? -EINVAL
			       : sd_bus_message_append_basic(message, type, &wide);
	if (text_to_int64(text, &number) || (type == 'i' && number != (int32_t)number) ||
	    (type == 'u' && number != (uint32_t)number))
		return -EINVAL;
	int32_t small = (int32_t)number; /* of 'u' the same bits */
	return sd_bus_message_append_basic(message, type, &small);
}

static int append_basic(sd_bus_message *message, char type, const char *text)
{
	int truth = strcmp(text, "true") == 0;

	switch (type) {
	case 's':
		return sd_bus_message_append_basic(message, type, text);
	case 'b':
		return sd_bus_message_append_basic(message, type, &truth);
	case 'i':
	case 'u':
	case 't':
		return append_number(message, type, text);
	default:
		return -EINVAL;
	}
}

/* Two hexadecimal digits a byte, into the room of the text itself. */
static int append_bytes(sd_bus_message *message, char *text)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		const char digits[] = { text[2 * i], text[2 * i + 1], '\0' };
		char *end;
		text[i] = (char)strtoul(digits, &end, 16);
		if (*end)
			return -EINVAL;
	}
	return sd_bus_message_append_array(message, 'y', text, n);
}

static bool is_known(const char *signature)
{
	static const char *const known[] = { "s", "b", "i", "u", "t", "as", "au", "ay", "a(ss)" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i], signature) == 0)
			return true;
	return false;
}

int systemd_value_append(sd_bus_message *message, const char *signature, char *words)
{
	char *word = strsep(&words, "\t");
	int ret;

	if (!is_known(signature))
		return -EINVAL;
	if (*signature != 'a')
		return word ? append_basic(message, *signature, word) : -EINVAL;
	if (signature[1] == 'y')
		return word ? append_bytes(message, word) : -EINVAL;
	ret = sd_bus_message_open_container(message, 'a', signature + 1);
	for (; word && ret >= 0; word = strsep(&words, "\t")) {
		if (signature[1] == '(') {
			char *second = strsep(&words, "\t");
			ret = second ? sd_bus_message_append(message, "(ss)", word, second)
				     : -EINVAL;
		} else {
			ret = append_basic(message, signature[1], word);
		}
	}
	return ret < 0 ? ret : sd_bus_message_close_container(message);
}
