/* Any bytes as an image's configuration, its passwd and its group, with a line of 0x1e between them: nothing may crash, and what is
 * converted is valid, has no id beyond 2³¹-1, no control character where it would be dangerous, and gives no orders. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgtool/convert/convert.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEPARATOR '\x1e'

static char root_path[] = "/tmp/fuzz-convert-XXXXXX";
static int root = -1;

static void remove_root(void)
{
	unlinkat(root, "etc/passwd", 0);
	unlinkat(root, "etc/group", 0);
	unlinkat(root, "etc", AT_REMOVEDIR);
	rmdir(root_path);
}

/* An image's root, for the life of the process. */
static void make_root(void)
{
	if (!mkdtemp(root_path) || (root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    mkdirat(root, "etc", 0755) || atexit(remove_root))
		abort();
}

static void write_file(const char *name, const char *text, size_t length)
{
	owned_fd fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		abort();
}

static void check(const struct config *config, const struct string_list *notices)
{
	const struct user *user = config->process->user;
	struct buffer text = { 0 };
	struct problems problems = { 0 };

	if (user->uid > INT32_MAX || user->gid > INT32_MAX || !config->process->args.n ||
	    config->process->cwd[0] != '/' || text_has_control(config->process->cwd) ||
	    config->hooks || config->mounts.n < 7 || !config->linux_->seccomp)
		abort();
	for (size_t i = 0; i < user->additional_gids.n; i++)
		if (user->additional_gids.v[i] > INT32_MAX)
			abort();
	for (size_t i = 0; i < config->process->env.n; i++)
		if (!strchr(config->process->env.v[i], '=') ||
		    config->process->env.v[i][0] == '=' ||
		    (text_starts_with(config->process->env.v[i], "HOME=") &&
		     text_has_control(config->process->env.v[i])))
			abort();
	for (size_t i = 0; i < config->annotations.n; i++)
		if (text_starts_with(config->annotations.v[i].key, "run.oci.") ||
		    text_starts_with(config->annotations.v[i].key, "org.systemd.property."))
			abort();
	for (size_t i = 0; i < notices->n; i++)
		if (text_has_control(notices->v[i]))
			abort();
	/* What is printed is read again as it was. */
	table_print(&config_type, config, 0, &text);
	struct config *again = config_parse(text.text, text.length, &problems);
	if (!again)
		abort();
	config_free(again);
	buffer_finish(&text);
}

static int each(void *context, const char *path, struct error *err)
{
	(void)context;
	(void)err;
	if (*path != '/' || text_has_control(path))
		abort();
	return 0;
}

static void convert(const char *text, size_t length, const struct run_options *options)
{
	struct problems problems = { 0 };
	struct image_config *image = table_parse(&image_config_type, text, length, &problems);
	struct string_list notices = { 0 };
	struct error err = { 0 };
	struct config *config = image ? convert_image(image, options, root, &notices, &err) : NULL;

	if (config) {
		check(config, &notices);
		if (convert_directories(image, config, each, NULL, &err))
			abort();
	} else if (image && (!err.code || text_has_control(err.msg))) {
		abort();
	}
	config_free(config);
	string_list_finish(&notices);
	table_free(&image_config_type, image);
	problems_finish(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct run_options plain = { .hostname = "fuzz" }, read_only = { .read_only = true };
	const char *text = (const char *)data, *end = text + size;
	const char *passwd = size ? memchr(text, SEPARATOR, size) : NULL;
	const char *group = passwd ? memchr(passwd + 1, SEPARATOR, (size_t)(end - passwd - 1))
				   : NULL;

	if (root < 0)
		make_root();
	write_file("etc/passwd", passwd ? passwd + 1 : "",
		   passwd ? (size_t)((group ? group : end) - passwd - 1) : 0);
	write_file("etc/group", group ? group + 1 : "", group ? (size_t)(end - group - 1) : 0);
	convert(text, (size_t)((passwd ? passwd : end) - text), &plain);
	convert(text, (size_t)((passwd ? passwd : end) - text), &read_only);
	return 0;
}
