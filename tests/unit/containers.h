/* Records of containers below a state root of the test's own. */
#pragma once

#include "tests/unit/sandbox.h"

#include "runtime/container.h"

static struct error err;
static int root = -1;

static inline int open_root(void **state)
{
	err = (struct error){ 0 };
	if (sandbox_setup(state))
		return -1;
	root = open(sandbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static inline int close_root(void **state)
{
	close(root);
	return sandbox_teardown(state);
}

static inline struct state *new_state(const char *id)
{
	struct state *state = calloc(1, sizeof *state);

	assert_non_null(state);
	state->oci_version = strdup(SPEC_VERSION);
	state->id = strdup(id);
	state->bundle = strdup("/bundle");
	state->rootfs = strdup("/bundle/rootfs");
	state->created = strdup("2026-01-02T03:04:05.000000006Z");
	return state;
}

/* A container with a record, no longer locked. */
static inline void make_container(const char *id, pid_t pid)
{
	struct container container;

	SUCCEEDS(container_claim(root, id, &container, &err));
	container.state = new_state(id);
	container.state->pid = pid;
	container.state->start_time = pid ? process_start_time(pid) : 0;
	SUCCEEDS(container_save(&container, &err));
	container_close(&container);
}

static inline pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}
