/* What a new container's record holds before anything of it is made. */
#pragma once

#include "runtime/plan.h"
#include "spec/state.h"

/* pid 0, the groups that cgroup_create is going to make, and copies of what later commands need of the
 * configuration. Free with table_free(&state_type, …). */
struct state *state_of_plan(const struct plan *plan, struct error *err);
