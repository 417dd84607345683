/* The steps that a container's init and a process of exec have in common. Each is given a struct init;
 * what they are for stands where they are listed, in init.c, init_start.c and exec_child.c. */
#pragma once

#include "runtime/init_context.h"
#include "spec/base/error.h"

int init_shield_descriptors(void *context, struct error *err);

/* Root of the user namespace, before anything is made there. */
int init_become_root(struct init *init, struct error *err);

int init_reset_signals(void *context, struct error *err);

/* The runtime's end is ours, until it has recorded us. */
int init_die_with_runtime(const struct init *init, struct error *err);

int init_join_keyring(void *context, struct error *err);

/* Sends the terminal's master to its receiver and makes the other side ours. */
int init_take_terminal(struct init *init, struct error *err);

int init_set_labels(void *context, struct error *err);
int init_set_scheduling(void *context, struct error *err);
int init_become_user(void *context, struct error *err);
int init_set_home(void *context, struct error *err);

/* Closes all that the container must not see, says READY and waits for RELEASE. */
int init_say_ready(void *context, struct error *err);

int init_find_program(void *context, struct error *err);
int init_drop_privileges(void *context, struct error *err);
int init_execute(void *context, struct error *err);
