/* orun restore: a container from the files of a checkpoint. */
#include <stdlib.h>

#include "runtime/commands.h"
#include "runtime/foreground.h"
#include "runtime/restore.h"
#include "runtime/seccomp_cache.h"
#include "runtime/terminal.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

static struct checkpoint_options arguments;
static const char *bundle = ".", *pid_file, *console_socket;
static bool detach;
static bool no_subreaper, no_pivot; /* see their help */

#define FLAG(name, member, help)                                    \
	{                                                           \
		name, 0, OPTION_FLAG, &arguments.member, NULL, help \
	}
#define TEXT(name, member, word, help)                              \
	{                                                           \
		name, 0, OPTION_TEXT, &arguments.member, word, help \
	}

static const struct option options[] = {
	{ "console-socket", 0, OPTION_TEXT, &console_socket, "SOCKET",
	  "Unix socket that receives the terminal's master" },
	TEXT("image-path", image_path, "DIR", "directory of the images (default: ./checkpoint)"),
	TEXT("work-path", work_path, "DIR", "directory for the log (default: that of the images)"),
	FLAG("tcp-established", tcp_established, "restore open TCP connections"),
	FLAG("tcp-close", tcp_close, "restore TCP connections as closed ones"),
	FLAG("ext-unix-sk", ext_unix_sk, "allow Unix sockets whose other end is outside"),
	FLAG("shell-job", shell_job, "allow a terminal of the caller's"),
	FLAG("file-locks", file_locks, "restore file locks"),
	TEXT("manage-cgroups-mode", manage_cgroups_mode, "MODE",
	     "soft, full, strict or ignore (default: CRIU's)"),
	TEXT("network-lock", network_lock, "METHOD", "iptables, nftables or skip"),
	{ "bundle", 'b', OPTION_TEXT, &bundle, "DIR",
	  "directory with config.json (default: the working directory)" },
	{ "detach", 'd', OPTION_FLAG, &detach, NULL, "return when the container runs" },
	{ "pid-file", 0, OPTION_TEXT, &pid_file, "FILE",
	  "write the pid of the container's init here" },
	{ "no-subreaper", 0, OPTION_FLAG, &no_subreaper, NULL,
	  "for callers of runc: orun adopts no processes anyway" },
	{ "no-pivot", 0, OPTION_FLAG, &no_pivot, NULL,
	  "for callers of runc: CRIU changes the root its own way" },
	{ "empty-ns", 0, OPTION_LIST, &arguments.empty_ns, "TYPE",
	  "restore nothing of this namespace (network)" },
	FLAG("auto-dedup", auto_dedup, "free the images' memory pages as they are restored"),
	FLAG("lazy-pages", lazy_pages, "fetch memory when it is first used"),
	TEXT("lsm-profile", lsm_profile, "TYPE:NAME", "security label of the processes"),
	TEXT("lsm-mount-context", lsm_mount_context, "LABEL", "security label of the mounts"),
	{ 0 },
};

static int restore(const struct globals *globals, const char *id, bool foreground,
		   struct created *ret, struct error *err)
{
	owned_string text = NULL;
	size_t length = 0;
	struct config *config = load_bundle_config(bundle, &text, &length, err);
	int failed = -1;

	if (!config)
		return -1;
	owned_fd root = container_open_root(globals->root, err);
	owned_fd cache = root < 0 ? -1 : seccomp_cache_open(root);
	const struct restore_request request = {
		.root = root,
		.id = id,
		.config = config,
		.config_text = text,
		.config_length = length,
		.options = { .bundle = bundle,
			     .seccomp_cache_dirfd = cache,
			     .cgroup = globals->cgroup },
		.checkpoint = &arguments,
		.pid_file = pid_file,
		.console_socket = console_socket,
		.foreground = foreground,
	};
	if (root >= 0)
		failed = container_restore(&request, ret, err);
	/* The container's record outlives this function, and so must the root it is removed from. */
	if (!failed)
		ret->container.root = take_fd(&root);
	config_free(config);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct created restored;
	struct error later = { 0 };
	const char *id = argv[0];
	bool foreground = !detach && !console_socket;

	(void)argc;
	if (geteuid() != 0)
		log_warning("restore: CRIU needs root");
	if (restore(globals, id, foreground, &restored, err))
		return 1;
	owned_fd root = restored.container.root;
	if (restored.console >= 0)
		terminal_copy_size(restored.console);
	container_close(&restored.container);
	if (detach) {
		created_finish(&restored);
		return 0;
	}
	int status = foreground_attend(&restored.init, restored.console, err);
	created_finish(&restored);
	if (delete_ended(root, id, &later))
		log_warning("%s", later.msg);
	return status;
}

const struct verb restore_verb = {
	.name = "restore",
	.arguments = "ID",
	.summary = "make a container from the files of a checkpoint, with CRIU",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
