#include "runtime/steps.h"

int steps_run(const char *sequence, const struct step *steps, size_t n, void *context,
	      struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (step_reached(sequence, steps[i].name, err) == 0 &&
		    (!steps[i].run || steps[i].run(context, err) == 0))
			continue;
		error_prefix(err, "%s: %s", sequence, steps[i].name);
		for (size_t k = i + 1; k-- > 0;)
			if (steps[k].undo)
				steps[k].undo(context);
		return -1;
	}
	return 0;
}
