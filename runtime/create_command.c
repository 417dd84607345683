/* What `create` and `run` do alike: from the command line to container_create. Reading the bundle they have in
 * common with `restore`. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/commands.h"
#include "runtime/seccomp_cache.h"
#include "runtime/socket_activation.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

struct config *load_bundle_config(const char *bundle, char **text, size_t *length,
				  struct error *err)
{
	struct problems problems = { 0 };
	owned_fd directory = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct config *config = NULL;

	if (directory < 0) {
		error_errno(err, errno, "bundle '%s'", bundle);
		return NULL;
	}
	if (read_file_at(directory, "config.json", CONFIG_MAX, text, length, err) == 0) {
		config = config_parse(*text, *length, &problems);
		if (!config)
			problems_to_error(&problems, "config.json", err);
	}
	/* The error carries the first; a person wants to mend them all at once. */
	for (size_t i = 1; !config && i < problems.list.n; i++)
		log_warning("config.json: %s", problems.list.v[i]);
	if (!config && err->code == ENOENT)
		error_hint(err, "`orun spec` writes one to start from");
	problems_finish(&problems);
	return config;
}

int create_from_arguments(const struct globals *globals, const struct create_arguments *arguments,
			  const char *id, bool foreground, struct created *ret, struct error *err)
{
	owned_string text = NULL;
	size_t length = 0;
	struct config *config = load_bundle_config(arguments->bundle, &text, &length, err);
	unsigned sockets = socket_activation_count();
	int failed = -1;

	if (!config)
		return -1;
	owned_fd root = container_open_root(globals->root, err);
	owned_fd cache = root < 0 ? -1 : seccomp_cache_open(root);
	struct create_request request = {
		.root = root,
		.id = id,
		.config = config,
		.config_text = text,
		.config_length = length,
		.options = { .bundle = arguments->bundle,
			     .seccomp_cache_dirfd = cache,
			     .preserved_fds = arguments->preserve_fds + sockets,
			     .handlers = globals->handlers,
			     .no_pivot = arguments->no_pivot,
			     .no_new_keyring = arguments->no_new_keyring,
			     .cgroup = globals->cgroup },
		.pid_file = arguments->pid_file,
		.console_socket = arguments->console_socket,
		.pidfd_socket = arguments->pidfd_socket,
		.foreground = foreground,
		.explain = arguments->explain,
	};
	if (root >= 0 && socket_activation_announce(config->process, sockets, err) == 0)
		failed = container_create(&request, ret, err);
	/* The container's record outlives this function, and so must the root it is removed from. */
	if (!failed)
		ret->container.root = take_fd(&root);
	config_free(config);
	return failed;
}
