#include "imgtool/convert/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/convert/parts.h"
#include "spec/base/owned.h"

/* Most entries of an image's lists: each is looked up among the others. */
#define ENTRIES_MAX 10000
#define VOLUMES_MAX 1000

/* Of runtime-spec: what is in our bundles was there then, but for an errno that runtimes take by default, and crun before
 * 1.9 refuses later ones. */
#define OLDEST_SPEC_VERSION "1.0.2"

/* Stands for the one that an image need not have. */
static const struct image_process nothing;

static const struct image_process *process_of(const struct image_config *image)
{
	return image->config ? image->config : &nothing;
}

static int check_image(const struct image_config *image, struct error *err)
{
	const struct image_process *process = process_of(image);
	const struct {
		const char *name;
		size_t n, max;
	} lists[] = {
		{ "Env", process->env.n, ENTRIES_MAX },
		{ "Labels", process->labels.n, ENTRIES_MAX },
		{ "ExposedPorts", process->exposed_ports.n, ENTRIES_MAX },
		{ "Volumes", process->volumes.n, VOLUMES_MAX },
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (lists[i].n > lists[i].max)
			return error_set(err, E2BIG,
					 "image: %s has %zu entries, at most %zu are taken",
					 lists[i].name, lists[i].n, lists[i].max);
	if (strcmp(image->os, "linux") != 0)
		return error_set(err, EINVAL, "the image is for another system than Linux");
	return 0;
}

static int begin(struct config *config, const struct run_options *options, struct error *err)
{
	config->oci_version = strdup(OLDEST_SPEC_VERSION);
	config->root = calloc(1, sizeof *config->root);
	config->linux_ = calloc(1, sizeof *config->linux_);
	if (!config->oci_version || !config->root || !config->linux_ ||
	    !(config->root->path = strdup("rootfs")))
		return error_errno(err, ENOMEM, "configuration");
	config->root->readonly = options->read_only;
	return 0;
}

static int check_result(const struct config *config, struct error *err)
{
	struct problems problems = { 0 };

	config_validate(config, &problems);
	int result = problems_count(&problems) ? problems_to_error(&problems, "configuration", err)
					       : 0;
	problems_finish(&problems);
	return result;
}

struct config *convert_image(const struct image_config *image, const struct run_options *options,
			     int root, struct string_list *notices, struct error *err)
{
	struct config *config = calloc(1, sizeof *config);
	struct conversion conversion = {
		.image = image,
		.process = process_of(image),
		.options = options,
		.root = root,
		.config = config,
		.notices = notices,
	};
	int failed = !config ? error_errno(err, ENOMEM, "configuration")
			     : check_image(image, err) || begin(config, options, err) ||
				       convert_process(&conversion, err) ||
				       convert_annotations(&conversion, err) ||
				       convert_mounts(&conversion, err) ||
				       convert_limits(&conversion, err) ||
				       convert_security(&conversion, err) ||
				       check_result(config, err);

	account_finish(&conversion.account);
	if (!failed)
		return config;
	config_free(config);
	return NULL;
}

int convert_check(const struct image_config *image, const struct run_options *options, int empty,
		  struct error *err)
{
	struct run_options known = *options;
	struct string_list notices = { 0 };

	known.user = "0:0";
	/* Files may be pipes, that can be read once. */
	known.env_files = (struct string_list){ 0 };
	known.security = (struct string_list){ 0 };
	struct config *config = convert_image(image, &known, empty, &notices, err);
	string_list_finish(&notices);
	config_free(config);
	return config ? 0 : -1;
}

int convert_directories(const struct image_config *image, const struct config *config,
			int (*each)(void *context, const char *path, struct error *err),
			void *context, struct error *err)
{
	const struct set_key_list *volumes = &process_of(image)->volumes;

	for (size_t i = 0; i < volumes->n; i++) {
		owned_string path = convert_path("image: Volumes", volumes->v[i]->key, err);

		if (!path || (convert_is_volume(path) && each(context, path, err)))
			return -1;
	}
	return each(context, config->process->cwd, err);
}
