#include "spec/base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static void append(struct error *err, const char *before, const char *format, va_list args)
{
	size_t used = strlen(err->msg);

	used += (size_t)snprintf(err->msg + used, sizeof err->msg - used, "%s", before);
	if (used < sizeof err->msg)
		vsnprintf(err->msg + used, sizeof err->msg - used, format, args);
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	err->code = code;
	err->msg[0] = '\0';
	va_start(args, format);
	append(err, "", format, args);
	va_end(args);
	return -1;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return -1;
	err->code = code;
	err->msg[0] = '\0';
	va_start(args, format);
	append(err, "", format, args);
	va_end(args);
	size_t used = strlen(err->msg);
	snprintf(err->msg + used, sizeof err->msg - used, ": %s", errno_text(code));
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char old[sizeof err->msg];
	va_list args;

	if (!err)
		return -1;
	memcpy(old, err->msg, sizeof old);
	err->msg[0] = '\0';
	va_start(args, format);
	append(err, "", format, args);
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
