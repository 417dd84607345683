/* From the command line of checkpoint and restore to CRIU's options, and how lists of these grow. Knows no
 * container. */
#pragma once

#include "runtime/checkpoint_files.h"
#include "runtime/criu_rpc.h"

/* Options of the two commands, each of which has some of them. */
struct checkpoint_options {
	const char *image_path, *work_path, *parent_path;
	bool leave_running, tcp_established, tcp_skip_in_flight, tcp_close, link_remap, ext_unix_sk,
		shell_job, file_locks, pre_dump, auto_dedup, lazy_pages;
	const char *manage_cgroups_mode, *network_lock, *page_server, *status_fd, *lsm_profile,
		*lsm_mount_context;
	struct string_list empty_ns;
};

/* What does not depend on the container, for the caller to free with criu_options_type. @log_file is a
 * name in the work directory. @annotations: "org.criu.config" names a file with options of CRIU's, which
 * win over ours ("": none); else orun.conf or runc.conf in /etc/criu. */
struct criu_options *criu_options_build(const struct checkpoint_options *options,
					const struct checkpoint_directories *directories,
					const char *log_file, const struct string_map *annotations,
					struct error *err);

static inline struct opt_bool criu_flag(bool value)
{
	return (struct opt_bool){ true, value };
}

/* --status-fd: an open descriptor of ours that can be written to, or -1 when the option is not given
 * or is -1. -2 on failure. */
int status_descriptor(const struct checkpoint_options *options, struct error *err);

/* Each adds copies of its words. */
int criu_add_external_mount(struct criu_options *options, const char *key, const char *value,
			    struct error *err);
int criu_add_inherited(struct criu_options *options, const char *key, int fd, struct error *err);
int criu_add_joined(struct criu_options *options, const char *namespace, const char *path,
		    struct error *err);
int criu_add_cgroup_root(struct criu_options *options, const char *controller, const char *path,
			 struct error *err);

/* Replaces a text of the options by a copy. */
int criu_set_text(char **member, const char *text, struct error *err);
