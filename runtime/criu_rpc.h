/* CRIU's messages (its images/rpc.proto, version 4.2) as C, as much of them as orun sends and reads.
 * Names and numbers are CRIU's. Knows no socket and no process. */
#pragma once

#include "runtime/protobuf.h"

enum criu_request_type {
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9,
	CRIU_VERSION = 10,
};

enum criu_cgroup_mode {
	CRIU_CGROUP_IGNORE = 0,
	CRIU_CGROUP_SOFT = 3,
	CRIU_CGROUP_FULL = 4,
	CRIU_CGROUP_STRICT = 5,
	CRIU_CGROUP_DEFAULT = 6,
};

enum criu_network_lock {
	CRIU_LOCK_IPTABLES = 1,
	CRIU_LOCK_NFTABLES = 2,
	CRIU_LOCK_SKIP = 3,
};

struct criu_page_server {
	char *address;
	struct opt_int64 port;
};

/* On a dump: mount point in the container to name in the images. On a restore: that name to path on the
 * host. */
struct criu_external_mount {
	char *key, *val;
};
LIST_OF(criu_external_mount);

struct criu_join_namespace {
	char *ns, *ns_file;
};
LIST_OF(criu_join_namespace);

/* @fd as criu itself has it open. */
struct criu_inherited {
	char *key;
	struct opt_int64 fd;
};
LIST_OF(criu_inherited);

struct criu_cgroup_root {
	char *ctrl, *path;
};
LIST_OF(criu_cgroup_root);

struct criu_options {
	struct opt_int64 images_dir_fd, work_dir_fd; /* descriptors of the process that asks */
	struct opt_int64 pid;
	struct opt_bool leave_running, ext_unix_sk, tcp_established, evasive_devices, shell_job,
		file_locks;
	struct opt_int64 log_level;
	char *log_file;
	struct criu_page_server *ps;
	struct opt_bool notify_scripts;
	char *root, *parent_img;
	struct opt_bool track_mem, auto_dedup, link_remap;
	struct criu_external_mount_list ext_mnt;
	struct opt_bool manage_cgroups;
	struct criu_cgroup_root_list cg_root;
	struct opt_bool rst_sibling;
	struct criu_inherited_list inherit_fd;
	struct opt_int64 manage_cgroups_mode; /* enum criu_cgroup_mode */
	struct string_list external;
	struct opt_int64 empty_ns; /* CLONE_NEW… */
	struct criu_join_namespace_list join_ns;
	char *freeze_cgroup;
	struct opt_bool tcp_skip_in_flight, lazy_pages;
	struct opt_bool orphan_pts_master;
	char *config_file;
	struct opt_bool tcp_close;
	char *lsm_profile, *lsm_mount_context;
	struct opt_int64 network_lock; /* enum criu_network_lock */
};

struct criu_features {
	struct opt_bool mem_track, lazy_pages;
};

struct criu_request {
	struct opt_int64 type; /* enum criu_request_type */
	struct criu_options *opts;
	struct opt_bool notify_success;
	struct criu_features *features;
};
extern const struct protobuf_type criu_request_type, criu_options_type;

struct criu_restored {
	struct opt_int64 pid;
};

struct criu_notification {
	char *script;
	struct opt_int64 pid;
};

struct criu_version {
	struct opt_int64 major_number, minor_number, sublevel;
};

struct criu_response {
	struct opt_int64 type; /* enum criu_request_type */
	struct opt_bool success;
	struct criu_restored *restore;
	struct criu_notification *notify;
	struct opt_int64 cr_errno;
	struct criu_features *features;
	char *cr_errmsg;
	struct criu_version *version;
};
extern const struct protobuf_type criu_response_type;
