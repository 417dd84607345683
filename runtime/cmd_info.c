/* orun info */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/commands.h"
#include "runtime/probe.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const char *format = "text";

static const struct option options[] = {
	{ "format", 'f', OPTION_TEXT, &format, "text|json", "how to print (default: text)" },
	{ 0 },
};

static const struct probe *const tables[] = { probes_of_kernel, probes_of_cgroups, probes_of_host };

static void add_text(const char *name, bool available, const char *detail, struct buffer *to)
{
	buffer_print(to, "%-29s %-3s %s", name, available ? "yes" : "no", detail);
	while (to->length && to->text[to->length - 1] == ' ')
		to->text[--to->length] = '\0';
	buffer_add(to, "\n", 1);
}

static void add_json(const char *name, bool available, const char *detail, struct buffer *to)
{
	buffer_print(to, "%s\n  ", to->length > 1 ? "," : "");
	buffer_add_json_string(to, name, strlen(name));
	buffer_print(to, ": {\"available\": %s, \"detail\": ", available ? "true" : "false");
	buffer_add_json_string(to, detail, strlen(detail));
	buffer_print(to, "}");
}

static void run_probe(const struct probe *probe, bool json, struct buffer *to)
{
	OWNED(buffer_finish) struct buffer detail = { 0 };
	bool available = probe->run(&detail);

	to->failed = to->failed || detail.failed;
	(json ? add_json : add_text)(probe->name, available, detail.text ? detail.text : "", to);
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	bool json = strcmp(format, "json") == 0;

	(void)globals;
	(void)argc;
	(void)argv;
	if (!json && strcmp(format, "text") != 0) {
		error_set(err, EINVAL, "--format '%s': is neither text nor json", format);
		return 1;
	}
	if (json)
		buffer_print(&text, "{");
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct probe *probe = tables[i]; probe->name; probe++)
			run_probe(probe, json, &text);
	if (json)
		buffer_print(&text, "\n}\n");
	if (text.failed || fputs(text.text, stdout) < 0 || fflush(stdout)) {
		error_errno(err, text.failed ? ENOMEM : errno, "print the information");
		return 1;
	}
	return 0;
}

const struct verb info_verb = {
	.name = "info",
	.arguments = "",
	.summary = "print what this host offers to containers, and why it does not",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 0,
	.run = run,
};
