/* The cross-field checks, one by one: each complains of what it is for and of nothing else, and all
 * are silent about a configuration that uses everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/base/owned.h"
#include "spec/config_validate.h"

struct example {
	const char *check;    /* name in the table */
	const char *members;  /* of the object, besides what is required */
	const char *expected; /* the only problem */
};

static const struct example config_examples[] = {
	{ "specification version", NULL,
	  "ociVersion: '1.3' is not a SemVer 2.0.0 version such as 1.3.0" },
	{ "root", NULL, "root.path: must not be empty" },
	{ "mounts", "\"mounts\":[{\"destination\":\"\"}]",
	  "mounts[0].destination: must not be empty" },
	{ "process", "\"process\":{\"cwd\":\"/\"}",
	  "process.args: at least one entry is required" },
	{ "hooks", "\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}",
	  "hooks.poststop[0].path: 'x' is not an absolute path" },
	{ "annotations", "\"annotations\":{\"\":\"\"}",
	  "annotations[\"\"]: a key must not be empty" },
	{ "hostname", "\"hostname\":\"h\"",
	  "hostname: needs an entry of type uts in linux.namespaces" },
	{ "domainname", "\"domainname\":\"d\"",
	  "domainname: needs an entry of type uts in linux.namespaces" },
	{ "namespaces", "\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]}",
	  "linux.namespaces[0].path: 'x' is not an absolute path" },
	{ "id mappings", "\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}",
	  "linux.uidMappings: required for a new user namespace" },
	{ "time offsets", "\"linux\":{\"timeOffsets\":{\"boottime\":{}}}",
	  "linux.timeOffsets: needs an entry of type time in linux.namespaces" },
	{ "devices", "\"linux\":{\"devices\":[{\"path\":\"x\",\"type\":\"p\"}]}",
	  "linux.devices[0].path: 'x' is not an absolute path" },
	{ "network devices", "\"linux\":{\"netDevices\":{\"eth0\":{}}}",
	  "linux.netDevices: needs an entry of type network in linux.namespaces" },
	{ "cgroups path", "\"linux\":{\"cgroupsPath\":\"/..\"}",
	  "linux.cgroupsPath: must not contain a component '..'" },
	{ "resources", "\"linux\":{\"resources\":{\"memory\":{\"swappiness\":101}}}",
	  "linux.resources.memory.swappiness: expected 0 to 100, found 101" },
	{ "rootfs propagation", "\"linux\":{\"rootfsPropagation\":\"x\"}",
	  "linux.rootfsPropagation: 'x' is none of shared, slave, private, unbindable, or these "
	  "with r in front" },
	{ "hidden paths", "\"linux\":{\"maskedPaths\":[\"/x\"]}",
	  "linux.maskedPaths: needs an entry of type mount in linux.namespaces" },
	{ "seccomp",
	  "\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"listenerMetadata\":\"x\"}}",
	  "linux.seccomp.listenerMetadata: must not be set without listenerPath" },
	{ "Intel RDT", "\"linux\":{\"intelRdt\":{\"memBwSchema\":\"x\"}}",
	  "linux.intelRdt.memBwSchema: must start with 'MB:'" },
	{ "memory policy", "\"linux\":{\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}}",
	  "linux.memoryPolicy.nodes: required by this mode" },
	{ "personality", "\"linux\":{\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}}",
	  "linux.personality.flags: no flag is defined" },
};

static const struct example process_examples[] = {
	{ "cwd", "\"args\":[\"a\"],\"cwd\":\"x\"", "cwd: 'x' is not an absolute path" },
	{ "args", "\"args\":[\"\"],\"cwd\":\"/\"", "args[0]: must not be empty" },
	{ "env", "\"env\":[\"=\"],\"cwd\":\"/\"", "env[0]: a variable needs a name" },
	{ "additional gids",
	  "\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[4294967295]}",
	  "user.additionalGids[0]: 4294967295 is no valid id" },
	{ "resource limits",
	  "\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":0}]",
	  "rlimits[0].soft: 1 is more than hard, 0" },
	{ "scheduler", "\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_IDLE\",\"priority\":1}",
	  "scheduler.priority: only for SCHED_FIFO and SCHED_RR" },
	{ "exec CPU affinity", "\"cwd\":\"/\",\"execCPUAffinity\":{\"final\":\"x\"}",
	  "execCPUAffinity.final: expected a list such as 0-3,7" },
};

static const struct example resources_examples[] = {
	{ "device rules", "\"devices\":[{\"allow\":true,\"access\":\"x\"}]",
	  "devices[0].access: 'x' is not made of the letters r, w and m" },
	{ "memory", "\"memory\":{\"swappiness\":200}",
	  "memory.swappiness: expected 0 to 100, found 200" },
	{ "cpu", "\"cpu\":{\"quota\":1,\"burst\":2}", "cpu.burst: 2 is more than the quota, 1" },
	{ "weight devices", "\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}",
	  "blockIO.weightDevice[0]: weight or leafWeight is required" },
	{ "hugepage limits", "\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":0}]",
	  "hugepageLimits[0].pageSize: '2M' is not a page size such as 2MB" },
	{ "network priorities", "\"network\":{\"priorities\":[{\"name\":\"\",\"priority\":0}]}",
	  "network.priorities[0].name: '' is not a network interface name" },
	{ "rdma", "\"rdma\":{\"a\":{}}", "rdma.a: hcaHandles or hcaObjects is required" },
	{ "unified", "\"unified\":{\"..\":\"\"}",
	  "unified[\"..\"]: the key is not the name of a cgroup file" },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void *parse(const struct type *type, const char *text)
{
	struct problems problems = { 0 };
	void *object = table_parse(type, text, strlen(text), &problems);

	if (!object)
		fail_msg("%s: %s", text, problems.list.n ? problems.list.v[0] : "no problem");
	return object;
}

static void expect_only(const struct example *example, struct problems *problems)
{
	if (problems->list.n != 1 || !text_equal(problems->list.v[0], example->expected))
		fail_msg("%s: %zu problems, the first: %s", example->check, problems->list.n,
			 problems->list.n ? problems->list.v[0] : "(none)");
	problems_finish(problems);
}

static const struct example *example_for(const struct example *examples, size_t count,
					 const char *check)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(examples[i].check, check))
			return &examples[i];
	fail_msg("the check '%s' has no example", check);
	return NULL;
}

static void each_config_check_alone(void **unused)
{
	size_t checks = 0;

	(void)unused;
	for (const struct config_check *check = config_checks; check->name; check++, checks++) {
		const struct example *example =
			example_for(config_examples, COUNT(config_examples), check->name);
		bool version = text_equal(check->name, "specification version");
		bool root = text_equal(check->name, "root");
		owned_string text = text_format(
			"{\"ociVersion\":\"%s\",\"root\":{\"path\":\"%s\"}%s%s}",
			version ? "1.3" : "1.3.0", root ? "" : "r", example->members ? "," : "",
			example->members ? example->members : "");
		struct config *config = parse(&config_type, text);
		struct problems alone = { 0 }, all = { 0 };

		check->run(config, &alone);
		expect_only(example, &alone);
		config_validate(config, &all);
		expect_only(example, &all);
		config_free(config);
	}
	assert_int_equal(checks, COUNT(config_examples));
}

static void each_process_check_alone(void **unused)
{
	size_t checks = 0;

	(void)unused;
	for (const struct process_check *check = process_checks; check->name; check++, checks++) {
		const struct example *example =
			example_for(process_examples, COUNT(process_examples), check->name);
		owned_string text = text_format("{%s}", example->members);
		struct process *process = parse(&process_type, text);
		struct problems problems = { 0 };

		check->run(process, "", &problems);
		expect_only(example, &problems);
		table_free(&process_type, process);
	}
	assert_int_equal(checks, COUNT(process_examples));
}

static void each_resources_check_alone(void **unused)
{
	size_t checks = 0;

	(void)unused;
	for (const struct resources_check *check = resources_checks; check->name;
	     check++, checks++) {
		const struct example *example =
			example_for(resources_examples, COUNT(resources_examples), check->name);
		owned_string text = text_format("{%s}", example->members);
		struct resources *resources = parse(&resources_type, text);
		struct problems problems = { 0 };

		check->run(resources, "", &problems);
		expect_only(example, &problems);
		table_free(&resources_type, resources);
	}
	assert_int_equal(checks, COUNT(resources_examples));
}

static void path_is_put_before_the_field(void **unused)
{
	struct process *process = parse(&process_type, "{\"cwd\":\"/\"}");
	struct problems problems = { 0 };

	(void)unused;
	process_validate(process, "", &problems);
	process_validate(process, "process", &problems);
	assert_int_equal(problems.list.n, 2);
	assert_string_equal(problems.list.v[0], "args: at least one entry is required");
	assert_string_equal(problems.list.v[1], "process.args: at least one entry is required");
	table_free(&process_type, process);
	problems_finish(&problems);
}

static void versions(void **unused)
{
	static const struct {
		const char *text;
		bool accepted;
	} cases[] = {
		{ "1.0.0", true },
		{ "1.0.0-rc5", true },
		{ "1.0.2-dev", true },
		{ "1.2.1+build", true },
		{ "1.2.1+build.007", true },
		{ "1.2.1-0.x.-y+--", true },
		{ "1.10.100", true },
		{ "1.0.0-0a", true },
		{ "1.0", false },
		{ "1", false },
		{ "", false },
		{ "1.0.0.0", false },
		{ "1.0.0-", false },
		{ "1.0.0+", false },
		{ "1.0.0-a..b", false },
		{ "1.0.0-01", false },
		{ "01.0.0", false },
		{ "1.00.0", false },
		{ "1.0.0-a_b", false },
		{ " 1.0.0", false },
		{ "1.0.0\\n", false },
		{ "1.-1.0", false },
		{ "1.0.0-a+b+c", false },
		{ "0.9.0", false },
		{ "2.0.0", false },
		{ "11.0.0", false },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		owned_string text = text_format("{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
						cases[i].text);
		struct problems problems = { 0 };
		struct config *config = config_parse(text, strlen(text), &problems);

		if (!config == cases[i].accepted)
			fail_msg("version '%s'", cases[i].text);
		config_free(config);
		problems_finish(&problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_config_check_alone),
		cmocka_unit_test(each_process_check_alone),
		cmocka_unit_test(each_resources_check_alone),
		cmocka_unit_test(path_is_put_before_the_field),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
