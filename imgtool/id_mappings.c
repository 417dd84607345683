#include "imgtool/id_mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"

#define MAP_FILE_MAX (1u << 20) /* bytes of a file of maps or ranges */
#define ALL_IDS UINT32_MAX	/* how many the initial namespace has: -1 is none */
#define IDS_OF_IMAGES 65536
#define ACCOUNT_MAX 16384 /* bytes of an account's texts */

static int add(struct id_mapping_list *list, uint32_t inside, uint32_t outside, uint32_t size,
	       struct error *err)
{
	struct id_mapping **v = reallocarray(list->v, list->n + 1, sizeof(struct id_mapping *));

	if (!v)
		return error_errno(err, ENOMEM, "id mappings");
	list->v = v;
	v[list->n] = malloc(sizeof **v);
	if (!v[list->n])
		return error_errno(err, ENOMEM, "id mappings");
	*v[list->n++] = (struct id_mapping){ inside, outside, size };
	return 0;
}

int id_mappings_add(struct id_mapping_list *list, uint64_t count, struct error *err)
{
	return add(list, 0, 0, count < ALL_IDS ? (uint32_t)count : ALL_IDS, err);
}

static void finish_list(struct id_mapping_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct id_mapping_list){ 0 };
}

void id_mappings_finish(struct id_mappings *mappings)
{
	finish_list(&mappings->uids);
	finish_list(&mappings->gids);
}

/* "inside outside size", with blanks around. */
static bool parse_map_line(char *line, uint32_t ret[3])
{
	char *rest, *word = strtok_r(line, " ", &rest);
	uint64_t number;

	for (size_t i = 0; i < 3; i++, word = strtok_r(NULL, " ", &rest)) {
		if (!word || text_to_uint64(word, &number) || number > UINT32_MAX)
			return false;
		ret[i] = (uint32_t)number;
	}
	return !word;
}

static int read_map(const char *path, struct id_mapping_list *ret, struct error *err)
{
	owned_string text = NULL;
	char *rest;

	if (read_file_at(AT_FDCWD, path, MAP_FILE_MAX, &text, NULL, err))
		return -1;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint32_t numbers[3];
		if (!parse_map_line(line, numbers))
			return error_set(err, EINVAL, "%s: is not as user_namespaces(7) says",
					 path);
		if (add(ret, numbers[0], numbers[1], numbers[2], err))
			return -1;
	}
	return 0;
}

int id_mappings_of_process(struct id_mappings *ret, struct error *err)
{
	*ret = (struct id_mappings){ 0 };
	return read_map("/proc/self/uid_map", &ret->uids, err) ||
			       read_map("/proc/self/gid_map", &ret->gids, err)
		       ? -1
		       : 0;
}

static bool is_identity(const struct id_mapping_list *list)
{
	return list->n == 1 && list->v[0]->container_id == list->v[0]->host_id &&
	       list->v[0]->size == ALL_IDS;
}

bool id_mappings_identical(const struct id_mappings *mappings)
{
	return is_identity(&mappings->uids) && is_identity(&mappings->gids);
}

uint64_t id_mappings_count(const struct id_mapping_list *list)
{
	uint64_t end = 0;

	for (size_t round = 0; round < list->n; round++)
		for (size_t i = 0; i < list->n; i++)
			if (list->v[i]->container_id == end)
				end += list->v[i]->size;
	return end;
}

bool id_mappings_full(const struct id_mappings *mappings)
{
	return id_mappings_count(&mappings->uids) >= IDS_OF_IMAGES &&
	       id_mappings_count(&mappings->gids) >= IDS_OF_IMAGES;
}

/* "name:first:count" of subuid(5). */
static bool parse_range(char *line, const char *name, const char *number, uint32_t *first,
			uint32_t *count)
{
	char *rest, *who = strtok_r(line, ":", &rest);
	uint64_t values[2];

	for (size_t i = 0; who && i < 2; i++) {
		const char *word = strtok_r(NULL, ":", &rest);
		if (!word || text_to_uint64(word, &values[i]) || values[i] >= ALL_IDS)
			return false;
	}
	if (!who || (strcmp(who, name) != 0 && strcmp(who, number) != 0) || !values[1] ||
	    values[0] + values[1] > ALL_IDS)
		return false;
	*first = (uint32_t)values[0];
	*count = (uint32_t)values[1];
	return true;
}

/* The ranges behind what *ret has already. No file: none. */
static int read_ranges(const char *path, const char *name, const char *number,
		       struct id_mapping_list *ret, struct error *err)
{
	owned_string text = NULL;
	char *rest;
	uint32_t first, count, inside = 1;

	if (access(path, R_OK))
		return 0;
	if (read_file_at(AT_FDCWD, path, MAP_FILE_MAX, &text, NULL, err))
		return -1;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!parse_range(line, name, number, &first, &count) || count > ALL_IDS - inside)
			continue;
		if (add(ret, inside, first, count, err))
			return -1;
		inside += count;
	}
	return 0;
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	owned_string copy = strdup(path ? path : "/usr/bin:/bin");
	char *rest;

	for (char *folder = copy ? strtok_r(copy, ":", &rest) : NULL; folder;
	     folder = strtok_r(NULL, ":", &rest)) {
		owned_string file = text_format("%s/%s", folder, program);
		if (file && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Our own id as 0. */
static int only_self(struct id_mappings *ret, struct error *err)
{
	id_mappings_finish(ret);
	return add(&ret->uids, 0, geteuid(), 1, err) || add(&ret->gids, 0, getegid(), 1, err) ? -1
											      : 0;
}

int id_mappings_of_user(struct id_mappings *ret, struct error *err)
{
	char number[16], texts[ACCOUNT_MAX];
	struct passwd account, *found = NULL;

	if (getpwuid_r(geteuid(), &account, texts, sizeof texts, &found))
		found = NULL;
	const char *name = found ? found->pw_name : number;

	*ret = (struct id_mappings){ 0 };
	snprintf(number, sizeof number, "%u", (unsigned)geteuid());
	if (only_self(ret, err))
		return -1;
	if (!in_path("newuidmap") || !in_path("newgidmap"))
		return 0;
	if (read_ranges("/etc/subuid", name, number, &ret->uids, err) ||
	    read_ranges("/etc/subgid", name, number, &ret->gids, err))
		return -1;
	/* One kind without the other maps nothing that is of use. */
	return ret->uids.n > 1 && ret->gids.n > 1 ? 0 : only_self(ret, err);
}
