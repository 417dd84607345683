/* What the table of states and events does for ever keeps to the rules, however requests, exits, failures, deaths of
 * the supervisor and boots follow each other. */
#include "shim/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CALLS                                                                              \
	(ACTION_CREATE | ACTION_START | ACTION_SIGNAL | ACTION_STOP_SIGNAL | ACTION_KILL | \
	 ACTION_PAUSE | ACTION_RESUME | ACTION_DELETE | ACTION_REMOVE_FILES)
#define ARMS (ACTION_ARM_GRACE | ACTION_ARM_KILL | ACTION_ARM_BACKOFF)

/* A world that does what the machine asks. */
enum { INIT_NONE, INIT_CREATED, INIT_RUNNING, INIT_PAUSED };

struct world {
	enum container_state state;
	int init;	/* INIT_… */
	uint32_t calls; /* still to run, of the last cell that had any; the lowest bit first */
	uint32_t timer; /* ACTION_ARM_…, 0: none is set */
	bool exit_told; /* of the init that has gone */
	bool exit_due;	/* init has gone, and nobody was told yet */
	bool cancelled; /* as in the record */
	bool kept_exit, again; /* an exit that waits for another state */
	bool disturbed;	       /* a call was abandoned: what it had done is anybody's guess */
	unsigned starts, removals;
};

static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % below);
}

static void die(struct world *world)
{
	if (world->init != INIT_NONE) {
		world->init = INIT_NONE;
		world->exit_due = true;
	}
}

static void check(const struct world *world, bool condition, const char *rule,
		  enum machine_event event)
{
	if (!condition)
		fail_msg("%s, after \"%s\", init %d: %s", state_name(world->state),
			 machine_event_words(event), world->init, rule);
}

/* The effect of the first call that waits, when it succeeds. */
static void run_call(struct world *world, enum machine_event event)
{
	uint32_t call = world->calls & -world->calls;

	world->calls &= ~call;
	switch (call) {
	case ACTION_CREATE:
		check(world, world->init == INIT_NONE, "never two inits at once", event);
		world->init = INIT_CREATED;
		world->exit_due = false;
		world->starts++;
		break;
	case ACTION_START:
		if (world->init == INIT_CREATED)
			world->init = INIT_RUNNING;
		break;
	case ACTION_PAUSE:
		if (world->init == INIT_RUNNING)
			world->init = INIT_PAUSED;
		break;
	case ACTION_RESUME:
		if (world->init == INIT_PAUSED)
			world->init = INIT_RUNNING;
		break;
	case ACTION_KILL:
	case ACTION_DELETE:
		die(world);
		break;
	case ACTION_REMOVE_FILES:
		check(world, world->init == INIT_NONE, "nothing lives that is removed", event);
		world->removals++;
		break;
	default:
		if (draw(2))
			die(world); /* a signal may end it */
	}
}

static void carry_out(struct world *world, const struct machine_cell *cell,
		      enum machine_event event)
{
	bool automatic = event == EVENT_TIMER && cell->actions & ACTION_CREATE;

	if (event == EVENT_TIMER)
		world->timer = 0;
	check(world, !automatic || !world->cancelled, "a stop is followed by no automatic restart",
	      event);
	if (cell->actions & ACTION_ABANDON_CALL)
		world->calls = 0;
	if (cell->actions & ACTION_DISARM)
		world->timer = 0;
	if (cell->actions & ACTION_RESET_POLICY)
		world->cancelled = false;
	if (cell->actions & ACTION_CANCEL_POLICY)
		world->cancelled = true;
	if (cell->actions & CALLS)
		world->calls = cell->actions & CALLS;
	if (cell->actions & ARMS)
		world->timer = cell->actions & ARMS;
	world->state = cell->next;
}

static void tell(struct world *world, enum machine_event event)
{
	const struct machine_cell *cell = machine_cell(world->state, event);
	enum container_state before = world->state;

	check(world, cell->verdict != VERDICT_UNDEFINED, "every cell is defined", event);
	if (cell->verdict == VERDICT_WAIT && event >= REQUESTS) {
		world->kept_exit = true;
		world->again = event == EVENT_EXITED_AGAIN;
	}
	if (cell->verdict != VERDICT_DO)
		return;
	carry_out(world, cell, event);
	check(world, !world->timer || world->timer == machine_timer(world->state),
	      "a timer runs only in a state that knows it", event);
	check(world,
	      world->timer || !machine_timer(world->state) ||
		      machine_timer(world->state) == ACTION_ARM_KILL,
	      "who waits for a timer has one", event);
	check(world,
	      world->removals == 0 || world->state == STATE_REMOVING ||
		      world->state == STATE_REMOVED || world->state == STATE_DEAD ||
		      world->state == STATE_ENDING_REMOVE,
	      "what is removed stays so", event);
	if (world->kept_exit && world->state != before) {
		world->kept_exit = false;
		tell(world, world->again ? EVENT_EXITED_AGAIN : EVENT_EXITED);
	}
}

static enum machine_event an_exit(const struct world *world)
{
	return !world->cancelled && draw(2) ? EVENT_EXITED_AGAIN : EVENT_EXITED;
}

/* The supervisor is killed and another takes over; with @boot everything else is gone too. */
static void take_over(struct world *world, bool boot)
{
	static const enum machine_event found[] = {
		[INIT_CREATED] = EVENT_FOUND_CREATED,
		[INIT_RUNNING] = EVENT_FOUND_RUNNING,
		[INIT_PAUSED] = EVENT_FOUND_PAUSED,
	};

	/* A runtime that was under way comes to its end by itself, or it does not. */
	while (world->calls && draw(2) && world->state != STATE_REMOVING)
		run_call(world, EVENT_FOUND_GONE);
	world->calls = world->timer = 0;
	world->kept_exit = world->exit_due = false;
	if (boot)
		world->init = INIT_NONE;
	tell(world, world->init != INIT_NONE
			    ? found[world->init]
			    : machine_gone_event(world->state, !world->cancelled && draw(2), boot));
}

static void finish_call(struct world *world)
{
	unsigned luck = draw(20);

	if (luck == 0) {
		world->calls = 0;
		tell(world, EVENT_CALL_FAILED);
	} else if (luck == 1) {
		/* Its work may be done all the same. */
		if (draw(2) && !(world->calls & (ACTION_REMOVE_FILES | ACTION_CREATE)))
			run_call(world, EVENT_CALL_TIMED_OUT);
		world->calls = 0;
		tell(world, EVENT_CALL_TIMED_OUT);
	} else {
		run_call(world, EVENT_CALL_DONE);
		if (!world->calls)
			tell(world, EVENT_CALL_DONE);
	}
}

static void step(struct world *world)
{
	switch (draw(12)) {
	case 0:
	case 1:
		tell(world, (enum machine_event)draw(REQUESTS));
		break;
	case 2:
		if (draw(4) == 0)
			die(world);
		break;
	case 3:
		if (draw(10) == 0)
			tell(world, EVENT_OOM);
		break;
	case 4:
		if (world->timer)
			tell(world, EVENT_TIMER);
		break;
	case 5:
		if (draw(10) == 0)
			take_over(world, draw(4) == 0);
		break;
	case 6:
	case 7:
		if (world->exit_due) {
			world->exit_due = false;
			tell(world, an_exit(world));
		}
		break;
	default:
		if (world->calls)
			finish_call(world);
	}
	check(world, world->init == INIT_NONE || world->state != STATE_REMOVED,
	      "nothing lives that was removed", EVENT_CALL_DONE);
}

/* From anywhere a forced removal and patience lead to its end: nothing hangs. */
static void end_it(struct world *world)
{
	for (int i = 0; i < 100 && world->state != STATE_REMOVED; i++) {
		tell(world, EVENT_REMOVE_FORCE);
		if (world->calls) {
			run_call(world, EVENT_CALL_DONE);
			if (!world->calls)
				tell(world, EVENT_CALL_DONE);
		}
		if (world->exit_due) {
			world->exit_due = false;
			tell(world, EVENT_EXITED);
		}
	}
	check(world, world->state == STATE_REMOVED, "a removal ends", EVENT_REMOVE_FORCE);
}

static void a_million_events_break_no_rule(void **unused)
{
	struct world world = { 0 };
	unsigned lives = 0, starts = 0;

	(void)unused;
	seed = 0x9e3779b97f4a7c15;
	for (int i = 0; i < 1000000; i++) {
		step(&world);
		if (world.state == STATE_REMOVED || i % 997 == 0) {
			end_it(&world);
			lives++;
			starts += world.starts;
			world = (struct world){ 0 };
		}
	}
	/* The walk was one through lives, not around a corner. */
	if (lives < 10000 || starts < 10000)
		fail_msg("only %u lives with %u starts", lives, starts);
}

/* Whatever the order, even of what cannot happen: defined, and no timer is left behind. */
static void any_events_in_any_order_are_defined(void **unused)
{
	enum container_state state = STATE_CREATED;
	uint32_t timer = 0;

	(void)unused;
	seed = 0x2545f4914f6cdd1d;
	for (int i = 0; i < 1000000; i++) {
		enum machine_event event = draw(EVENTS);
		const struct machine_cell *cell = machine_cell(state, event);

		assert_int_not_equal(cell->verdict, VERDICT_UNDEFINED);
		if (cell->verdict == VERDICT_DO) {
			if (event == EVENT_TIMER || cell->actions & ACTION_DISARM)
				timer = 0;
			if (cell->actions & ARMS)
				timer = cell->actions & ARMS;
			state = cell->next;
			if (timer && timer != machine_timer(state))
				fail_msg("a timer is left in %s", state_name(state));
		}
		if (state == STATE_REMOVED)
			state = STATE_CREATED;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_events_break_no_rule),
		cmocka_unit_test(any_events_in_any_order_are_defined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
