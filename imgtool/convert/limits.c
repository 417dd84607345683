/* What the container has of the host's resources: namespaces, ids, limits, devices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgtool/base/list.h"
#include "imgtool/convert/parts.h"
#include "spec/base/owned.h"
#include "spec/base/size.h"

/* Docker's, below which hardly a program starts. */
#define MEMORY_MIN (6 << 20)

#define CPU_PERIOD 100000  /* microseconds */
#define CPU_QUOTA_MIN 1000 /* the kernel's, microseconds */

static int add_namespace(const struct conversion *conversion, enum namespace_type type,
			 const char *path, struct error *err)
{
	struct namespace *entry = list_add(&conversion->config->linux_->namespaces);

	if (!entry)
		return error_errno(err, ENOMEM, "namespaces");
	entry->type = (int)type;
	entry->path = path ? strdup(path) : NULL;
	return path && !entry->path ? error_errno(err, ENOMEM, "namespaces") : 0;
}

static int add_network(const struct conversion *conversion, struct error *err)
{
	const char *network = conversion->options->network;

	if (!network || strcmp(network, "none") == 0)
		return add_namespace(conversion, NAMESPACE_NETWORK, NULL, err);
	if (strcmp(network, "host") == 0)
		return 0;
	if (*network == '/')
		return add_namespace(conversion, NAMESPACE_NETWORK, network, err);
	error_set(err, EINVAL, "--network '%s': expected host, none or an absolute path", network);
	return error_hint(err, "other networks are made by whoever runs the bundle");
}

/* As in Docker a network of its own lets every user open ports below 1024 and send pings. The groups must be in the user
 * namespace that owns the network, so a container in one of its own does without pings. */
static int add_sysctls(const struct conversion *conversion, struct error *err)
{
	static const struct {
		const char *key, *value, *file;
		bool needs_all_groups;
	} settings[] = {
		{ "net.ipv4.ip_unprivileged_port_start", "0",
		  "/proc/sys/net/ipv4/ip_unprivileged_port_start", false },
		{ "net.ipv4.ping_group_range", "0 2147483647",
		  "/proc/sys/net/ipv4/ping_group_range", true },
	};
	const struct namespace *network = config_namespace(conversion->config, NAMESPACE_NETWORK);

	if (!network || network->path)
		return 0;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		bool left_out = settings[i].needs_all_groups && conversion->options->uid_mappings.n;

		/* A kernel may have no IPv4. */
		if (left_out || access(settings[i].file, F_OK))
			continue;
		if (string_map_set(&conversion->config->linux_->sysctl, settings[i].key,
				   settings[i].value))
			return error_errno(err, ENOMEM, "sysctl");
	}
	return 0;
}

static int add_namespaces(const struct conversion *conversion, struct error *err)
{
	static const enum namespace_type types[] = { NAMESPACE_MOUNT, NAMESPACE_UTS, NAMESPACE_PID,
						     NAMESPACE_IPC, NAMESPACE_CGROUP };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (add_namespace(conversion, types[i], NULL, err))
			return -1;
	if (conversion->options->uid_mappings.n &&
	    add_namespace(conversion, NAMESPACE_USER, NULL, err))
		return -1;
	return add_network(conversion, err);
}

static int copy_mappings(const struct id_mapping_list *from, struct id_mapping_list *to,
			 struct error *err)
{
	for (size_t i = 0; i < from->n; i++) {
		struct id_mapping *mapping = list_add(to);

		if (!mapping)
			return error_errno(err, ENOMEM, "id mappings");
		*mapping = *from->v[i];
	}
	return 0;
}

static int set_memory(const char *text, struct resources *resources, struct error *err)
{
	int64_t bytes;

	if (size_parse(text, &bytes, err))
		return error_prefix(err, "--memory");
	if (bytes > INT64_MAX / 2)
		return error_set(err, EINVAL, "--memory '%s': too much", text);
	if (bytes < MEMORY_MIN)
		return error_set(err, EINVAL, "--memory '%s': at least 6m are needed", text);
	resources->memory = calloc(1, sizeof *resources->memory);
	if (!resources->memory)
		return error_errno(err, ENOMEM, "--memory");
	resources->memory->limit = (struct opt_int64){ true, bytes };
	/* Of memory and swap together, as Docker has it: otherwise the limit would be one of memory alone. */
	resources->memory->swap = (struct opt_int64){ true, bytes * 2 };
	return 0;
}

/* The quota for a number of processors such as "1.5", which has at most nine decimals as in Docker. */
static int parse_cpus(const char *text, int64_t *ret)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	int64_t billionths = 0;

	if (text[whole] == '.')
		decimals = strspn(text + whole + 1, "0123456789");
	if (whole > 6 || decimals > 9 || !(whole + decimals) ||
	    text[whole + (text[whole] == '.') + decimals])
		return -1;
	for (size_t i = 0; i < whole; i++)
		billionths = billionths * 10 + (text[i] - '0');
	for (size_t i = 0; i < 9; i++)
		billionths = billionths * 10 + (i < decimals ? text[whole + 1 + i] - '0' : 0);
	*ret = billionths / (1000000000 / CPU_PERIOD);
	return 0;
}

static int set_cpus(const char *text, struct resources *resources, struct error *err)
{
	int64_t quota;

	if (parse_cpus(text, &quota))
		return error_set(err, EINVAL, "--cpus '%s': expected a number such as 1.5", text);
	if (quota < CPU_QUOTA_MIN)
		return error_set(err, EINVAL, "--cpus '%s': at least 0.01 are needed", text);
	resources->cpu = calloc(1, sizeof *resources->cpu);
	if (!resources->cpu)
		return error_errno(err, ENOMEM, "--cpus");
	resources->cpu->quota = (struct opt_int64){ true, quota };
	resources->cpu->period = (struct opt_uint64){ true, CPU_PERIOD };
	return 0;
}

/* As in Docker 0 is unlimited, which runtimes are told by -1. */
static int set_pids(const char *text, struct resources *resources, struct error *err)
{
	int64_t limit;

	if (text_to_int64(text, &limit) || limit < -1)
		return error_set(err, EINVAL,
				 "--pids-limit '%s': expected a number, -1 is unlimited", text);
	resources->pids = calloc(1, sizeof *resources->pids);
	if (!resources->pids)
		return error_errno(err, ENOMEM, "--pids-limit");
	resources->pids->limit = (struct opt_int64){ true, limit > 0 ? limit : -1 };
	return 0;
}

/* As Docker's: nothing but null, zero, random, urandom, tty and console. What every container needs besides, terminals
 * above all, is allowed by the runtime itself (config-linux.md, Default Devices). */
static int add_device_rules(struct resources *resources, struct error *err)
{
	static const struct {
		bool allow;
		int type;
		int64_t major, minor;
	} rules[] = {
		{ false, 0, -1, -1 }, { true, 'c', 1, 3 }, { true, 'c', 1, 5 }, { true, 'c', 1, 8 },
		{ true, 'c', 1, 9 },  { true, 'c', 5, 0 }, { true, 'c', 5, 1 },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct device_rule *rule = list_add(&resources->devices);

		if (!rule || !(rule->access = strdup("rwm")))
			return error_errno(err, ENOMEM, "device rules");
		rule->allow = rules[i].allow;
		rule->type = rules[i].type;
		rule->major = (struct opt_int64){ rules[i].major >= 0, rules[i].major };
		rule->minor = (struct opt_int64){ rules[i].minor >= 0, rules[i].minor };
	}
	return 0;
}

static int add_resources(const struct conversion *conversion, struct error *err)
{
	const struct run_options *options = conversion->options;
	bool asked = options->memory || options->cpus || options->pids_limit;

	if (options->rootless && !asked)
		return 0;
	struct resources *resources = calloc(1, sizeof *resources);
	conversion->config->linux_->resources = resources;
	if (!resources)
		return error_errno(err, ENOMEM, "resources");
	if ((options->memory && set_memory(options->memory, resources, err)) ||
	    (options->cpus && set_cpus(options->cpus, resources, err)) ||
	    (options->pids_limit && set_pids(options->pids_limit, resources, err)))
		return -1;
	return options->rootless ? 0 : add_device_rules(resources, err);
}

int convert_limits(struct conversion *conversion, struct error *err)
{
	struct linux_config *linux_ = conversion->config->linux_;

	if (add_namespaces(conversion, err) ||
	    copy_mappings(&conversion->options->uid_mappings, &linux_->uid_mappings, err) ||
	    copy_mappings(&conversion->options->gid_mappings, &linux_->gid_mappings, err))
		return -1;
	return add_sysctls(conversion, err) || add_resources(conversion, err) ? -1 : 0;
}
