/* imgtool mount, imgtool umount */
#include <errno.h>
#include <limits.h>

#include "imgtool/commands.h"
#include "imgtool/store/overlay_bundle.h"
#include "spec/base/log.h"

static bool all;
static const char *store;

static const struct option mount_options[] = {
	{ "all", 'a', OPTION_FLAG, &all, NULL, "all bundles of the store, as after a reboot" },
	{ "store", 0, OPTION_TEXT, &store, "DIR", "the store of --all" },
	{ 0 },
};

static const struct option umount_options[] = {
	{ "all", 'a', OPTION_FLAG, &all, NULL, "all bundles of the store" },
	{ "store", 0, OPTION_TEXT, &store, "DIR", "the store of --all" },
	{ 0 },
};

/* One that fails does not keep the others from their turn. */
static int for_each(char *const *paths, size_t n, int (*act)(const char *, struct error *))
{
	int result = 0;

	for (size_t i = 0; i < n; i++) {
		struct error error = { 0 };
		if (act(paths[i], &error) == 0)
			continue;
		log_error("%s", error.msg);
		result = 1;
	}
	return result;
}

static int run_on(const struct globals *globals, int argc, char **argv,
		  int (*act)(const char *, struct error *), struct error *err)
{
	struct string_list paths;

	if (!all && argc)
		return for_each(argv, (size_t)argc, act);
	if (!all || argc) {
		error_set(err, EINVAL,
			  all ? "--all and bundles exclude each other" : "no bundle is given");
		return 1;
	}
	int result = overlay_bundles(store ? store : globals->store, &paths, err) ? 1 : 0;
	/* Where nothing was unpacked there is no store. */
	if (result && err->code == ENOENT && !store && !globals->store) {
		*err = (struct error){ 0 };
		result = 0;
	} else if (!result) {
		result = for_each(paths.v, paths.n, act);
	}
	string_list_finish(&paths);
	return result;
}

static int run_mount(const struct globals *globals, int argc, char **argv, struct error *err)
{
	return run_on(globals, argc, argv, overlay_bundle_mount, err);
}

static int run_umount(const struct globals *globals, int argc, char **argv, struct error *err)
{
	return run_on(globals, argc, argv, overlay_bundle_unmount, err);
}

const struct verb mount_verb = {
	.name = "mount",
	.arguments = "BUNDLE…",
	.summary = "mount the root file system of overlay bundles",
	.options = mount_options,
	.max_arguments = INT_MAX,
	.run = run_mount,
};

const struct verb umount_verb = {
	.name = "umount",
	.arguments = "BUNDLE…",
	.summary = "unmount it; what the container wrote stays",
	.options = umount_options,
	.max_arguments = INT_MAX,
	.run = run_umount,
};
