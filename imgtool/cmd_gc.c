/* imgtool gc */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "imgtool/commands.h"
#include "imgtool/rootless.h"
#include "imgtool/store/clean.h"
#include "spec/base/log.h"

static const char *path;
static bool dry_run;

static const struct option options[] = {
	{ "dry-run", 'n', OPTION_FLAG, &dry_run, NULL, "only print what would be removed" },
	{ "store", 0, OPTION_TEXT, &path, "DIR",
	  "where extracted layers are (default: /var/lib/imgtool)" },
	{ 0 },
};

struct sum {
	const struct globals *globals;
	uint64_t bytes;
};

static void tell(const struct store_garbage *garbage, void *context)
{
	struct sum *sum = context;

	sum->bytes += garbage->bytes;
	if (sum->globals->json)
		printf("{\"kind\":\"%s\",\"name\":\"%s\",\"bytes\":%" PRIu64 "}\n", garbage->kind,
		       garbage->name, garbage->bytes);
	else if (!sum->globals->quiet)
		printf("%s %s: %" PRIu64 " bytes\n", garbage->kind, garbage->name, garbage->bytes);
}

static struct store *open_store(const struct globals *globals, struct error *err)
{
	const char *chosen = path ? path : globals->store;
	struct store *store = store_open(chosen, STORE_TO_CLEAN_AT_ONCE, err);

	if (store || err->code != EWOULDBLOCK)
		return store;
	*err = (struct error){ 0 };
	if (!globals->quiet)
		log_warning("waiting for another imgtool that uses the store");
	return store_open(chosen, STORE_TO_CLEAN, err);
}

static int clean(const struct globals *globals, struct error *err)
{
	struct sum sum = { .globals = globals };
	struct store *store = open_store(globals, err);

	/* Where nothing was unpacked there is no store. */
	if (!store && err->code == ENOENT && !path && !globals->store) {
		*err = (struct error){ 0 };
		return 0;
	}
	if (!store || store_clean(store, dry_run, tell, &sum, err))
		return 1;
	if (!globals->json && !globals->quiet)
		printf("%s %" PRIu64 " bytes\n", dry_run ? "to free:" : "freed:", sum.bytes);
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct rootless rootless;
	int result = rootless_look(&rootless, err) || rootless_enter(&rootless, err) ||
				     clean(globals, err)
			     ? 1
			     : 0;

	(void)argc;
	(void)argv;
	rootless_finish(&rootless);
	return result;
}

const struct verb gc_verb = {
	.name = "gc",
	.arguments = "",
	.summary = "remove layers that no bundle uses from the store",
	.options = options,
	.run = run,
};
