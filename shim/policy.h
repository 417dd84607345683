/* What happens after an exit and at boot: Docker's restart semantics (restartmanager.go, monitor.go, kill.go,
 * daemon.go) as decisions about a record. Reads no clock and starts nothing. */
#pragma once

#include <stdbool.h>

#include "shim/record.h"

/* "no", "on-failure[:N]", "always", "unless-stopped"; "" is "no". Sets policy and maximum_count. EINVAL, in docker's
 * words. */
int policy_parse(const char *text, struct restart_settings *settings, struct error *err);

/* The same text back, for the caller to free; NULL: no memory. */
char *policy_text(const struct restart_settings *settings);

/* --restart-delay, --restart-max-delay and --restart-reset: "100ms". EINVAL for what is no duration, is negative
 * or longer than RECORD_DELAY_MAX. *ret in nanoseconds. */
int policy_parse_delay(const char *option, const char *text, int64_t *ret, struct error *err);

/* What no option shows by itself: --rm excludes every policy but "no"; the first delay is not longer than the
 * longest. EINVAL. */
int policy_check(const struct restart_settings *settings, bool auto_remove, struct error *err);

/* Whether a container whose init has just ended is to be started again. The exit code and whether it was stopped by
 * hand are those in the record; an exit code that nobody knows counts as a failure. */
bool policy_restarts(const struct record *record);

/* Nanoseconds to wait before that restart: the first delay, twice as much each time, the longest at most; and the first
 * again after a run of at least settings->reset. @ran: how long it ran, nanoseconds, measured with a clock that is
 * never set (identity_age). */
int64_t policy_next_delay(const struct record *record, int64_t ran);

/* Before the restart that policy_restarts allowed: counts it and remembers the delay, which it returns. */
int64_t policy_count_restart(struct record *record, int64_t ran);

/* A start by hand or at boot: what an earlier stop said and what was counted is over. */
void policy_started(struct record *record);

/* A stop: no automatic restart follows, and unless-stopped stays down at boot. */
void policy_stopped(struct record *record);

/* Whether kill with @signal means a stop: when no stop signal was configured (@stop_signal 0), when it is that one,
 * and when it is SIGKILL. */
bool policy_kill_stops(int stop_signal, int signal);

/* At boot: whether the container is to be started. Its record is as the machine went down; a run that was cut
 * off then has ended with 255. */
bool policy_starts_at_boot(const struct record *record);
