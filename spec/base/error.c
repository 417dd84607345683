#include "spec/base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE sizeof(((struct error *)NULL)->msg)

const char *errno_text(int code)
{
	static char text[128];
	const char *known = strerrordesc_np(code);

	if (!known) {
		snprintf(text, sizeof text, "error %d", code);
		return text;
	}
	snprintf(text, sizeof text, "%s", known);
	if (!isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

/* Puts the words behind what is there. They are formatted aside first, because an argument may be
 * the message itself: error_set(err, code, "… %s", err->msg). */
static void append(struct error *err, const char *before, const char *format, va_list args)
{
	char words[MESSAGE_SIZE];
	size_t used = strlen(err->msg);

	vsnprintf(words, sizeof words, format, args);
	snprintf(err->msg + used, sizeof err->msg - used, "%s%s", before, words);
}

static void replace(struct error *err, int code, const char *format, va_list args)
{
	char words[MESSAGE_SIZE];

	vsnprintf(words, sizeof words, format, args);
	memcpy(err->msg, words, sizeof words);
	err->code = code;
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	replace(err, code, format, args);
	va_end(args);
	return -1;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	replace(err, code, format, args);
	va_end(args);
	size_t used = strlen(err->msg);
	snprintf(err->msg + used, sizeof err->msg - used, ": %s", errno_text(code));
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[MESSAGE_SIZE];
	va_list args;

	if (!err)
		return -1;
	memcpy(old, err->msg, sizeof old);
	va_start(args, format);
	replace(err, err->code, format, args);
	va_end(args);
	size_t used = strlen(err->msg);
	snprintf(err->msg + used, sizeof err->msg - used, ": %s", old);
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	append(err, "; ", format, args);
	va_end(args);
	return -1;
}
