/* For tests of convert_image: an image's configuration as JSON, a root file system in a sandbox, and the result. */
#pragma once

#include "imgtool/convert/convert.h"
#include "tests/unit/sandbox.h"

static struct run_options options;    /* cleared before each case */
static struct string_list notices;    /* of the last conversion */
static struct error conversion_error; /* likewise */
static struct config *converted;      /* likewise; NULL: it failed */
static int image_root = -1;

/* Another file in the root file system. */
static inline void write_in_root(const char *name, const char *text)
{
	int fd = openat(image_root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void forget_conversion(void)
{
	config_free(converted);
	converted = NULL;
	string_list_finish(&notices);
	conversion_error = (struct error){ 0 };
}

static inline int begin_case(void **state)
{
	static unsigned number;
	char name[32];

	(void)state;
	options = (struct run_options){ 0 };
	snprintf(name, sizeof name, "root-%u", number++);
	image_root = open_new_folder(name);
	if (mkdirat(image_root, "etc", 0755))
		return -1;
	write_in_root("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
				    "app:x:1000:1001:an app:/home/app:/bin/sh\n");
	write_in_root("etc/group", "root:x:0:\napp:x:1001:\nextra:x:2000:other,app\n");
	return 0;
}

static inline int end_case(void **state)
{
	(void)state;
	forget_conversion();
	close(image_root);
	return 0;
}

/* @config: the members of the image's "config"; @more: of the image itself. */
static inline void convert_with(const char *config, const char *more)
{
	struct problems problems = { 0 };
	char *text =
		text_format("{\"architecture\": \"amd64\", \"os\": \"linux\", %s \"config\": {%s},"
			    "\"rootfs\": {\"type\": \"layers\", \"diff_ids\": []}}",
			    more, config);
	struct image_config *image = table_parse(&image_config_type, text, strlen(text), &problems);

	if (!image)
		fail_msg("%s: %s", text, problems.list.v[0]);
	forget_conversion();
	converted = convert_image(image, &options, image_root, &notices, &conversion_error);
	table_free(&image_config_type, image);
	problems_finish(&problems);
	free(text);
}

static inline void convert(const char *config)
{
	convert_with(config, "");
	if (!converted)
		fail_msg("{%s}: %s", config, conversion_error.msg);
}

/* An image that runs /x, for what does not depend on the image. */
static inline void convert_plain(void)
{
	convert("\"Cmd\": [\"/x\"]");
}

/* The conversion fails with an error that has @text in it, and no control character. */
static inline void convert_fails(const char *config, const char *text)
{
	convert_with(config, "");
	if (converted)
		fail_msg("{%s} was converted", config);
	if (!strstr(conversion_error.msg, text))
		fail_msg("{%s}: \"%s\" and not \"%s\"", config, conversion_error.msg, text);
	assert_false(text_has_control(conversion_error.msg));
}

static inline void option_fails(const char *text)
{
	convert_fails("\"Cmd\": [\"/x\"]", text);
}

/* A list with these words; of the last call only. */
static inline struct string_list words(size_t n, const char *const *texts)
{
	static char *v[16];

	for (size_t i = 0; i < n; i++)
		v[i] = (char *)texts[i];
	v[n] = NULL;
	return (struct string_list){ v, n };
}
#define WORDS(...)                                                           \
	words(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
	      (const char *const[]){ __VA_ARGS__ })

/* The words of a list with a blank between them. */
static inline const char *joined(const struct string_list *list)
{
	static char text[8192];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->n && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 list->v[i]);
	return text;
}

static inline void assert_words(const struct string_list *list, const char *expected)
{
	assert_string_equal(joined(list), expected);
}
