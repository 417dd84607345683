/* What the supervisor does: one table of state and event. A cell says which state comes next and what is to be done on
 * the way, or why a request is refused. The table is data: it opens nothing, waits for nothing, knows no
 * record. */
#pragma once

#include <stdint.h>

#include "shim/states.h"

/* each(NAME, words for people). Requests first, then what happens by itself. */
#define EVENT_LIST(each)                                                                           \
	each(START, "start") each(STOP, "stop") each(                                              \
		KILL_STOP,                                                                         \
		"kill, with a signal that means "                                                  \
		"a stop") each(KILL, "kill, with another signal") each(PAUSE,                      \
								       "pause") each(UNPAUSE,      \
										     "unpause")    \
		each(RESTART, "restart") each(REMOVE, "rm") each(REMOVE_FORCE, "rm --force") each( \
			EXEC, "exec") each(ATTACH, "attach") each(CALL_DONE,                       \
								  "the call under way succeeded")  \
			each(CALL_FAILED, "the call under way failed") each(                       \
				CALL_TIMED_OUT,                                                    \
				"the call under way took too long") each(EXITED, "init exited")    \
				each(EXITED_AGAIN, "init exited, and the policy says: again")      \
					each(OOM, "the kernel killed for want of memory") each(    \
						TIMER,                                             \
						"the timer fired") each(FOUND_CREATED,             \
									"taken over: created, "    \
									"not started")             \
						each(FOUND_RUNNING, "taken over: running") each(   \
							FOUND_PAUSED, "taken over: paused")        \
							each(FOUND_GONE, "taken over: nothing is " \
									 "left running")           \
								each(FOUND_GONE_AGAIN,             \
								     "taken over: nothing is "     \
								     "left "                       \
								     "running, and it was to run")

#define EVENT_AS_NUMBER(NAME, words) EVENT_##NAME,
enum machine_event { EVENT_LIST(EVENT_AS_NUMBER) EVENTS };
#define REQUESTS EVENT_CALL_DONE

/* each(NAME, words for people), in the order in which a cell's actions are carried out: what is remembered
 * reaches the disk before anything is done that could not be known of otherwise.
 *
 * A call is a run of the runtime, or the removal of the files. Those of one cell run one after the other, and
 * CALL_DONE tells that the last has ended well; a call begun by a later cell takes their place. A signal that could
 * not be sent because init has ended is no failure: EXITED is about to come. When a resume failed on the way to a
 * stop, what the runtime's state then says is told as FOUND_PAUSED or FOUND_RUNNING, behind CALL_FAILED. */
#define ACTION_LIST(each)                                                                          \
	each(ABANDON_CALL, "end the call under way") each(DISARM, "stop the timer") each(          \
		NOTE_STARTED,                                                                      \
		"note when it started") each(NOTE_EXIT,                                            \
					     "note when and how it ended") each(NOTE_OOM,          \
										"note that "       \
										"memory ran out")  \
		each(NOTE_ERROR, "note the error") each(                                           \
			RESET_POLICY,                                                              \
			"forget earlier stops and "                                                \
			"restarts") each(CANCEL_POLICY,                                            \
					 "remember the stop, so that no restart "                  \
					 "follows") each(COUNT_RESTART, "count the restart")       \
			each(SAVE, "save the record") each(                                        \
				CREATE,                                                            \
				"run the runtime's create") each(START, "run the runtime's start") \
				each(SIGNAL, "send the signal that was asked for") each(           \
					STOP_SIGNAL, "send the stop signal") each(KILL,            \
										  "send SIGKILL")  \
					each(PAUSE, "run the runtime's pause") each(               \
						RESUME,                                            \
						"run the runtime's resume") each(DELETE,           \
										 "run the "        \
										 "runtime's "      \
										 "delete --force") \
						each(REMOVE_FILES,                                 \
						     "remove the record, the log "                 \
						     "and the name") each(EXEC, "run the "         \
										"runtime's exec")  \
							each(ATTACH, "connect the client") each(   \
								ARM_GRACE,                         \
								"set the timer to the time a "     \
								"stop is given") each(ARM_KILL,    \
										      "set the "   \
										      "timer to "  \
										      "the time "  \
										      "a kill is " \
										      "given")     \
								each(ARM_BACKOFF,                  \
								     "set the timer "              \
								     "to the delay "               \
								     "of the "                     \
								     "restart") each(FAIL,         \
										     "tell the "   \
										     "clients "    \
										     "that "       \
										     "wait for "   \
										     "it the "     \
										     "error")      \
									each(NOTIFY,               \
									     "tell the clients "   \
									     "the new state")      \
										each(AUTO_REMOVE,  \
										     "with --rm: " \
										     "rm")

#define ACTION_AS_BIT(NAME, words) ACTION_BIT_##NAME,
enum machine_action_bit { ACTION_LIST(ACTION_AS_BIT) ACTIONS };
#define ACTION_AS_NUMBER(NAME, words) ACTION_##NAME = 1 << ACTION_BIT_##NAME,
enum machine_action { ACTION_LIST(ACTION_AS_NUMBER) };

enum machine_verdict {
	VERDICT_UNDEFINED, /* no cell of the table */
	VERDICT_DO,	   /* @next, @actions */
	VERDICT_DONE,	   /* a request that asks for what is so already: it succeeds at once */
	VERDICT_WAIT,	   /* to be given again once the state has changed */
	VERDICT_REFUSE,	   /* a request, answered with @refusal */
	VERDICT_IGNORE	   /* what happened has no meaning any more */
};

enum machine_refusal {
	REFUSAL_NONE,
	REFUSAL_NOT_RUNNING,
	REFUSAL_ALREADY_PAUSED,
	REFUSAL_NOT_PAUSED,
	REFUSAL_RESTARTING,
	REFUSAL_START_PAUSED,
	REFUSAL_MARKED_FOR_REMOVAL,
	REFUSAL_REMOVE_RUNNING,
	REFUSAL_REMOVE_PAUSED,
	REFUSAL_REMOVE_RESTARTING,
	REFUSAL_REMOVE_IN_PROGRESS,
	REFUSAL_EXEC_PAUSED,
	REFUSAL_ATTACH_STOPPED,
	REFUSAL_ATTACH_PAUSED,
	REFUSAL_ATTACH_RESTARTING,
	REFUSAL_NO_SUCH_CONTAINER,
	REFUSALS
};

struct machine_cell {
	uint8_t verdict; /* enum machine_verdict */
	uint8_t next;	 /* enum container_state; of VERDICT_DO */
	uint8_t refusal; /* enum machine_refusal; of VERDICT_REFUSE */
	uint32_t actions;
};
extern const struct machine_cell machine_table[STATES][EVENTS];

const struct machine_cell *machine_cell(enum container_state state, enum machine_event event);

/* What a supervisor that takes a container over, and finds nothing of it alive, is to be told: EVENT_FOUND_GONE or
 * EVENT_FOUND_GONE_AGAIN. @restarts: what policy_restarts says. @booted: the machine was started since; then
 * another rule decides (policy_starts_at_boot), and nothing goes on by itself. */
enum machine_event machine_gone_event(enum container_state state, bool restarts, bool booted);

/* The timer that runs in a state, as the action that sets it; 0: none does. After a taking over too. */
uint32_t machine_timer(enum container_state state);

/* Docker's words for a refused request, with errno ENOENT for a container that is no more and else EBUSY.
 * @id is how the user called it. */
int machine_refuse(enum machine_refusal refusal, const char *id, struct error *err);

const char *machine_event_words(enum machine_event event);
const char *machine_action_words(unsigned bit); /* enum machine_action_bit */

/* The whole table as part of a manual page, man(7): a heading per state, below it what each event does. */
void machine_print_manual(struct buffer *to);
