#include "imgtool/convert/users.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/convert/image_root.h"
#include "spec/base/owned.h"
#include "spec/table_path.h"

enum { PASSWD_NAME, PASSWD_PASSWORD, PASSWD_UID, PASSWD_GID, PASSWD_GECOS, PASSWD_HOME };
enum { GROUP_NAME, GROUP_PASSWORD, GROUP_GID, GROUP_MEMBERS };
enum { FIELDS = 7 };

#define PASSWD "/etc/passwd"
#define GROUP "/etc/group"

/* Container tools hold ids in an int; larger ones have wrapped around to root (CVE-2024-40635). */
#define ID_MAX INT32_MAX

static bool is_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static int parse_id(const char *text, uint32_t *ret)
{
	uint64_t id;

	if (text_to_uint64(text, &id) || id > ID_MAX)
		return -1;
	*ret = (uint32_t)id;
	return 0;
}

/* The next line that has @needed fields, cut in place. Lines that have fewer are none: passwd files hold "+" for
 * name services and empty lines. */
static bool next_line(char **rest, size_t needed, char *field[FIELDS])
{
	for (char *line; (line = strsep(rest, "\n"));) {
		size_t n = 0;

		while (line && n < FIELDS)
			field[n++] = strsep(&line, ":");
		if (n >= needed)
			return true;
	}
	return false;
}

/* What passwd says of one user. */
struct passwd_line {
	char *name; /* owned */
	char *home; /* owned; NULL: none */
	uint32_t uid, gid;
};

static void passwd_line_finish(struct passwd_line *line)
{
	free(line->name);
	free(line->home);
}

static int keep_line(char *const field[FIELDS], struct passwd_line *ret, struct error *err)
{
	owned_string quoted = table_quoted(field[PASSWD_NAME]);

	if (parse_id(field[PASSWD_UID], &ret->uid) || parse_id(field[PASSWD_GID], &ret->gid))
		return error_set(err, ERANGE, PASSWD " of the image: user %s: ids must be 0 to %d",
				 quoted, ID_MAX);
	if (text_has_control(field[PASSWD_HOME]))
		return error_set(err, EINVAL,
				 PASSWD
				 " of the image: user %s: control character in the home directory",
				 quoted);
	ret->name = strdup(field[PASSWD_NAME]);
	if (field[PASSWD_HOME][0] == '/')
		ret->home = strdup(field[PASSWD_HOME]);
	if (!ret->name || (field[PASSWD_HOME][0] == '/' && !ret->home))
		return error_errno(err, ENOMEM, PASSWD " of the image");
	return 1;
}

/* Looks a user up by @name, or with NULL by @uid. 1: found, 0: there is none, -1. */
static int find_user(int root, const char *name, uint32_t uid, struct passwd_line *ret,
		     struct error *err)
{
	owned_string text = NULL;
	char *rest, *field[FIELDS];

	if (image_root_read_file(root, PASSWD, USERS_FILE_MAX, &text, err))
		return -1;
	for (rest = text; rest && next_line(&rest, PASSWD_HOME + 1, field);) {
		uint32_t id;

		if (name ? strcmp(field[PASSWD_NAME], name) == 0
			 : parse_id(field[PASSWD_UID], &id) == 0 && id == uid)
			return keep_line(field, ret, err);
	}
	return 0;
}

static int find_group(int root, const char *name, uint32_t *ret, struct error *err)
{
	owned_string text = NULL;
	owned_string quoted = table_quoted(name);
	char *rest, *field[FIELDS];

	if (image_root_read_file(root, GROUP, USERS_FILE_MAX, &text, err))
		return -1;
	for (rest = text; rest && next_line(&rest, GROUP_GID + 1, field);)
		if (strcmp(field[GROUP_NAME], name) == 0)
			return parse_id(field[GROUP_GID], ret)
				       ? error_set(err, ERANGE,
						   GROUP
						   " of the image: group %s: ids must be 0 to %d",
						   quoted, ID_MAX)
				       : 0;
	return error_set(err, ENOENT, "group %s is not in " GROUP " of the image", quoted);
}

static bool names_member(char *members, const char *name)
{
	for (char *member; (member = strsep(&members, ","));)
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static int add_group(struct uint32_list *groups, uint32_t gid, struct error *err)
{
	if (groups->n == USERS_GROUPS_MAX)
		return error_set(err, E2BIG,
				 GROUP " of the image: a user is in more than %d groups",
				 USERS_GROUPS_MAX);
	/* Twice as much whenever a power of two is full. */
	if (!(groups->n & (groups->n - 1))) {
		uint32_t *v = reallocarray(groups->v, groups->n ? groups->n * 2 : 1, sizeof *v);

		if (!v)
			return error_errno(err, ENOMEM, GROUP " of the image");
		groups->v = v;
	}
	groups->v[groups->n++] = gid;
	return 0;
}

/* As initgroups(3) has it, with the user's own group: without it a set-group-id program would
 * leave that group, and what is forbidden to the group would be allowed (CVE-2022-36109). */
static int find_groups_of(int root, const char *user, uint32_t gid, struct uint32_list *ret,
			  struct error *err)
{
	owned_string text = NULL;
	char *rest, *field[FIELDS];

	if (image_root_read_file(root, GROUP, USERS_FILE_MAX, &text, err) ||
	    add_group(ret, gid, err))
		return -1;
	for (rest = text; rest && next_line(&rest, GROUP_MEMBERS + 1, field);) {
		uint32_t id;

		if (!names_member(field[GROUP_MEMBERS], user))
			continue;
		if (parse_id(field[GROUP_GID], &id))
			return error_set(err, ERANGE,
					 GROUP " of the image: a group's id is not 0 to %d",
					 ID_MAX);
		if (id != gid && add_group(ret, id, err))
			return -1;
	}
	return 0;
}

static int bad_user(const char *text, const char *words, struct error *err)
{
	owned_string quoted = table_quoted(text);

	return error_set(err, EINVAL, "user %s %s", quoted, words);
}

/* The user's half. *named: whether supplementary groups are to be looked for. */
static int resolve_user(int root, const char *text, struct passwd_line *line, bool *named,
			struct error *err)
{
	bool numeric = is_digits(text), is_default = !*text;

	if (numeric && parse_id(text, &line->uid))
		return bad_user(text, "is out of range: ids are 0 to 2147483647", err);
	int found = numeric || is_default ? find_user(root, NULL, line->uid, line, err)
					  : find_user(root, text, 0, line, err);
	if (found < 0)
		return -1;
	if (!found && !numeric && !is_default)
		return bad_user(text, "is not in " PASSWD " of the image", err);
	*named = found && !numeric;
	return 0;
}

static int fill_account(int root, const char *user, const char *group, struct account *ret,
			struct error *err)
{
	__attribute__((cleanup(passwd_line_finish))) struct passwd_line line = { 0 };
	bool named = false;

	if (resolve_user(root, user, &line, &named, err))
		return -1;
	ret->uid = line.uid;
	ret->gid = line.gid;
	if (group && is_digits(group)) {
		if (parse_id(group, &ret->gid))
			return bad_user(group,
					"as a group is out of range: ids are 0 to 2147483647", err);
	} else if (group) {
		if (find_group(root, group, &ret->gid, err))
			return -1;
	} else if (named && find_groups_of(root, line.name, line.gid, &ret->groups, err)) {
		return -1;
	}
	ret->home = line.home ? take_pointer(line.home) : strdup("/");
	return ret->home ? 0 : error_errno(err, ENOMEM, "user");
}

int account_find(int root, const char *text, struct account *ret, struct error *err)
{
	owned_string copy = strdup(text);

	*ret = (struct account){ 0 };
	if (!copy)
		return error_errno(err, ENOMEM, "user");
	if (text_has_control(text))
		return bad_user(text, "has a control character", err);
	char *group = strchr(copy, ':');
	if (group)
		*group++ = '\0';
	/* Who wrote ":1000" did not mean root. */
	if (group && !*copy)
		return bad_user(text, "names a group only", err);
	return fill_account(root, copy, group && *group ? group : NULL, ret, err);
}

void account_finish(struct account *account)
{
	free(account->groups.v);
	free(account->home);
	*account = (struct account){ 0 };
}
