/* The printf of templates: Go's verbs v, s, d, q, t, x, f, g and e with flags, width and precision, over values whose
 * types decide; what does not fit is printed as Go does, as "%!d(string=x)". */
#pragma once

#include "shim/template/value.h"

void template_printf(const char *format, struct json_object *const *values, size_t n,
		     struct buffer *to);
