/* A container's scope as systemd is to make it: its name, its slice, its properties. Decides; talks to
 * nobody (runtime/systemd.h does). systemd.scope(5), systemd.resource-control(5), org.freedesktop.systemd1(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

struct cgroup_plan;
struct cgroup_device_rules;

struct systemd_property {
	unsigned since;	       /* left out where systemd is older; 0: every systemd has it */
	const char *signature; /* D-Bus: "s", "b", "i", "t", "as", "ay", "au", "a(ss)" */
	char *name;
	/* Text of each value: one, or an array's. "b": true or false; "ay": one in hexadecimal digits;
	 * "a(ss)": both halves of each pair. */
	struct string_list values;
};

struct systemd_properties {
	struct systemd_property *v;
	size_t n;
};

struct systemd_scope {
	char *unit;  /* "orun-ID.scope" */
	char *slice; /* "machine.slice" */
	char *group; /* where systemd puts it: "/machine.slice/orun-ID.scope" */
	bool user;   /* made by the user's instance of systemd */
	struct systemd_properties properties;
};

/* Names the scope. @cgroups_path: linux.cgroupsPath, "slice:prefix:name", or NULL. @manager_group: the
 * group of the user's instance of systemd, beneath which its units are; NULL means the system's.
 * For the caller to free with systemd_scope_free; NULL on failure. */
struct systemd_scope *systemd_scope_name(const char *cgroups_path, const char *id,
					 const char *manager_group, struct error *err);

/* What every scope of ours has. @version: of the cgroup hierarchy that has the controllers, 1 or 2. */
int systemd_scope_add_basics(struct systemd_scope *scope, const char *id, int version,
			     struct error *err);

#define SYSTEMD_ANNOTATION_PREFIX "org.systemd.property."

/* The annotations "org.systemd.property.NAME" whose value is in GVariant's text format. Only names on a
 * list: others would let whoever writes annotations start units, run programs or reboot (CVE-2022-0811,
 * CVE-2024-3154). A time may be given as NAMESec in seconds. */
int systemd_scope_add_annotations(struct systemd_scope *scope, const struct string_map *annotations,
				  struct error *err);

/* What systemd is to know of the plan's writes, so that it does not undo them when it writes a group's files
 * anew (daemon-reload). Files that it has no property for are passed over. @starting: also properties that
 * cannot change later. */
int systemd_properties_add_writes(struct systemd_properties *properties,
				  const struct cgroup_plan *plan, bool starting, struct error *err);

/* DevicePolicy and DeviceAllow. Rules that systemd cannot say (a hole in a wider rule, "any major, this
 * minor") leave devices to our own program or lines alone: then all are allowed by systemd. */
int systemd_properties_add_devices(struct systemd_properties *properties,
				   const struct cgroup_device_rules *rules, struct error *err);

/* Appends an empty property for the caller to add values to. NULL when memory is out. @signature is
 * kept as it is. */
struct systemd_property *systemd_properties_add(struct systemd_properties *properties,
						const char *name, const char *signature,
						unsigned since, struct error *err);
int systemd_properties_add_one(struct systemd_properties *properties, const char *name,
			       const char *signature, unsigned since, const char *value,
			       struct error *err);

void systemd_properties_finish(struct systemd_properties *properties);
void systemd_scope_free(struct systemd_scope *scope);
