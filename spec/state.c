/* The tables of state.json and of what `state` prints. Knows no file and no process. */
#include "spec/state.h"

#include "spec/table_fields.h"

static const struct field state_fields[] = {
	FIELD_STRING(state, oci_version, "ociVersion", REQUIRED),
	FIELD_STRING(state, id, "id", REQUIRED),
	FIELD_INT64(state, pid, "pid", ALWAYS, RANGE(0, INT32_MAX)),
	FIELD_UINT64(state, start_time, "startTime", ALWAYS),
	FIELD_STRING(state, bundle, "bundle", REQUIRED),
	FIELD_STRING(state, rootfs, "rootfs", REQUIRED),
	FIELD_STRING(state, created, "created", REQUIRED),
	FIELD_UINT32(state, owner, "owner", ALWAYS),
	FIELD_STRING_LIST(state, cgroup_dirs, "cgroupDirs"),
	FIELD_STRING_LIST(state, cgroup_made, "cgroupMade"),
	FIELD_STRING(state, systemd_scope, "systemdScope"),
	FIELD_BOOL(state, systemd_user, "systemdUser"),
	FIELD_BOOL(state, own_pid_namespace, "ownPidNamespace"),
	FIELD_UINT64(state, root_mount, "rootMount"),
	FIELD_STRING(state, mount_namespace, "mountNamespace"),
	FIELD_STRING(state, resctrl_group, "resctrlGroup"),
	FIELD_STRING(state, resctrl_monitoring, "resctrlMonitoring"),
	FIELD_STRING_LIST(state, resctrl_made, "resctrlMade"),
	FIELD_UINT32_LIST(state, live_mounts, "liveMounts"),
	FIELD_OBJECT(state, hooks, "hooks", hooks),
	FIELD_STRING_MAP(state, annotations, "annotations"),
};
TYPE(state);

#define STATUS_LIST(each)                                                       \
	each("creating", STATUS_CREATING) each("created", STATUS_CREATED)       \
		each("running", STATUS_RUNNING) each("stopped", STATUS_STOPPED) \
			each("paused", STATUS_PAUSED)
#define AS_WORD(name, number) { name, number },
#define AS_NAME(name, number) [number] = name,

static const struct word status_words[] = { STATUS_LIST(AS_WORD){ NULL, 0 } };
const char *const container_status_names[] = { STATUS_LIST(AS_NAME) NULL };

static const struct field state_view_fields[] = {
	FIELD_STRING(state_view, oci_version, "ociVersion", REQUIRED),
	FIELD_STRING(state_view, id, "id", REQUIRED),
	FIELD_INT64(state_view, pid, "pid", ALWAYS, RANGE(0, INT32_MAX)),
	FIELD_WORD(state_view, status, "status", status_words, REQUIRED),
	FIELD_STRING(state_view, bundle, "bundle", REQUIRED),
	FIELD_STRING(state_view, rootfs, "rootfs", ALWAYS),
	FIELD_STRING(state_view, created, "created", ALWAYS),
	FIELD_STRING_MAP(state_view, annotations, "annotations"),
	FIELD_STRING(state_view, systemd_scope, "systemd-scope"),
	FIELD_STRING(state_view, owner, "owner", ALWAYS),
};
TYPE(state_view);
