/* The rules of linux.seccomp, linux.intelRdt, linux.memoryPolicy and linux.personality. Knows the
 * specification only, not what libseccomp or the kernel here can do. */
#include <linux/mempolicy.h>
#include <string.h>

#include "spec/base/owned.h"
#include "spec/config_validate.h"
#include "spec/table_path.h"

static const char *const seccomp_architectures[] = {
	"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",	    "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",	   "SCMP_ARCH_MIPS64",	    "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",	    "SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",	    "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",    "SCMP_ARCH_SH",	   "SCMP_ARCH_SHEB",
};

static void check_architectures(const struct string_list *list, struct problems *problems)
{
	for (size_t i = 0; i < list->n; i++) {
		bool known = false;

		for (size_t j = 0; j < sizeof seccomp_architectures / sizeof *seccomp_architectures;
		     j++)
			known |= text_equal(list->v[i], seccomp_architectures[j]);
		if (known)
			continue;
		table_value_problem(problems, list->v[i], "is not an architecture of libseccomp",
				    "linux.seccomp.architectures[%zu]", i);
	}
}

static bool takes_errno(int action)
{
	return action == SECCOMP_ERRNO || action == SECCOMP_TRACE;
}

static void check_seccomp_rule(const struct seccomp_rule *rule, size_t i, struct problems *problems)
{
	if (rule->names.n == 0)
		problems_add(problems,
			     "linux.seccomp.syscalls[%zu].names: at least one entry is required",
			     i);
	for (size_t j = 0; j < rule->names.n; j++)
		if (!*rule->names.v[j])
			problems_add(problems,
				     "linux.seccomp.syscalls[%zu].names[%zu]: must not be empty", i,
				     j);
	if (rule->errno_ret.set && !takes_errno(rule->action))
		problems_add(problems,
			     "linux.seccomp.syscalls[%zu].errnoRet: %s does not take an errno", i,
			     seccomp_action_names[rule->action]);
}

void check_seccomp(const struct config *config, struct problems *problems)
{
	const struct seccomp *seccomp = config->linux_ ? config->linux_->seccomp : NULL;

	if (!seccomp)
		return;
	bool notifies = seccomp->default_action == SECCOMP_NOTIFY;

	check_architectures(&seccomp->architectures, problems);
	if (seccomp->default_errno_ret.set && !takes_errno(seccomp->default_action))
		problems_add(problems, "linux.seccomp.defaultErrnoRet: %s does not take an errno",
			     seccomp_action_names[seccomp->default_action]);
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		check_seccomp_rule(seccomp->syscalls.v[i], i, problems);
		notifies |= seccomp->syscalls.v[i]->action == SECCOMP_NOTIFY;
	}
	if (notifies && !seccomp->listener_path)
		problems_add(
			problems,
			"linux.seccomp.listenerPath: required, because SCMP_ACT_NOTIFY is used");
	if (seccomp->listener_metadata && !seccomp->listener_path)
		problems_add(
			problems,
			"linux.seccomp.listenerMetadata: must not be set without listenerPath");
}

static void check_schema(const char *schema, const char *prefix, const char *name,
			 struct problems *problems)
{
	if (!schema)
		return;
	if (strchr(schema, '\n'))
		problems_add(problems, "linux.intelRdt.%s: must not contain a newline", name);
	if (prefix && !text_starts_with(schema, prefix))
		problems_add(problems, "linux.intelRdt.%s: must start with '%s'", name, prefix);
}

void check_intel_rdt(const struct config *config, struct problems *problems)
{
	const struct intel_rdt *rdt = config->linux_ ? config->linux_->intel_rdt : NULL;

	if (!rdt)
		return;
	const char *clos = rdt->clos_id;
	/* It names a directory; "/" alone is the default class. */
	if (clos && (text_equal(clos, ".") || text_equal(clos, "..") || strchr(clos, '\n') ||
		     (strchr(clos, '/') && clos[1])))
		problems_add(problems,
			     "linux.intelRdt.closID: must be the name of one directory, or '/'");
	check_schema(rdt->l3_cache_schema, NULL, "l3CacheSchema", problems);
	check_schema(rdt->mem_bw_schema, "MB:", "memBwSchema", problems);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		if (strchr(rdt->schemata.v[i], '\n'))
			problems_add(problems,
				     "linux.intelRdt.schemata[%zu]: must not contain a newline", i);
}

void check_memory_policy(const struct config *config, struct problems *problems)
{
	const struct memory_policy *policy = config->linux_ ? config->linux_->memory_policy : NULL;
	const uint64_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;

	if (!policy)
		return;
	bool takes_none = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;

	if (takes_none && policy->nodes)
		problems_add(problems, "linux.memoryPolicy.nodes: this mode takes no nodes");
	if (!takes_none && policy->mode != MPOL_PREFERRED && !policy->nodes)
		problems_add(problems, "linux.memoryPolicy.nodes: required by this mode");
	if (policy->nodes && strspn(policy->nodes, "0123456789,- ") != strlen(policy->nodes))
		problems_add(problems, "linux.memoryPolicy.nodes: expected a list such as 0-3,7");
	if ((policy->flags & both) == both)
		problems_add(problems, "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
				       "MPOL_F_RELATIVE_NODES exclude each other");
}

void check_personality(const struct config *config, struct problems *problems)
{
	const struct personality *personality = config->linux_ ? config->linux_->personality : NULL;

	if (personality && personality->flags.n)
		problems_add(problems, "linux.personality.flags: no flag is defined");
}
