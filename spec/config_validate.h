/* The checks behind config_validate, by name, so that a test can run one of them alone. */
#pragma once

#include "spec/config.h"

struct config_check {
	const char *name;
	void (*run)(const struct config *config, struct problems *problems);
};
struct process_check {
	const char *name;
	/* @at is put before the field's name: "process." or "" */
	void (*run)(const struct process *process, const char *at, struct problems *problems);
};
struct resources_check {
	const char *name;
	void (*run)(const struct resources *resources, const char *at, struct problems *problems);
};

/* Each ends with a NULL name. */
extern const struct config_check config_checks[];
extern const struct process_check process_checks[];
extern const struct resources_check resources_checks[];

/* Part of config_checks; these keep the rules of seccomp, Intel RDT, memory policy and personality
 * in a file of their own. */
void check_seccomp(const struct config *config, struct problems *problems);
void check_intel_rdt(const struct config *config, struct problems *problems);
void check_memory_policy(const struct config *config, struct problems *problems);
void check_personality(const struct config *config, struct problems *problems);
