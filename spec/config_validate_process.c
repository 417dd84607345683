/* The rules of a process object, in config.json or alone. Knows the specification only. */
#include <linux/sched.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/config_validate.h"
#include "spec/table_path.h"

static void check_cwd(const struct process *process, const char *at, struct problems *problems)
{
	if (process->cwd[0] != '/')
		table_value_problem(problems, process->cwd, "is not an absolute path", "%scwd", at);
}

static void check_args(const struct process *process, const char *at, struct problems *problems)
{
	if (process->args.n == 0)
		problems_add(problems, "%sargs: at least one entry is required", at);
	else if (!*process->args.v[0])
		problems_add(problems, "%sargs[0]: must not be empty", at);
}

/* What has no '=' is passed on as it is, as runc and crun did for years. */
static void check_env(const struct process *process, const char *at, struct problems *problems)
{
	for (size_t i = 0; i < process->env.n; i++)
		if (!*process->env.v[i] || process->env.v[i][0] == '=')
			problems_add(problems, "%senv[%zu]: a variable needs a name", at, i);
}

static void check_additional_gids(const struct process *process, const char *at,
				  struct problems *problems)
{
	const struct uint32_list *gids = process->user ? &process->user->additional_gids : NULL;

	for (size_t i = 0; gids && i < gids->n; i++)
		if (gids->v[i] == UINT32_MAX)
			problems_add(problems, "%suser.additionalGids[%zu]: %u is no valid id", at,
				     i, gids->v[i]);
}

static void check_resource_limits(const struct process *process, const char *at,
				  struct problems *problems)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < process->rlimits.n; i++) {
		const struct resource_limit *limit = process->rlimits.v[i];
		uint64_t bit = UINT64_C(1) << limit->type;

		if (seen & bit)
			problems_add(problems, "%srlimits[%zu].type: this type was given before",
				     at, i);
		seen |= bit;
		if (limit->soft > limit->hard)
			problems_add(problems, "%srlimits[%zu].soft: %ju is more than hard, %ju",
				     at, i, (uintmax_t)limit->soft, (uintmax_t)limit->hard);
	}
}

static void check_deadline(const struct scheduler *scheduler, const char *at,
			   struct problems *problems)
{
	if (!scheduler->runtime)
		problems_add(problems, "%sscheduler.runtime: required by SCHED_DEADLINE", at);
	if (!scheduler->deadline)
		problems_add(problems, "%sscheduler.deadline: required by SCHED_DEADLINE", at);
	if (scheduler->runtime > scheduler->deadline)
		problems_add(problems, "%sscheduler.runtime: must not be more than deadline", at);
	/* A period of 0 means that it is the deadline. */
	if (scheduler->period && scheduler->deadline > scheduler->period)
		problems_add(problems, "%sscheduler.deadline: must not be more than period", at);
}

static void check_scheduler(const struct process *process, const char *at,
			    struct problems *problems)
{
	const struct scheduler *scheduler = process->scheduler;

	if (!scheduler)
		return;
	bool nice = scheduler->policy == SCHED_NORMAL || scheduler->policy == SCHED_BATCH;
	bool realtime = scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;

	if (nice && (scheduler->nice < -20 || scheduler->nice > 19))
		problems_add(problems, "%sscheduler.nice: expected -20 to 19, found %jd", at,
			     (intmax_t)scheduler->nice);
	if (realtime && (scheduler->priority < 1 || scheduler->priority > 99))
		problems_add(problems, "%sscheduler.priority: expected 1 to 99, found %jd", at,
			     (intmax_t)scheduler->priority);
	if (!realtime && scheduler->priority)
		problems_add(problems, "%sscheduler.priority: only for SCHED_FIFO and SCHED_RR",
			     at);
	if (scheduler->policy == SCHED_DEADLINE)
		check_deadline(scheduler, at, problems);
	else if (scheduler->runtime || scheduler->deadline || scheduler->period)
		problems_add(
			problems,
			"%sscheduler: runtime, deadline and period are only for SCHED_DEADLINE",
			at);
}

static void check_cpu_list(const char *list, const char *at, const char *name,
			   struct problems *problems)
{
	if (list && strspn(list, "0123456789,- ") != strlen(list))
		problems_add(problems, "%sexecCPUAffinity.%s: expected a list such as 0-3,7", at,
			     name);
}

static void check_exec_cpu_affinity(const struct process *process, const char *at,
				    struct problems *problems)
{
	if (!process->exec_cpu_affinity)
		return;
	check_cpu_list(process->exec_cpu_affinity->initial, at, "initial", problems);
	check_cpu_list(process->exec_cpu_affinity->final, at, "final", problems);
}

const struct process_check process_checks[] = {
	{ "cwd", check_cwd },
	{ "args", check_args },
	{ "env", check_env },
	{ "additional gids", check_additional_gids },
	{ "resource limits", check_resource_limits },
	{ "scheduler", check_scheduler },
	{ "exec CPU affinity", check_exec_cpu_affinity },
	{ NULL, NULL },
};

void process_validate(const struct process *process, const char *path, struct problems *problems)
{
	owned_string at = text_format("%s%s", path, *path ? "." : "");

	for (const struct process_check *check = process_checks; check->name; check++)
		check->run(process, at ? at : "", problems);
}
