/* Values on their way to systemd. Part of orun-systemd alone: orun does not link sd-bus. */
#pragma once

#include <systemd/sd-bus.h>

/* Appends the value of D-Bus @signature that @words says, separated by tabs, which are cut up: one, or an
 * array's; "ay": hexadecimal digits; "a(ss)": both halves of each pair. Signatures: those that properties of a
 * scope have. Returns a negative errno value on failure. */
int systemd_value_append(sd_bus_message *message, const char *signature, char *words);
