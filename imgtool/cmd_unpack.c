/* imgtool unpack */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/commands.h"
#include "imgtool/rootless.h"
#include "imgtool/unpack.h"
#include "spec/base/owned.h"
#include "spec/base/size.h"

/* Larger than any image, smaller than most disks. */
#define MAX_SIZE "64g"

static struct unpack_options wanted;
static const char *platform;
static const char *max_size = MAX_SIZE;

static const struct option options[] = {
	{ "platform", 0, OPTION_TEXT, &platform, "OS/ARCH[/VARIANT]",
	  "which image of an index (default: this machine's)" },
	{ "rootfs-only", 0, OPTION_FLAG, &wanted.rootfs_only, NULL,
	  "make BUNDLE/rootfs, but no config.json" },
	{ "overlay", 0, OPTION_FLAG, &wanted.overlay, NULL,
	  "share layers with other bundles through the store; see mount and remove" },
	{ "store", 0, OPTION_TEXT, &wanted.store, "DIR",
	  "where extracted layers are (default: /var/lib/imgtool)" },
	{ "max-size", 0, OPTION_TEXT, &max_size, "SIZE",
	  "most bytes of a layer, and of all files (default: " MAX_SIZE ")" },
	{ "entrypoint", 0, OPTION_TEXT, &wanted.run.entrypoint, "PROGRAM",
	  "run this in place of the image's entrypoint and command; '' is neither" },
	{ "env", 'e', OPTION_LIST, &wanted.run.env, "NAME[=VALUE]",
	  "set an environment variable, without a value to what it is here" },
	{ "env-file", 0, OPTION_LIST, &wanted.run.env_files, "FILE",
	  "set environment variables from the lines of a file" },
	{ "user", 'u', OPTION_TEXT, &wanted.run.user, "USER[:GROUP]",
	  "run as this user and group, names or ids" },
	{ "workdir", 'w', OPTION_TEXT, &wanted.run.workdir, "PATH",
	  "working directory in the container" },
	{ "hostname", 0, OPTION_TEXT, &wanted.run.hostname, "NAME",
	  "host name of the container (default: the bundle's name)" },
	{ "tty", 't', OPTION_FLAG, &wanted.run.tty, NULL, "give the process a terminal" },
	{ "read-only", 0, OPTION_FLAG, &wanted.run.read_only, NULL,
	  "mount the root file system read-only" },
	{ "volume", 'v', OPTION_LIST, &wanted.run.volumes, "SOURCE:DESTINATION[:OPTIONS]",
	  "mount a file or directory of the host (options: ro, rw, shared, slave, …)" },
	{ "tmpfs", 0, OPTION_LIST, &wanted.run.tmpfs, "DESTINATION[:OPTIONS]",
	  "mount an empty tmpfs (options: size=64m, mode=1777, exec, …)" },
	{ "memory", 'm', OPTION_TEXT, &wanted.run.memory, "SIZE", "limit memory, such as 512m" },
	{ "cpus", 0, OPTION_TEXT, &wanted.run.cpus, "NUMBER", "limit processors, such as 1.5" },
	{ "pids-limit", 0, OPTION_TEXT, &wanted.run.pids_limit, "NUMBER",
	  "limit processes; -1 is unlimited" },
	{ "cap-add", 0, OPTION_LIST, &wanted.run.cap_add, "CAPABILITY",
	  "add a capability, or ALL" },
	{ "cap-drop", 0, OPTION_LIST, &wanted.run.cap_drop, "CAPABILITY",
	  "drop a capability, or ALL" },
	{ "security-opt", 0, OPTION_LIST, &wanted.run.security, "OPTION",
	  "no-new-privileges, seccomp=FILE, seccomp=unconfined, apparmor=PROFILE, label=…" },
	{ "network", 0, OPTION_TEXT, &wanted.run.network, "NETWORK",
	  "host, none (default), or the path of a network namespace" },
	{ "annotation", 0, OPTION_LIST, &wanted.run.annotations, "KEY=VALUE", "add an annotation" },
	{ 0 },
};

/* The name of the bundle with '-' for what no host name has; for the caller to free, NULL when memory is out. */
static char *hostname_of_bundle(const char *bundle)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	owned_string path = realpath(bundle, NULL);
	owned_string copy = strdup(path ? path : bundle);
	size_t length = copy ? strlen(copy) : 0;

	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	char *slash = copy ? strrchr(copy, '/') : NULL, *name = slash ? slash + 1 : copy;
	if (!name)
		return NULL;
	name += strspn(name, "-.");
	for (char *at = name; (at += strspn(at, letters), *at);)
		*at = '-';
	return strndup(*name ? name : "container", HOST_NAME_MAX - 1);
}

static int take_options(const struct globals *globals, int argc, char **argv, struct error *err)
{
	wanted.image = argv[0];
	wanted.bundle = argv[1];
	wanted.progress = progress_style_of(globals);
	wanted.platform = platform_of_host();
	if (platform && platform_parse((char *)platform, &wanted.platform, err))
		return -1;
	int64_t most;
	if (size_parse(max_size, &most, err))
		return error_prefix(err, "--max-size");
	if (!most)
		return error_set(err, EINVAL, "--max-size: nothing has no bytes");
	wanted.max_size = (uint64_t)most;
	if (!wanted.store)
		wanted.store = globals->store;
	if (argc > 2)
		wanted.run.args = argv + 2;
	return 0;
}

/* What the calling user may do decides about owners, and whether the container needs a user namespace. */
static int take_user(struct rootless *rootless, struct error *err)
{
	if (wanted.overlay && !rootless->may_mount) {
		error_set(err, EPERM, "--overlay: a normal user may not mount");
		return error_hint(err, "in a user namespace it works: podman unshare imgtool …; "
				       "without --overlay it works as well");
	}
	if (rootless_enter(rootless, err))
		return -1;
	rootless_tree_options(rootless, &wanted.tree);
	wanted.mapped = rootless->mapped;
	wanted.run.rootless = !rootless->is_root;
	wanted.run.owners_recorded = wanted.tree.ownership == TREE_OWNERSHIP_RECORDED;
	wanted.run.uid_mappings = rootless->mappings.uids;
	wanted.run.gid_mappings = rootless->mappings.gids;
	return 0;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	owned_string hostname = NULL;

	if (take_options(globals, argc, argv, err))
		return 1;
	if (!wanted.run.hostname &&
	    !(wanted.run.network && strcmp(wanted.run.network, "host") == 0)) {
		hostname = hostname_of_bundle(wanted.bundle);
		wanted.run.hostname = hostname;
	}
	struct rootless rootless;
	int result = rootless_look(&rootless, err) || take_user(&rootless, err) ||
				     unpack(&wanted, err)
			     ? 1
			     : 0;
	rootless_finish(&rootless);
	return result;
}

const struct verb unpack_verb = {
	.name = "unpack",
	.arguments = "IMAGE BUNDLE [-- ARGUMENT…]",
	.summary = "make a bundle from an image",
	.options = options,
	.min_arguments = 2,
	.max_arguments = INT_MAX,
	.run = run,
};
