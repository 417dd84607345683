#include "runtime/criu_options.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

/* CRIU's: errors, warnings, messages and debug. */
#define LOG_LEVEL 4

struct choice {
	const char *word;
	int number;
};

static const struct choice cgroup_modes[] = {
	{ "", CRIU_CGROUP_DEFAULT },	  { "soft", CRIU_CGROUP_SOFT },
	{ "full", CRIU_CGROUP_FULL },	  { "strict", CRIU_CGROUP_STRICT },
	{ "ignore", CRIU_CGROUP_IGNORE }, { 0 },
};

static const struct choice network_locks[] = {
	{ "iptables", CRIU_LOCK_IPTABLES },
	{ "nftables", CRIU_LOCK_NFTABLES },
	{ "skip", CRIU_LOCK_SKIP },
	{ 0 },
};

static int choose(const char *option, const char *word, const struct choice *choices,
		  struct opt_int64 *ret, struct error *err)
{
	for (; choices->word; choices++)
		if (strcmp(choices->word, word) == 0) {
			*ret = (struct opt_int64){ true, choices->number };
			return 0;
		}
	return error_set(err, EINVAL, "invalid %s value '%s'", option, word);
}

int criu_set_text(char **member, const char *text, struct error *err)
{
	char *copy = strdup(text);

	if (!copy)
		return error_errno(err, ENOMEM, "options of criu");
	free(*member);
	*member = copy;
	return 0;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", the way of IPv6. */
static int set_page_server(const char *text, struct criu_options *ret, struct error *err)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	uint64_t port;

	if (*text == '[' && colon && colon > text && colon[-1] == ']') {
		text++;
		end--;
	} else if (colon && memchr(text, ':', (size_t)(colon - text))) {
		colon = NULL;
	}
	if (!colon || end == text || !colon[1] || strcspn(text, "[]") < (size_t)(end - text))
		return error_set(err, EINVAL,
				 "Use --page-server ADDRESS:PORT to specify page server");
	if (text_to_uint64(colon + 1, &port) || !port || port > 65535)
		return error_set(err, EINVAL, "Invalid port number in --page-server: '%s'",
				 colon + 1);
	ret->ps = calloc(1, sizeof *ret->ps);
	if (!ret->ps)
		return error_errno(err, ENOMEM, "--page-server");
	ret->ps->port = (struct opt_int64){ true, (int64_t)port };
	ret->ps->address = strndup(text, (size_t)(end - text));
	return ret->ps->address ? 0 : error_errno(err, ENOMEM, "--page-server");
}

/* The configuration of network devices is the caller's business, with the option and without it: that
 * is what runc asks for too, whose images are the same. */
static int set_empty_namespaces(const struct string_list *names, struct criu_options *ret,
				struct error *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], "network") != 0)
			return error_set(err, EINVAL,
					 "--empty-ns: namespace \"%s\" is not supported",
					 names->v[i]);
	ret->empty_ns = (struct opt_int64){ true, CLONE_NEWNET };
	return 0;
}

static int set_config_file(const struct string_map *annotations, struct criu_options *ret,
			   struct error *err)
{
	const char *chosen = string_map_get(annotations, "org.criu.config");

	if (!chosen)
		chosen = access("/etc/criu/orun.conf", F_OK) == 0 ? "/etc/criu/orun.conf"
								  : "/etc/criu/runc.conf";
	return *chosen ? criu_set_text(&ret->config_file, chosen, err) : 0;
}

static int set_words(const struct checkpoint_options *from, struct criu_options *ret,
		     struct error *err)
{
	const char *mode = from->manage_cgroups_mode ? from->manage_cgroups_mode : "";

	if (choose("--manage-cgroups-mode", mode, cgroup_modes, &ret->manage_cgroups_mode, err) ||
	    set_empty_namespaces(&from->empty_ns, ret, err))
		return -1;
	if (from->network_lock &&
	    choose("--network-lock", from->network_lock, network_locks, &ret->network_lock, err))
		return -1;
	if (from->page_server && *from->page_server && set_page_server(from->page_server, ret, err))
		return -1;
	if (from->lsm_profile && *from->lsm_profile &&
	    criu_set_text(&ret->lsm_profile, from->lsm_profile, err))
		return -1;
	if (from->lsm_mount_context && *from->lsm_mount_context &&
	    criu_set_text(&ret->lsm_mount_context, from->lsm_mount_context, err))
		return -1;
	return 0;
}

static int set_numbers(const struct checkpoint_directories *directories, const char *log_file,
		       struct criu_options *ret, struct error *err)
{
	ret->images_dir_fd = (struct opt_int64){ true, directories->images };
	ret->work_dir_fd = (struct opt_int64){ true, directories->work };
	ret->log_level = (struct opt_int64){ true, LOG_LEVEL };
	return criu_set_text(&ret->log_file, log_file, err);
}

/* False is said as well: files of options that CRIU reads by itself could say otherwise. */
static void set_flags(const struct checkpoint_options *from, struct criu_options *ret)
{
	ret->tcp_established = criu_flag(from->tcp_established);
	ret->ext_unix_sk = criu_flag(from->ext_unix_sk);
	ret->shell_job = criu_flag(from->shell_job);
	ret->file_locks = criu_flag(from->file_locks);
	ret->auto_dedup = criu_flag(from->auto_dedup);
	ret->lazy_pages = criu_flag(from->lazy_pages);
	ret->manage_cgroups = criu_flag(true);
	ret->notify_scripts = criu_flag(true);
	ret->orphan_pts_master = criu_flag(true);
}

struct criu_options *criu_options_build(const struct checkpoint_options *options,
					const struct checkpoint_directories *directories,
					const char *log_file, const struct string_map *annotations,
					struct error *err)
{
	struct criu_options *ret = calloc(1, sizeof *ret);

	if (!ret) {
		error_errno(err, ENOMEM, "options of criu");
		return NULL;
	}
	set_flags(options, ret);
	if (set_numbers(directories, log_file, ret, err) == 0 &&
	    set_words(options, ret, err) == 0 && set_config_file(annotations, ret, err) == 0)
		return ret;
	protobuf_free(&criu_options_type, ret);
	return NULL;
}

int status_descriptor(const struct checkpoint_options *options, struct error *err)
{
	int64_t fd;

	if (!options->status_fd)
		return -1;
	if (text_to_int64(options->status_fd, &fd) || fd < -1 || fd > INT32_MAX) {
		error_set(err, EINVAL, "invalid --status-fd argument '%s': no descriptor",
			  options->status_fd);
		return -2;
	}
	if (fd == -1)
		return -1;
	int flags = fcntl((int)fd, F_GETFL);
	if (flags < 0)
		error_errno(err, errno, "invalid --status-fd argument %lld", (long long)fd);
	else if ((flags & O_ACCMODE) == O_RDONLY)
		error_set(err, EINVAL, "invalid --status-fd argument %lld: not writable",
			  (long long)fd);
	else
		return (int)fd;
	return -2;
}

/* ---- lists ---- */

struct entry_list {
	void **v;
	size_t n;
};

/* Takes @entry, a message of two texts or a text and a number, in any case. */
static int add_entry(void *list, void *entry, struct error *err)
{
	struct entry_list *entries = list;
	void **grown = entry ? reallocarray(entries->v, entries->n + 1, sizeof *grown) : NULL;

	if (!grown) {
		free(entry);
		return error_errno(err, ENOMEM, "options of criu");
	}
	entries->v = grown;
	entries->v[entries->n++] = entry;
	return 0;
}

int criu_add_external_mount(struct criu_options *options, const char *key, const char *value,
			    struct error *err)
{
	struct criu_external_mount *mount = calloc(1, sizeof *mount);

	if (add_entry(&options->ext_mnt, mount, err))
		return -1;
	return criu_set_text(&mount->key, key, err) || criu_set_text(&mount->val, value, err) ? -1
											      : 0;
}

int criu_add_inherited(struct criu_options *options, const char *key, int fd, struct error *err)
{
	struct criu_inherited *inherited = calloc(1, sizeof *inherited);

	if (add_entry(&options->inherit_fd, inherited, err))
		return -1;
	inherited->fd = (struct opt_int64){ true, fd };
	return criu_set_text(&inherited->key, key, err);
}

int criu_add_joined(struct criu_options *options, const char *namespace, const char *path,
		    struct error *err)
{
	struct criu_join_namespace *joined = calloc(1, sizeof *joined);

	if (add_entry(&options->join_ns, joined, err))
		return -1;
	return criu_set_text(&joined->ns, namespace, err) ||
			       criu_set_text(&joined->ns_file, path, err)
		       ? -1
		       : 0;
}

int criu_add_cgroup_root(struct criu_options *options, const char *controller, const char *path,
			 struct error *err)
{
	struct criu_cgroup_root *root = calloc(1, sizeof *root);

	if (add_entry(&options->cg_root, root, err))
		return -1;
	return criu_set_text(&root->ctrl, controller, err) || criu_set_text(&root->path, path, err)
		       ? -1
		       : 0;
}
