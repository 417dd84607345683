/* The states of a supervised container: their names in the record, and the fewer words that docker's users
 * know for them. Knows neither events nor what happens in a state. */
#pragma once

#include <stdbool.h>

#include "spec/table.h"

/* each(NAME, name in the record, docker's word, whether there is an init process) */
#define STATE_LIST(each)                                                                         \
	each(CREATED, "created", "created",                                                      \
	     false) each(CREATING, "creating", "created",                                        \
			 false) each(STARTING, "starting", "created",                            \
				     true) each(RUNNING, "running", "running",                   \
						true) each(PAUSING, "pausing", "running", true)  \
		each(PAUSED, "paused", "paused", true) each(                                     \
			RESUMING, "resuming", "paused",                                          \
			true) each(STOPPING, "stopping", "running",                              \
				   true) each(STOPPING_RESTART, "stopping-restart", "running",   \
					      true) each(KILLING, "killing", "running", true)    \
			each(KILLING_RESTART, "killing-restart", "running",                      \
			     true) each(KILLING_REMOVE, "killing-remove", "running",             \
					true) each(ENDING, "ending", "exited", false)            \
				each(ENDING_BACKOFF, "ending-backoff", "restarting",             \
				     false) each(ENDING_RESTART, "ending-restart", "restarting", \
						 false) each(ENDING_REMOVE, "ending-remove",     \
							     "removing", false)                  \
					each(RESTARTING, "restarting", "restarting", false)      \
						each(EXITED, "exited", "exited", false)          \
							each(DEAD, "dead", "dead", false)        \
								each(REMOVING, "removing",       \
								     "removing", false)          \
									each(REMOVED, "removed", \
									     "removing", false)

#define STATE_AS_NUMBER(NAME, name, shown, alive) STATE_##NAME,
enum container_state { STATE_LIST(STATE_AS_NUMBER) STATES };

/* Ends with a NULL name. */
extern const struct word state_words[STATES + 1];

const char *state_name(enum container_state state);

/* The word for people: created, running, paused, restarting, removing, exited or dead. Docker has none for a
 * start under way: it is "created" the first time (@started_before false) and "restarting" later. What could never be
 * started stays "created". */
const char *state_status(enum container_state state, bool started_before);

bool state_has_init(enum container_state state);

/* Docker's State.Running: an init process, or one to come after a restart's delay. */
bool state_is_running(enum container_state state);
bool state_is_status(const char *word); /* whether state_status can return it */
