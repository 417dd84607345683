/* What is going to happen, decided before anything happens: config.json and the facts of this host
 * resolved to numbers, masks, flags and programs. Making a plan has no lasting effect and needs no
 * privilege. After it nobody looks up a name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/caps.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"
#include "spec/config.h"

/* One entry of config.json's mounts. */
struct mount_plan {
	const struct mount *mount; /* its words, borrowed */
	struct mount_options options;
	bool cgroup; /* type "cgroup": see cgroup_mount.h */
	const struct id_mapping_list *uid_mappings, *gid_mappings; /* idmap: never NULL then */
};

struct plan {
	const struct config *config; /* borrowed */
	const char *id;		     /* borrowed */
	char *bundle, *rootfs;	     /* absolute host paths */

	uint64_t clone_flags;		     /* CLONE_NEW… of the namespaces that clone3 makes */
	bool new_namespace[NAMESPACE_TYPES]; /* made for this container */
	const char *join_namespace[NAMESPACE_TYPES]; /* host path to enter, or NULL */
	bool in_user_namespace;			     /* new or joined */
	bool unprivileged; /* the caller has no CAP_SYS_ADMIN: only the child may clone mounts */

	unsigned long rootfs_propagation; /* MS_… | MS_REC */
	struct mount_plan *mounts;
	size_t n_mounts;
	bool own_dev; /* /dev is not a bind mount: default devices and links are made in it */

	struct cgroup_plan cgroup;
	struct caps caps;
	struct seccomp_filter seccomp;
	/* Labels that this kernel can apply, or NULL; borrowed. */
	const char *apparmor, *selinux, *mount_label;
	char *handler; /* the host's program that runs the container's: see handler.h; or NULL */
	struct string_list environment; /* process.env, later entries win */
	bool needs_home;		/* no HOME in it: taken from the container's passwd */

	struct string_list warnings; /* what config.md wants logged rather than refused */
};

struct plan_options {
	const char *bundle;	 /* directory with config.json */
	int seccomp_cache_dirfd; /* see seccomp_compile; -1: none */
	unsigned preserved_fds;	 /* --preserve-fds */
	const char *handlers;	 /* directory of handlers */
	bool no_pivot, no_new_keyring;
	struct cgroup_settings cgroup;
};

/* @config and @id must outlive the plan. On failure nothing is left in *plan to finish. */
int plan_build(const struct config *config, const char *id, const struct plan_options *options,
	       struct plan *plan, struct error *err);
/* The part of it that a further process in a running container needs: namespaces, capabilities,
 * seccomp, labels and environment of @config, whose process is the further one. */
int plan_build_process(const struct config *config, const char *id,
		       const struct plan_options *options, struct plan *plan, struct error *err);
void plan_finish(struct plan *plan);

/* The part of it that is about mounts alone: of @plan->config it fills mounts, mount_label,
 * rootfs_propagation and own_dev. */
int plan_mounts(struct plan *plan, struct error *err);

/* CLONE_NEW… of a namespace type, and the name of its file below /proc/PID/ns. */
uint64_t namespace_clone_flag(enum namespace_type type);
const char *namespace_file(enum namespace_type type);
