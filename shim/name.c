#include "shim/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "spec/base/json_text.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static int check(const char *what, const char *name, struct error *err)
{
	if (!*name)
		return error_set(err, EINVAL, "container %s cannot be empty", what);
	if (!strchr(LETTERS_AND_DIGITS, *name) || name[strspn(name, LETTERS_AND_DIGITS "_.-")]) {
		char shown[101];

		snprintf(shown, sizeof shown, "%s", name);
		text_make_printable(shown);
		return error_set(
			err, EINVAL,
			"Invalid container %s (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
			what, shown);
	}
	if (strlen(name) > NAME_LENGTH_MAX)
		return error_set(err, EINVAL, "Invalid container %s (%.40s…): longer than %d bytes",
				 what, name, NAME_LENGTH_MAX);
	return 0;
}

int name_check(const char *name, struct error *err)
{
	return check("name", name, err);
}

int id_check(const char *id, struct error *err)
{
	return check("id", id, err);
}

int id_make(char id[static ID_LENGTH + 1], struct error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[ID_LENGTH / 2];

	do {
		/* Up to 256 bytes come whole (getrandom(2)), once the kernel has any. */
		if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
			return error_errno(err, errno, "make an id");
		for (size_t i = 0; i < sizeof bytes; i++) {
			id[2 * i] = digits[bytes[i] >> 4];
			id[2 * i + 1] = digits[bytes[i] & 15];
		}
		id[ID_LENGTH] = '\0';
	} while (strspn(id, "0123456789") >= 12);
	return 0;
}
