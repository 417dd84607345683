/* The rules of linux.seccomp that need no library. Knows the specification and the kernel's limits,
 * not how a filter is made. */
#include "runtime/seccomp_check.h"

#include <errno.h>
#include <stdio.h>

#define MAX_ERRNO 4095	      /* the kernel cuts larger ones to this */
#define MAX_TRACE_DATA 0xffff /* SECCOMP_RET_DATA */

/* config-linux.md: an errno for an action that takes none MUST be an error. */
static int check_errno(const char *path, int action, const struct opt_uint32 *code,
		       struct error *err)
{
	uint32_t largest = action == SECCOMP_TRACE ? MAX_TRACE_DATA : MAX_ERRNO;

	if (!code->set)
		return 0;
	if (action != SECCOMP_ERRNO && action != SECCOMP_TRACE)
		return error_set(err, EINVAL, "%s: %s takes no errno", path,
				 seccomp_action_names[action]);
	if (code->value > largest)
		return error_set(err, EINVAL, "%s: %u is larger than %u", path, code->value,
				 largest);
	return 0;
}

static int check_rule(const struct seccomp_rule *rule, size_t index, struct error *err)
{
	char path[64];

	snprintf(path, sizeof path, "linux.seccomp.syscalls[%zu].errnoRet", index);
	if (check_errno(path, rule->action, &rule->errno_ret, err))
		return -1;
	/* The descriptor that would answer is passed on by writing to a socket: with write(2) waiting
	 * for that answer the container would never start. */
	if (rule->action == SECCOMP_NOTIFY && string_list_has(&rule->names, "write"))
		return error_set(err, EINVAL,
				 "linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for "
				 "write",
				 index);
	for (size_t i = 0; i < rule->args.n; i++)
		if (rule->args.v[i]->index >= SYSCALL_ARGUMENTS)
			return error_set(err, EINVAL,
					 "linux.seccomp.syscalls[%zu].args[%zu].index: %u is not "
					 "in 0..%d",
					 index, i, rule->args.v[i]->index, SYSCALL_ARGUMENTS - 1);
	return 0;
}

int seccomp_check(const struct seccomp *seccomp, struct error *err)
{
	if (seccomp->default_action == SECCOMP_NOTIFY)
		return error_set(err, EINVAL,
				 "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the "
				 "default, since it would stop write as well");
	if (check_errno("linux.seccomp.defaultErrnoRet", seccomp->default_action,
			&seccomp->default_errno_ret, err))
		return -1;
	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		if (check_rule(seccomp->syscalls.v[i], i, err))
			return -1;
	return 0;
}
