/* imgtool verify */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imgtool/commands.h"
#include "imgtool/verify.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

static const struct option options[] = { { 0 } };

struct tally {
	size_t blobs, bad;
	bool quiet;
};

/* At once, since a layer takes its time. */
static void print_line(const struct verified_blob *blob, void *context)
{
	struct tally *tally = context;

	tally->blobs++;
	tally->bad += blob->problem != NULL;
	if (tally->quiet && !blob->problem)
		return;
	const char *problem = blob->problem ? blob->problem->msg : "";
	/* Most problems begin with the blob that they are about. */
	bool named = text_starts_with(problem, blob->digest);
	owned_string line = text_format("%-3s %-8s %s%s%s", blob->problem ? "BAD" : "ok",
					blob->what, named ? "" : blob->digest,
					blob->problem && !named ? ": " : "", problem);
	if (!line)
		return;
	text_make_printable(line);
	puts(line);
	fflush(stdout);
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	OWNED(reference_finish) struct reference reference = { .index = -1 };
	struct tally tally = { .quiet = globals->quiet };

	(void)argc;
	if (reference_parse(argv[0], &reference, err) ||
	    image_verify(&reference, print_line, &tally, err))
		return 1;
	if (!tally.blobs)
		error_set(err, ENOENT, "image '%s': there is no such image in it", argv[0]);
	else if (tally.bad)
		error_set(err, EBADMSG, "image '%s': %zu of %zu blobs are bad", argv[0], tally.bad,
			  tally.blobs);
	else if (ferror(stdout))
		error_errno(err, EIO, "print");
	return !tally.blobs || tally.bad || ferror(stdout) ? 1 : 0;
}

const struct verb verify_verb = {
	.name = "verify",
	.arguments = "IMAGE",
	.summary = "read all blobs of an image and compare them with their digests",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
