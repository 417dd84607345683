/* process.scheduler, process.ioPriority, linux.memoryPolicy, linux.personality: one system call each. */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <sys/personality.h>

#include "runtime/list_format.h"
#include "runtime/process.h"
#include "spec/base/sys.h"

static int set_scheduler(const struct scheduler *scheduler, struct error *err)
{
	struct sched_attr attr = {
		.size = sizeof attr,
		.sched_policy = (uint32_t)scheduler->policy,
		.sched_flags = scheduler->flags,
		.sched_nice = (int32_t)scheduler->nice,
		.sched_priority = (uint32_t)scheduler->priority,
		.sched_runtime = scheduler->runtime,
		.sched_deadline = scheduler->deadline,
		.sched_period = scheduler->period,
	};

	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		return error_errno(err, errno, "process.scheduler: sched_setattr");
	return 0;
}

static int set_io_priority(const struct io_priority *priority, struct error *err)
{
	int value = IOPRIO_PRIO_VALUE(priority->class, (int)priority->priority);

	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value))
		return error_errno(err, errno, "process.ioPriority: ioprio_set");
	return 0;
}

#define NODES_MAX 1024u

static int set_memory_policy(const struct memory_policy *policy, struct error *err)
{
	unsigned long mask[LIST_FORMAT_WORDS(NODES_MAX)] = { 0 };
	bool none = !policy->nodes || !*policy->nodes;

	if (!none && list_format_parse(policy->nodes, mask, NODES_MAX))
		return error_set(err, EINVAL, "linux.memoryPolicy.nodes: '%s'", policy->nodes);
	if (syscall(SYS_set_mempolicy, policy->mode | (int)policy->flags, none ? NULL : mask,
		    none ? 0ul : (unsigned long)NODES_MAX + 1))
		return error_errno(err, errno, "linux.memoryPolicy: set_mempolicy");
	return 0;
}

int process_set_scheduling(const struct config *config, struct error *err)
{
	const struct process *process = config->process;
	const struct linux_config *linux_ = config->linux_;

	if (process && process->scheduler && set_scheduler(process->scheduler, err))
		return -1;
	if (process && process->io_priority && set_io_priority(process->io_priority, err))
		return -1;
	if (linux_ && linux_->memory_policy && set_memory_policy(linux_->memory_policy, err))
		return -1;
	if (linux_ && linux_->personality &&
	    personality((unsigned long)linux_->personality->domain) < 0)
		return error_errno(err, errno, "linux.personality");
	return 0;
}
