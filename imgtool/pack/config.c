#include "imgtool/pack/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imgtool/convert/environment.h"
#include "imgtool/pack/json.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

int pack_time_parse(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *end;

	if (text_to_int64(text, ret) == 0)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end) {
		errno = EINVAL;
		return -1;
	}
	*ret = timegm(&tm);
	return 0;
}

static int print_time(int64_t seconds, char *ret, size_t size, struct error *err)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	/* RFC 3339 has years of four digits. */
	if (!gmtime_r(&time, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return error_set(err, EINVAL, "created: %lld seconds are no year from 0 to 9999",
				 (long long)seconds);
	snprintf(ret, size, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return 0;
}

static int check_text(const char *option, const char *text, struct error *err)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t size = utf8_sequence(text, left);

		if (!size)
			return error_set(err, EINVAL, "option --%s: is no UTF-8", option);
		text += size;
		left -= size;
	}
	return 0;
}

static int check_list(const char *option, const struct string_list *list, struct error *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (check_text(option, list->v[i], err))
			return -1;
	return 0;
}

/* The member, made an object when it is none: null is what Go writes for an empty one. */
static struct json_object *object_of(struct json_object *parent, const char *key)
{
	struct json_object *member = NULL;

	if (json_object_object_get_ex(parent, key, &member) &&
	    json_object_is_type(member, json_type_object))
		return member;
	member = json_object_new_object();
	json_object_object_add(parent, key, member);
	return member;
}

static struct json_object *array_of(struct json_object *parent, const char *key)
{
	struct json_object *member = NULL;

	if (json_object_object_get_ex(parent, key, &member) &&
	    json_object_is_type(member, json_type_array))
		return member;
	member = json_object_new_array();
	json_object_object_add(parent, key, member);
	return member;
}

static struct json_object *array_from(const struct string_list *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		json_object_array_add(array, json_object_new_string(list->v[i]));
	return array;
}

static bool is_array_of_strings(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
			return false;
	return true;
}

static int set_words(struct json_object *config, const char *key, const char *option,
		     const struct string_list *words, struct error *err)
{
	if (check_list(option, words, err))
		return -1;
	if (words->n == 1 && words->v[0][0] == '[') {
		struct json_object *array = json_parse(words->v[0]);

		if (array && is_array_of_strings(array)) {
			json_object_object_add(config, key, array);
			return 0;
		}
		json_object_put(array);
		return error_set(err, EINVAL, "option --%s: '%.80s' is no JSON array of strings",
				 option, words->v[0]);
	}
	if (words->n == 1 && !words->v[0][0])
		json_object_object_del(config, key);
	else if (words->n)
		json_object_object_add(config, key, array_from(words));
	return 0;
}

static int set_environment(struct json_object *config, const struct string_list *options,
			   struct error *err)
{
	OWNED(string_list_finish) struct string_list environment = { 0 };
	struct json_object *array;

	if (!options->n)
		return 0;
	array = array_of(config, "Env");
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (string_list_add(&environment,
				    json_object_get_string(json_object_array_get_idx(array, i))))
			return error_errno(err, ENOMEM, "Env");
	if (environment_add_options(&environment, options, err) ||
	    check_list("env", &environment, err))
		return -1;
	json_object_object_add(config, "Env", array_from(&environment));
	return 0;
}

static int set_labels(struct json_object *config, const struct string_list *labels,
		      struct error *err)
{
	if (check_list("label", labels, err))
		return -1;
	for (size_t i = 0; i < labels->n; i++) {
		const char *equals = strchr(labels->v[i], '=');

		if (!equals || equals == labels->v[i])
			return error_set(err, EINVAL, "option --label: '%.80s' is no KEY=VALUE",
					 labels->v[i]);
		owned_string key = strndup(labels->v[i], (size_t)(equals - labels->v[i]));
		if (!key)
			return error_errno(err, ENOMEM, "label");
		json_set_text(object_of(config, "Labels"), key, equals + 1);
	}
	return 0;
}

/* The number at *at, which moves behind it; 0: there is no port. */
static unsigned read_port(const char **at)
{
	unsigned port = 0;

	while (**at >= '0' && **at <= '9' && port <= 65535)
		port = 10 * port + (unsigned)(*(*at)++ - '0');
	return port <= 65535 ? port : 0;
}

/* "80", "80-90", with or without a protocol behind a slash. */
static bool is_port(const char *text)
{
	unsigned first = read_port(&text), last = first;

	if (*text == '-') {
		text++;
		last = read_port(&text);
	}
	return first > 0 && first <= last &&
	       (!*text || strcmp(text, "/tcp") == 0 || strcmp(text, "/udp") == 0 ||
		strcmp(text, "/sctp") == 0);
}

static int set_ports(struct json_object *config, const struct string_list *ports, struct error *err)
{
	for (size_t i = 0; i < ports->n; i++) {
		char port[64];

		if (strlen(ports->v[i]) > sizeof port - sizeof "/tcp" || !is_port(ports->v[i]))
			return error_set(
				err, EINVAL,
				"option --expose: '%.80s' is no PORT[-PORT][/tcp|udp|sctp]",
				ports->v[i]);
		snprintf(port, sizeof port, "%s%s", ports->v[i],
			 strchr(ports->v[i], '/') ? "" : "/tcp");
		json_object_object_add(object_of(config, "ExposedPorts"), port,
				       json_object_new_object());
	}
	return 0;
}

static int set_volumes(struct json_object *config, const struct string_list *volumes,
		       struct error *err)
{
	if (check_list("volume", volumes, err))
		return -1;
	for (size_t i = 0; i < volumes->n; i++) {
		if (volumes->v[i][0] != '/')
			return error_set(err, EINVAL,
					 "option --volume: '%.80s' is no absolute path",
					 volumes->v[i]);
		json_object_object_add(object_of(config, "Volumes"), volumes->v[i],
				       json_object_new_object());
	}
	return 0;
}

static int check_line(const char *option, const char *text, struct error *err)
{
	if (!text)
		return 0;
	if (check_text(option, text, err))
		return -1;
	if (text_has_control(text))
		return error_set(err, EINVAL, "option --%s: control character", option);
	return 0;
}

static int set_process(struct json_object *config, const struct pack_settings *settings,
		       struct error *err)
{
	if (check_line("workdir", settings->workdir, err) ||
	    check_line("user", settings->user, err) ||
	    check_line("stop-signal", settings->stop_signal, err))
		return -1;
	if (settings->workdir && settings->workdir[0] != '/')
		return error_set(err, EINVAL, "option --workdir: '%.80s' is no absolute path",
				 settings->workdir);
	/* The words for the command below were meant for the entrypoint below: as docker build has it. */
	if (settings->entrypoint.n)
		json_object_object_del(config, "Cmd");
	json_set_text(config, "WorkingDir", settings->workdir);
	json_set_text(config, "User", settings->user);
	json_set_text(config, "StopSignal", settings->stop_signal);
	if (set_words(config, "Entrypoint", "entrypoint", &settings->entrypoint, err) ||
	    set_words(config, "Cmd", "cmd", &settings->cmd, err) ||
	    set_environment(config, &settings->env, err) ||
	    set_labels(config, &settings->labels, err) || set_ports(config, &settings->expose, err))
		return -1;
	return set_volumes(config, &settings->volumes, err);
}

static int add_history(struct json_object *image, const struct pack_settings *settings,
		       const char *created, bool has_layer, struct error *err)
{
	struct json_object *entry = json_object_new_object();

	json_object_array_add(array_of(image, "history"), entry);
	json_set_text(entry, "created", created);
	json_set_text(entry, "created_by", "imgtool pack");
	if (settings->author)
		json_set_text(entry, "author", settings->author);
	if (settings->message && check_text("message", settings->message, err))
		return -1;
	json_set_text(entry, "comment", settings->message);
	if (!has_layer)
		json_object_object_add(entry, "empty_layer", json_object_new_boolean(1));
	return 0;
}

static void set_platform(struct json_object *image, const struct wanted_platform *platform)
{
	json_set_text(image, "architecture", platform->architecture);
	json_set_text(image, "os", platform->os);
	json_object_object_del(image, "variant");
	json_set_text(image, "variant", platform->variant);
}

static int fill(struct json_object *image, bool is_new, const struct pack_settings *settings,
		const char *diff_id, struct error *err)
{
	struct wanted_platform host = platform_of_host();
	struct json_object *rootfs;
	char created[40];

	if (print_time(settings->created, created, sizeof created, err) ||
	    check_line("author", settings->author, err))
		return -1;
	json_set_text(image, "created", created);
	json_set_text(image, "author", settings->author);
	if (settings->platform.os || is_new)
		set_platform(image, settings->platform.os ? &settings->platform : &host);
	if (set_process(object_of(image, "config"), settings, err))
		return -1;
	rootfs = object_of(image, "rootfs");
	json_set_text(rootfs, "type", "layers");
	if (diff_id)
		json_object_array_add(array_of(rootfs, "diff_ids"),
				      json_object_new_string(diff_id));
	else
		array_of(rootfs, "diff_ids");
	return add_history(image, settings, created, diff_id, err);
}

int pack_config(const char *below, const struct pack_settings *settings, const char *diff_id,
		char **text, struct error *err)
{
	owned_json image = below ? json_parse(below) : json_object_new_object();

	if (!json_object_is_type(image, json_type_object))
		return error_set(err, EINVAL, "config of the image below: is no JSON object");
	if (fill(image, !below, settings, diff_id, err))
		return -1;
	return json_print(image, text, err);
}
