/* Plans for tests: from the words of config.json to what the parts of orun are given. */
#pragma once

#include "tests/unit/sandbox.h"

#include "runtime/plan.h"

/* A configuration parsed from JSON, with its plan. */
struct planned {
	struct config *config;
	struct plan plan;
};

/* @members are put into an object that has what every configuration must have. Quotes may be written
 * as ' there. */
static inline struct config *parse_config(const char *members)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };

	buffer_print(&text,
		     "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"
		     "\"process\":{\"cwd\":\"/\",\"args\":[\"/bin/true\"]}%s%s}",
		     *members ? "," : "", members);
	for (char *at = text.text; (at = strchr(at, '\''));)
		*at = '"';
	struct config *config = config_parse(text.text, text.length, &problems);
	if (!config)
		fail_msg("%s\n%s", text.text, problems.list.v[0]);
	problems_finish(&problems);
	buffer_finish(&text);
	return config;
}

/* The bundle is the sandbox, whose "rootfs" is made where missing. */
static inline int try_plan(const char *members, struct planned *planned, struct error *err)
{
	const struct plan_options options = { .bundle = sandbox, .seccomp_cache_dirfd = -1 };

	if (!exists(in_sandbox("rootfs")))
		make_folder(in_sandbox("rootfs"));
	planned->config = parse_config(members);
	if (plan_build(planned->config, "test-id", &options, &planned->plan, err) == 0)
		return 0;
	config_free(planned->config);
	return -1;
}

static inline void make_plan(const char *members, struct planned *planned)
{
	struct error error = { 0 };

	if (try_plan(members, planned, &error))
		fail_msg("%s", error.msg);
}

static inline void finish_plan(struct planned *planned)
{
	plan_finish(&planned->plan);
	config_free(planned->config);
}
