#include "shim/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/duration.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const struct word *policy_named(const char *name, size_t length)
{
	for (const struct word *word = restart_policy_words; word->name; word++)
		if (strlen(word->name) == length && memcmp(word->name, name, length) == 0)
			return word;
	return NULL;
}

static int unknown_policy(const char *name, size_t length, struct error *err)
{
	owned_string shown = strndup(name, utf8_cut(name, length, 100));

	if (shown)
		text_make_printable(shown);
	return error_set(err, EINVAL,
			 "invalid restart policy: unknown policy '%s'; use one of 'no', 'always', "
			 "'on-failure', or 'unless-stopped'",
			 shown ? shown : "");
}

int policy_parse(const char *text, struct restart_settings *settings, struct error *err)
{
	size_t length = strcspn(text, ":");
	const char *number = text[length] ? text + length + 1 : "";
	int64_t count = 0;

	if (text[length] && !length)
		return error_set(err, EINVAL,
				 "invalid restart policy format: no policy provided before colon");
	/* Go's Atoi takes a sign. */
	if (*number && text_to_int64(number + (*number == '+' && number[1] != '-'), &count))
		return error_set(err, EINVAL,
				 "invalid restart policy format: maximum retry count must be an "
				 "integer");
	const struct word *word = length ? policy_named(text, length) : restart_policy_words;
	if (!word)
		return unknown_policy(text, length, err);
	if (word->number != RESTART_ON_FAILURE && count)
		return error_set(err, EINVAL,
				 "invalid restart policy: maximum retry count can only be used "
				 "with 'on-failure'%s",
				 count < 0 ? " and cannot be negative" : "");
	if (count < 0)
		return error_set(err, EINVAL,
				 "invalid restart policy: maximum retry count cannot be negative");
	if (count > UINT32_MAX)
		return error_set(err, EINVAL,
				 "invalid restart policy: maximum retry count cannot be more than "
				 "%" PRIu32,
				 UINT32_MAX);
	settings->policy = (int)word->number;
	settings->maximum_count = (uint32_t)count;
	return 0;
}

char *policy_text(const struct restart_settings *settings)
{
	const char *name = restart_policy_words[settings->policy].name;

	return settings->maximum_count ? text_format("%s:%" PRIu32, name, settings->maximum_count)
				       : strdup(name);
}

int policy_parse_delay(const char *option, const char *text, int64_t *ret, struct error *err)
{
	int64_t delay;

	if (duration_parse(text, &delay, err))
		return error_prefix(err, "%s", option);
	if (delay < 0)
		return error_set(err, EINVAL, "%s: %s is negative", option, text);
	if (delay > RECORD_DELAY_MAX)
		return error_set(err, EINVAL, "%s: %s is longer than a year", option, text);
	*ret = delay;
	return 0;
}

int policy_check(const struct restart_settings *settings, bool auto_remove, struct error *err)
{
	char delay[DURATION_TEXT], max_delay[DURATION_TEXT];

	if (auto_remove && settings->policy != RESTART_NO)
		return error_set(err, EINVAL,
				 "conflicting options: cannot specify both --restart and --rm");
	if (settings->delay > settings->max_delay)
		return error_set(err, EINVAL,
				 "--restart-delay %s is longer than --restart-max-delay %s",
				 duration_to_text(settings->delay, delay),
				 duration_to_text(settings->max_delay, max_delay));
	return 0;
}

/* The rules of an exit and of a boot are the same but for what is asked first. */
static bool wants_to_run(const struct record *record)
{
	const struct restart_settings *settings = record->restart;

	switch ((enum restart_policy_name)settings->policy) {
	case RESTART_NO:
		return false;
	case RESTART_ON_FAILURE:
		return record_exit_code(record) != 0 &&
		       (!settings->maximum_count ||
			record->restart_count < settings->maximum_count);
	case RESTART_ALWAYS:
		return true;
	case RESTART_UNLESS_STOPPED:
		return !record->manual_stop;
	}
	return false;
}

bool policy_restarts(const struct record *record)
{
	return !record->policy_cancelled && wants_to_run(record);
}

bool policy_starts_at_boot(const struct record *record)
{
	return record->started_before && wants_to_run(record);
}

int64_t policy_next_delay(const struct record *record, int64_t ran)
{
	const struct restart_settings *settings = record->restart;
	int64_t delay = ran >= settings->reset ? 0 : record->restart_delay_now;

	delay = delay ? delay * 2 : settings->delay; /* no overflow: RECORD_DELAY_MAX */
	return delay < settings->max_delay ? delay : settings->max_delay;
}

int64_t policy_count_restart(struct record *record, int64_t ran)
{
	record->restart_delay_now = policy_next_delay(record, ran);
	if (record->restart_count < UINT32_MAX)
		record->restart_count++;
	return record->restart_delay_now;
}

void policy_started(struct record *record)
{
	record->restart_count = 0;
	record->restart_delay_now = 0;
	record->manual_stop = false;
	record->policy_cancelled = false;
	record->started_before = true;
}

void policy_stopped(struct record *record)
{
	record->manual_stop = true;
	record->policy_cancelled = true;
}

bool policy_kill_stops(int stop_signal, int signal)
{
	return !stop_signal || signal == stop_signal || signal == SIGKILL;
}
