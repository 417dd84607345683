/* Properties as one text, for comparison. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/systemd.h"
#include "spec/base/owned.h"

/* "NAME=VALUE VALUE; …", each with "@VERSION" where it needs one. */
static const char *printed(const struct systemd_properties *properties)
{
	static char *text;
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < properties->n; i++) {
		const struct systemd_property *property = &properties->v[i];
		buffer_print(&buffer, "%s%s:%s=", i ? "; " : "", property->name,
			     property->signature);
		for (size_t k = 0; k < property->values.n; k++)
			buffer_print(&buffer, "%s%s", k ? " " : "", property->values.v[k]);
		if (property->since)
			buffer_print(&buffer, "@%u", property->since);
	}
	free(text);
	text = buffer.text;
	return text ? text : "";
}
