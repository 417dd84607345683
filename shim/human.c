#include "shim/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/duration.h"
#include "spec/base/json_text.h"

const char *human_duration(int64_t nanoseconds, char text[static HUMAN_DURATION_TEXT])
{
	const int64_t seconds = nanoseconds < 0 ? 0 : nanoseconds / NANOSECONDS_PER_SECOND;
	const int64_t minutes = seconds / 60;
	/* go-units rounds here and nowhere else. */
	const int64_t hours = (seconds + 1800) / 3600;
	const int64_t day = 24, week = 7 * day, month = 30 * day, year = 365 * day;
	const struct {
		bool holds;
		int64_t number;
		const char *unit;
	} rules[] = {
		{ seconds < 1, 0, "Less than a second" },
		{ seconds == 1, 0, "1 second" },
		{ seconds < 60, seconds, "seconds" },
		{ minutes == 1, 0, "About a minute" },
		{ minutes < 60, minutes, "minutes" },
		{ hours == 1, 0, "About an hour" },
		{ hours < 2 * day, hours, "hours" },
		{ hours < 2 * week, hours / day, "days" },
		{ hours < 2 * month, hours / week, "weeks" },
		{ hours < 2 * year, hours / month, "months" },
		{ true, seconds / 3600 / year, "years" },
	};
	size_t i = 0;

	while (!rules[i].holds)
		i++;
	if (rules[i].number)
		snprintf(text, HUMAN_DURATION_TEXT, "%" PRId64 " %s", rules[i].number,
			 rules[i].unit);
	else
		snprintf(text, HUMAN_DURATION_TEXT, "%s", rules[i].unit);
	return text;
}

/* What stands behind "Up 3 minutes". */
static const char *addition(const struct record *record)
{
	static const char *const health[] = {
		[HEALTH_STARTING] = " (health: starting)",
		[HEALTH_HEALTHY] = " (healthy)",
		[HEALTH_UNHEALTHY] = " (unhealthy)",
	};

	if (record->state == STATE_PAUSED || record->state == STATE_RESUMING)
		return " (Paused)";
	return record->health ? health[record->health->status] : "";
}

const char *human_status(const struct record *record, int64_t now,
			 char text[static HUMAN_STATUS_TEXT])
{
	const char *status =
		state_status((enum container_state)record->state, record->started != 0);
	bool has_ended = strcmp(status, "exited") == 0 || strcmp(status, "restarting") == 0;
	char duration[HUMAN_DURATION_TEXT];

	human_duration(now - (has_ended ? record->finished : record->started), duration);
	if (strcmp(status, "running") == 0 || strcmp(status, "paused") == 0)
		snprintf(text, HUMAN_STATUS_TEXT, "Up %s%s", duration, addition(record));
	else if (strcmp(status, "removing") == 0)
		snprintf(text, HUMAN_STATUS_TEXT, "Removal In Progress");
	else if (strcmp(status, "dead") == 0)
		snprintf(text, HUMAN_STATUS_TEXT, "Dead");
	else if (!record->started)
		snprintf(text, HUMAN_STATUS_TEXT, "Created");
	else if (!record->finished)
		*text = '\0';
	else
		snprintf(text, HUMAN_STATUS_TEXT, "%s (%d) %s ago",
			 strcmp(status, "exited") == 0 ? "Exited" : "Restarting",
			 record_exit_code(record), duration);
	return text;
}

void human_quote(const char *text, struct buffer *to)
{
	static const char letters[] = "abfnrtv\\\"", meanings[] = "\a\b\f\n\r\t\v\\\"";
	size_t left = strlen(text);

	buffer_add(to, "\"", 1);
	while (left) {
		size_t size = utf8_sequence(text, left);
		unsigned char byte = (unsigned char)*text;
		const char *meaning = strchr(meanings, byte);
		bool is_c1 = size == 2 && byte == 0xc2 && (unsigned char)text[1] < 0xa0;

		if (meaning)
			buffer_print(to, "\\%c", letters[meaning - meanings]);
		else if (is_c1)
			buffer_print(to, "\\u%04x", (unsigned char)text[1]);
		else if (!size || byte < 0x20 || byte == 0x7f)
			buffer_print(to, "\\x%02x", byte);
		else
			buffer_add(to, text, size);
		text += size ? size : 1;
		left -= size ? size : 1;
	}
	buffer_add(to, "\"", 1);
}

void human_ellipsis(const char *text, size_t width, struct buffer *to)
{
	size_t length = strlen(text), at = 0, cut = 0, characters = 0;

	while (at < length && characters < width) {
		size_t size = utf8_sequence(text + at, length - at);

		/* Where the last character that fits begins: the dots take its place. */
		cut = at;
		at += size ? size : 1;
		characters++;
	}
	if (at == length)
		buffer_add(to, text, length);
	else
		buffer_print(to, "%.*s%s", (int)cut, text, width ? "…" : "");
}
