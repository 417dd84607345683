/* The limits of a plan in systemd's words. The kernel's files are written all the same: systemd knows few
 * of them, and rounds. Must not know of linux.resources: the plan's writes say it all. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/systemd.h"
#include "spec/base/owned.h"

#define INFINITY_TEXT "18446744073709551615"
#define DEFAULT_PERIOD 100000 /* microseconds; cgroup-v2.rst, cpu.max */
#define USEC_PER_SEC 1000000
#define PERCENT_OF_SEC 10000 /* systemd keeps a quota as whole percents of a processor */
#define LIST_MAX 8192	     /* processors or nodes; the kernel's NR_CPUS is at most that */

/* What a write becomes. */
struct translation {
	const char *file, *property;
	unsigned since; /* version of systemd; systemd.resource-control(5) and its NEWS */
	bool starting_only;
	int (*add)(struct systemd_properties *properties, const struct translation *this,
		   const struct cgroup_plan *plan, const struct cgroup_write *write,
		   struct error *err);
};

static const char *value_of(const struct cgroup_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (strcmp(plan->writes[i].file, file) == 0)
			return plan->writes[i].value;
	return NULL;
}

static int add_uint64(struct systemd_properties *properties, const char *name, unsigned since,
		      uint64_t value, struct error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	return systemd_properties_add_one(properties, name, "t", since, text, err);
}

/* A number, "max", or v1's -1. Anything else is the kernel's to refuse. */
static int add_limit(struct systemd_properties *properties, const struct translation *this,
		     const struct cgroup_plan *plan, const struct cgroup_write *write,
		     struct error *err)
{
	const char *value = write->value;
	uint64_t number;

	(void)plan;
	if (strcmp(value, "max") == 0 || strcmp(value, "-1") == 0)
		value = INFINITY_TEXT;
	else if (text_to_uint64(value, &number))
		return 0;
	/* systemd takes no 0 for a number of tasks: with one, nothing can be started either. */
	else if (number == 0 && strcmp(this->property, "TasksMax") == 0)
		value = "1";
	return systemd_properties_add_one(properties, this->property, "t", this->since, value, err);
}

/* Weight 0 is systemd's word for cpu.idle. */
static int add_idle(struct systemd_properties *properties, const struct translation *this,
		    const struct cgroup_plan *plan, const struct cgroup_write *write,
		    struct error *err)
{
	(void)plan;
	return strcmp(write->value, "1") == 0
		       ? add_uint64(properties, this->property, this->since, 0, err)
		       : 0;
}

static int add_cpu_weight(struct systemd_properties *properties, const struct translation *this,
			  const struct cgroup_plan *plan, const struct cgroup_write *write,
			  struct error *err)
{
	/* The same property: the weight of an idle group counts for nothing. */
	if (text_equal(value_of(plan, "cpu.idle"), "1"))
		return 0;
	return add_limit(properties, this, plan, write, err);
}

/* "default 100" or "100"; what the cost model's file gets where the other scheduler's is meant first. Weights
 * of single devices stay with the files. */
static int add_io_weight(struct systemd_properties *properties, const struct translation *this,
			 const struct cgroup_plan *plan, const struct cgroup_write *write,
			 struct error *err)
{
	const char *value = write->alternative_value ? write->alternative_value : write->value;
	uint64_t number;

	(void)plan;
	if (text_starts_with(value, "default "))
		value += strlen("default ");
	if (text_to_uint64(value, &number))
		return 0;
	return add_uint64(properties, this->property, this->since, number, err);
}

/* @quota 0 or less: none. Rounded up to what systemd can say, so that it never takes time away. */
static int add_quota(struct systemd_properties *properties, int64_t quota, uint64_t period,
		     struct error *err)
{
	uint64_t per_second = UINT64_MAX;

	if (quota > 0) {
		if (!period || __builtin_mul_overflow((uint64_t)quota, USEC_PER_SEC, &per_second))
			return 0; /* the kernel refuses such numbers */
		per_second /= period;
		per_second = (per_second + PERCENT_OF_SEC - 1) / PERCENT_OF_SEC * PERCENT_OF_SEC;
	}
	if (add_uint64(properties, "CPUQuotaPeriodUSec", 242, period, err))
		return -1;
	return add_uint64(properties, "CPUQuotaPerSecUSec", 0, per_second, err);
}

/* v2: "QUOTA [PERIOD]" in one file. */
static int add_cpu_max(struct systemd_properties *properties, const struct translation *this,
		       const struct cgroup_plan *plan, const struct cgroup_write *write,
		       struct error *err)
{
	owned_string value = strdup(write->value);
	uint64_t period = DEFAULT_PERIOD;
	int64_t quota = 0;

	(void)this, (void)plan;
	if (!value)
		return error_errno(err, ENOMEM, "cpu.max");
	char *rest = value, *first = strsep(&rest, " ");
	if ((strcmp(first, "max") != 0 && text_to_int64(first, &quota)) ||
	    (rest && text_to_uint64(rest, &period)))
		return 0;
	return add_quota(properties, quota, period, err);
}

/* v1: a file each. */
static int add_cfs_quota(struct systemd_properties *properties, const struct translation *this,
			 const struct cgroup_plan *plan, const struct cgroup_write *write,
			 struct error *err)
{
	const char *period_text = value_of(plan, "cpu.cfs_period_us");
	uint64_t period = DEFAULT_PERIOD;
	int64_t quota;

	(void)this;
	if (text_to_int64(write->value, &quota) ||
	    (period_text && text_to_uint64(period_text, &period)))
		return 0;
	return add_quota(properties, quota, period, err);
}

/* One "3" or "0-7" of a list. Returns the last number and sets the bits, or -1. */
static int set_bits(const char *range, unsigned char *bits)
{
	owned_string first_text = strndup(range, strcspn(range, "-"));
	const char *dash = strchr(range, '-');
	uint64_t first, last;

	if (!first_text || text_to_uint64(first_text, &first))
		return -1;
	last = first;
	if ((dash && text_to_uint64(dash + 1, &last)) || last < first || last >= LIST_MAX)
		return -1;
	for (uint64_t i = first; i <= last; i++)
		bits[i / 8] |= (unsigned char)(1u << i % 8);
	return (int)last;
}

/* A list of processors becomes a mask, lowest byte first. */
static int add_mask(struct systemd_properties *properties, const struct translation *this,
		    const struct cgroup_plan *plan, const struct cgroup_write *write,
		    struct error *err)
{
	unsigned char bits[LIST_MAX / 8] = { 0 };
	OWNED(buffer_finish) struct buffer text = { 0 };
	owned_string list = strdup(write->value);
	char *rest = list, *range;
	int largest = 0;

	(void)plan;
	if (!list)
		return error_errno(err, ENOMEM, "%s", write->field);
	while ((range = strsep(&rest, ",\n"))) {
		range += strspn(range, " ");
		range[strcspn(range, " ")] = '\0';
		int last = *range ? set_bits(range, bits) : 0;
		if (last < 0)
			return error_set(err, EINVAL, "%s: '%.200s' is not a list such as 0-3,7",
					 write->field, write->value);
		if (last > largest)
			largest = last;
	}
	for (int i = 0; i <= largest / 8; i++)
		buffer_print(&text, "%02x", bits[i]);
	if (text.failed)
		return error_errno(err, ENOMEM, "%s", write->field);
	return systemd_properties_add_one(properties, this->property, "ay", this->since, text.text,
					  err);
}

static int add_oom_policy(struct systemd_properties *properties, const struct translation *this,
			  const struct cgroup_plan *plan, const struct cgroup_write *write,
			  struct error *err)
{
	(void)plan;
	if (strcmp(write->value, "0") != 0 && strcmp(write->value, "1") != 0)
		return 0;
	return systemd_properties_add_one(properties, this->property, "s", this->since,
					  *write->value == '1' ? "kill" : "continue", err);
}

static const struct translation translations[] = {
	{ "memory.max", "MemoryMax", 231, false, add_limit },
	{ "memory.high", "MemoryHigh", 231, false, add_limit },
	{ "memory.low", "MemoryLow", 231, false, add_limit },
	{ "memory.min", "MemoryMin", 240, false, add_limit },
	{ "memory.swap.max", "MemorySwapMax", 232, false, add_limit },
	{ "memory.zswap.max", "MemoryZSwapMax", 253, false, add_limit },
	{ "memory.oom.group", "OOMPolicy", 253, true, add_oom_policy },
	{ "pids.max", "TasksMax", 227, false, add_limit },
	{ "cpu.idle", "CPUWeight", 252, false, add_idle },
	{ "cpu.weight", "CPUWeight", 232, false, add_cpu_weight },
	{ "cpu.max", NULL, 0, false, add_cpu_max },
	{ "cpuset.cpus", "AllowedCPUs", 244, false, add_mask },
	{ "cpuset.mems", "AllowedMemoryNodes", 244, false, add_mask },
	{ "io.weight", "IOWeight", 230, false, add_io_weight },
	{ "io.bfq.weight", "IOWeight", 230, false, add_io_weight },
	/* v1 */
	{ "memory.limit_in_bytes", "MemoryLimit", 0, false, add_limit },
	{ "cpu.shares", "CPUShares", 0, false, add_limit },
	{ "cpu.cfs_quota_us", NULL, 0, false, add_cfs_quota },
	{ "blkio.weight", "BlockIOWeight", 0, false, add_limit },
};

int systemd_properties_add_writes(struct systemd_properties *properties,
				  const struct cgroup_plan *plan, bool starting, struct error *err)
{
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *write = &plan->writes[i];
		for (size_t k = 0; k < sizeof translations / sizeof *translations; k++) {
			const struct translation *this = &translations[k];
			if (strcmp(this->file, write->file) != 0 ||
			    (this->starting_only && !starting))
				continue;
			if (this->add(properties, this, plan, write, err))
				return -1;
		}
	}
	return 0;
}

/* systemd.resource-control(5), DeviceAllow: a node of /dev/char or /dev/block by number, "char-MAJOR" or
 * "char-*". NULL when memory is out. */
static char *device_word(const struct cgroup_device_rule *rule)
{
	const char *type = rule->type == 'c' ? "char" : "block";

	if (rule->major == DEVICE_ANY)
		return text_format("%s-*", type);
	if (rule->minor == DEVICE_ANY)
		return text_format("%s-%" PRId64, type, rule->major);
	return text_format("/dev/%s/%" PRId64 ":%" PRId64, type, rule->major, rule->minor);
}

/* systemd looks for one entry that allows all of an access; for us several may together. That differs
 * for opening to read and write, where one rule has only the first and another only the second. */
static bool splits_access(const struct cgroup_device_rules *rules)
{
	int alone = 0;

	for (size_t i = 0; i < rules->n; i++) {
		int access = rules->v[i].access & (DEVICE_READ | DEVICE_WRITE);
		if (access == DEVICE_READ || access == DEVICE_WRITE)
			alone |= access;
	}
	return alone == (DEVICE_READ | DEVICE_WRITE);
}

/* Only a list of what is allowed, each with a major number or for all. */
static bool can_be_said(const struct cgroup_device_rules *rules)
{
	if (splits_access(rules))
		return false;
	for (size_t i = 0; i < rules->n; i++) {
		const struct cgroup_device_rule *rule = &rules->v[i];
		if (!rule->allow || (rule->major == DEVICE_ANY && rule->minor != DEVICE_ANY))
			return false;
	}
	return true;
}

static int add_device(struct systemd_property *property, const struct cgroup_device_rule *rule,
		      struct error *err)
{
	owned_string word = device_word(rule);
	char access[4] = "";
	size_t n = 0;

	if (rule->access & DEVICE_READ)
		access[n++] = 'r';
	if (rule->access & DEVICE_WRITE)
		access[n++] = 'w';
	if (rule->access & DEVICE_MKNOD)
		access[n++] = 'm';
	if (!word || string_list_add(&property->values, word) ||
	    string_list_add(&property->values, access))
		return error_errno(err, ENOMEM, "linux.resources.devices");
	return 0;
}

int systemd_properties_add_devices(struct systemd_properties *properties,
				   const struct cgroup_device_rules *rules, struct error *err)
{
	OWNED(cgroup_device_rules_finish) struct cgroup_device_rules list = { 0 };

	if (rules->default_allow || cgroup_device_exceptions(rules, &list, NULL) ||
	    !can_be_said(&list))
		return systemd_properties_add_one(properties, "DevicePolicy", "s", 0, "auto", err);
	/* "char-MAJOR" and nodes that are not there need 240; before it our own rules are all there is. */
	if (systemd_properties_add_one(properties, "DevicePolicy", "s", 240, "strict", err))
		return -1;
	struct systemd_property *property =
		systemd_properties_add(properties, "DeviceAllow", "a(ss)", 240, err);
	if (!property)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (add_device(property, &list.v[i], err))
			return -1;
	return 0;
}
