/* The loopback interface of a network namespace. netdevice(7). */
#pragma once

#include "spec/base/error.h"

/* Sets "lo" of the caller's network namespace up: a new namespace has it, but down, and every program expects
 * 127.0.0.1. Needs CAP_NET_ADMIN there. */
int loopback_up(struct error *err);
