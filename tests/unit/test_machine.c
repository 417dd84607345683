/* The table of states and events: complete, without traps, and worded as docker words it. */
#include "shim/machine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"

/* ---- the table by itself ---- */

static void every_cell_is_filled_and_makes_sense(void **unused)
{
	(void)unused;
	for (unsigned state = 0; state < STATES; state++)
		for (unsigned event = 0; event < EVENTS; event++) {
			const struct machine_cell *cell = machine_cell(state, event);
			bool is_request = event < REQUESTS;

			switch ((enum machine_verdict)cell->verdict) {
			case VERDICT_UNDEFINED:
				fail_msg("%s: %s is undefined", state_name(state),
					 machine_event_words(event));
				break;
			case VERDICT_DO:
				if (cell->next >= STATES)
					fail_msg("%s: %s leads nowhere", state_name(state),
						 machine_event_words(event));
				/* Nobody acts upon a state that is not on the disk. */
				if (cell->next != state && cell->next != STATE_REMOVED &&
				    !(cell->actions & ACTION_SAVE))
					fail_msg("%s: %s is not saved", state_name(state),
						 machine_event_words(event));
				break;
			case VERDICT_REFUSE:
			case VERDICT_DONE:
				if (!is_request)
					fail_msg("%s: %s is no request", state_name(state),
						 machine_event_words(event));
				break;
			case VERDICT_IGNORE:
				if (is_request)
					fail_msg("%s: %s gets no answer", state_name(state),
						 machine_event_words(event));
				break;
			case VERDICT_WAIT:
				break;
			}
		}
}

static void every_state_is_reached_and_none_but_removed_is_a_trap(void **unused)
{
	bool reached[STATES] = { [STATE_CREATED] = true };

	(void)unused;
	for (unsigned round = 0; round < STATES; round++)
		for (unsigned state = 0; state < STATES; state++)
			for (unsigned event = 0; reached[state] && event < EVENTS; event++)
				if (machine_cell(state, event)->verdict == VERDICT_DO)
					reached[machine_cell(state, event)->next] = true;
	for (unsigned state = 0; state < STATES; state++) {
		bool left = state == STATE_REMOVED;

		if (!reached[state])
			fail_msg("%s is never reached", state_name(state));
		for (unsigned event = 0; event < EVENTS; event++)
			left = left || (machine_cell(state, event)->verdict == VERDICT_DO &&
					machine_cell(state, event)->next != state);
		if (!left)
			fail_msg("%s is never left", state_name(state));
	}
}

/* What is kept for another state must not be kept for ever: where a request waits, something that surely comes
 * leads on. */
static void where_something_waits_a_call_or_an_exit_is_to_come(void **unused)
{
	(void)unused;
	for (unsigned state = 0; state < STATES; state++)
		for (unsigned event = 0; event < EVENTS; event++) {
			if (machine_cell(state, event)->verdict != VERDICT_WAIT)
				continue;
			const struct machine_cell *done = machine_cell(state, EVENT_CALL_DONE);
			const struct machine_cell *timed_out =
				machine_cell(state, EVENT_CALL_TIMED_OUT);
			const struct machine_cell *exited = machine_cell(state, EVENT_EXITED);
			bool by_call = done->verdict == VERDICT_DO && done->next != state &&
				       timed_out->verdict == VERDICT_DO && timed_out->next != state;
			bool by_exit = exited->verdict == VERDICT_DO && exited->next != state &&
				       machine_timer(state);
			if (!by_call && !by_exit)
				fail_msg("%s: %s may wait for ever", state_name(state),
					 machine_event_words(event));
		}
}

static void refusals_have_dockers_words(void **unused)
{
	static const struct {
		enum container_state state;
		enum machine_event event;
		const char *message;
	} cases[] = {
		{ STATE_EXITED, EVENT_PAUSE, "container c is not running" },
		{ STATE_EXITED, EVENT_KILL, "container c is not running" },
		{ STATE_CREATED, EVENT_EXEC, "container c is not running" },
		{ STATE_PAUSED, EVENT_PAUSE, "container c is already paused" },
		{ STATE_RUNNING, EVENT_UNPAUSE, "container c is not paused" },
		{ STATE_RESTARTING, EVENT_EXEC,
		  "container c is restarting, wait until the container is running" },
		{ STATE_RESTARTING, EVENT_PAUSE,
		  "container c is restarting, wait until the container is running" },
		{ STATE_PAUSED, EVENT_START,
		  "cannot start a paused container, try unpause instead" },
		{ STATE_DEAD, EVENT_START,
		  "container is marked for removal and cannot be started" },
		{ STATE_RUNNING, EVENT_REMOVE,
		  "cannot remove container \"c\": container is running: stop the container before "
		  "removing or force remove" },
		{ STATE_PAUSED, EVENT_REMOVE,
		  "cannot remove container \"c\": container is paused and must be unpaused first" },
		{ STATE_RESTARTING, EVENT_REMOVE,
		  "cannot remove container \"c\": container is restarting: stop the container "
		  "before removing or force remove" },
		{ STATE_REMOVING, EVENT_REMOVE, "removal of container c is already in progress" },
		{ STATE_PAUSED, EVENT_EXEC,
		  "container c is paused, unpause the container before exec" },
		{ STATE_EXITED, EVENT_ATTACH,
		  "cannot attach to a stopped container, start it first" },
		{ STATE_PAUSED, EVENT_ATTACH,
		  "cannot attach to a paused container, unpause it first" },
		{ STATE_RESTARTING, EVENT_ATTACH,
		  "cannot attach to a restarting container, wait until it is running" },
		{ STATE_REMOVED, EVENT_START, "No such container: c" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct machine_cell *cell = machine_cell(cases[i].state, cases[i].event);
		struct error err = { 0 };

		assert_int_equal(cell->verdict, VERDICT_REFUSE);
		assert_int_equal(machine_refuse(cell->refusal, "c", &err), -1);
		assert_string_equal(err.msg, cases[i].message);
		assert_int_equal(err.code, cases[i].state == STATE_REMOVED ? ENOENT : EBUSY);
	}
	for (unsigned refusal = REFUSAL_NONE + 1; refusal < REFUSALS; refusal++) {
		struct error err = { 0 };

		machine_refuse(refusal, "c", &err);
		assert_null(strstr(err.msg, "ID"));
	}
}

/* ---- single paths ---- */

static enum container_state go(enum container_state state, enum machine_event event,
			       uint32_t expected)
{
	const struct machine_cell *cell = machine_cell(state, event);

	if (cell->verdict != VERDICT_DO || (cell->actions & expected) != expected)
		fail_msg("%s: %s", state_name(state), machine_event_words(event));
	return cell->next;
}

static void a_life_with_a_restart(void **unused)
{
	enum container_state state = STATE_CREATED;

	(void)unused;
	state = go(state, EVENT_START, ACTION_RESET_POLICY | ACTION_CREATE);
	state = go(state, EVENT_CALL_DONE, ACTION_START);
	assert_int_equal(machine_cell(state, EVENT_EXITED_AGAIN)->verdict, VERDICT_WAIT);
	state = go(state, EVENT_CALL_DONE, ACTION_NOTE_STARTED);
	assert_int_equal(state, STATE_RUNNING);
	state = go(state, EVENT_EXITED_AGAIN, ACTION_NOTE_EXIT | ACTION_DELETE);
	state = go(state, EVENT_CALL_DONE, ACTION_COUNT_RESTART | ACTION_ARM_BACKOFF);
	assert_int_equal(state, STATE_RESTARTING);
	assert_false(machine_cell(state, EVENT_TIMER)->actions & ACTION_RESET_POLICY);
	state = go(state, EVENT_TIMER, ACTION_CREATE);
	state = go(state, EVENT_CALL_DONE, ACTION_START);
	state = go(state, EVENT_CALL_DONE, ACTION_NOTE_STARTED);
	state = go(state, EVENT_STOP, ACTION_CANCEL_POLICY | ACTION_STOP_SIGNAL | ACTION_ARM_GRACE);
	state = go(state, EVENT_TIMER, ACTION_KILL | ACTION_ARM_KILL);
	state = go(state, EVENT_EXITED_AGAIN, ACTION_NOTE_EXIT | ACTION_DELETE);
	state = go(state, EVENT_CALL_DONE, ACTION_AUTO_REMOVE);
	assert_int_equal(state, STATE_EXITED);
	state = go(state, EVENT_REMOVE, ACTION_REMOVE_FILES);
	state = go(state, EVENT_CALL_DONE, ACTION_NOTIFY);
	assert_int_equal(state, STATE_REMOVED);
}

static void a_stop_while_it_waits_to_restart_is_for_good(void **unused)
{
	(void)unused;
	assert_int_equal(go(STATE_RESTARTING, EVENT_STOP, ACTION_DISARM | ACTION_CANCEL_POLICY),
			 STATE_EXITED);
	assert_int_equal(go(STATE_ENDING_BACKOFF, EVENT_STOP, ACTION_CANCEL_POLICY), STATE_ENDING);
}

static void what_was_decided_outlives_the_supervisor_but_no_boot(void **unused)
{
	(void)unused;
	assert_int_equal(machine_gone_event(STATE_RESTARTING, false, false),
			 EVENT_FOUND_GONE_AGAIN);
	assert_int_equal(machine_gone_event(STATE_STOPPING_RESTART, false, false),
			 EVENT_FOUND_GONE_AGAIN);
	assert_int_equal(machine_gone_event(STATE_RUNNING, false, false), EVENT_FOUND_GONE);
	assert_int_equal(machine_gone_event(STATE_RUNNING, true, false), EVENT_FOUND_GONE_AGAIN);
	for (unsigned state = 0; state < STATES; state++)
		assert_int_equal(machine_gone_event(state, true, true), EVENT_FOUND_GONE);
}

/* ---- words ---- */

static void the_manual_has_every_state_and_request(void **unused)
{
	OWNED(buffer_finish) struct buffer text = { 0 };

	(void)unused;
	machine_print_manual(&text);
	assert_false(text.failed);
	assert_non_null(strstr(text.text, ".SS stopping\\-restart\nShown as \\fIrunning\\fR.\n"));
	assert_non_null(strstr(text.text,
			       ".TP\n.B stop\n\\(-> \\fIstopping\\fR: remember the stop, so that "
			       "no restart follows;\nsend the stop signal;\nset the timer to the "
			       "time a stop is given\n"));
	assert_non_null(strstr(text.text, ".B start; restart\n"));
	assert_non_null(strstr(text.text, "refused: container ID is already paused\n"));
	size_t sections = 0;
	for (const char *at = text.text; (at = strstr(at, ".SS ")); at++)
		sections++;
	assert_int_equal(sections, STATES);
}

static void statuses_are_dockers_words(void **unused)
{
	static const char *const words[] = { "created", "running",  "paused", "restarting",
					     "exited",	"removing", "dead" };

	(void)unused;
	for (unsigned state = 0; state < STATES; state++) {
		size_t i = 0;

		while (i < sizeof words / sizeof *words &&
		       strcmp(words[i], state_status(state, true)) != 0)
			i++;
		assert_true(i < sizeof words / sizeof *words);
		assert_true(state_is_status(state_status(state, true)));
	}
	assert_string_equal(state_status(STATE_STARTING, false), "created");
	assert_string_equal(state_status(STATE_STARTING, true), "restarting");
	assert_string_equal(state_status(STATE_EXITED, false), "created");
	assert_false(state_is_status("stopping"));
	assert_true(state_is_running(STATE_RESTARTING));
	assert_false(state_is_running(STATE_EXITED));
	assert_true(state_has_init(STATE_PAUSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_filled_and_makes_sense),
		cmocka_unit_test(every_state_is_reached_and_none_but_removed_is_a_trap),
		cmocka_unit_test(where_something_waits_a_call_or_an_exit_is_to_come),
		cmocka_unit_test(refusals_have_dockers_words),
		cmocka_unit_test(a_life_with_a_restart),
		cmocka_unit_test(a_stop_while_it_waits_to_restart_is_for_good),
		cmocka_unit_test(what_was_decided_outlives_the_supervisor_but_no_boot),
		cmocka_unit_test(the_manual_has_every_state_and_request),
		cmocka_unit_test(statuses_are_dockers_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
