/* imgtool pack */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/commands.h"
#include "imgtool/pack/pack.h"
#include "imgtool/pack/stream.h"
#include "imgtool/rootless.h"
#include "spec/base/owned.h"

static struct pack_options wanted;
static const char *platform, *created, *mtime, *compression = "gzip", *level;

static const struct option options[] = {
	{ "from", 0, OPTION_TEXT, &wanted.from, "IMAGE",
	  "the image below (default: the one that BUNDLE was made of)" },
	{ "entrypoint", 0, OPTION_LIST, &wanted.settings.entrypoint, "WORD",
	  "what to run: a word each time, or a JSON array; drops the image's command" },
	{ "cmd", 0, OPTION_LIST, &wanted.settings.cmd, "WORD",
	  "the arguments of that, or without it the program, likewise" },
	{ "env", 'e', OPTION_LIST, &wanted.settings.env, "NAME[=VALUE]",
	  "set an environment variable, without a value to what it is here" },
	{ "workdir", 'w', OPTION_TEXT, &wanted.settings.workdir, "PATH", "working directory" },
	{ "user", 'u', OPTION_TEXT, &wanted.settings.user, "USER[:GROUP]", "run as this user" },
	{ "label", 'l', OPTION_LIST, &wanted.settings.labels, "KEY=VALUE", "set a label" },
	{ "expose", 0, OPTION_LIST, &wanted.settings.expose, "PORT[/PROTOCOL]",
	  "say that the program listens there" },
	{ "volume", 'v', OPTION_LIST, &wanted.settings.volumes, "PATH",
	  "say that data belongs there" },
	{ "stop-signal", 0, OPTION_TEXT, &wanted.settings.stop_signal, "SIGNAL",
	  "what asks the program to end" },
	{ "author", 0, OPTION_TEXT, &wanted.settings.author, "NAME", "who made the image" },
	{ "message", 'm', OPTION_TEXT, &wanted.settings.message, "TEXT",
	  "a comment for the image's history" },
	{ "created", 0, OPTION_TEXT, &created, "TIME",
	  "RFC 3339 or seconds since 1970 (default: SOURCE_DATE_EPOCH, or 1970)" },
	{ "mtime", 0, OPTION_TEXT, &mtime, "keep|clamp",
	  "times of files: as they are, or none after TIME (default with SOURCE_DATE_EPOCH)" },
	{ "platform", 0, OPTION_TEXT, &platform, "OS/ARCH[/VARIANT]",
	  "what the image is for (default: as below, or this machine)" },
	{ "compression", 'c', OPTION_TEXT, &compression, "gzip|zstd|none",
	  "how to compress the layer (default: gzip)" },
	{ "level", 0, OPTION_TEXT, &level, "N", "0 to 3 for gzip, 1 to 19 for zstd (default: 3)" },
	{ 0 },
};

static int take_compression(struct error *err)
{
	static const char *const names[] = {
		[COMPRESSION_NONE] = "none",
		[COMPRESSION_GZIP] = "gzip",
		[COMPRESSION_ZSTD] = "zstd",
	};
	uint64_t number;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names && strcmp(names[i], compression) != 0; i++)
		;
	if (i == sizeof names / sizeof *names)
		return error_set(err, EINVAL, "--compression '%s': is none of gzip, zstd, none",
				 compression);
	wanted.compression = (enum compression)i;
	wanted.level = -1;
	if (!level)
		return 0;
	if (text_to_uint64(level, &number) || number > 99)
		return error_set(err, EINVAL, "--level '%s': is no level", level);
	wanted.level = (int)number;
	return pack_stream_check_level(wanted.compression, wanted.level, err);
}

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static int take_time(struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (epoch && !*epoch)
		epoch = NULL;
	if (epoch && text_to_int64(epoch, &wanted.settings.created))
		return error_set(err, EINVAL, "SOURCE_DATE_EPOCH '%s': is no number of seconds",
				 epoch);
	if (created && pack_time_parse(created, &wanted.settings.created))
		return error_set(err, EINVAL,
				 "--created '%s': is neither YYYY-MM-DDTHH:MM:SSZ nor seconds",
				 created);
	wanted.clamp = mtime ? strcmp(mtime, "clamp") == 0 : epoch != NULL;
	if (mtime && !wanted.clamp && strcmp(mtime, "keep") != 0)
		return error_set(err, EINVAL, "--mtime '%s': is neither keep nor clamp", mtime);
	if (wanted.clamp && !epoch && !created)
		return error_set(err, EINVAL,
				 "--mtime clamp: wants --created or SOURCE_DATE_EPOCH");
	return 0;
}

static int take_options(const struct globals *globals, char **argv, struct error *err)
{
	wanted.folder = argv[0];
	wanted.progress = progress_style_of(globals);
	wanted.choice = platform_of_host();
	if (platform) {
		if (platform_parse((char *)platform, &wanted.settings.platform, err))
			return -1;
		wanted.choice = wanted.settings.platform;
	}
	if (take_compression(err) || take_time(err) || reference_parse(argv[1], &wanted.to, err))
		return -1;
	if (wanted.to.digest || wanted.to.index >= 0)
		return error_set(err, EINVAL, "%s: a new image has a tag, no digest or number",
				 argv[1]);
	return 0;
}

/* A normal user's files get the owners that they have in the container. */
static int take_owners(struct error *err)
{
	OWNED(rootless_finish) struct rootless rootless = { 0 };
	bool mapped;
	int is_bundle = pack_is_bundle(wanted.folder, &mapped, err);

	if (is_bundle < 0 || rootless_look(&rootless, err))
		return -1;
	if ((!is_bundle || mapped) && rootless_enter(&rootless, err))
		return -1;
	wanted.recorded = !rootless.is_root && !rootless.mapped;
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	char digest[DIGEST_MAX];
	int result;

	(void)argc;
	result = take_options(globals, argv, err) || take_owners(err) || pack(&wanted, digest, err);
	reference_finish(&wanted.to);
	if (result == 0 && (puts(digest) == EOF || fflush(stdout)))
		result = error_errno(err, errno, "standard output");
	return result ? 1 : 0;
}

const struct verb pack_verb = {
	.name = "pack",
	.arguments = "DIR|BUNDLE IMAGE",
	.summary = "make an image from a folder, or from what changed in a bundle",
	.options = options,
	.min_arguments = 2,
	.max_arguments = 2,
	.run = run,
};
