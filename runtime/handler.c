#include "runtime/handler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/exe.h"
#include "spec/base/owned.h"

#define SMART "-smart"

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_module(const struct process *process)
{
	const char *program = process && process->args.n ? process->args.v[0] : "";

	return ends_in(program, ".wasm") || ends_in(program, ".wat");
}

/* What the annotations say, word for word, for the caller to free; *ret NULL: nothing. */
static int annotated(const struct string_map *annotations, char **ret, struct error *err)
{
	const char *handler = string_map_get(annotations, "run.oci.handler");
	const char *variant = string_map_get(annotations, "module.wasm.image/variant");

	*ret = NULL;
	if (!handler && !variant)
		return 0;
	if (!handler && strcmp(variant, "compat") != 0 && strcmp(variant, "compat" SMART) != 0)
		return 0; /* an image may say this to somebody else */
	*ret = strdup(handler ? handler : strcmp(variant, "compat") == 0 ? "wasm" : "wasm" SMART);
	return *ret ? 0 : error_errno(err, ENOMEM, "handler");
}

int handler_choose(const struct config *config, char **ret, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (annotated(&config->annotations, ret, err))
		return -1;
	if (!*ret)
		return 0;
	if (!**ret || (*ret)[strspn(*ret, allowed)]) {
		error_set(err, EINVAL, "annotation run.oci.handler: '%.100s' is no handler's name",
			  *ret);
		free(take_pointer(*ret));
		return -1;
	}
	if (ends_in(*ret, SMART)) {
		(*ret)[strlen(*ret) - strlen(SMART)] = '\0';
		if (!**ret || !is_module(config->process))
			free(take_pointer(*ret));
	}
	return 0;
}

int handler_open(const char *directory, const char *name, struct error *err)
{
	owned_string path = text_format("%s/%s", directory, name);
	struct stat st;

	if (!path)
		return error_errno(err, ENOMEM, "handler '%s'", name);
	if (stat(path, &st)) {
		error_errno(err, errno, "handler '%s': %s", name, path);
		return error_hint(err, "install the program that runs such images there");
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0022) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return error_set(err, EPERM,
				 "handler '%s': %s must be a file that only root may write", name,
				 path);
	int fd = exe_open_protected(path, err);
	return fd < 0 ? error_prefix(err, "handler '%s'", name) : fd;
}
