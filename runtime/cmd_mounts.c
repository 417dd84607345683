/* orun mounts */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/commands.h"
#include "runtime/exe.h"
#include "runtime/live_mounts.h"
#include "runtime/live_mounts_child.h"
#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"

static const char *source, *destination, *type, *format = "table";
static struct string_list words;
static bool force;

static const struct option options[] = {
	{ .name = "source",
	  .kind = OPTION_TEXT,
	  .target = &source,
	  .argument = "PATH",
	  .help = "add: what to bind, a path of the host; or the file system's source" },
	{ .name = "destination",
	  .kind = OPTION_TEXT,
	  .target = &destination,
	  .argument = "PATH",
	  .help = "add, remove: where in the container, an absolute path" },
	{ .name = "type",
	  .kind = OPTION_TEXT,
	  .target = &type,
	  .argument = "TYPE",
	  .help = "add: the file system, such as tmpfs (default: bind)" },
	{ .name = "options",
	  .letter = 'o',
	  .kind = OPTION_LIST,
	  .target = &words,
	  .argument = "A,B,C",
	  .help = "add: mount options as in config.json, such as ro,nosuid" },
	{ .name = "force",
	  .letter = 'f',
	  .kind = OPTION_FLAG,
	  .target = &force,
	  .help = "remove: also what `mounts add` has not mounted" },
	{ .name = "format",
	  .kind = OPTION_TEXT,
	  .target = &format,
	  .argument = "table|json",
	  .help = "list: how to print (default: table)" },
	{ 0 },
};

/* ---- what is asked for: a configuration whose mounts are meant ---- */

/* FILE holds the array alone; the rest is there for the parser. */
#define BEFORE "{\"ociVersion\":\"" SPEC_VERSION "\",\"root\":{\"path\":\"/\"},\"mounts\":"
#define BEHIND "}"

static struct config *mounts_of_text(const char *text, size_t length, const char *name,
				     struct error *err)
{
	OWNED(problems_finish) struct problems problems = { 0 };
	OWNED(buffer_finish) struct buffer whole = { 0 };
	struct config *config = NULL;

	buffer_add(&whole, BEFORE, strlen(BEFORE));
	buffer_add(&whole, text, length);
	buffer_add(&whole, BEHIND, strlen(BEHIND));
	if (whole.failed)
		error_errno(err, ENOMEM, "%s", name);
	else if (text[strspn(text, " \t\r\n")] != '[')
		error_set(err, EINVAL, "%s: expected a JSON array of mounts, as in config.json",
			  name);
	else {
		config = table_parse(&config_type, whole.text, whole.length, &problems);
		if (!config)
			problems_to_error(&problems, name, err);
	}
	return config;
}

static struct config *mounts_of_file(const char *path, struct error *err)
{
	owned_string text = NULL;
	size_t length;

	if (read_file_at(AT_FDCWD, path, CONFIG_MAX, &text, &length, err))
		return NULL;
	return mounts_of_text(text, length, path, err);
}

static void add_member(struct buffer *text, const char *name, const char *value)
{
	if (!value)
		return;
	buffer_print(text, "%s\"%s\":", text->text[text->length - 1] == '{' ? "" : ",", name);
	buffer_add_json_string(text, value, strlen(value));
}

/* Each --options may hold several, as in fstab(5). */
static int split_words(struct string_list *to, struct error *err)
{
	for (size_t i = 0; i < words.n; i++) {
		char *rest = words.v[i], *word;
		while ((word = strsep(&rest, ",")))
			if (*word && string_list_add(to, word))
				return error_errno(err, ENOMEM, "--options");
	}
	return 0;
}

static void add_list(struct buffer *text, const char *name, const struct string_list *list)
{
	buffer_print(text, ",\"%s\":[", name);
	for (size_t i = 0; i < list->n; i++) {
		buffer_print(text, "%s", i ? "," : "");
		buffer_add_json_string(text, list->v[i], strlen(list->v[i]));
	}
	buffer_print(text, "]");
}

/* A path to be bound is the caller's, who is elsewhere than in the bundle. */
static char *absolute_source(bool bind)
{
	if (!source || !bind || source[0] == '/')
		return source ? strdup(source) : NULL;
	owned_string here = getcwd(NULL, 0);
	return here ? text_format("%s/%s", here, source) : NULL;
}

static struct config *mounts_of_options(struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	OWNED(string_list_finish) struct string_list list = { 0 };
	const char *of_type = type ? type : "bind";

	if (split_words(&list, err))
		return NULL;
	bool bind = text_equal(of_type, "bind") || string_list_has(&list, "bind") ||
		    string_list_has(&list, "rbind");
	owned_string path = absolute_source(bind);
	if (source && !path) {
		error_errno(err, errno, "--source '%s'", source);
		return NULL;
	}
	buffer_print(&text, "[{");
	add_member(&text, "destination", destination);
	add_member(&text, "type", of_type);
	add_member(&text, "source", path);
	add_list(&text, "options", &list);
	buffer_print(&text, "}]");
	if (!text.failed)
		return mounts_of_text(text.text, text.length, "mounts", err);
	error_errno(err, ENOMEM, "mounts");
	return NULL;
}

/* For the caller to config_free. */
static struct config *asked_for(const char *file, struct error *err)
{
	if (!file == !destination) {
		error_set(err, EINVAL, "mounts: wants either FILE or --destination");
		error_hint(err, "`orun mounts --help` tells more");
		return NULL;
	}
	if (file && (source || type || words.n)) {
		error_set(
			err, EINVAL,
			"mounts: FILE says all: --source, --type and --options do not go with it");
		return NULL;
	}
	return file ? mounts_of_file(file, err) : mounts_of_options(err);
}

/* ---- the actions ---- */

static int add(struct container *container, const char *file, struct error *err)
{
	struct config *config = asked_for(file, err);
	int failed = !config || live_mounts_add(container, &config->mounts, err);

	config_free(config);
	return failed;
}

static int remove_mounts(struct container *container, const char *file, struct error *err)
{
	OWNED(string_list_finish) struct string_list destinations = { 0 };
	struct config *config = asked_for(file, err);
	int failed = !config;

	for (size_t i = 0; !failed && i < config->mounts.n; i++)
		if (string_list_add(&destinations, config->mounts.v[i]->destination))
			failed = error_errno(err, ENOMEM, "mounts");
	config_free(config);
	return failed || live_mounts_remove(container, &destinations, force, err);
}

/* The kernel escapes blanks and backslashes; a terminal would act on the other control characters. */
static void print_word(const char *word, int width, struct buffer *to)
{
	size_t start = to->length;

	for (; *word; word++)
		if ((unsigned char)*word < ' ' || *word == '\177')
			buffer_print(to, "\\%03o", (unsigned)(unsigned char)*word);
		else
			buffer_add(to, word, 1);
	buffer_print(to, "%*s ",
		     to->length - start < (size_t)width ? width - (int)(to->length - start) : 0,
		     "");
}

static void print_row(const struct mountinfo *mount, bool live, struct buffer *to)
{
	buffer_print(to, "%-6lld %-5s ", (long long)mount->id, live ? "yes" : "no");
	print_word(mount->mountpoint, 32, to);
	print_word(mount->type, 8, to);
	print_word(mount->source, 16, to);
	print_word(mount->options, 0, to);
	to->text[to->length - 1] = '\n';
}

static void print_object(struct mountinfo *mount, bool live, struct buffer *to)
{
	OWNED(string_list_finish) struct string_list options_list = { 0 };
	char *option;

	while ((option = strsep(&mount->options, ",")))
		if (string_list_add(&options_list, option))
			to->failed = true;
	mountinfo_unescape(mount->mountpoint);
	mountinfo_unescape(mount->source);
	buffer_print(to, "{\"id\":%lld", (long long)mount->id);
	add_member(to, "destination", mount->mountpoint);
	add_member(to, "type", mount->type);
	add_member(to, "source", mount->source);
	add_list(to, "options", &options_list);
	buffer_print(to, ",\"live\":%s}", live ? "true" : "false");
}

static int list(const struct container *container, struct error *err)
{
	owned_string text = live_mounts_read(container, err);
	OWNED(buffer_finish) struct buffer out = { 0 };
	bool json = text_equal(format, "json");
	char *rest = text;
	struct mountinfo mount;

	if (!json && !text_equal(format, "table"))
		return error_set(err, EINVAL, "--format '%s': is neither table nor json", format);
	if (!text)
		return -1;
	buffer_print(&out, "%s",
		     json ? "["
			  : "ID     LIVE  DESTINATION                      TYPE     SOURCE"
			    "           OPTIONS\n");
	while (mountinfo_next(&rest, &mount) && !out.failed) {
		bool live = live_mounts_has(container->state, mount.id);
		if (!json) {
			print_row(&mount, live, &out);
			continue;
		}
		buffer_print(&out, "%s", out.length > 1 ? "," : "");
		print_object(&mount, live, &out);
	}
	buffer_print(&out, "%s", json ? "]\n" : "");
	if (out.failed || fputs(out.text, stdout) < 0 || fflush(stdout))
		return error_errno(err, out.failed ? ENOMEM : errno, "print the mounts");
	return 0;
}

static int act(const struct globals *globals, const char *action, const char *id, const char *file,
	       struct error *err)
{
	bool adds = text_equal(action, "add"), lists = text_equal(action, "list");
	struct container container;

	if (!adds && !lists && !text_equal(action, "remove"))
		return error_set(err, EINVAL, "mounts: '%s' is none of add, remove and list",
				 action);
	owned_fd root = container_open_root(globals->root, err);
	if (root < 0)
		return -1;
	if (lists ? container_peek(root, id, &container, err)
		  : container_open(root, id, false, &container, err))
		return -1;
	int failed = lists  ? list(&container, err)
		     : adds ? add(&container, file, err)
			    : remove_mounts(&container, file, err);
	container_close(&container);
	if (!failed)
		return 0;
	return lists ? -1 : error_prefix(err, "mounts %s", action);
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	int failed = act(globals, argv[0], argv[1], argc > 2 ? argv[2] : NULL, err);

	string_list_finish(&words);
	return failed ? 1 : 0;
}

const struct verb mounts_verb = {
	.name = "mounts",
	.arguments = "add|remove|list ID [FILE]",
	.summary = "change or list the mounts of a container while it runs; FILE is a JSON array "
		   "as config.json's mounts",
	.options = options,
	.min_arguments = 2,
	.max_arguments = 3,
	.run = run,
	.prepare = exe_protect, /* a process of ours can be seen in there */
};
