/* Signal names of signal(7) and kill(1). */
#pragma once

#include "spec/base/error.h"

/* "SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1"; 0 is allowed as a number. Returns the number or -1. */
int signal_parse(const char *text, struct error *err);
