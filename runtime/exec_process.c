#include "runtime/exec_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/owned.h"

#define ID_MAX 2147483647u

static int parse_id(const char *text, const char *option, uint32_t *id, struct error *err)
{
	uint64_t number;

	if (text_to_uint64(text, &number) || number > ID_MAX) {
		error_set(err, EINVAL, "%s '%s': is no id from 0 to %u", option, text, ID_MAX);
		return error_hint(err, "names are the business of who knows the image");
	}
	*id = (uint32_t)number;
	return 0;
}

/* "UID" or "UID:GID". */
static int set_user(struct user *user, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	owned_string uid = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);

	if (!uid)
		return error_errno(err, ENOMEM, "--user");
	if (colon && parse_id(colon + 1, "--user", &user->gid, err))
		return -1;
	return parse_id(uid, "--user", &user->uid, err);
}

static int add_groups(struct user *user, const struct string_list *groups, struct error *err)
{
	struct uint32_list *ids = &user->additional_gids;

	if (!groups->n)
		return 0;
	uint32_t *v = reallocarray(ids->v, ids->n + groups->n, sizeof *v);
	if (!v)
		return error_errno(err, ENOMEM, "--additional-gids");
	ids->v = v;
	for (size_t i = 0; i < groups->n; i++) {
		if (parse_id(groups->v[i], "--additional-gids", &v[ids->n], err))
			return -1;
		ids->n++;
	}
	return 0;
}

static int replace(char **field, const char *value, struct error *err)
{
	if (!value)
		return 0;
	char *copy = strdup(value);
	if (!copy)
		return error_errno(err, ENOMEM, "exec");
	free(*field);
	*field = copy;
	return 0;
}

static int add_all(struct string_list *to, const struct string_list *from, struct error *err)
{
	for (size_t i = 0; i < from->n; i++)
		if (string_list_add(to, from->v[i]))
			return error_errno(err, ENOMEM, "exec");
	return 0;
}

/* Never inheritable ones (CVE-2022-29162). Ambient needs inheritable, so it follows what the container has. */
static int add_capabilities(struct process *process, const struct string_list *names,
			    struct error *err)
{
	struct capabilities *caps = process->capabilities;

	if (!names->n)
		return 0;
	if (!caps)
		caps = process->capabilities = calloc(1, sizeof *caps);
	if (!caps)
		return error_errno(err, ENOMEM, "--cap");
	if (add_all(&caps->bounding, names, err) || add_all(&caps->effective, names, err) ||
	    add_all(&caps->permitted, names, err))
		return -1;
	for (size_t i = 0; i < names->n; i++)
		if (string_list_has(&caps->inheritable, names->v[i]) &&
		    string_list_add(&caps->ambient, names->v[i]))
			return error_errno(err, ENOMEM, "--cap");
	return 0;
}

static int set_args(struct process *process, char *const *args, struct error *err)
{
	string_list_finish(&process->args);
	for (; *args; args++)
		if (string_list_add(&process->args, *args))
			return error_errno(err, ENOMEM, "exec");
	return process->args.n ? 0 : error_set(err, EINVAL, "exec args cannot be empty");
}

/* The container may have been made without a process: then the further one starts from nothing. */
static int need_process(struct config *config, struct error *err)
{
	struct process *process = config->process;

	if (!process)
		process = config->process = calloc(1, sizeof *process);
	if (process && !process->user)
		process->user = calloc(1, sizeof *process->user);
	if (process && !process->cwd)
		process->cwd = strdup("/");
	return process && process->user && process->cwd ? 0 : error_errno(err, ENOMEM, "exec");
}

static int check(const struct process *process, const char *document, struct error *err)
{
	struct problems problems = { 0 };

	process_validate(process, "", &problems);
	int failed = problems_count(&problems) ? problems_to_error(&problems, document, err) : 0;
	problems_finish(&problems);
	return failed;
}

int exec_process_from_arguments(struct config *config, const struct exec_arguments *arguments,
				struct error *err)
{
	if (need_process(config, err))
		return -1;
	struct process *process = config->process;
	process->terminal = arguments->tty;
	process->no_new_privileges = process->no_new_privileges || arguments->no_new_privs;
	if (set_args(process, arguments->args, err) ||
	    replace(&process->cwd, arguments->cwd, err) ||
	    replace(&process->apparmor_profile, arguments->apparmor, err) ||
	    replace(&process->selinux_label, arguments->process_label, err) ||
	    add_all(&process->env, &arguments->env, err) ||
	    add_capabilities(process, &arguments->capabilities, err) ||
	    (arguments->user && set_user(process->user, arguments->user, err)) ||
	    add_groups(process->user, &arguments->additional_gids, err))
		return -1;
	return check(process, "exec", err);
}

/* Takes @field from @from where @to has none. */
#define INHERIT(to, from, field)                                   \
	do {                                                       \
		if (!(to)->field)                                  \
			(to)->field = take_pointer((from)->field); \
	} while (0)

static void inherit(struct process *to, struct process *from)
{
	INHERIT(to, from, capabilities);
	INHERIT(to, from, apparmor_profile);
	INHERIT(to, from, selinux_label);
	INHERIT(to, from, scheduler);
	INHERIT(to, from, io_priority);
	INHERIT(to, from, exec_cpu_affinity);
	if (!to->oom_score_adj.set)
		to->oom_score_adj = from->oom_score_adj;
	if (!to->rlimits.n) {
		to->rlimits = from->rlimits;
		from->rlimits = (struct resource_limit_list){ 0 };
	}
}

int exec_process_from_json(struct config *config, const char *document, const char *text,
			   size_t length, struct error *err)
{
	struct problems problems = { 0 };
	struct process *process = table_parse(&process_type, text, length, &problems);
	struct process *own = config->process;

	if (process)
		process_validate(process, "", &problems);
	int failed = problems_count(&problems) ? problems_to_error(&problems, document, err) : 0;
	if (!failed && !process)
		failed = error_errno(err, ENOMEM, "%s", document);
	if (!failed && !process->args.n)
		failed = error_set(err, EINVAL, "%s: args: exec args cannot be empty", document);
	problems_finish(&problems);
	if (failed) {
		table_free(&process_type, process);
		return -1;
	}
	if (own)
		inherit(process, own);
	table_free(&process_type, own);
	config->process = process;
	return 0;
}
