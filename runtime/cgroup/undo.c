#include "runtime/cgroup/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/create.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

#define FILE_MAX ((size_t)1 << 20) /* bytes */

/* The kernel takes no write of nothing, but an empty line as an empty value. */
#define EMPTY "\n"

/* Files with a line for each device or interface, and what to write behind its name for a line that was not
 * there: no limit. A value without a name is for "default". */
static const struct {
	const char *prefix, *no_limit;
} keyed_files[] = {
	{ "blkio.throttle.", "0" },
	{ "blkio.weight_device", "0" },
	{ "blkio.leaf_weight_device", "0" },
	{ "blkio.bfq.weight_device", "0" },
	{ "io.bfq.weight", "default" },
	{ "io.weight", "default" },
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.latency", "target=0" },
	{ "net_prio.ifpriomap", "0" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "misc.max", "max" },
	{ "dmem.", "max" },
};

/* The line of @text that begins with the word @key, for the caller to free; NULL: there is none. */
static char *line_of(const char *text, const char *key, size_t length)
{
	for (const char *line = text; *line; line += *line == '\n') {
		size_t end = strcspn(line, "\n");
		if (end > length && strncmp(line, key, length) == 0 && line[length] == ' ')
			return strndup(line, end);
		line += end;
	}
	return NULL;
}

static char *undo_keyed(const char *text, const char *value, const char *no_limit)
{
	static const char by_default[] = "default";
	size_t length = strcspn(value, " ");
	const char *key = value[length] ? value : by_default;

	if (key == by_default)
		length = sizeof by_default - 1;
	char *line = line_of(text, key, length);
	if (line)
		return line;
	/* Kernels before 5.4 have no devices in io.bfq.weight, and so no "default". */
	if (key == by_default && *text && !strpbrk(text, " \n"))
		return strdup(text);
	return text_format("%.*s %s", (int)length, key, no_limit);
}

/* "+memory -io" when memory was passed on and io was not, whatever the signs in @value. */
static char *undo_signs(const char *text, const char *value)
{
	OWNED(buffer_finish) struct buffer to = { 0 };
	owned_string words = strdup(value);
	char *rest = words, *word;

	while ((word = strsep(&rest, " "))) {
		if (*word != '+' && *word != '-')
			continue;
		owned_string spaced = text_format(" %s ", text);
		owned_string wanted = text_format(" %s ", word + 1);
		if (!spaced || !wanted)
			return NULL;
		buffer_print(&to, "%s%c%s", to.length ? " " : "",
			     strstr(spaced, wanted) ? '+' : '-', word + 1);
	}
	return to.failed ? NULL : take_pointer(to.text);
}

/* What undoes writing @value to @file, which holds @text. NULL: nothing does. */
static char *undo_of(const char *file, const char *text, const char *value)
{
	static const char oom_switch[] = "oom_kill_disable ";

	for (size_t i = 0; i < sizeof keyed_files / sizeof *keyed_files; i++)
		if (text_starts_with(file, keyed_files[i].prefix))
			return undo_keyed(text, value, keyed_files[i].no_limit);
	if (strcmp(file, "cgroup.subtree_control") == 0)
		return undo_signs(text, value);
	if (strcmp(file, "memory.oom_control") == 0 && text_starts_with(text, oom_switch))
		return strndup(text + sizeof oom_switch - 1,
			       strcspn(text + sizeof oom_switch - 1, "\n"));
	return strchr(text, '\n') ? NULL : strdup(*text ? text : EMPTY);
}

/* The text of @file without the newline at its end; NULL: it cannot be read. */
static char *read_text(const char *directory, const char *file)
{
	owned_string path = text_format("%s/%s", directory, file);
	owned_string text = NULL;
	size_t length;

	if (!path || read_file_at(AT_FDCWD, path, FILE_MAX, &text, &length, NULL))
		return NULL;
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return take_pointer(text);
}

/* What would undo writing @written to @file now; NULL: not known. */
static char *undo_now(const struct cgroup_undo *undo, const struct cgroup_old_value *old)
{
	const char *directory = undo->plan->hierarchies[old->hierarchy].directory;
	owned_string text = read_text(directory, old->file);

	return text ? undo_of(old->file, text, old->written) : NULL;
}

/* v2: an empty cpuset has what the group above has. Linux 6.1 refuses to give an empty one back to a group with
 * processes (ENOSPC). */
static char *equivalent_of(const struct cgroup_undo *undo, const struct cgroup_old_value *old)
{
	if (!text_starts_with(old->file, "cpuset.") || strcmp(old->value, EMPTY) != 0)
		return NULL;
	owned_string file = text_format("%s.effective", old->file);
	return file ? read_text(undo->plan->hierarchies[old->hierarchy].directory, file) : NULL;
}

static bool remember(struct cgroup_undo *undo, size_t hierarchy, const char *file,
		     const char *written)
{
	struct cgroup_old_value old = { hierarchy, file, written, NULL, NULL };

	old.value = undo_now(undo, &old);
	if (!old.value)
		return false;
	old.equivalent = equivalent_of(undo, &old);
	undo->v[undo->n++] = old;
	return true;
}

/* Turning cpu.idle on and off loses the weight. */
static void remember_weight(struct cgroup_undo *undo, const struct cgroup_write *write)
{
	static const char *const weights[] = { "cpu.shares", "cpu.weight" };

	if (strcmp(write->file, "cpu.idle") != 0)
		return;
	for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
		remember(undo, write->hierarchy, weights[i], "");
}

int cgroup_remember(const struct cgroup_plan *plan, struct cgroup_undo *undo, struct error *err)
{
	/* Each write of cpu.idle, of which linux.resources.unified may have any number, brings two more. */
	*undo = (struct cgroup_undo){ plan, calloc(3 * plan->n_writes + 1, sizeof *undo->v), 0 };
	if (!undo->v)
		return error_errno(err, ENOMEM, "linux.resources");
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *write = &plan->writes[i];
		remember_weight(undo, write);
		if (remember(undo, write->hierarchy, write->file, write->value) ||
		    !write->alternative_file)
			continue;
		remember(undo, write->hierarchy, write->alternative_file,
			 write->alternative_value ? write->alternative_value : write->value);
	}
	return 0;
}

static bool differs(const struct cgroup_undo *undo, const struct cgroup_old_value *old)
{
	owned_string now = undo_now(undo, old);

	return now && strcmp(old->value, now) != 0 && !text_equal(old->equivalent, now);
}

static void write_back(const struct cgroup_undo *undo, const struct cgroup_old_value *old)
{
	const char *directory = undo->plan->hierarchies[old->hierarchy].directory;

	if (cgroup_write_file(directory, old->file, old->value, NULL) && old->equivalent)
		cgroup_write_file(directory, old->file, old->equivalent, NULL);
}

void cgroup_restore(const struct cgroup_undo *undo, struct error *err)
{
	/* Twice: pairs such as limit and swap are checked against each other, so one may have to wait. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = undo->n; i-- > 0;)
			if (differs(undo, &undo->v[i]))
				write_back(undo, &undo->v[i]);
	for (size_t i = 0; i < undo->n; i++)
		if (differs(undo, &undo->v[i]))
			error_hint(err, "%s, which was '%.*s', could not be restored",
				   undo->v[i].file, (int)strcspn(undo->v[i].value, "\n"),
				   undo->v[i].value);
}

int cgroup_undo_plan(const struct cgroup_undo *undo, struct cgroup_plan *ret, struct error *err)
{
	*ret = *undo->plan;
	ret->writes = calloc(undo->n + 1, sizeof *ret->writes);
	ret->n_writes = undo->n;
	if (!ret->writes)
		return error_errno(err, ENOMEM, "linux.resources");
	for (size_t i = 0; i < undo->n; i++)
		ret->writes[i] = (struct cgroup_write){
			.hierarchy = undo->v[i].hierarchy,
			.file = (char *)(uintptr_t)undo->v[i].file,
			.value = undo->v[i].value,
		};
	return 0;
}

void cgroup_undo_finish(struct cgroup_undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		free(undo->v[i].value);
		free(undo->v[i].equivalent);
	}
	free(undo->v);
	*undo = (struct cgroup_undo){ 0 };
}
