/* What a container of the image runs, as whom, where and with which environment. Knows no limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgtool/convert/environment.h"
#include "imgtool/convert/parts.h"

static int add_all(struct string_list *to, char *const *words, struct error *err)
{
	for (; words && *words; words++)
		if (string_list_add(to, *words))
			return error_errno(err, ENOMEM, "process.args");
	return 0;
}

/* As `docker run`: an entrypoint of the caller's drops the image's Cmd too, even an empty one. */
static int add_arguments(const struct conversion *conversion, struct error *err)
{
	const struct run_options *options = conversion->options;
	struct string_list *args = &conversion->config->process->args;
	char *const entrypoint[] = { (char *)options->entrypoint, NULL };
	bool reset = options->entrypoint && !*options->entrypoint;
	char *const *front = options->entrypoint ? (reset ? NULL : entrypoint)
						 : conversion->process->entrypoint.v;
	bool has_own = options->args && options->args[0];
	char *const *behind = has_own		    ? options->args
			      : options->entrypoint ? NULL
						    : conversion->process->cmd.v;

	if (add_all(args, front, err) || add_all(args, behind, err))
		return -1;
	if (!args->n) {
		error_set(err, EINVAL,
			  reset ? "--entrypoint '' leaves nothing to run"
				: "the image does not say what to run");
		return error_hint(err,
				  "name a program behind the bundle: IMAGE BUNDLE -- PROGRAM…");
	}
	if (!*args->v[0])
		return error_set(err, EINVAL, "the program to run has an empty name");
	return 0;
}

static int add_environment(const struct conversion *conversion, struct error *err)
{
	const struct run_options *options = conversion->options;
	struct string_list *env = &conversion->config->process->env;

	if (environment_set(env, "PATH", ENVIRONMENT_PATH, err) ||
	    (options->hostname && environment_set(env, "HOSTNAME", options->hostname, err)) ||
	    (options->tty && environment_set(env, "TERM", "xterm", err)) ||
	    environment_add_image(env, &conversion->process->env, err))
		return -1;
	for (size_t i = 0; i < options->env_files.n; i++)
		if (environment_add_file(env, options->env_files.v[i], err))
			return -1;
	if (environment_add_options(env, &options->env, err))
		return -1;
	return environment_has(env, "HOME")
		       ? 0
		       : environment_set(env, "HOME", conversion->account.home, err);
}

static int set_working_directory(const struct conversion *conversion, struct error *err)
{
	const char *wanted = conversion->options->workdir,
		   *found = conversion->process->working_dir;

	if (wanted && *wanted != '/')
		return error_set(err, EINVAL, "--workdir '%s' is not an absolute path", wanted);
	conversion->config->process->cwd = convert_path(wanted ? "--workdir" : "image: WorkingDir",
							wanted	? wanted
							: found ? found
								: "/",
							err);
	return conversion->config->process->cwd ? 0 : -1;
}

/* Without subordinate ids the user namespace has one group, and nobody may change groups in it: setgroups(2) has been given
 * up for the right to write the mapping (user_namespaces(7)). Otherwise groups that it does not have are left out. */
static int keep_mapped_groups(const struct conversion *conversion, struct uint32_list *groups,
			      struct error *err)
{
	const struct id_mapping_list *mappings = &conversion->options->gid_mappings;
	bool fixed = mappings->n == 1 && mappings->v[0]->size == 1;
	uint32_t own = conversion->account.gid;
	size_t kept = 0, lost = 0;

	for (size_t i = 0; i < groups->n; i++)
		if (!fixed && convert_is_mapped(mappings, groups->v[i]))
			groups->v[kept++] = groups->v[i];
		else
			lost += groups->v[i] != own;
	/* runc gives a normal user's container no groups at all, and its own alone says nothing. */
	if (conversion->options->rootless && kept == 1 && groups->v[0] == own)
		kept = 0;
	groups->n = kept;
	if (!lost)
		return 0;
	return convert_notice(
		conversion, err,
		"%zu supplementary groups are left out: the user namespace does not have them",
		lost);
}

static int check_mapped(const struct conversion *conversion, struct error *err)
{
	const struct run_options *options = conversion->options;
	const struct account *account = &conversion->account;

	if (convert_is_mapped(&options->uid_mappings, account->uid) &&
	    convert_is_mapped(&options->gid_mappings, account->gid))
		return 0;
	error_set(err, EINVAL, "user %u and group %u are not in the container's user namespace",
		  account->uid, account->gid);
	return error_hint(err, "give yourself ids in /etc/subuid and /etc/subgid, or use --user 0");
}

static int set_user(struct conversion *conversion, struct error *err)
{
	const char *wanted = conversion->options->user, *found = conversion->process->user;
	struct user *user = calloc(1, sizeof *user);

	conversion->config->process->user = user;
	if (!user)
		return error_errno(err, ENOMEM, "process.user");
	if (account_find(conversion->root,
			 wanted	 ? wanted
			 : found ? found
				 : "",
			 &conversion->account, err) ||
	    check_mapped(conversion, err))
		return error_prefix(err, "%s", wanted ? "--user" : "image: User");
	user->uid = conversion->account.uid;
	user->gid = conversion->account.gid;
	user->additional_gids = conversion->account.groups;
	conversion->account.groups = (struct uint32_list){ 0 };
	return keep_mapped_groups(conversion, &user->additional_gids, err);
}

/* What hostname(7) and the kernel take; whoever reads it expects no more. */
static int set_hostname(const struct conversion *conversion, struct error *err)
{
	const char *name = conversion->options->hostname;
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (!name)
		return 0;
	if (!*name || strspn(name, letters) != strlen(name) || *name == '-' || *name == '.')
		return error_set(err, EINVAL, "--hostname '%s' is not a host name", name);
	conversion->config->hostname = strdup(name);
	return conversion->config->hostname ? 0 : error_errno(err, ENOMEM, "hostname");
}

int convert_process(struct conversion *conversion, struct error *err)
{
	struct process *process = calloc(1, sizeof *process);

	conversion->config->process = process;
	if (!process)
		return error_errno(err, ENOMEM, "process");
	process->terminal = conversion->options->tty;
	process->oom_score_adj = (struct opt_int64){ !conversion->options->rootless, 0 };
	if (set_user(conversion, err) || add_arguments(conversion, err) ||
	    set_working_directory(conversion, err) || set_hostname(conversion, err))
		return -1;
	return add_environment(conversion, err);
}
