/* A checkpoint, read from checkpoint_steps downwards. */
#include "runtime/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/cgroup/layout.h"
#include "runtime/criu.h"
#include "runtime/external_mounts.h"
#include "runtime/plan.h"
#include "runtime/steps.h"
#include "spec/base/io.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#define LOG "dump.log"

/* The first that freezes by cgroup v2, and that tells when pages can be had. */
#define VERSION_FREEZE_V2 31400
#define VERSION_STATUS_READY 31500

struct dump {
	const struct container *container;
	const struct config *config;
	const struct checkpoint_options *options;
	char *program;
	int version;
	struct checkpoint_directories directories;
	int pidfd, process; /* of init: /proc/PID */
	int status_fd;
	struct criu_options *criu_options;
};

static int find_criu(void *context, struct error *err)
{
	struct dump *dump = context;

	dump->program = criu_find(&dump->version, err);
	return dump->program ? 0 : -1;
}

static int open_directories(void *context, struct error *err)
{
	struct dump *dump = context;
	const struct checkpoint_options *options = dump->options;

	if (checkpoint_directories_open(options->image_path, options->work_path, true,
					&dump->directories, err))
		return -1;
	if (!options->parent_path || !*options->parent_path)
		return 0;
	return checkpoint_check_parent(&dump->directories, options->parent_path, err);
}

/* By descriptors: whatever is read here is init's, for as long as init lives. */
static int open_init(void *context, struct error *err)
{
	struct dump *dump = context;
	char path[32];

	dump->pidfd = container_pidfd(dump->container);
	if (dump->pidfd < 0)
		return error_set(err, ESRCH, "container not running");
	snprintf(path, sizeof path, "/proc/%d", (int)dump->container->state->pid);
	dump->process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dump->process < 0 || sys_pidfd_send_signal(dump->pidfd, 0))
		return error_errno(err, errno, "open %s", path);
	return 0;
}

static int set_options(void *context, struct error *err)
{
	struct dump *dump = context;
	const struct checkpoint_options *options = dump->options;
	const struct state *state = dump->container->state;

	struct criu_options *to = dump->criu_options = criu_options_build(
		options, &dump->directories, LOG, &dump->config->annotations, err);
	if (!to || criu_set_text(&to->root, state->rootfs, err))
		return -1;
	to->pid = (struct opt_int64){ true, state->pid };
	to->leave_running = criu_flag(options->leave_running);
	to->tcp_skip_in_flight = criu_flag(options->tcp_skip_in_flight);
	to->link_remap = criu_flag(options->link_remap);
	if (!options->parent_path || !*options->parent_path)
		return 0;
	to->track_mem = criu_flag(true);
	return criu_set_text(&to->parent_img, options->parent_path, err);
}

static int check_features(void *context, struct error *err)
{
	struct dump *dump = context;
	const struct checkpoint_options *options = dump->options;
	const struct criu_features wanted = { criu_flag(options->pre_dump),
					      criu_flag(options->lazy_pages) };

	if ((options->pre_dump || options->lazy_pages) &&
	    criu_check_features(dump->program, &wanted, err))
		return -1;
	dump->status_fd = status_descriptor(options, err);
	if (dump->status_fd == -2)
		return -1;
	if (dump->status_fd >= 0 && dump->version < VERSION_STATUS_READY)
		return error_set(err, ENOTSUP, "--status-fd needs criu 3.15; this is version %d",
				 dump->version);
	return 0;
}

static int choose_freezer(struct dump *dump, struct cgroup_layout *layout, struct error *err)
{
	const struct string_list *groups = &dump->container->state->cgroup_dirs;
	ssize_t freezer = cgroup_layout_find(layout, "freezer");

	if (freezer < 0 && layout->v2_only && dump->version >= VERSION_FREEZE_V2)
		freezer = cgroup_layout_v2(layout);
	if (freezer < 0)
		return 0;
	const char *mountpoint = layout->hierarchies[freezer].mountpoint;
	for (size_t i = 0; i < groups->n; i++)
		if (text_starts_with(groups->v[i], mountpoint) &&
		    groups->v[i][strlen(mountpoint)] == '/')
			return criu_set_text(&dump->criu_options->freeze_cgroup, groups->v[i], err);
	return 0;
}

/* Without one CRIU stops each process by ptrace(2), which new ones can outrun for a while. */
static int set_freezer(void *context, struct error *err)
{
	OWNED(cgroup_layout_finish) struct cgroup_layout layout = { 0 };

	if (cgroup_layout_read(&layout, err))
		return -1;
	return choose_freezer(context, &layout, err);
}

const char *external_namespace_key(enum namespace_type type)
{
	return type == NAMESPACE_NETWORK ? "extRootNetNS"
	       : type == NAMESPACE_PID	 ? "extRootPidNS"
					 : NULL;
}

/* By init's own: the path in config.json may stand for another one by now. */
static int add_external_namespace(struct dump *dump, enum namespace_type type, struct error *err)
{
	const struct namespace *namespace = config_namespace(dump->config, type);
	const char *file = namespace_file(type);
	char path[16];
	struct stat st;

	if (!namespace || !namespace->path)
		return 0;
	snprintf(path, sizeof path, "ns/%s", file);
	if (fstatat(dump->process, path, &st, 0))
		return error_errno(err, errno, "%s namespace", file);
	owned_string external = text_format("%s[%llu]:%s", file, (unsigned long long)st.st_ino,
					    external_namespace_key(type));
	if (!external || string_list_add(&dump->criu_options->external, external))
		return error_errno(err, ENOMEM, "%s namespace", file);
	return 0;
}

static int add_external(void *context, struct error *err)
{
	struct dump *dump = context;
	const struct state *state = dump->container->state;

	if (add_external_namespace(dump, NAMESPACE_NETWORK, err) ||
	    add_external_namespace(dump, NAMESPACE_PID, err))
		return -1;
	if (dump->options->pre_dump)
		return 0; /* of memory alone */
	owned_fd root = openat(dump->process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, "root directory of init");
	return external_mounts_dump(dump->config, root, state->rootfs, &state->cgroup_dirs,
				    dump->criu_options, err);
}

/* Whether the mount @id is in init's mount namespace. */
static int is_mounted(const struct dump *dump, int64_t id, bool *ret, struct error *err)
{
	owned_string text = mountinfo_read(dump->process, "mountinfo", err);
	char *rest = text;
	struct mountinfo mount;

	*ret = false;
	while (text && !*ret && mountinfo_next(&rest, &mount))
		*ret = mount.id == id;
	return text ? 0 : -1;
}

/* The number of the mount that descriptor @fd of init is on: "mnt_id:" of its fdinfo, proc(5). */
static int64_t mount_of(const struct dump *dump, int fd)
{
	char path[24], text[4096] = "";
	int64_t id = -1;

	snprintf(path, sizeof path, "fdinfo/%d", fd);
	owned_fd info = openat(dump->process, path, O_RDONLY | O_CLOEXEC);
	if (info < 0 || read(info, text, sizeof text - 1) <= 0)
		return -1;
	char *line = strstr(text, "mnt_id:");
	if (!line)
		return -1;
	line += strlen("mnt_id:");
	line += strspn(line, "\t ");
	line[strcspn(line, "\n")] = '\0';
	return text_to_int64(line, &id) ? -1 : id;
}

/* A file of the host that was handed in, such as /dev/null or a log: CRIU leaves it out when it is told the
 * key that it gives it, and it is put back as the restored container's own stream. */
static char *outside_file(struct dump *dump, int fd, const char *path, struct error *err)
{
	int64_t mount = mount_of(dump, fd);
	bool inside = true;
	struct stat st;

	if (mount < 0 || is_mounted(dump, mount, &inside, err) || inside)
		return NULL;
	if (fstatat(dump->process, path, &st, 0))
		return NULL;
	/* A terminal is CRIU's own business (--shell-job), as are sockets and the like. */
	if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev >> 8 == 1))
		return NULL;
	char *key = text_format("file[%llx:%llx]", (unsigned long long)mount,
				(unsigned long long)st.st_ino);
	/* The output and the errors often go to one file. */
	bool known = key && string_list_has(&dump->criu_options->external, key);
	if (!key || (!known && string_list_add(&dump->criu_options->external, key))) {
		error_errno(err, ENOMEM, "descriptors");
		free(key);
		return NULL;
	}
	return key;
}

static char *name_of_stream(struct dump *dump, int fd, struct error *err)
{
	char path[16], target[4096] = "";

	snprintf(path, sizeof path, "fd/%d", fd);
	if (readlinkat(dump->process, path, target, sizeof target - 1) < 0)
		target[0] = '\0'; /* closed */
	char *outside = target[0] == '/' ? outside_file(dump, fd, path, err) : NULL;
	return outside || err->code ? outside : strdup(target);
}

static int record_descriptors(void *context, struct error *err)
{
	struct dump *dump = context;
	OWNED(string_list_finish) struct string_list names = { 0 };
	struct error why = { 0 };

	if (dump->options->pre_dump)
		return 0;
	for (int fd = 0; fd < CHECKPOINT_STREAMS; fd++) {
		owned_string name = name_of_stream(dump, fd, &why);
		if (!name && why.code) {
			*err = why;
			return -1;
		}
		if (!name || string_list_add(&names, name))
			return error_errno(err, ENOMEM, "descriptors");
	}
	return checkpoint_write_descriptors(dump->directories.images, &names, err);
}

/* The only thing to do while criu dumps: say that a lazy restore can fetch its pages. */
static int on_notification(void *context, const struct criu_notification *notification, int fd,
			   struct error *err)
{
	struct dump *dump = context;

	(void)fd;
	if (strcmp(notification->script, "status-ready") != 0 || dump->status_fd < 0)
		return 0;
	int failed = write_all(dump->status_fd, "", 1);
	if (failed)
		error_errno(err, errno, "--status-fd");
	/* Whoever waits there may wait for the end. */
	close_fd(take_fd(&dump->status_fd));
	return failed;
}

static int run_criu(void *context, struct error *err)
{
	struct dump *dump = context;
	const struct criu_start start = { 0 };
	const struct criu_listener listener = { on_notification, dump };
	const struct criu_request request = {
		.type = { true, dump->options->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP },
		.opts = dump->criu_options,
	};
	struct criu criu;
	int status = 0;

	if (criu_start(dump->program, &start, &criu, err))
		return -1;
	struct criu_response *response = criu_ask(&criu, &request, &listener, -1, err);
	int failed = !response;
	protobuf_free(&criu_response_type, response);
	/* Its end says nothing after a pre-dump: it waits for the next one and is left alone. */
	if (criu_end(&criu, &status, failed ? NULL : err))
		failed = -1;
	else if (!failed && !dump->options->pre_dump)
		failed = criu_check_status(status, "after its answer", err);
	return failed ? checkpoint_quote_log(&dump->directories, LOG, err) : 0;
}

static const struct step checkpoint_steps[] = {
	{ "find criu", find_criu, NULL },
	{ "directories", open_directories, NULL },
	{ "container's init", open_init, NULL },
	{ "options", set_options, NULL },
	{ "features", check_features, NULL },
	{ "freezer", set_freezer, NULL },
	{ "what is outside", add_external, NULL },
	{ "descriptors", record_descriptors, NULL },
	{ "criu", run_criu, NULL },
};

int checkpoint_check_config(const struct config *config, struct error *err)
{
	const struct namespace *mount = config_namespace(config, NAMESPACE_MOUNT);

	if (mount && !mount->path)
		return 0;
	error_set(err, ENOTSUP, "CRIU wants a mount namespace that is the container's own");
	return error_hint(err, "linux.namespaces has none, or one that is given by its path");
}

int container_checkpoint(const struct container *container, const struct config *config,
			 const struct checkpoint_options *options, struct error *err)
{
	struct dump dump = { .container = container,
			     .config = config,
			     .options = options,
			     .directories = { .images = -1, .work = -1 },
			     .pidfd = -1,
			     .process = -1,
			     .status_fd = -1 };
	int failed = steps_run("checkpoint", checkpoint_steps,
			       sizeof checkpoint_steps / sizeof *checkpoint_steps, &dump, err);

	checkpoint_directories_close(&dump.directories);
	close_fd(dump.pidfd);
	close_fd(dump.process);
	protobuf_free(&criu_options_type, dump.criu_options);
	free(dump.program);
	return failed;
}
