#include "runtime/checkpoint_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/quote.h"
#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/log.h"
#include "spec/base/owned.h"

#define DESCRIPTORS "descriptors.json"
#define DEFAULT_IMAGES "checkpoint"

/* Three paths, each character of which may be escaped. */
#define DESCRIPTORS_MAX ((size_t)128 << 10)

static int check_directory(int fd, const char *what, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_errno(err, errno, "%s '%s'", what, path);
	if (st.st_mode & S_IWOTH) {
		error_set(err, EPERM, "%s '%s': everybody may write to it", what, path);
		return error_hint(err, "whoever does can change what is restored; chmod o-w");
	}
	if (st.st_uid != 0 && st.st_uid != geteuid())
		log_warning("%s '%s' belongs to user %u, who can change what is restored", what,
			    path, (unsigned)st.st_uid);
	return 0;
}

static int open_directory(const char *what, const char *path, bool make, struct error *err)
{
	owned_fd fd = -1;

	/* Memory of the container is going to be in it. */
	if (make && make_directories(path, 0700, err))
		return error_prefix(err, "%s", what);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "%s '%s'", what, path);
	return check_directory(fd, what, path, err) ? -1 : take_fd(&fd);
}

static bool is_given(const char *path)
{
	return path && *path;
}

int checkpoint_directories_open(const char *images_path, const char *work_path, bool make_images,
				struct checkpoint_directories *ret, struct error *err)
{
	*ret = (struct checkpoint_directories){
		.images = -1,
		.work = -1,
		.images_path = is_given(images_path) ? images_path : DEFAULT_IMAGES,
	};
	ret->work_path = is_given(work_path) ? work_path : ret->images_path;
	ret->images = open_directory("--image-path", ret->images_path, make_images, err);
	if (ret->images >= 0)
		ret->work = is_given(work_path)
				    ? open_directory("--work-path", work_path, true, err)
				    : fcntl(ret->images, F_DUPFD_CLOEXEC, 0);
	if (ret->work >= 0)
		return 0;
	checkpoint_directories_close(ret);
	return -1;
}

void checkpoint_directories_close(struct checkpoint_directories *directories)
{
	close_fd(take_fd(&directories->images));
	close_fd(take_fd(&directories->work));
}

int checkpoint_check_parent(const struct checkpoint_directories *directories, const char *path,
			    struct error *err)
{
	if (path[0] == '/')
		return error_set(err, EINVAL, "--parent-path must be relative");
	owned_fd fd = openat(directories->images, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	error_errno(err, errno, "invalid --parent-path: '%s'", path);
	return error_hint(err, "it is the way there from --image-path, as in ../parent");
}

/* ---- descriptors.json ---- */

int checkpoint_write_descriptors(int images, const struct string_list *names, struct error *err)
{
	struct buffer text = { 0 };

	buffer_add(&text, "[", 1);
	for (size_t i = 0; i < names->n; i++) {
		if (i)
			buffer_add(&text, ",", 1);
		buffer_add_json_string(&text, names->v[i], strlen(names->v[i]));
	}
	buffer_add(&text, "]", 1);
	int failed = text.failed ? error_errno(err, ENOMEM, DESCRIPTORS)
				 : write_file_atomic_at(images, DESCRIPTORS, text.text, text.length,
							0600, err);
	buffer_finish(&text);
	return failed;
}

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

/* Behind the closing quote, or NULL. What can be put back needs no escapes, and others need no value. */
static const char *string_end(const char *at, bool *escaped)
{
	*escaped = false;
	for (at++; *at != '"'; at++) {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at != '\\')
			continue;
		*escaped = true;
		at++;
		if ((unsigned char)*at < ' ')
			return NULL;
	}
	return at + 1;
}

static bool only(const char *text, size_t length, const char *allowed)
{
	return length > 0 && strspn(text, allowed) >= length;
}

/* The whole of a name is checked: it becomes a key by which CRIU looks up what to replace. */
static bool can_be_put_back(const char *name)
{
	static const char digits[] = "0123456789", hexadecimal[] = "0123456789abcdef";
	size_t length = strlen(name);

	if (!length || name[length - 1] != ']')
		return false;
	if (text_starts_with(name, "pipe:["))
		return only(name + 6, length - 7, digits);
	if (!text_starts_with(name, "file["))
		return false;
	const char *colon = strchr(name, ':');
	return colon && only(name + 5, (size_t)(colon - name) - 5, hexadecimal) &&
	       only(colon + 1, length - (size_t)(colon + 1 - name) - 1, hexadecimal);
}

static int add_name(const char *start, const char *end, bool escaped, struct string_list *names,
		    struct error *err)
{
	owned_string name = strndup(start + 1, (size_t)(end - start) - 2);

	if (names->n == CHECKPOINT_STREAMS)
		return error_set(err, EBADMSG, "more than %d entries", CHECKPOINT_STREAMS);
	if (!name || string_list_add(names, escaped || !can_be_put_back(name) ? "" : name))
		return error_errno(err, ENOMEM, "names");
	return 0;
}

static int parse_name(const char **at, struct string_list *names, struct error *err)
{
	bool escaped;
	const char *end = **at == '"' ? string_end(*at, &escaped) : NULL;

	if (!end)
		return error_set(err, EBADMSG, "is no JSON list of strings");
	if (add_name(*at, end, escaped, names, err))
		return -1;
	*at = end;
	skip_space(at);
	return 0;
}

static int parse_names(const char *at, struct string_list *names, struct error *err)
{
	skip_space(&at);
	if (*at++ != '[')
		return error_set(err, EBADMSG, "is no JSON list");
	skip_space(&at);
	if (*at != ']' && parse_name(&at, names, err))
		return -1;
	while (*at == ',') {
		at++;
		skip_space(&at);
		if (parse_name(&at, names, err))
			return -1;
	}
	if (*at++ != ']')
		return error_set(err, EBADMSG, "is no JSON list of strings");
	skip_space(&at);
	return *at ? error_set(err, EBADMSG, "something follows the list") : 0;
}

int checkpoint_read_descriptors(int images, struct string_list *names, struct error *err)
{
	owned_fd fd = openat(images, DESCRIPTORS, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	owned_string text = NULL;
	struct stat st;
	size_t length;

	if (fd < 0 || fstat(fd, &st)) {
		error_errno(err, errno, "open %s in --image-path", DESCRIPTORS);
		return err->code == ENOENT ? error_hint(err, "is there a checkpoint in it?") : -1;
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, EBADMSG, "%s in --image-path is no regular file",
				 DESCRIPTORS);
	if (read_all(fd, DESCRIPTORS_MAX, &text, &length, err))
		return error_prefix(err, DESCRIPTORS);
	if (memchr(text, '\0', length))
		return error_set(err, EBADMSG, "%s: has a NUL", DESCRIPTORS);
	return parse_names(text, names, err) ? error_prefix(err, DESCRIPTORS) : 0;
}

int checkpoint_quote_log(const struct checkpoint_directories *directories, const char *name,
			 struct error *err)
{
	char lines[600] = "";
	struct stat st;
	owned_fd fd =
		openat(directories->work, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -1;
	/* The cause, and what failed because of it. */
	quote_last_lines(fd, "Error", 3, lines, sizeof lines);
	if (*lines)
		return error_hint(err, "see %s/%s: %s", directories->work_path, name, lines);
	return error_hint(err, "see %s/%s", directories->work_path, name);
}
