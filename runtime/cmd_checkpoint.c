/* orun checkpoint: a running container to files. */
#include <errno.h>
#include <poll.h>

#include "runtime/checkpoint.h"
#include "runtime/commands.h"
#include "runtime/lifecycle.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

/* How long the kernel may take to tear down what CRIU has killed, in ms. */
#define DEATH_TIMEOUT 10000

static struct checkpoint_options arguments;

#define FLAG(name, member, help)                                    \
	{                                                           \
		name, 0, OPTION_FLAG, &arguments.member, NULL, help \
	}
#define TEXT(name, member, word, help)                              \
	{                                                           \
		name, 0, OPTION_TEXT, &arguments.member, word, help \
	}

static const struct option options[] = {
	TEXT("image-path", image_path, "DIR", "directory for the images (default: ./checkpoint)"),
	TEXT("work-path", work_path, "DIR", "directory for the log (default: that of the images)"),
	TEXT("parent-path", parent_path, "DIR",
	     "images of an earlier dump, relative to --image-path"),
	FLAG("leave-running", leave_running, "let the container run on"),
	FLAG("tcp-established", tcp_established, "save open TCP connections"),
	FLAG("tcp-skip-in-flight", tcp_skip_in_flight, "skip TCP connections that are being made"),
	FLAG("link-remap", link_remap, "link deleted files back where possible"),
	FLAG("ext-unix-sk", ext_unix_sk, "allow Unix sockets whose other end is outside"),
	FLAG("shell-job", shell_job, "allow a terminal of the caller's"),
	FLAG("lazy-pages", lazy_pages, "serve memory to a lazy restore instead of saving it"),
	TEXT("status-fd", status_fd, "N", "a NUL is written here when lazy pages can be had"),
	TEXT("page-server", page_server, "ADDRESS:PORT", "send memory to this page server"),
	FLAG("file-locks", file_locks, "save file locks"),
	FLAG("pre-dump", pre_dump, "save memory alone and let the container run on"),
	TEXT("manage-cgroups-mode", manage_cgroups_mode, "MODE",
	     "soft, full, strict or ignore (default: CRIU's)"),
	TEXT("network-lock", network_lock, "METHOD", "iptables, nftables or skip"),
	{ "empty-ns", 0, OPTION_LIST, &arguments.empty_ns, "TYPE",
	  "save nothing of this namespace (network)" },
	FLAG("auto-dedup", auto_dedup, "drop from the parent's images what is saved anew"),
	{ 0 },
};

static int check_status(const struct container *container, struct error *err)
{
	enum container_status status = container_status(container);

	if (status == STATUS_RUNNING || status == STATUS_PAUSED)
		return 0;
	return error_set(err, EINVAL, "Container cannot be checkpointed in %s state",
			 container_status_names[status]);
}

/* @pidfd: init's from before the dump. One that lives on, because a file of options of CRIU's says so,
 * is left alone. */
static void delete_dumped(struct container *container, int pidfd)
{
	struct pollfd death = { .fd = pidfd, .events = POLLIN };
	struct error error = { 0 };

	while (poll(&death, 1, DEATH_TIMEOUT) < 0 && errno == EINTR)
		;
	if (container_delete(container, false, &error))
		log_warning("%s", error.msg);
}

static int checkpoint(struct container *container, struct error *err)
{
	if (check_status(container, err))
		return -1;
	owned_fd pidfd = container_pidfd(container);
	struct config *config = container_config(container, err);
	if (!config)
		return -1;
	int failed = checkpoint_check_config(config, err) ||
		     container_checkpoint(container, config, &arguments, err);
	config_free(config);
	if (!failed && !arguments.leave_running && !arguments.pre_dump)
		delete_dumped(container, pidfd);
	return failed;
}

static int run(const struct globals *globals, int argc, char **argv, struct error *err)
{
	struct container container;

	(void)argc;
	if (geteuid() != 0)
		log_warning("checkpoint: CRIU needs root");
	owned_fd root = container_open_root(globals->root, err);
	if (root < 0 || container_open(root, argv[0], false, &container, err))
		return 1;
	int failed = checkpoint(&container, err);
	container_close(&container);
	return failed ? 1 : 0;
}

const struct verb checkpoint_verb = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "save a running container to files, with CRIU",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
