#include "runtime/resctrl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/cgroup/cgroup.h"
#include "spec/base/io.h"
#include "spec/base/mountinfo.h"
#include "spec/base/owned.h"

/* kernfs takes at most a page in one write(2), and would take the first page of more. */
#define SCHEMATA_MAX 4096

/* Rounds in which threads are moved: see move_processes. */
#define ROUNDS_MAX 8

char *resctrl_find(struct error *err)
{
	owned_string text = mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", err);
	char *rest = text;
	struct mountinfo mount;

	if (!text)
		return NULL;
	while (mountinfo_next(&rest, &mount)) {
		if (!text_equal(mount.type, "resctrl"))
			continue;
		mountinfo_unescape(mount.mountpoint);
		char *directory = strdup(mount.mountpoint);
		if (!directory)
			error_errno(err, ENOMEM, "resctrl");
		return directory;
	}
	error_set(err, ENOENT, "linux.intelRdt: resctrl is not mounted");
	error_hint(err, "`mount -t resctrl resctrl /sys/fs/resctrl`, if processor and kernel have "
			"it, or leave linux.intelRdt out");
	return NULL;
}

/* ---- which groups ---- */

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool has_schemata(const struct intel_rdt *rdt)
{
	return rdt->l3_cache_schema || rdt->mem_bw_schema || rdt->schemata.n;
}

/* Names in each directory of resctrl that are no groups. */
static bool is_reserved(const char *name)
{
	return text_equal(name, "info") || text_equal(name, "mon_groups") ||
	       text_equal(name, "mon_data");
}

static int no_memory(struct error *err)
{
	return error_errno(err, ENOMEM, "linux.intelRdt");
}

int resctrl_foresee(const char *resctrl, const struct intel_rdt *rdt, struct state *state,
		    struct error *err)
{
	const char *name = rdt->clos_id ? rdt->clos_id : state->id;

	if (is_reserved(name))
		return error_set(err, EINVAL, "linux.intelRdt: no group can have the name '%s'",
				 name);
	state->resctrl_group = text_equal(name, "/") ? strdup(resctrl)
						     : text_format("%s/%s", resctrl, name);
	if (!state->resctrl_group)
		return no_memory(err);
	if (rdt->enable_monitoring) {
		state->resctrl_monitoring =
			text_format("%s/mon_groups/%s", state->resctrl_group, state->id);
		if (!state->resctrl_monitoring ||
		    string_list_add(&state->resctrl_made, state->resctrl_monitoring))
			return no_memory(err);
	}
	bool there = exists(state->resctrl_group);
	if (!there && rdt->clos_id && !has_schemata(rdt)) {
		error_set(err, ENOENT, "linux.intelRdt.closID: there is no group '%s'",
			  state->resctrl_group);
		return error_hint(err, "make it before the container, or say its schemata");
	}
	/* A class that the configuration names belongs to others too, and outlives the container. */
	if (!there && !rdt->clos_id && string_list_add(&state->resctrl_made, state->resctrl_group))
		return no_memory(err);
	return 0;
}

/* ---- files ---- */

/* Only the root has an `info`; groups lie directly in it. */
static char *root_of(const char *group)
{
	owned_string info = text_format("%s/info", group);
	const char *slash = strrchr(group, '/');

	if (!info)
		return NULL;
	return exists(info) || !slash ? strdup(group) : strndup(group, (size_t)(slash - group));
}

/* The kernel's own words about the last failure. */
static int explain(const char *group, struct error *err)
{
	owned_string root = root_of(group);
	owned_string path = root ? text_format("%s/info/last_cmd_status", root) : NULL;
	char words[256] = "";

	if (path && read_line_at(AT_FDCWD, path, words, sizeof words, NULL) == 0 && *words &&
	    !text_equal(words, "ok"))
		error_hint(err, "resctrl says: %s", words);
	return error_prefix(err, "linux.intelRdt");
}

static int write_group_file(const char *group, const char *file, const char *text,
			    struct error *err)
{
	owned_string path = text_format("%s/%s", group, file);

	if (!path)
		return no_memory(err);
	return write_kernel_file_at(AT_FDCWD, path, text, err);
}

static int add_task(const char *group, pid_t pid, struct error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%d", (int)pid);
	return write_group_file(group, "tasks", text, err);
}

/* One write, so that the kernel takes all of it or nothing; in the order that the specification wants. */
static int write_schemata(const char *group, const struct intel_rdt *rdt, struct error *err)
{
	struct buffer text = { 0 };
	int failed = 0;

	if (rdt->l3_cache_schema)
		buffer_print(&text, "%s\n", rdt->l3_cache_schema);
	if (rdt->mem_bw_schema)
		buffer_print(&text, "%s\n", rdt->mem_bw_schema);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		buffer_print(&text, "%s\n", rdt->schemata.v[i]);
	if (text.failed)
		failed = no_memory(err);
	else if (text.length > SCHEMATA_MAX)
		failed = error_set(err, E2BIG,
				   "the schemata are longer than the %d bytes that resctrl takes",
				   SCHEMATA_MAX);
	else if (text.length)
		failed = write_group_file(group, "schemata", text.text, err);
	buffer_finish(&text);
	return failed;
}

/* ---- does a group have this schema already? ---- */

/* "0=7f0" of "L3:0=7f0;1=1f". */
struct domain {
	const char *id, *value;
	size_t id_length, value_length;
};

/* The kernel pads numbers with blanks and zeros, users with nothing. */
static const char *skip_padding(const char *at, const char *padding)
{
	return at + strspn(at, padding);
}

static bool next_domain(const char **at, struct domain *ret)
{
	*at += strspn(*at, "; ");
	ret->id = *at;
	ret->id_length = strcspn(*at, "=;\n");
	if (!ret->id_length || ret->id[ret->id_length] != '=')
		return false;
	ret->value = skip_padding(ret->id + ret->id_length + 1, " 0");
	ret->value_length = strcspn(ret->value, "; \n");
	*at = ret->value + ret->value_length;
	return true;
}

static bool line_has_domain(const char *line, const struct domain *wanted)
{
	struct domain found;

	while (next_domain(&line, &found))
		if (found.id_length == wanted->id_length &&
		    strncmp(found.id, wanted->id, wanted->id_length) == 0)
			return found.value_length == wanted->value_length &&
			       strncasecmp(found.value, wanted->value, wanted->value_length) == 0;
	return false;
}

/* Whether @schemata, the text of that file, says what @schema says: the same line, and in it each of its
 * domains with the same number. */
static bool says_the_same(const char *schemata, const char *schema)
{
	size_t name = strcspn(schema, ":") + 1;
	const char *line = skip_padding(schemata, " ");
	struct domain wanted;

	while (strncmp(line, schema, name) != 0) {
		line = strchr(line, '\n');
		if (!line)
			return false;
		line = skip_padding(line + 1, " ");
	}
	const char *at = schema + name;
	do {
		if (!next_domain(&at, &wanted) || !line_has_domain(line + name, &wanted))
			return false;
		at += strspn(at, "; ");
	} while (*at);
	return true;
}

static int check_schema(const char *group, const char *schemata, const char *schema,
			const char *field, struct error *err)
{
	if (!schema || (strchr(schema, ':') && says_the_same(schemata, schema)))
		return 0;
	error_set(err, EEXIST, "%s: '%s' is not what the group '%s' has", field, schema, group);
	return error_hint(err, "its schemata are shared by all who use it: change them there");
}

static int check_existing(const char *group, const struct intel_rdt *rdt, struct error *err)
{
	owned_string path = text_format("%s/schemata", group);
	owned_string text = NULL;

	if (!path)
		return no_memory(err);
	if (!rdt->l3_cache_schema && !rdt->mem_bw_schema)
		return 0;
	if (read_file_at(AT_FDCWD, path, 1u << 20, &text, NULL, err))
		return -1;
	if (check_schema(group, text, rdt->l3_cache_schema, "l3CacheSchema", err))
		return -1;
	return check_schema(group, text, rdt->mem_bw_schema, "memBwSchema", err);
}

/* ---- making and removing ---- */

static int make_group(const struct intel_rdt *rdt, const struct state *state,
		      struct resctrl_made *made, struct error *err)
{
	const char *group = state->resctrl_group;
	bool must_exist = rdt->clos_id && !has_schemata(rdt);

	if (!must_exist && mkdirat(AT_FDCWD, group, 0755) == 0)
		made->group = true;
	else if (!must_exist && errno != EEXIST)
		return error_errno(err, errno, "mkdir '%s'", group);
	if (!made->group && string_list_has(&state->resctrl_made, group))
		return error_errno(err, EEXIST, "mkdir '%s'", group);
	if (!made->group && rdt->clos_id && check_existing(group, rdt, err))
		return -1;
	return write_schemata(group, rdt, err);
}

static int make_monitoring(const struct state *state, struct resctrl_made *made, struct error *err)
{
	const char *group = state->resctrl_monitoring;

	if (!group)
		return 0;
	/* One that is there already counts for others too, so that it would not be the container's own. */
	if (mkdirat(AT_FDCWD, group, 0755))
		return error_errno(err, errno, "enableMonitoring: mkdir '%s'", group);
	made->monitoring = true;
	return 0;
}

static int enter(const struct state *state, pid_t pid, struct error *err)
{
	if (add_task(state->resctrl_group, pid, err))
		return -1;
	/* In this order: the kernel refuses a monitoring group of a class that the task is not in. */
	return state->resctrl_monitoring ? add_task(state->resctrl_monitoring, pid, err) : 0;
}

int resctrl_create(const struct intel_rdt *rdt, const struct state *state, pid_t pid,
		   struct resctrl_made *made, struct error *err)
{
	*made = (struct resctrl_made){ 0 };
	if (make_group(rdt, state, made, err) || make_monitoring(state, made, err) ||
	    enter(state, pid, err))
		return explain(state->resctrl_group, err);
	return 0;
}

void resctrl_take_back(const struct state *state, const struct resctrl_made *made)
{
	if (made->monitoring)
		unlinkat(AT_FDCWD, state->resctrl_monitoring, AT_REMOVEDIR);
	if (made->group)
		unlinkat(AT_FDCWD, state->resctrl_group, AT_REMOVEDIR);
}

int resctrl_enter(const struct state *state, pid_t pid, struct error *err)
{
	if (!state->resctrl_group || enter(state, pid, err) == 0)
		return 0;
	return explain(state->resctrl_group, err);
}

int resctrl_remove(const struct state *state, struct error *err)
{
	for (size_t i = 0; i < state->resctrl_made.n; i++) {
		const char *path = state->resctrl_made.v[i];
		if (unlinkat(AT_FDCWD, path, AT_REMOVEDIR) && errno != ENOENT)
			return error_errno(err, errno, "linux.intelRdt: rmdir '%s'", path);
	}
	return 0;
}

/* ---- update ---- */

static int move_threads(const struct state *state, pid_t pid, size_t *moved, struct error *err)
{
	char path[48];
	const struct dirent *entry;
	int64_t thread;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	owned_dir dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (text_to_int64(entry->d_name, &thread))
			continue;
		if (enter(state, (pid_t)thread, err) == 0)
			++*moved;
		else if (err->code != ESRCH)
			return -1;
		else
			*err = (struct error){ 0 }; /* it has ended meanwhile */
	}
	return 0;
}

/* A child is in its parent's group: what a thread that was not moved yet has made meanwhile is found in the
 * next round. */
static int move_processes(const struct state *state, struct error *err)
{
	size_t before, moved = 0;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		owned_memory pid_t *pids = NULL;
		size_t n;

		before = moved;
		moved = 0;
		if (cgroup_processes(&state->cgroup_dirs, &pids, &n, err))
			return -1;
		for (size_t i = 0; i < n; i++)
			if (move_threads(state, pids[i], &moved, err))
				return -1;
		if (moved == before)
			break;
	}
	return 0;
}

static void forget(struct state *state)
{
	free(take_pointer(state->resctrl_group));
	free(take_pointer(state->resctrl_monitoring));
	string_list_finish(&state->resctrl_made);
}

static int create_late(struct state *state, const struct intel_rdt *rdt, struct error *err)
{
	owned_string resctrl = resctrl_find(err);
	struct resctrl_made made = { 0 };

	if (!resctrl)
		return -1;
	if (resctrl_foresee(resctrl, rdt, state, err)) {
		forget(state);
		return -1;
	}
	if (make_group(rdt, state, &made, err) == 0 && move_processes(state, err) == 0)
		return 0;
	explain(state->resctrl_group, err);
	resctrl_take_back(state, &made);
	forget(state);
	return -1;
}

int resctrl_update(struct state *state, const char *l3_cache_schema, const char *mem_bw_schema,
		   struct error *err)
{
	const struct intel_rdt rdt = { .l3_cache_schema = (char *)(uintptr_t)l3_cache_schema,
				       .mem_bw_schema = (char *)(uintptr_t)mem_bw_schema };

	if (!has_schemata(&rdt))
		return 0;
	if (!state->resctrl_group)
		return create_late(state, &rdt, err);
	if (write_schemata(state->resctrl_group, &rdt, err))
		return explain(state->resctrl_group, err);
	return 0;
}
