/* The tables of CRIU's messages: nothing else. */
#include "runtime/criu_rpc.h"

#define BOOL(T, member, number) PROTOBUF_FIELD(T, member, number, PROTOBUF_BOOL)
#define NUMBER(T, member, number) PROTOBUF_FIELD(T, member, number, PROTOBUF_NUMBER)
#define TEXT(T, member, number) PROTOBUF_FIELD(T, member, number, PROTOBUF_TEXT)
#define TEXTS(T, member, number) PROTOBUF_FIELD(T, member, number, PROTOBUF_TEXT_LIST)
#define PART(T, member, number, type) \
	PROTOBUF_PART(T, member, number, PROTOBUF_MESSAGE, type##_type)
#define PARTS(T, member, number, type) \
	PROTOBUF_PART(T, member, number, PROTOBUF_MESSAGE_LIST, type##_type)

static const struct protobuf_field page_server_fields[] = {
	TEXT(criu_page_server, address, 1),
	NUMBER(criu_page_server, port, 2),
};
static PROTOBUF_TYPE(criu_page_server, page_server_fields);

static const struct protobuf_field external_mount_fields[] = {
	TEXT(criu_external_mount, key, 1),
	TEXT(criu_external_mount, val, 2),
};
static PROTOBUF_TYPE(criu_external_mount, external_mount_fields);

static const struct protobuf_field join_namespace_fields[] = {
	TEXT(criu_join_namespace, ns, 1),
	TEXT(criu_join_namespace, ns_file, 2),
};
static PROTOBUF_TYPE(criu_join_namespace, join_namespace_fields);

static const struct protobuf_field inherited_fields[] = {
	TEXT(criu_inherited, key, 1),
	NUMBER(criu_inherited, fd, 2),
};
static PROTOBUF_TYPE(criu_inherited, inherited_fields);

static const struct protobuf_field cgroup_root_fields[] = {
	TEXT(criu_cgroup_root, ctrl, 1),
	TEXT(criu_cgroup_root, path, 2),
};
static PROTOBUF_TYPE(criu_cgroup_root, cgroup_root_fields);

static const struct protobuf_field options_fields[] = {
	NUMBER(criu_options, images_dir_fd, 1),
	NUMBER(criu_options, pid, 2),
	BOOL(criu_options, leave_running, 3),
	BOOL(criu_options, ext_unix_sk, 4),
	BOOL(criu_options, tcp_established, 5),
	BOOL(criu_options, evasive_devices, 6),
	BOOL(criu_options, shell_job, 7),
	BOOL(criu_options, file_locks, 8),
	NUMBER(criu_options, log_level, 9),
	TEXT(criu_options, log_file, 10),
	PART(criu_options, ps, 11, criu_page_server),
	BOOL(criu_options, notify_scripts, 12),
	TEXT(criu_options, root, 13),
	TEXT(criu_options, parent_img, 14),
	BOOL(criu_options, track_mem, 15),
	BOOL(criu_options, auto_dedup, 16),
	NUMBER(criu_options, work_dir_fd, 17),
	BOOL(criu_options, link_remap, 18),
	PARTS(criu_options, ext_mnt, 23, criu_external_mount),
	BOOL(criu_options, manage_cgroups, 24),
	PARTS(criu_options, cg_root, 25, criu_cgroup_root),
	BOOL(criu_options, rst_sibling, 26),
	PARTS(criu_options, inherit_fd, 27, criu_inherited),
	NUMBER(criu_options, manage_cgroups_mode, 34),
	TEXTS(criu_options, external, 37),
	NUMBER(criu_options, empty_ns, 38),
	PARTS(criu_options, join_ns, 39, criu_join_namespace),
	TEXT(criu_options, freeze_cgroup, 44),
	BOOL(criu_options, tcp_skip_in_flight, 46),
	BOOL(criu_options, lazy_pages, 48),
	BOOL(criu_options, orphan_pts_master, 50),
	TEXT(criu_options, config_file, 51),
	BOOL(criu_options, tcp_close, 52),
	TEXT(criu_options, lsm_profile, 53),
	TEXT(criu_options, lsm_mount_context, 63),
	NUMBER(criu_options, network_lock, 64),
};
PROTOBUF_TYPE(criu_options, options_fields);

static const struct protobuf_field features_fields[] = {
	BOOL(criu_features, mem_track, 1),
	BOOL(criu_features, lazy_pages, 2),
};
static PROTOBUF_TYPE(criu_features, features_fields);

static const struct protobuf_field request_fields[] = {
	NUMBER(criu_request, type, 1),
	PART(criu_request, opts, 2, criu_options),
	BOOL(criu_request, notify_success, 3),
	PART(criu_request, features, 5, criu_features),
};
PROTOBUF_TYPE(criu_request, request_fields);

static const struct protobuf_field restored_fields[] = {
	NUMBER(criu_restored, pid, 1),
};
static PROTOBUF_TYPE(criu_restored, restored_fields);

static const struct protobuf_field notification_fields[] = {
	TEXT(criu_notification, script, 1),
	NUMBER(criu_notification, pid, 2),
};
static PROTOBUF_TYPE(criu_notification, notification_fields);

static const struct protobuf_field version_fields[] = {
	NUMBER(criu_version, major_number, 1),
	NUMBER(criu_version, minor_number, 2),
	NUMBER(criu_version, sublevel, 4),
};
static PROTOBUF_TYPE(criu_version, version_fields);

static const struct protobuf_field response_fields[] = {
	NUMBER(criu_response, type, 1),
	BOOL(criu_response, success, 2),
	PART(criu_response, restore, 4, criu_restored),
	PART(criu_response, notify, 5, criu_notification),
	NUMBER(criu_response, cr_errno, 7),
	PART(criu_response, features, 8, criu_features),
	TEXT(criu_response, cr_errmsg, 9),
	PART(criu_response, version, 10, criu_version),
};
PROTOBUF_TYPE(criu_response, response_fields);
