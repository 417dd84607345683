/* Device rules as the lines that cgroup v1's devices controller takes.
 * Must not know where they are written. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/cgroup/devices.h"

static bool number_covers(int64_t wide, int64_t narrow)
{
	return wide == DEVICE_ANY || wide == narrow;
}

static bool covers(const struct cgroup_device_rule *wide, const struct cgroup_device_rule *narrow)
{
	return wide->type == narrow->type && number_covers(wide->major, narrow->major) &&
	       number_covers(wide->minor, narrow->minor);
}

static bool overlap(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return a->type == b->type &&
	       (number_covers(a->major, b->major) || number_covers(b->major, a->major)) &&
	       (number_covers(a->minor, b->minor) || number_covers(b->minor, a->minor));
}

void cgroup_device_line(const struct cgroup_device_rule *rule, char line[CGROUP_DEVICE_LINE])
{
	char major[12] = "*", minor[12] = "*";

	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof major, "%" PRIu32, (uint32_t)rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof minor, "%" PRIu32, (uint32_t)rule->minor);
	snprintf(line, CGROUP_DEVICE_LINE, "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
		 rule->access & DEVICE_MKNOD ? "m" : "");
}

static void add_exception(struct cgroup_device_rules *exceptions,
			  const struct cgroup_device_rule *rule)
{
	for (size_t i = 0; i < exceptions->n; i++) {
		struct cgroup_device_rule *present = &exceptions->v[i];
		if (present->type == rule->type && present->major == rule->major &&
		    present->minor == rule->minor) {
			present->access |= rule->access;
			return;
		}
	}
	exceptions->v[exceptions->n++] = *rule;
}

static int take_back(struct cgroup_device_rules *exceptions, const struct cgroup_device_rule *rule,
		     struct error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < exceptions->n; i++) {
		struct cgroup_device_rule present = exceptions->v[i];
		if (covers(rule, &present)) {
			present.access &= ~rule->access;
		} else if (overlap(rule, &present) && (rule->access & present.access)) {
			char narrow[CGROUP_DEVICE_LINE], wide[CGROUP_DEVICE_LINE];
			cgroup_device_line(rule, narrow);
			cgroup_device_line(&present, wide);
			return error_set(err, EINVAL,
					 "linux.resources.devices: cgroup v1 cannot %s '%s' out of "
					 "'%s', which an earlier rule %s",
					 rule->allow ? "allow" : "deny", narrow, wide,
					 present.allow ? "allows" : "denies");
		}
		if (present.access)
			exceptions->v[kept++] = present;
	}
	exceptions->n = kept;
	return 0;
}

int cgroup_device_exceptions(const struct cgroup_device_rules *rules,
			     struct cgroup_device_rules *exceptions, struct error *err)
{
	*exceptions = (struct cgroup_device_rules){
		.default_allow = rules->default_allow,
		.v = calloc(rules->n + 1, sizeof *exceptions->v),
	};
	if (!exceptions->v)
		return error_errno(err, ENOMEM, "linux.resources.devices");
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->v[i].allow != rules->default_allow) {
			add_exception(exceptions, &rules->v[i]);
		} else if (take_back(exceptions, &rules->v[i], err)) {
			cgroup_device_rules_finish(exceptions);
			return -1;
		}
	}
	return 0;
}
