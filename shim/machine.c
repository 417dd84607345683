#include "shim/machine.h"

#include <errno.h>
#include <string.h>

#define EVENT_AS_WORDS(NAME, words) words,
static const char *const event_words[EVENTS] = { EVENT_LIST(EVENT_AS_WORDS) };

#define ACTION_AS_WORDS(NAME, words) words,
static const char *const action_words[ACTIONS] = { ACTION_LIST(ACTION_AS_WORDS) };

/* Docker's (daemon/errors.go, start.go, delete.go; cli attach.go); ID stands for the container. */
static const char *const refusal_words[REFUSALS] = {
	[REFUSAL_NOT_RUNNING] = "container ID is not running",
	[REFUSAL_ALREADY_PAUSED] = "container ID is already paused",
	[REFUSAL_NOT_PAUSED] = "container ID is not paused",
	[REFUSAL_RESTARTING] = "container ID is restarting, wait until the container is running",
	[REFUSAL_START_PAUSED] = "cannot start a paused container, try unpause instead",
	[REFUSAL_MARKED_FOR_REMOVAL] = "container is marked for removal and cannot be started",
	[REFUSAL_REMOVE_RUNNING] = "cannot remove container \"ID\": container is running: stop the "
				   "container before removing or force remove",
	[REFUSAL_REMOVE_PAUSED] = "cannot remove container \"ID\": container is paused and must be "
				  "unpaused first",
	[REFUSAL_REMOVE_RESTARTING] = "cannot remove container \"ID\": container is restarting: "
				      "stop the container before removing or force remove",
	[REFUSAL_REMOVE_IN_PROGRESS] = "removal of container ID is already in progress",
	[REFUSAL_EXEC_PAUSED] = "container ID is paused, unpause the container before exec",
	[REFUSAL_ATTACH_STOPPED] = "cannot attach to a stopped container, start it first",
	[REFUSAL_ATTACH_PAUSED] = "cannot attach to a paused container, unpause it first",
	[REFUSAL_ATTACH_RESTARTING] =
		"cannot attach to a restarting container, wait until it is running",
	[REFUSAL_NO_SUCH_CONTAINER] = "No such container: ID",
};

const struct machine_cell *machine_cell(enum container_state state, enum machine_event event)
{
	return &machine_table[state][event];
}

enum machine_event machine_gone_event(enum container_state state, bool restarts, bool booted)
{
	if (booted)
		return EVENT_FOUND_GONE;
	switch (state) {
	/* It was decided already, and what the decision was made from may have changed with it. */
	case STATE_STOPPING_RESTART:
	case STATE_KILLING_RESTART:
	case STATE_ENDING_BACKOFF:
	case STATE_ENDING_RESTART:
	case STATE_RESTARTING:
		return EVENT_FOUND_GONE_AGAIN;
	default:
		return restarts ? EVENT_FOUND_GONE_AGAIN : EVENT_FOUND_GONE;
	}
}

uint32_t machine_timer(enum container_state state)
{
	switch (state) {
	case STATE_STOPPING:
	case STATE_STOPPING_RESTART:
		return ACTION_ARM_GRACE;
	case STATE_KILLING:
	case STATE_KILLING_RESTART:
	case STATE_KILLING_REMOVE:
		return ACTION_ARM_KILL;
	case STATE_RESTARTING:
		return ACTION_ARM_BACKOFF;
	default:
		return 0;
	}
}

int machine_refuse(enum machine_refusal refusal, const char *id, struct error *err)
{
	const char *words = refusal_words[refusal];
	const char *at = strstr(words, "ID");
	int code = refusal == REFUSAL_NO_SUCH_CONTAINER ? ENOENT : EBUSY;

	if (!at)
		return error_set(err, code, "%s", words);
	return error_set(err, code, "%.*s%.250s%s", (int)(at - words), words, id, at + 2);
}

const char *machine_event_words(enum machine_event event)
{
	return event_words[event];
}

const char *machine_action_words(unsigned bit)
{
	return action_words[bit];
}

/* ---- the manual page ---- */

static bool same_cell(const struct machine_cell *a, const struct machine_cell *b)
{
	return a->verdict == b->verdict && a->next == b->next && a->refusal == b->refusal &&
	       a->actions == b->actions;
}

/* roff(7): a dash is a minus only with a backslash. */
static void print_escaped(struct buffer *to, const char *words)
{
	for (; *words; words++)
		if (*words == '-')
			buffer_add(to, "\\-", 2);
		else
			buffer_add(to, words, 1);
}

/* The events whose cell is the same as that of @first, in one line. */
static void print_events(struct buffer *to, enum container_state state, unsigned first)
{
	const struct machine_cell *cell = &machine_table[state][first];

	for (unsigned event = first; event < EVENTS; event++) {
		if (!same_cell(&machine_table[state][event], cell))
			continue;
		if (event > first)
			buffer_print(to, "; ");
		print_escaped(to, event_words[event]);
	}
}

static void print_effect(struct buffer *to, enum container_state state,
			 const struct machine_cell *cell, bool is_request)
{
	const uint32_t implied = ACTION_SAVE | ACTION_NOTIFY;
	const char *separator = "";

	if (cell->next != state) {
		buffer_print(to, "\\(-> \\fI");
		print_escaped(to, state_name(cell->next));
		buffer_print(to, "\\fR");
		separator = ": ";
	}
	for (unsigned bit = 0; bit < ACTIONS; bit++)
		if (cell->actions & ~implied & UINT32_C(1) << bit) {
			buffer_print(to, "%s", separator);
			print_escaped(to, action_words[bit]);
			separator = ";\n";
		}
	/* Neither another state nor an action. */
	if (!*separator)
		buffer_print(to, is_request ? "waits for what is under way" : "goes on");
	buffer_print(to, "\n");
}

static void print_cell(struct buffer *to, enum container_state state, unsigned event)
{
	const struct machine_cell *cell = &machine_table[state][event];

	for (unsigned before = 0; before < event; before++)
		if (same_cell(&machine_table[state][before], cell))
			return;
	if (cell->verdict == VERDICT_IGNORE)
		return;
	buffer_print(to, ".TP\n.B ");
	print_events(to, state, event);
	buffer_print(to, "\n");
	switch ((enum machine_verdict)cell->verdict) {
	case VERDICT_DO:
		print_effect(to, state, cell, event < REQUESTS);
		break;
	case VERDICT_DONE:
		buffer_print(to, "succeeds: there is nothing to do\n");
		break;
	case VERDICT_WAIT:
		buffer_print(to, "kept until the state has changed\n");
		break;
	case VERDICT_REFUSE:
		buffer_print(to, "refused: ");
		print_escaped(to, refusal_words[cell->refusal]);
		buffer_print(to, "\n");
		break;
	case VERDICT_IGNORE:
	case VERDICT_UNDEFINED:
		break;
	}
}

void machine_print_manual(struct buffer *to)
{
	for (unsigned state = 0; state < STATES; state++) {
		buffer_print(to, ".SS ");
		print_escaped(to, state_name(state));
		buffer_print(to, "\n");
		if (strcmp(state_name(state), state_status(state, false)) != 0)
			buffer_print(to, "Shown as \\fI%s\\fR.\n", state_status(state, false));
		for (unsigned event = 0; event < EVENTS; event++)
			print_cell(to, state, event);
	}
}
