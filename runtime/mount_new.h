/* New mounts, their place, attributes and propagation, all by descriptor: fsopen(2), move_mount(2),
 * mount_setattr(2), and what stands in for them on older kernels. Knows nothing of config.json. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/error.h"
#include "spec/base/text.h"

/* Attaches the detached mount @mount on the directory or file @target. */
int mount_attach(int mount, int target, struct error *err);

/* Sets and clears MOUNT_ATTR_… of the mount that @fd is the root of; @recursive: of all below it too.
 * Kernels before 5.12 have no mount_setattr(2): there a remount by descriptor does it for one mount,
 * and the recursive form is an error. */
int mount_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive, struct error *err);

/* Propagation MS_SHARED, … with or without MS_REC, of the mount that @fd is the root of. */
int mount_set_propagation(int fd, unsigned long propagation, struct error *err);

/* Appends the word that gives a new file system's files the SELinux label @label. */
int mount_label_data(const char *label, struct string_list *data, struct error *err);

/* A new detached mount of @type. @data: words for the file system ("size=64k"), may be NULL; @source may be NULL.
 * @flags: MS_… of the superblock. The kernel's own explanation, where it gives one, is in the error. */
int mount_new(const char *type, const char *source, const struct string_list *data,
	      unsigned long flags, uint64_t attributes, struct error *err);
