/* From an image's configuration to a bundle's config.json: conversion.md, and the defaults that `docker run` has.
 * Reads passwd and group of the root file system, by descriptor; writes nothing. */
#pragma once

#include "spec/config.h"
#include "spec/image.h"

/* What the command line says instead of the image. NULL and empty: nothing. Lists are as `docker run` takes them. */
struct run_options {
	char *const *args; /* replaces Cmd; NULL-terminated or NULL */
	const char *entrypoint, *user, *workdir, *hostname;
	const char *network; /* "host", "none" (a new namespace: the default) or a path to join */
	struct string_list env, env_files, volumes, tmpfs, cap_add, cap_drop, security, annotations;
	const char *memory, *cpus, *pids_limit;
	bool tty, read_only;
};

/* A complete config.json for the root file system "rootfs" of the bundle. @root: descriptor of it. For the caller to
 * config_free; NULL on failure. Digits are ids, never names; ids above 2³¹-1 are refused (CVE-2024-40635); control characters in Env and HOME too;
 * labels cannot name what the runtime would act on (run.oci., org.systemd.property.). */
struct config *convert_image(const struct image_config *image, const struct run_options *options,
			     int root, struct error *err);
