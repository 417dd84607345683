/* The order and the defaults of the device rules, apart from how a kernel is told.
 * Must not know of cgroup versions. */
#include "runtime/cgroup/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More would meet the limits of the kernel's program verifier, and no engine sends a hundredth. */
#define RULES_MAX 4096

struct default_device {
	const char *path; /* what linux.devices may redefine; NULL: a rule only */
	struct cgroup_device_rule rule;
};

/* Numbers: Documentation/admin-guide/devices.txt. */
static const struct default_device default_devices[] = {
	{ NULL, { true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD } },
	{ NULL, { true, 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD } },
	{ "/dev/null", { true, 'c', 1, 3, DEVICE_ALL } },
	{ "/dev/random", { true, 'c', 1, 8, DEVICE_ALL } },
	{ "/dev/full", { true, 'c', 1, 7, DEVICE_ALL } },
	{ "/dev/tty", { true, 'c', 5, 0, DEVICE_ALL } },
	{ "/dev/zero", { true, 'c', 1, 5, DEVICE_ALL } },
	{ "/dev/urandom", { true, 'c', 1, 9, DEVICE_ALL } },
	{ NULL, { true, 'c', 136, DEVICE_ANY, DEVICE_ALL } }, /* /dev/pts/… */
	{ NULL, { true, 'c', 5, 2, DEVICE_ALL } },	      /* /dev/ptmx */
	{ NULL, { true, 'c', 10, 200, DEVICE_ALL } },	      /* /dev/net/tun */
};

static int add_rule(struct cgroup_device_rules *rules, const struct cgroup_device_rule *rule,
		    struct error *err)
{
	struct cgroup_device_rule *v = reallocarray(rules->v, rules->n + 1, sizeof *v);

	if (!v)
		return error_errno(err, ENOMEM, "linux.resources.devices");
	rules->v = v;
	v[rules->n++] = *rule;
	return 0;
}

static int parse_access(const char *access)
{
	static const char letters[] = "rwm";
	int ret = 0;

	if (!access)
		return DEVICE_ALL;
	for (; *access; access++) {
		const char *letter = strchr(letters, *access);
		if (!letter)
			return -1;
		ret |= 1 << (letter - letters);
	}
	return ret ? ret : -1;
}

/* Some engines write -1 for "all". */
static bool parse_number(const struct opt_int64 *number, int64_t *ret)
{
	*ret = number->set ? number->value : DEVICE_ANY;
	return *ret >= DEVICE_ANY && *ret <= UINT32_MAX;
}

static int add_config_rule(struct cgroup_device_rules *rules, const struct device_rule *from,
			   size_t index, struct error *err)
{
	struct cgroup_device_rule rule = { .allow = from->allow };

	rule.access = parse_access(from->access);
	if (rule.access < 0)
		return error_set(err, EINVAL,
				 "linux.resources.devices[%zu].access: '%.20s' is not made of r, w "
				 "and m",
				 index, from->access);
	if (!parse_number(&from->major, &rule.major) || !parse_number(&from->minor, &rule.minor))
		return error_set(err, EINVAL,
				 "linux.resources.devices[%zu]: device number out of range", index);
	bool every_type = from->type == 0 || from->type == 'a';
	if (!every_type && from->type != 'c' && from->type != 'b')
		return error_set(err, EINVAL, "linux.resources.devices[%zu].type: not a, b or c",
				 index);
	if (every_type && rule.major == DEVICE_ANY && rule.minor == DEVICE_ANY &&
	    rule.access == DEVICE_ALL) {
		rules->default_allow = rule.allow;
		rules->n = 0;
		return 0;
	}
	for (const char *type = every_type ? "cb" : (char[]){ (char)from->type, '\0' }; *type;
	     type++) {
		rule.type = *type;
		if (add_rule(rules, &rule, err))
			return -1;
	}
	return 0;
}

static bool redefined(const struct linux_config *linux_, const char *path)
{
	for (size_t i = 0; linux_ && path && i < linux_->devices.n; i++)
		if (text_equal(linux_->devices.v[i]->path, path))
			return true;
	return false;
}

int cgroup_device_rules(const struct config *config, struct cgroup_device_rules *rules,
			struct error *err)
{
	const struct linux_config *linux_ = config->linux_;
	size_t n = linux_ && linux_->resources ? linux_->resources->devices.n : 0;
	int ret = 0;

	*rules = (struct cgroup_device_rules){ 0 };
	if (n > RULES_MAX)
		return error_set(err, E2BIG,
				 "linux.resources.devices: %zu rules are more than the %d allowed",
				 n, RULES_MAX);
	for (size_t i = 0; i < n && !ret; i++)
		ret = add_config_rule(rules, linux_->resources->devices.v[i], i, err);
	for (size_t i = 0; i < sizeof default_devices / sizeof *default_devices && !ret; i++)
		if (!redefined(linux_, default_devices[i].path))
			ret = add_rule(rules, &default_devices[i].rule, err);
	if (ret)
		cgroup_device_rules_finish(rules);
	return ret;
}

void cgroup_device_rules_finish(struct cgroup_device_rules *rules)
{
	free(rules->v);
	*rules = (struct cgroup_device_rules){ 0 };
}
