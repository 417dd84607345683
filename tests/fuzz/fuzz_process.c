/* Any bytes as a process.json, as the words of exec's options and as lists of processors: nothing may
 * crash, a refusal leaves the container's process as it was, and what is accepted keeps to the rules. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec_process.h"
#include "runtime/list_format.h"
#include "runtime/plan.h"
#include "spec/base/owned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BITS 200

static const char container_text[] =
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/"
	"\",\"args\":[\"/init\"],"
	"\"env\":[\"A=1\",\"PATH=/bin\"],\"user\":{\"uid\":5,\"gid\":6,\"additionalGids\":[7]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":2}],\"oomScoreAdj\":7,"
	"\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\",\"scheduler\":{\"policy\":\"SCHED_"
	"BATCH\"},"
	"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":1},\"execCPUAffinity\":{"
	"\"final\":\"0\"},"
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_CHOWN\"]}}}";

static struct config *container(void)
{
	struct problems problems = { 0 };
	struct config *config = config_parse(container_text, sizeof container_text - 1, &problems);

	if (!config)
		abort();
	return config;
}

static void check_accepted(const struct config *config)
{
	const struct process *process = config->process;
	struct problems problems = { 0 };

	if (!process->args.n || !*process->args.v[0] || process->cwd[0] != '/')
		abort();
	process_validate(process, "", &problems);
	if (problems_count(&problems))
		abort();
	for (size_t i = 0; process->capabilities && i < process->capabilities->ambient.n; i++)
		if (!process->capabilities->ambient.v[i])
			abort();
}

/* What a process needs of the plan: environment, capabilities, labels. */
static void plan(const struct config *config)
{
	const struct plan_options options = { .seccomp_cache_dirfd = -1 };
	struct error err = { 0 };
	struct plan plan;

	if (plan_build_process(config, "id", &options, &plan, &err)) {
		if (!err.code)
			abort();
		return;
	}
	if (plan.caps.inheritable & ~plan.caps.bounding)
		abort();
	for (size_t i = 0; i < plan.environment.n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(plan.environment.v[i], plan.environment.v[k]) == 0)
				abort();
	plan_finish(&plan);
}

static void read_json(const char *text, size_t length)
{
	struct config *config = container();
	const struct process *before = config->process;
	struct error err = { 0 };

	if (exec_process_from_json(config, "file", text, length, &err)) {
		if (!err.code || config->process != before)
			abort();
	} else {
		check_accepted(config);
		plan(config);
	}
	config_free(config);
}

/* The text's lines are the words of the options, in turn. */
static void read_options(const char *text, size_t length)
{
	char *args[] = { (char *)(uintptr_t) "true", NULL };
	struct exec_arguments arguments = { .args = args };
	struct string_list *const lists[] = { &arguments.env, &arguments.additional_gids,
					      &arguments.capabilities };
	const char **const texts[] = { &arguments.user, &arguments.cwd };
	owned_string copy = strndup(text, length);
	char *rest = copy, *word;
	struct error err = { 0 };

	for (size_t i = 0; (word = strsep(&rest, "\n")) && i < 60; i++)
		if (i < 2)
			*texts[i] = *word == '-' ? NULL : word;
		else if (string_list_add(lists[i % 3], word))
			abort();
	struct config *config = container();
	if (exec_process_from_arguments(config, &arguments, &err)) {
		if (!err.code)
			abort();
	} else {
		check_accepted(config);
		if (config->process->user->uid > INT32_MAX ||
		    config->process->user->gid > INT32_MAX)
			abort();
		plan(config);
	}
	config_free(config);
	for (size_t i = 0; i < 3; i++)
		string_list_finish(lists[i]);
}

static void read_list(const char *text, size_t length)
{
	unsigned long mask[LIST_FORMAT_WORDS(BITS)] = { 0 };
	owned_string copy = strndup(text, length);

	if (list_format_parse(copy, mask, BITS)) {
		if (errno != EINVAL)
			abort();
		return;
	}
	unsigned long any = 0;
	for (size_t i = 0; i < LIST_FORMAT_WORDS(BITS); i++)
		any |= mask[i];
	/* A list names something, and nothing beyond the mask. */
	if (!any || mask[LIST_FORMAT_WORDS(BITS) - 1] >> (BITS % (8 * sizeof *mask)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (!size || text[0] == '{')
		read_json(text, size);
	else if (text[0] == 'o')
		read_options(text + 1, size - 1);
	else
		read_list(text, size);
	return 0;
}
