/* What resctrl tells about a container's group, as JSON. Must not know how groups are made. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/resctrl.h"
#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

#define FILE_MAX (1u << 20)

/* A JSON object or array that is being written. */
struct writer {
	struct buffer *to;
	bool begun;
};

static void separate(struct writer *writer)
{
	buffer_print(writer->to, "%s", writer->begun ? "," : "");
	writer->begun = true;
}

static void add_key(struct writer *writer, const char *key)
{
	separate(writer);
	buffer_print(writer->to, "\"%s\":", key);
}

/* ---- what the processor can share out: info/ ---- */

/* A file of `info`, under the name that it has there too. */
struct info {
	const char *name;
	bool text; /* in JSON, too */
};

static const struct info cache_info[] = {
	{ "cbm_mask", true }, { "min_cbm_bits", false }, { "num_closids", false }, { NULL, false }
};
static const struct info bandwidth_info[] = { { "bandwidth_gran", false },
					      { "delay_linear", false },
					      { "min_bandwidth", false },
					      { "num_closids", false },
					      { NULL, false } };

static int read_number(int directory, const char *file, uint64_t *ret)
{
	char text[64];

	return read_line_at(directory, file, text, sizeof text, NULL) || text_to_uint64(text, ret)
		       ? -1
		       : 0;
}

/* As in runc what is empty or 0 is left out. */
static void add_info(struct writer *writer, const char *key, int directory,
		     const struct info *files)
{
	struct writer inner = { .to = writer->to };
	char text[64];
	uint64_t number;

	add_key(writer, key);
	buffer_print(writer->to, "{");
	for (; files->name; files++) {
		if (files->text) {
			if (read_line_at(directory, files->name, text, sizeof text, NULL) || !*text)
				continue;
			add_key(&inner, files->name);
			buffer_add_json_string(writer->to, text, strlen(text));
		} else if (read_number(directory, files->name, &number) == 0 && number) {
			add_key(&inner, files->name);
			buffer_print(writer->to, "%" PRIu64, number);
		}
	}
	buffer_print(writer->to, "}");
}

/* ---- what it has shared out: schemata ---- */

static const char *trimmed(const char *line, size_t *length)
{
	const char *end = line + strcspn(line, "\n");

	line += strspn(line, " ");
	while (end > line && end[-1] == ' ')
		end--;
	*length = (size_t)(end - line);
	return line;
}

/* The last line of @schemata that begins with @name, such as "L3:" or, where code and data are apart,
 * "L3DATA:". */
static void add_schema(struct writer *writer, const char *key, const char *schemata,
		       const char *name)
{
	const char *found = NULL;
	size_t length, found_length = 0;

	while (schemata) {
		const char *line = trimmed(schemata, &length);
		if (text_starts_with(line, name)) {
			found = line;
			found_length = length;
		}
		schemata = strchr(schemata, '\n');
		schemata += schemata != NULL;
	}
	if (!found)
		return;
	add_key(writer, key);
	buffer_add_json_string(writer->to, found, found_length);
}

static void add_schemata(struct writer *writer, const char *schemata)
{
	struct writer lines = { .to = writer->to };
	size_t length;

	add_key(writer, "schemata");
	buffer_print(writer->to, "[");
	while (schemata && *schemata) {
		const char *line = trimmed(schemata, &length);
		separate(&lines);
		buffer_add_json_string(writer->to, line, length);
		schemata = strchr(schemata, '\n');
		schemata += schemata != NULL;
	}
	buffer_print(writer->to, "]");
}

/* ---- what it has counted: mon_data/ ---- */

static const char *const bandwidth_counters[] = { "mbm_total_bytes", "mbm_local_bytes", NULL };
static const char *const cache_counters[] = { "llc_occupancy", NULL };

/* One object. What this processor does not count is 0; false when a counter says "Unavailable". */
static bool print_domain(int domain, const char *const *counters, const char *features,
			 struct buffer *to)
{
	struct writer writer = { .to = to };

	buffer_print(to, "{");
	for (; *counters; counters++) {
		uint64_t number = 0;
		if (strstr(features, *counters) && read_number(domain, *counters, &number))
			return false;
		add_key(&writer, *counters);
		buffer_print(to, "%" PRIu64, number);
	}
	buffer_print(to, "}");
	return true;
}

static int is_domain(const struct dirent *entry)
{
	return text_starts_with(entry->d_name, "mon_");
}

/* An array with an object per cache, in the order of their names. */
static int add_counters(struct writer *writer, const char *key, int group,
			const char *const *counters, const char *features, struct error *err)
{
	struct writer domains = { .to = writer->to };
	struct dirent **entries = NULL;
	int n = scandirat(group, "mon_data", &entries, is_domain, alphasort);

	if (n < 0)
		return error_errno(err, errno, "read mon_data");
	add_key(writer, key);
	buffer_print(writer->to, "[");
	for (int i = 0; i < n; i++) {
		OWNED(buffer_finish) struct buffer object = { 0 };
		owned_string path = text_format("mon_data/%s", entries[i]->d_name);
		owned_fd domain = path ? openat(group, path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (domain >= 0 && print_domain(domain, counters, features, &object) &&
		    !object.failed) {
			separate(&domains);
			buffer_add(writer->to, object.text, object.length);
		}
		free(entries[i]);
	}
	free(entries);
	buffer_print(writer->to, "]");
	return 0;
}

/* ---- all of it ---- */

static int open_root(int group)
{
	struct stat st;

	/* Only the root has an `info`; groups lie directly in it. */
	return openat(group, fstatat(group, "info", &st, 0) == 0 ? "." : "..",
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int print_monitoring(const struct state *state, int root, int group, struct writer *writer,
			    struct error *err)
{
	owned_string features = NULL;
	owned_fd own = -1;

	if (read_file_at(root, "info/L3_MON/mon_features", FILE_MAX, &features, NULL, NULL))
		return 0;
	if (state->resctrl_monitoring) {
		own = open(state->resctrl_monitoring, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (own < 0)
			return error_errno(err, errno, "open '%s'", state->resctrl_monitoring);
		group = own;
	}
	if (strstr(features, "mbm_") &&
	    add_counters(writer, "mbm_stats", group, bandwidth_counters, features, err))
		return -1;
	if (strstr(features, "llc_occupancy"))
		return add_counters(writer, "cmt_stats", group, cache_counters, features, err);
	return 0;
}

static int print_group(const struct state *state, struct writer *writer, struct error *err)
{
	owned_string root_schemata = NULL;
	owned_string schemata = NULL;
	owned_fd group = open(state->resctrl_group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	owned_fd root = group < 0 ? -1 : open_root(group);

	if (root < 0)
		return error_errno(err, errno, "open '%s'", state->resctrl_group);
	if (read_file_at(root, "schemata", FILE_MAX, &root_schemata, NULL, err) ||
	    read_file_at(group, "schemata", FILE_MAX, &schemata, NULL, err))
		return -1;
	owned_fd cache = openat(root, "info/L3", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cache >= 0) {
		add_info(writer, "l3_cache_info", cache, cache_info);
		add_schema(writer, "l3_cache_schema_root", root_schemata, "L3");
		add_schema(writer, "l3_cache_schema", schemata, "L3");
	}
	owned_fd bandwidth = openat(root, "info/MB", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bandwidth >= 0) {
		add_info(writer, "mem_bw_info", bandwidth, bandwidth_info);
		add_schema(writer, "mem_bw_schema_root", root_schemata, "MB");
		add_schema(writer, "mem_bw_schema", schemata, "MB");
	}
	add_schemata(writer, schemata);
	return print_monitoring(state, root, group, writer, err);
}

int resctrl_print_statistics(const struct state *state, struct buffer *to, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	struct writer writer = { .to = &text };

	buffer_print(&text, "{");
	if (state->resctrl_group && print_group(state, &writer, err))
		return error_prefix(err, "linux.intelRdt");
	buffer_print(&text, "}");
	if (text.failed)
		return error_errno(err, ENOMEM, "linux.intelRdt");
	buffer_add(to, text.text, text.length);
	return 0;
}
