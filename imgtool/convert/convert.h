/* From an image's configuration to a bundle's config.json: conversion.md of image-spec, and the defaults that
 * `docker run` has. Reads passwd and group of the root file system, by descriptor, and the files that the options
 * name; writes nothing. */
#pragma once

#include "imgtool/convert/run_options.h"
#include "spec/config.h"
#include "spec/image.h"

/* A complete configuration for the root file system "rootfs" of a bundle, for the caller to config_free; NULL on
 * failure. @root: descriptor of the root file system. @notices: gets a line for each thing of the image or of
 * the options that is not in the result, such as labels that a runtime would take for orders.
 * Digits are ids and never names, ids above 2³¹-1 are refused (CVE-2024-40635), and so are control characters in the
 * names of variables, in HOME, in users and in paths. The result has passed config_validate. */
struct config *convert_image(const struct image_config *image, const struct run_options *options,
			     int root, struct string_list *notices, struct error *err);

/* What can be said of the options before there is a root file system: all but users and what is in files. @empty:
 * descriptor of an empty directory in its place. 0 or -1. */
int convert_check(const struct image_config *image, const struct run_options *options, int empty,
		  struct error *err);

/* The directories that `docker run` would make in the root file system: the working directory and the image's
 * volumes. @each is called with absolute paths; it returns 0 or -1. */
int convert_directories(const struct image_config *image, const struct config *config,
			int (*each)(void *context, const char *path, struct error *err),
			void *context, struct error *err);
