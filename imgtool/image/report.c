#include "imgtool/image/report.h"

#include <inttypes.h>
#include <string.h>

#include "imgtool/base/columns.h"
#include "imgtool/base/progress_text.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const char *const compression_names[] = {
	[COMPRESSION_NONE] = "tar",
	[COMPRESSION_GZIP] = "tar+gzip",
	[COMPRESSION_ZSTD] = "tar+zstd",
};

/* What the layers take as they are in the image, bytes. */
static uint64_t size_of_layers(const struct image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->n_layers; i++)
		size += image->layers[i].blob.size;
	return size;
}

static const char *media_type(const struct image *image, size_t layer)
{
	return image->manifest ? image->manifest->layers.v[layer]->media_type
			       : compression_names[image->layers[layer].compression];
}

static void add_json_list(struct buffer *to, const struct string_list *list)
{
	buffer_add(to, "[", 1);
	for (size_t i = 0; i < list->n; i++) {
		buffer_add(to, ", ", i ? 2 : 0);
		buffer_add_json_string(to, list->v[i], strlen(list->v[i]));
	}
	buffer_add(to, "]", 1);
}

/* As JSON, so that it is to be seen where one word ends. */
static void add_words(struct buffer *to, const char *name, const struct string_list *words)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	if (!words->n)
		return;
	add_json_list(&text, words);
	to->failed |= text.failed;
	buffer_add_line(to, name, text.text);
}

static void add_lines(struct buffer *to, const char *name, const struct string_list *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		buffer_add_line(to, name, lines->v[i]);
}

static void add_keys(struct buffer *to, const char *name, const struct set_key_list *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		buffer_add_line(to, name, keys->v[i]->key);
}

static void add_process(struct buffer *to, const struct image_process *process)
{
	add_words(to, "Entrypoint", &process->entrypoint);
	add_words(to, "Cmd", &process->cmd);
	buffer_add_line(to, "User", process->user);
	buffer_add_line(to, "Working dir", process->working_dir);
	buffer_add_line(to, "Stop signal", process->stop_signal);
	add_lines(to, "Env", &process->env);
	add_keys(to, "Exposed port", &process->exposed_ports);
	add_keys(to, "Volume", &process->volumes);
	for (size_t i = 0; i < process->labels.n; i++) {
		owned_string label =
			text_format("%s=%s", process->labels.v[i].key, process->labels.v[i].value);

		to->failed |= !label;
		buffer_add_line(to, "Label", label);
	}
}

static void add_layers(struct buffer *to, const struct image *image)
{
	OWNED(columns_finish) struct columns rows = { .per_row = 4 };
	char size[PROGRESS_BYTES_MAX];

	progress_print_bytes(size, (double)size_of_layers(image));
	buffer_print(to, "\n%zu layer%s, %s:\n", image->n_layers, image->n_layers == 1 ? "" : "s",
		     size);
	columns_add(&rows, "SIZE");
	columns_add(&rows, "DIGEST");
	columns_add(&rows, "DIFF ID");
	columns_add(&rows, "MEDIA TYPE");
	for (size_t i = 0; i < image->n_layers; i++) {
		const struct layer *layer = &image->layers[i];

		columns_add_size(&rows, (int64_t)layer->blob.size);
		columns_add(&rows, layer->blob.digest);
		columns_add(&rows, layer->diff_id);
		columns_add(&rows, media_type(image, i));
	}
	columns_print(&rows, to);
}

/* The oldest first, as the layers are. An entry without a layer has no size; nor have those of a history that counts other
 * layers than there are. */
static void add_history(struct buffer *to, const struct image *image)
{
	const struct history_entry_list *history = &image->config->history;
	OWNED(columns_finish) struct columns rows = { .per_row = 4 };
	size_t layers = 0, layer = 0;

	if (!history->n)
		return;
	for (size_t i = 0; i < history->n; i++)
		layers += !history->v[i]->empty_layer;
	buffer_print(to, "\nHistory:\n");
	columns_add(&rows, "CREATED");
	columns_add(&rows, "SIZE");
	columns_add(&rows, "COMMENT");
	columns_add(&rows, "CREATED BY");
	for (size_t i = 0; i < history->n; i++) {
		const struct history_entry *entry = history->v[i];
		bool has_layer = !entry->empty_layer && layers == image->n_layers;

		columns_add(&rows, entry->created);
		columns_add_size(&rows, has_layer ? (int64_t)image->layers[layer++].blob.size : -1);
		columns_add(&rows, entry->comment);
		columns_add(&rows, entry->created_by);
	}
	columns_print(&rows, to);
}

void image_report_table(const struct image *image, struct buffer *to)
{
	const struct image_config *config = image->config;
	owned_string platform = platform_text(config->os, config->architecture, config->variant);

	to->failed |= !platform;
	add_lines(to, "Name", &image->names);
	buffer_add_line(to, "Manifest", image->manifest_digest);
	buffer_add_line(to, "Config", image->config_digest);
	buffer_add_line(to, "Platform", platform);
	buffer_add_line(to, "Created", config->created);
	buffer_add_line(to, "Author", config->author);
	if (config->config)
		add_process(to, config->config);
	add_layers(to, image);
	add_history(to, image);
}

static void add_member(struct buffer *to, const char *name, const char *value)
{
	if (!value)
		return;
	buffer_print(to, "  \"%s\": ", name);
	buffer_add_json_string(to, value, strlen(value));
	buffer_add(to, ",\n", 2);
}

static void add_json_layer(struct buffer *to, const struct image *image, size_t i)
{
	const struct layer *layer = &image->layers[i];

	buffer_print(to, "%s\n    {\"mediaType\": ", i ? "," : "");
	buffer_add_json_string(to, media_type(image, i), strlen(media_type(image, i)));
	if (layer->blob.digest)
		buffer_print(to, ", \"digest\": \"%s\"", layer->blob.digest);
	buffer_print(to, ", \"diffID\": \"%s\", \"size\": %" PRIu64 "}", layer->diff_id,
		     layer->blob.size);
}

void image_report_json(const struct image *image, struct buffer *to)
{
	const struct image_config *config = image->config;
	owned_string platform = platform_text(config->os, config->architecture, config->variant);
	OWNED(buffer_finish) struct buffer json = { 0 };

	to->failed |= !platform;
	buffer_print(&json, "{\n  \"names\": ");
	add_json_list(&json, &image->names);
	buffer_print(&json, ",\n");
	add_member(&json, "manifestDigest", image->manifest_digest);
	add_member(&json, "configDigest", image->config_digest);
	add_member(&json, "platform", platform);
	buffer_print(&json, "  \"size\": %" PRIu64 ",\n  \"layers\": [", size_of_layers(image));
	for (size_t i = 0; i < image->n_layers; i++)
		add_json_layer(&json, image, i);
	buffer_print(&json, "%s],\n", image->n_layers ? "\n  " : "");
	if (image->manifest_text)
		buffer_print(&json, "  \"manifest\": %s,\n", image->manifest_text);
	buffer_print(&json, "  \"config\": %s\n}\n", image->config_text);
	json_make_printable(&json, to);
}
