#include "runtime/cgroup/statistics_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/io.h"
#include "spec/base/json_text.h"
#include "spec/base/owned.h"

#define FILE_MAX ((size_t)16 << 20) /* bytes */

int statistics_text(int group, const char *file, char **ret, struct error *err)
{
	struct error failure = { 0 };

	if (!read_file_at(group, file, FILE_MAX, ret, NULL, &failure))
		return 0;
	/* ENODEV: the group was removed between open and read. */
	if (failure.code == ENOENT || failure.code == ENODEV)
		return 1;
	return error_set(err, failure.code, "%s", failure.msg);
}

int statistics_parse(const char *text, uint64_t *ret, const char *file, struct error *err)
{
	int64_t negative;

	if (!text_to_uint64(text, ret))
		return 0;
	if (*text == '-' && (!text_to_int64(text, &negative) || errno == ERANGE)) {
		*ret = 0;
		return 0;
	}
	return error_set(err, EINVAL, "%s: '%.100s' is no number", file, text);
}

int statistics_number(int group, const char *file, uint64_t *ret, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);

	if (absent)
		return absent;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	return statistics_parse(text, ret, file, err);
}

int statistics_numbers(int group, const struct statistics_file *files, size_t n, void *to,
		       struct error *err)
{
	int absent = 1;

	for (size_t i = 0; i < n; i++) {
		uint64_t *at = (uint64_t *)(void *)((char *)to + files[i].offset);
		int one = statistics_number(group, files[i].file, at, err);
		if (one < 0)
			return -1;
		absent = absent && one;
	}
	return absent;
}

/* The next line "key value" of *rest: its key, with *value behind it, or NULL at the end. Lines without
 * a value are an error (*value NULL). */
static char *next_pair(char **rest, char **value)
{
	char *line;

	while ((line = strsep(rest, "\n"))) {
		if (!*line)
			continue;
		*value = line;
		strsep(value, " ");
		return line;
	}
	return NULL;
}

static int pair_number(const char *key, const char *value, const char *file, uint64_t *ret,
		       struct error *err)
{
	if (!value || !*key)
		return error_set(err, EINVAL, "%s: '%.100s' is not of the form \"key value\"", file,
				 key);
	return statistics_parse(value, ret, file, err);
}

int statistics_keys(int group, const char *file, const struct statistics_key *keys, size_t n,
		    void *to, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);
	char *rest = text, *key, *value;
	uint64_t number = 0;

	if (absent)
		return absent;
	while ((key = next_pair(&rest, &value))) {
		if (pair_number(key, value, file, &number, err))
			return -1;
		for (size_t i = 0; i < n; i++)
			if (strcmp(keys[i].key, key) == 0)
				*(uint64_t *)(void *)((char *)to + keys[i].offset) = number *
										     keys[i].scale;
	}
	return 0;
}

struct named_number {
	const char *key;
	uint64_t number;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct named_number *)a)->key, ((const struct named_number *)b)->key);
}

static int print_sorted(struct named_number *v, size_t n, char **json, struct error *err)
{
	struct buffer to = { 0 };

	if (n)
		qsort(v, n, sizeof *v, by_key);
	buffer_print(&to, "{");
	for (size_t i = 0; i < n; i++) {
		buffer_print(&to, "%s", i ? "," : "");
		buffer_add_json_string(&to, v[i].key, strlen(v[i].key));
		buffer_print(&to, ":%" PRIu64, v[i].number);
	}
	buffer_print(&to, "}");
	if (to.failed) {
		buffer_finish(&to);
		return error_errno(err, ENOMEM, "statistics");
	}
	*json = to.text;
	return 0;
}

size_t statistics_count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

int statistics_object(int group, const char *file, char **json, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);
	char *rest = text, *key, *value;
	size_t n = 0;

	if (absent)
		return absent;
	owned_memory struct named_number *v = calloc(statistics_count_lines(text) + 1, sizeof *v);
	if (!v)
		return error_errno(err, ENOMEM, "%s", file);
	while ((key = next_pair(&rest, &value))) {
		v[n].key = key;
		if (pair_number(key, value, file, &v[n++].number, err))
			return -1;
	}
	return n ? print_sorted(v, n, json, err) : 0;
}

int statistics_list_add(struct uint64_list *list, uint64_t value, struct error *err)
{
	/* The capacity is the next power of two. */
	if ((list->n & (list->n - 1)) == 0) {
		uint64_t *v = reallocarray(list->v, list->n ? list->n * 2 : 1, sizeof *v);
		if (!v)
			return error_errno(err, ENOMEM, "statistics");
		list->v = v;
	}
	list->v[list->n++] = value;
	return 0;
}

int statistics_list(int group, const char *file, struct uint64_list *to, struct error *err)
{
	owned_string text = NULL;
	int absent = statistics_text(group, file, &text, err);
	char *rest = text, *word;
	uint64_t number = 0;

	if (absent)
		return absent;
	while ((word = strsep(&rest, " \n")))
		if (*word && (statistics_parse(word, &number, file, err) ||
			      statistics_list_add(to, number, err)))
			return -1;
	return 0;
}

int statistics_io_add(struct io_entry_list *list, const struct io_entry *entry, struct error *err)
{
	struct io_entry **v = reallocarray(list->v, list->n + 1, sizeof *v);

	if (!v)
		return error_errno(err, ENOMEM, "statistics");
	list->v = v;
	struct io_entry *added = malloc(sizeof *added);
	if (!added)
		return error_errno(err, ENOMEM, "statistics");
	*added = *entry;
	added->op = entry->op && *entry->op ? strdup(entry->op) : NULL;
	v[list->n++] = added;
	return entry->op && *entry->op && !added->op ? error_errno(err, ENOMEM, "statistics") : 0;
}

int statistics_read_pids(int group, struct statistics *to, struct error *err)
{
	int absent = statistics_number(group, "pids.current", &to->pids->current, err);

	if (absent)
		return absent;
	if (statistics_number(group, "pids.max", &to->pids->limit, err) < 0)
		return -1;
	if (to->pids->limit == UINT64_MAX)
		to->pids->limit = 0;
	return 0;
}

/* "2MB" of "hugetlb.2MB.current", NULL for another name. */
static char *page_size_in(const char *name, const char *suffix)
{
	static const char prefix[] = "hugetlb.";
	size_t length = strlen(name), tail = strlen(suffix);

	if (!text_starts_with(name, prefix) || length <= sizeof prefix - 1 + tail ||
	    strcmp(name + length - tail, suffix) != 0)
		return NULL;
	name += sizeof prefix - 1;
	length -= sizeof prefix - 1 + tail;
	/* "2MB.rsvd": not all that is used, but all that is reserved. */
	return memchr(name, '.', length) ? NULL : strndup(name, length);
}

int statistics_page_sizes(int group, const char *suffix, struct string_list *sizes,
			  struct error *err)
{
	const struct dirent *entry;
	owned_fd fd = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	owned_dir directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		return error_errno(err, errno, "list the files of a cgroup");
	take_fd(&fd);
	while ((entry = readdir(directory))) {
		owned_string size = page_size_in(entry->d_name, suffix);
		if (size && string_list_add(sizes, size))
			return error_errno(err, ENOMEM, "statistics");
	}
	return 0;
}

struct hugetlb_statistics *statistics_hugetlb_add(struct hugetlb_statistics_list *list,
						  const char *size)
{
	struct hugetlb_statistics **v = reallocarray(list->v, list->n + 1, sizeof *v);
	struct hugetlb_statistics *added = calloc(1, sizeof *added);

	if (v)
		list->v = v;
	if (v && added && (added->key = strdup(size))) {
		v[list->n++] = added;
		return added;
	}
	free(added);
	return NULL;
}
