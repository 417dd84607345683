/* The rules of a resources object, in config.json or alone. Knows the specification only, no cgroup
 * version. */
#include <string.h>

#include "spec/base/owned.h"
#include "spec/config_validate.h"
#include "spec/table_path.h"

static void check_device_rules(const struct resources *resources, const char *at,
			       struct problems *problems)
{
	for (size_t i = 0; i < resources->devices.n; i++) {
		const char *access = resources->devices.v[i]->access;

		if (access && strspn(access, "rwm") != strlen(access))
			table_value_problem(problems, access,
					    "is not made of the letters r, w and m",
					    "%sdevices[%zu].access", at, i);
	}
}

static void check_memory(const struct resources *resources, const char *at,
			 struct problems *problems)
{
	const struct memory *memory = resources->memory;

	/* Docker up to 17 wrote -1 as an unsigned number for "not set". */
	if (memory && memory->swappiness.set && memory->swappiness.value > 100 &&
	    memory->swappiness.value != UINT64_MAX)
		problems_add(problems, "%smemory.swappiness: expected 0 to 100, found %ju", at,
			     (uintmax_t)memory->swappiness.value);
}

static void check_cpu(const struct resources *resources, const char *at, struct problems *problems)
{
	const struct cpu *cpu = resources->cpu;

	if (cpu && cpu->burst.set && cpu->quota.set && cpu->quota.value > 0 &&
	    cpu->burst.value > (uint64_t)cpu->quota.value)
		problems_add(problems, "%scpu.burst: %ju is more than the quota, %jd", at,
			     (uintmax_t)cpu->burst.value, (intmax_t)cpu->quota.value);
}

static void check_weight_devices(const struct resources *resources, const char *at,
				 struct problems *problems)
{
	const struct block_io *block_io = resources->block_io;

	for (size_t i = 0; block_io && i < block_io->weight_device.n; i++) {
		const struct weight_device *device = block_io->weight_device.v[i];

		if (!device->weight.set && !device->leaf_weight.set)
			problems_add(
				problems,
				"%sblockIO.weightDevice[%zu]: weight or leafWeight is required", at,
				i);
	}
}

/* <size><unit-prefix>B, such as 2MB: the name of a kernel file is made of it. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[0] != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       text_equal(text + digits + 1, "B");
}

static void check_hugepage_limits(const struct resources *resources, const char *at,
				  struct problems *problems)
{
	for (size_t i = 0; i < resources->hugepage_limits.n; i++) {
		const char *size = resources->hugepage_limits.v[i]->page_size;

		if (!is_page_size(size))
			table_value_problem(problems, size, "is not a page size such as 2MB",
					    "%shugepageLimits[%zu].pageSize", at, i);
	}
}

static void check_network_priorities(const struct resources *resources, const char *at,
				     struct problems *problems)
{
	const struct network *network = resources->network;

	/* The name is written into a kernel file, in front of a blank. */
	for (size_t i = 0; network && i < network->priorities.n; i++) {
		const char *name = network->priorities.v[i]->name;

		if (!*name || strcspn(name, "/ \t\n") != strlen(name))
			table_value_problem(problems, name, "is not a network interface name",
					    "%snetwork.priorities[%zu].name", at, i);
	}
}

static void check_rdma(const struct resources *resources, const char *at, struct problems *problems)
{
	for (size_t i = 0; i < resources->rdma.n; i++) {
		const struct rdma *rdma = resources->rdma.v[i];
		owned_string object = text_format("%srdma", at);
		owned_string path = object ? table_entry_path(object, rdma->key) : NULL;

		if (!*rdma->key || strcspn(rdma->key, " \t\n") != strlen(rdma->key))
			problems_add(problems, "%s: the key is not a device name", path);
		if (!rdma->hca_handles.set && !rdma->hca_objects.set)
			problems_add(problems, "%s: hcaHandles or hcaObjects is required", path);
	}
}

static void check_unified(const struct resources *resources, const char *at,
			  struct problems *problems)
{
	for (size_t i = 0; i < resources->unified.n; i++) {
		const char *key = resources->unified.v[i].key;

		if (*key && !strchr(key, '/') && !text_equal(key, ".") && !text_equal(key, ".."))
			continue;
		owned_string object = text_format("%sunified", at);
		owned_string path = object ? table_entry_path(object, key) : NULL;
		problems_add(problems, "%s: the key is not the name of a cgroup file", path);
	}
}

const struct resources_check resources_checks[] = {
	{ "device rules", check_device_rules },
	{ "memory", check_memory },
	{ "cpu", check_cpu },
	{ "weight devices", check_weight_devices },
	{ "hugepage limits", check_hugepage_limits },
	{ "network priorities", check_network_priorities },
	{ "rdma", check_rdma },
	{ "unified", check_unified },
	{ NULL, NULL },
};

void resources_validate(const struct resources *resources, const char *path,
			struct problems *problems)
{
	owned_string at = text_format("%s%s", path, *path ? "." : "");

	for (const struct resources_check *check = resources_checks; check->name; check++)
		check->run(resources, at ? at : "", problems);
}
