/* imgtool remove */
#include <limits.h>

#include "imgtool/bundle_remove.h"
#include "imgtool/commands.h"
#include "imgtool/rootless.h"
#include "spec/base/log.h"

static const struct option options[] = { { 0 } };

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct rootless rootless;
	int result = rootless_look(&rootless, err) || rootless_enter(&rootless, err) ? 1 : 0;

	(void)globals;
	/* One that fails does not keep the others from their turn. */
	for (int i = 0; i < argc && !err->msg[0]; i++) {
		struct error error = { 0 };
		if (bundle_remove(argv[i], &error) == 0)
			continue;
		log_error("%s", error.msg);
		result = 1;
	}
	rootless_finish(&rootless);
	return result;
}

const struct verb remove_verb = {
	.name = "remove",
	.arguments = "BUNDLE…",
	.summary = "unmount and delete bundles, with what the containers wrote",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run,
};
