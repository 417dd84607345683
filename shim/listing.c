#include "shim/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shim/human.h"
#include "spec/base/duration.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

/* docker's (pkg/stringid, cli formatter). */
#define SHORT_ID 12
#define SHORT_COMMAND 20

const char *listing_image(const struct config *config)
{
	return config ? string_map_get(&config->annotations, "org.opencontainers.image.ref.name")
		      : NULL;
}

/* Of several that are added in a row, the first that fails makes the whole fail. */
static bool add(struct json_object *row, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(row, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool add_text(struct json_object *row, const char *name, const char *text)
{
	return add(row, name, json_object_new_string(text));
}

/* What a user typed somewhere, and is to be shown on a terminal. */
static bool add_printable(struct json_object *row, const char *name, const char *text)
{
	owned_string copy = strdup(text);

	if (!copy)
		return false;
	text_make_printable(copy);
	return add_text(row, name, copy);
}

static bool add_buffer(struct json_object *row, const char *name, const struct buffer *text)
{
	return !text->failed && add_text(row, name, text->text ? text->text : "");
}

struct json_object *listing_titles(void)
{
	static const char *const titles[][2] = {
		{ "Command", "COMMAND" },
		{ "CreatedAt", "CREATED AT" },
		{ "HealthStatus", "HEALTH" },
		{ "ID", "CONTAINER ID" },
		{ "Image", "IMAGE" },
		{ "Labels", "LABELS" },
		{ "LocalVolumes", "LOCAL VOLUMES" },
		{ "Mounts", "MOUNTS" },
		{ "Names", "NAMES" },
		{ "Networks", "NETWORKS" },
		{ "Ports", "PORTS" },
		{ "RunningFor", "CREATED" },
		{ "Size", "SIZE" },
		{ "State", "STATE" },
		{ "Status", "STATUS" },
		{ "Label", "LABEL" },
	};
	struct json_object *row = json_object_new_object();
	bool added = row;

	for (size_t i = 0; added && i < sizeof titles / sizeof *titles; i++)
		added = add_text(row, titles[i][0], titles[i][1]);
	if (added)
		return row;
	json_object_put(row);
	return NULL;
}

static bool add_command(struct json_object *row, const struct config *config, bool whole)
{
	OWNED(buffer_finish) struct buffer words = { 0 };
	OWNED(buffer_finish) struct buffer cut = { 0 };
	OWNED(buffer_finish) struct buffer quoted = { 0 };

	buffer_add(&words, "", 0);
	for (size_t i = 0; config && config->process && i < config->process->args.n; i++) {
		const char *word = config->process->args.v[i];
		const char *quote = i && strchr(word, ' ') ? "'" : "";

		buffer_print(&words, "%s%s%s%s", i ? " " : "", quote, word, quote);
	}
	if (words.failed)
		return false;
	human_ellipsis(words.text, whole ? words.length : SHORT_COMMAND, &cut);
	if (cut.failed)
		return false;
	human_quote(cut.text ? cut.text : "", &quoted);
	return add_buffer(row, "Command", &quoted);
}

/* As Go prints a time: "2026-01-02 03:04:05 +0000 UTC". */
static bool add_created(struct json_object *row, int64_t created)
{
	time_t seconds = created / NANOSECONDS_PER_SECOND;
	struct tm date;
	char text[64] = "";

	if (gmtime_r(&seconds, &date))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S +0000 UTC", &date);
	return add_text(row, "CreatedAt", text);
}

static bool add_labels(struct json_object *row, const struct string_map *labels)
{
	OWNED(buffer_finish) struct buffer all = { 0 };
	struct json_object *each = json_object_new_object();
	bool added = each;

	buffer_add(&all, "", 0);
	for (size_t i = 0; added && i < labels->n; i++) {
		buffer_print(&all, "%s%s=%s", i ? "," : "", labels->v[i].key, labels->v[i].value);
		added = add_printable(each, labels->v[i].key, labels->v[i].value);
	}
	if (!added || all.failed || !add_printable(row, "Labels", all.text)) {
		json_object_put(each);
		return false;
	}
	return add(row, "Label", each);
}

/* Where what the user mounted comes from; the mounts that every container has come from no path. */
static bool add_mounts(struct json_object *row, const struct config *config, bool whole)
{
	OWNED(buffer_finish) struct buffer all = { 0 };

	for (size_t i = 0; config && i < config->mounts.n; i++) {
		const char *source = config->mounts.v[i]->source;

		if (!source || *source != '/')
			continue;
		buffer_print(&all, "%s", all.length ? "," : "");
		human_ellipsis(source, whole ? strlen(source) : 15, &all);
	}
	return !all.failed && add_printable(row, "Mounts", all.text ? all.text : "");
}

static bool fill(struct json_object *row, const struct record *record, const struct config *config,
		 int64_t now, bool whole)
{
	char status[HUMAN_STATUS_TEXT], age[HUMAN_DURATION_TEXT], ago[HUMAN_DURATION_TEXT + 8];
	owned_string id = whole ? strdup(record->id) : strndup(record->id, SHORT_ID);
	const char *image = listing_image(config);

	snprintf(ago, sizeof ago, "%s ago", human_duration(now - record->created, age));
	return id && add_command(row, config, whole) && add_created(row, record->created) &&
	       add_text(row, "HealthStatus",
			record->health ? health_status_words[record->health->status].name : "") &&
	       add_text(row, "ID", id) && add_printable(row, "Image", image ? image : "") &&
	       add_labels(row, &record->labels) && add_text(row, "LocalVolumes", "0") &&
	       add_mounts(row, config, whole) && add_text(row, "Names", record->name) &&
	       add_text(row, "Networks", "") && add_text(row, "Ports", "") &&
	       add_text(row, "RunningFor", ago) && add_text(row, "Size", "0B") &&
	       add_text(row, "State",
			state_status((enum container_state)record->state, record->started != 0)) &&
	       add_text(row, "Status", human_status(record, now, status));
}

struct json_object *listing_row(const struct record *record, const struct config *config,
				int64_t now, bool whole)
{
	struct json_object *row = json_object_new_object();

	if (row && fill(row, record, config, now, whole))
		return row;
	json_object_put(row);
	return NULL;
}
