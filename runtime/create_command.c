/* What `create` and `run` do alike: from the command line to container_create. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/commands.h"
#include "runtime/exe.h"
#include "spec/base/io.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

/* Compiled seccomp filters are kept beside the containers, under a name that no container can have.
 * Without the directory each start compiles. */
#define SECCOMP_CACHE "seccomp:cache"

static int open_seccomp_cache(int root)
{
	if (mkdirat(root, SECCOMP_CACHE, 0700) && errno != EEXIST)
		return -1;
	return openat(root, SECCOMP_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* systemd's socket activation (sd_listen_fds(3)): LISTEN_FDS descriptors from 3 on are meant for us and
 * so for the container. */
static unsigned listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t n;

	return text && text_to_uint64(text, &n) == 0 && n < 65536 ? (unsigned)n : 0;
}

static int add_listen_fds(struct config *config, unsigned n, struct error *err)
{
	owned_string count = text_format("LISTEN_FDS=%u", n);

	if (!n || !config->process)
		return 0;
	if (!count || string_list_add(&config->process->env, count) ||
	    string_list_add(&config->process->env, "LISTEN_PID=1"))
		return error_errno(err, ENOMEM, "LISTEN_FDS");
	return 0;
}

static struct config *load_config(const char *bundle, char **text, size_t *length,
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
	struct config *config = load_config(arguments->bundle, &text, &length, err);
	unsigned sockets = listen_fds();
	int failed = -1;

	if (!config)
		return -1;
	owned_fd root = container_open_root(globals->root, err);
	owned_fd cache = root < 0 ? -1 : open_seccomp_cache(root);
	struct create_request request = {
		.root = root,
		.id = id,
		.config = config,
		.config_text = text,
		.config_length = length,
		.options = { .bundle = arguments->bundle,
			     .seccomp_cache_dirfd = cache,
			     .preserved_fds = arguments->preserve_fds + sockets,
			     .no_pivot = arguments->no_pivot,
			     .no_new_keyring = arguments->no_new_keyring },
		.pid_file = arguments->pid_file,
		.console_socket = arguments->console_socket,
		.foreground = foreground,
	};
	if (root >= 0 && add_listen_fds(config, sockets, err) == 0)
		failed = container_create(&request, ret, err);
	/* The container's record outlives this function, and so must the root it is removed from. */
	if (!failed)
		ret->container.root = take_fd(&root);
	config_free(config);
	return failed;
}
