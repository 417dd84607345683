/* Alone in its file, so that the linker takes tests/fault.c in its place. */
#include "runtime/steps.h"

int step_reached(const char *sequence, const char *step, struct error *err)
{
	(void)sequence;
	(void)step;
	(void)err;
	return 0;
}
