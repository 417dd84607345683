/* Scheduling, I/O priority, memory policy and personality, read back from the kernel. */
#include "runtime/process.h"

#include "tests/unit/sandbox.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sys/personality.h>
#include <sys/resource.h>

static struct error err;

/* As sched_setattr(2) has it; the kernel's header contradicts the C library's. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static struct process process;
static struct linux_config linux_part;
static const struct config config = { .process = &process, .linux_ = &linux_part };

static int clear(void **state)
{
	(void)state;
	process = (struct process){ 0 };
	linux_part = (struct linux_config){ 0 };
	err = (struct error){ 0 };
	return 0;
}

static void set(void)
{
	EXPECT_SUCCESS(process_set_scheduling(&config, &err));
}

static void set_nothing(void *context)
{
	const struct config empty = { 0 };
	int policy = sched_getscheduler(0);

	(void)context;
	EXPECT_SUCCESS(process_set_scheduling(&empty, &err));
	set();
	EXPECT(sched_getscheduler(0) == policy);
}

static void nothing_is_set_unless_asked_for(void **state)
{
	(void)state;
	in_child(set_nothing, NULL);
}

static void set_batch(void *context)
{
	struct scheduler scheduler = { .policy = SCHED_BATCH, .nice = 7 };

	(void)context;
	process.scheduler = &scheduler;
	set();
	EXPECT(sched_getscheduler(0) == SCHED_BATCH);
	errno = 0;
	EXPECT(getpriority(PRIO_PROCESS, 0) == 7 && errno == 0);
}

static void policy_and_nice_are_set(void **state)
{
	(void)state;
	in_child(set_batch, NULL);
}

static void set_realtime(void *context)
{
	struct scheduler scheduler = { .policy = SCHED_FIFO,
				       .priority = 3,
				       .flags = 1 /* SCHED_FLAG_RESET_ON_FORK */ };
	struct sched_param param;

	(void)context;
	process.scheduler = &scheduler;
	if (process_set_scheduling(&config, &err)) {
		EXPECT(err.code == EPERM);
		EXPECT_ERROR("process.scheduler: sched_setattr: operation not permitted");
		return;
	}
	EXPECT(sched_getscheduler(0) == (SCHED_FIFO | SCHED_RESET_ON_FORK));
	EXPECT(sched_getparam(0, &param) == 0 && param.sched_priority == 3);
}

static void priority_and_flags_are_set_where_allowed(void **state)
{
	(void)state;
	in_child(set_realtime, NULL);
}

static void set_deadline(void *context)
{
	struct scheduler scheduler = { .policy = SCHED_DEADLINE,
				       .runtime = 1000000,
				       .deadline = 10000000,
				       .period = 20000000 };
	struct scheduling attr = { 0 };

	(void)context;
	process.scheduler = &scheduler;
	if (process_set_scheduling(&config, &err)) {
		EXPECT(err.code == EPERM || err.code == EBUSY);
		return;
	}
	EXPECT(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) == 0);
	EXPECT(attr.policy == SCHED_DEADLINE && attr.runtime == 1000000 &&
	       attr.deadline == 10000000 && attr.period == 20000000);
}

static void deadlines_are_nanoseconds(void **state)
{
	(void)state;
	in_child(set_deadline, NULL);
}

static void set_wrong_scheduler(void *context)
{
	struct scheduler scheduler = { .policy = SCHED_OTHER, .priority = 50 };

	(void)context;
	process.scheduler = &scheduler;
	EXPECT(process_set_scheduling(&config, &err) == -1 && err.code == EINVAL);
	EXPECT_ERROR("process.scheduler: sched_setattr: invalid argument");
}

static void what_the_kernel_refuses_is_an_error(void **state)
{
	(void)state;
	in_child(set_wrong_scheduler, NULL);
}

static void set_io(void *context)
{
	struct io_priority priority = { .class = IOPRIO_CLASS_BE, .priority = 6 };

	(void)context;
	process.io_priority = &priority;
	set();
	EXPECT(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) ==
	       IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	priority = (struct io_priority){ .class = IOPRIO_CLASS_IDLE };
	set();
	EXPECT(IOPRIO_PRIO_CLASS(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0)) ==
	       IOPRIO_CLASS_IDLE);
	priority.class = 7;
	EXPECT(process_set_scheduling(&config, &err) == -1);
	EXPECT_ERROR("process.ioPriority: ioprio_set");
}

static void the_io_priority_is_set(void **state)
{
	(void)state;
	in_child(set_io, NULL);
}

static void set_interleave(void *context)
{
	struct memory_policy policy = { .mode = MPOL_INTERLEAVE, .nodes = "0" };
	unsigned long mask[16] = { 0 };
	int mode = -1;

	(void)context;
	linux_part.memory_policy = &policy;
	set();
	EXPECT(syscall(SYS_get_mempolicy, &mode, mask, sizeof mask * 8, NULL, 0) == 0);
	EXPECT(mode == MPOL_INTERLEAVE && mask[0] == 1);
	policy = (struct memory_policy){ .mode = MPOL_DEFAULT };
	set();
	EXPECT(syscall(SYS_get_mempolicy, &mode, NULL, 0ul, NULL, 0) == 0 && mode == MPOL_DEFAULT);
	policy = (struct memory_policy){ .mode = MPOL_BIND,
					 .nodes = "0",
					 .flags = MPOL_F_STATIC_NODES };
	set();
	EXPECT(syscall(SYS_get_mempolicy, &mode, NULL, 0ul, NULL, 0) == 0);
	EXPECT(mode == (MPOL_BIND | MPOL_F_STATIC_NODES));
	/* The nodes above are not there, which static nodes may be. */
	policy.nodes = "0-3,1023";
	set();
}

static bool has_numa(void)
{
	return syscall(SYS_get_mempolicy, NULL, NULL, 0ul, NULL, 0) == 0;
}

static void the_memory_policy_is_set(void **state)
{
	(void)state;
	if (!has_numa())
		SKIP("no memory policies in this kernel");
	in_child(set_interleave, NULL);
}

static void set_wrong_nodes(void *context)
{
	static const char *const wrong[] = { "x",    "0-",    "-1",   "3-1",
					     "0,,1", "0;1",   "1024", "0-99999999999999999999",
					     "0 1",  "0-1-2", ",",    "18446744073709551616" };
	struct memory_policy policy = { .mode = MPOL_BIND };
	char expected[128];

	(void)context;
	linux_part.memory_policy = &policy;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		policy.nodes = (char *)(uintptr_t)wrong[i];
		err = (struct error){ .msg = "accepted" };
		int failed = process_set_scheduling(&config, &err);
		snprintf(expected, sizeof expected, "linux.memoryPolicy.nodes: '%s'", wrong[i]);
		if (!failed || strcmp(err.msg, expected) != 0)
			child_fail(__FILE__, __LINE__, expected, err.msg);
		EXPECT(err.code == EINVAL);
	}
}

static void wrong_nodes_are_named(void **state)
{
	(void)state;
	in_child(set_wrong_nodes, NULL);
}

static void set_without_policies(void *context)
{
	struct memory_policy policy = { .mode = MPOL_BIND, .nodes = "0" };

	(void)context;
	linux_part.memory_policy = &policy;
	refuse_call(SYS_set_mempolicy, ENOSYS);
	EXPECT(process_set_scheduling(&config, &err) == -1 && err.code == ENOSYS);
	EXPECT_ERROR("linux.memoryPolicy: set_mempolicy: ");
}

static void a_kernel_without_policies_is_an_error(void **state)
{
	(void)state;
	in_child(set_without_policies, NULL);
}

static void set_personality(void *context)
{
	struct personality domain = { .domain = PER_LINUX32 };

	(void)context;
	linux_part.personality = &domain;
	set();
	EXPECT(personality(0xffffffff) == PER_LINUX32);
	domain.domain = PER_LINUX;
	set();
	EXPECT(personality(0xffffffff) == PER_LINUX);
}

static void the_personality_is_set(void **state)
{
	(void)state;
	in_child(set_personality, NULL);
}

#define CASE(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_set_unless_asked_for),
		CASE(policy_and_nice_are_set),
		CASE(priority_and_flags_are_set_where_allowed),
		CASE(deadlines_are_nanoseconds),
		CASE(what_the_kernel_refuses_is_an_error),
		CASE(the_io_priority_is_set),
		CASE(the_memory_policy_is_set),
		CASE(wrong_nodes_are_named),
		CASE(a_kernel_without_policies_is_an_error),
		CASE(the_personality_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
