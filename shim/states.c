#include "shim/states.h"

#define AS_WORD(NAME, name, shown, alive) { name, STATE_##NAME },
const struct word state_words[STATES + 1] = { STATE_LIST(AS_WORD){ 0 } };

#define AS_SHOWN(NAME, name, shown, alive) [STATE_##NAME] = shown,
static const char *const shown_words[STATES] = { STATE_LIST(AS_SHOWN) };

#define AS_ALIVE(NAME, name, shown, alive) [STATE_##NAME] = alive,
static const bool alive_states[STATES] = { STATE_LIST(AS_ALIVE) };

const char *state_name(enum container_state state)
{
	return state_words[state].name;
}

const char *state_status(enum container_state state, bool started_before)
{
	if (started_before && (state == STATE_CREATING || state == STATE_STARTING))
		return "restarting";
	if (!started_before && state == STATE_EXITED)
		return "created";
	return shown_words[state];
}

bool state_has_init(enum container_state state)
{
	return alive_states[state];
}

bool state_is_running(enum container_state state)
{
	return alive_states[state] || state == STATE_RESTARTING || state == STATE_ENDING_BACKOFF ||
	       state == STATE_ENDING_RESTART;
}

bool state_is_status(const char *word)
{
	for (unsigned state = 0; state < STATES; state++)
		if (text_equal(shown_words[state], word))
			return true;
	return false;
}
