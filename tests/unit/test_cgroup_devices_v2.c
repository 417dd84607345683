/* The eBPF program for device rules: its meaning by a small interpreter, its form by the kernel's
 * verifier, its effect by a process that opens a device. */
#include <linux/bpf.h>

#include "tests/unit/cgroup_devices.h"
#include "tests/unit/cgroup_host.h"

#define STEPS_MAX 100000u

/* A condition of a jump: both sides as the instruction's width has them. */
static bool holds(int operation, uint32_t left, uint32_t right)
{
	switch (operation) {
	case BPF_JNE:
		return left != right;
	case BPF_JSET:
		return left & right;
	default:
		fail_msg("jump %#x is not one the program should use", operation);
		return false;
	}
}

static uint32_t compute(int operation, uint32_t left, uint32_t right)
{
	switch (operation) {
	case BPF_MOV:
		return right;
	case BPF_AND:
		return left & right;
	case BPF_RSH:
		return left >> right;
	default:
		fail_msg("operation %#x is not one the program should use", operation);
		return 0;
	}
}

static uint32_t interpret(const struct cgroup_device_program *program,
			  const struct bpf_cgroup_dev_ctx *context)
{
	uint32_t registers[11] = { 0 };
	size_t at = 0;

	for (unsigned step = 0; step < STEPS_MAX; step++) {
		assert_true(at < program->n);
		const struct bpf_insn *one = &program->instructions[at++];
		uint32_t right = BPF_SRC(one->code) == BPF_X ? registers[one->src_reg]
							     : (uint32_t)one->imm;
		switch (BPF_CLASS(one->code)) {
		case BPF_LDX:
			memcpy(&registers[one->dst_reg], (const char *)context + one->off, 4);
			break;
		case BPF_ALU:
			registers[one->dst_reg] =
				compute(BPF_OP(one->code), registers[one->dst_reg], right);
			break;
		case BPF_JMP32:
			if (holds(BPF_OP(one->code), registers[one->dst_reg], right))
				at += (size_t)one->off;
			break;
		case BPF_JMP:
			if (BPF_OP(one->code) == BPF_EXIT)
				return registers[0];
			assert_int_equal(BPF_OP(one->code), BPF_JA);
			at += (size_t)one->off;
			break;
		default:
			fail_msg("class of %#x is not one the program should use", one->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

static uint32_t kernel_bits(int access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0u) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0u) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0u);
}

/* Every device over a few numbers, with every combination of accesses. */
static void check_program(const struct cgroup_device_rules *rules)
{
	static const uint32_t numbers[] = { 0, 1, 3, 0xffffffff };
	struct cgroup_device_program program;
	struct error err = { 0 };

	assert_int_equal(cgroup_device_program_build(rules, &program, &err), 0);
	for (unsigned n = 0; n < 2 * 4 * 4 * 7; n++) {
		char type = n & 1 ? 'c' : 'b';
		int access = (int)(1 + n / 32);
		struct bpf_cgroup_dev_ctx context = {
			.access_type = (kernel_bits(access) << 16) |
				       (type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
			.major = numbers[n / 2 % 4],
			.minor = numbers[n / 8 % 4],
		};
		bool expected = rules_allow(rules, type, context.major, context.minor, access);
		bool got = program.n ? interpret(&program, &context) == 1 : true;
		if (got != expected)
			fail_msg("%c %u:%u access %d: %d", type, context.major, context.minor,
				 access, got);
	}
	free(program.instructions);
}

static void each_single_rule_means_what_it_says(void **state)
{
	(void)state;
	for (unsigned n = 0; n < SOME_RULES * 2; n++) {
		struct cgroup_device_rule rule = some_rule(n / 2);
		check_program(&(struct cgroup_device_rules){ n & 1, &rule, 1 });
	}
}

static void lists_of_rules_mean_what_they_say(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 10000; round++) {
		struct cgroup_device_rule v[6];
		const struct cgroup_device_rules rules = { round & 1, v, round / 2 % 7 };
		for (size_t i = 0; i < rules.n; i++)
			v[i] = some_rule(next_random(&seed) % SOME_RULES);
		check_program(&rules);
	}
}

static void where_all_is_allowed_there_is_no_program(void **state)
{
	struct cgroup_device_rule allow = { true, 'c', 1, 3, DEVICE_ALL };
	struct cgroup_device_program program;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_device_program_build(
				 &(struct cgroup_device_rules){ true, &allow, 1 }, &program, &err),
			 0);
	assert_int_equal(program.n, 0);
	assert_int_equal(cgroup_device_program_attach(&program, -1, &err), 0);
}

/* As many rules as are accepted: every jump must still reach, and the verifier must come to an end. */
static void the_kernel_accepts_long_programs(void **state)
{
	uint32_t seed = 11;
	struct box box = { 0 };
	struct cgroup_device_rule v[600];
	const struct cgroup_device_rules rules = { false, v, 600 };
	struct error err = { 0 };

	(void)state;
	NEED_V2();
	for (size_t i = 0; i < rules.n; i++) {
		v[i] = some_rule(next_random(&seed) % SOME_RULES);
		v[i].access = i % 4 ? DEVICE_ALL : v[i].access;
		v[i].major = (int64_t)(i + 1);
	}
	plan_v2("long", NULL, &box.plan);
	free(box.plan.device_program.instructions);
	assert_int_equal(cgroup_device_program_build(&rules, &box.plan.device_program, &err), 0);
	box_create(&box);
	box_finish(&box);
}

static int open_kmsg(void *context)
{
	int fd = open("/dev/kmsg", *(const int *)context | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static int open_null(void *context)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)context;
	return fd < 0 ? errno : 0;
}

static void check_open(struct box *box, int flags, int expected)
{
	assert_int_equal(exit_status(box_spawn(box, open_kmsg, &flags)), expected);
}

static void the_kernel_denies_what_no_rule_allows(void **state)
{
	struct device_rule rule = { .allow = true,
				    .type = 'c',
				    .major = { true, 1 },
				    .minor = { true, 11 },
				    .access = (char[]){ "r" } };
	struct device_rule *list[] = { &rule };
	struct resources readable = { .devices = { list, 1 } };
	struct box box;
	int read_only = O_RDONLY;

	(void)state;
	NEED_V2();
	if (open_kmsg(&read_only)) {
		print_message("skip: /dev/kmsg cannot be opened\n");
		skip();
	}
	plan_v2("none", NULL, &box.plan);
	box_create(&box);
	check_open(&box, O_RDONLY, EPERM);
	assert_int_equal(exit_status(box_spawn(&box, open_null, NULL)), 0);
	box_finish(&box);
	plan_v2("read", &readable, &box.plan);
	box_create(&box);
	check_open(&box, O_RDONLY, 0);
	check_open(&box, O_WRONLY, EPERM);
	box_finish(&box);
}

static void a_program_for_nothing_that_is_a_group_is_refused(void **state)
{
	struct cgroup_device_program program;
	struct error err = { 0 };
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	NEED_V2();
	assert_int_equal(
		cgroup_device_program_build(&(struct cgroup_device_rules){ 0 }, &program, &err), 0);
	assert_int_equal(cgroup_device_program_attach(&program, fd, &err), -1);
	assert_non_null(strstr(err.msg, "linux.resources.devices: attach eBPF program: "));
	close(fd);
	free(program.instructions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_single_rule_means_what_it_says),
		cmocka_unit_test(lists_of_rules_mean_what_they_say),
		cmocka_unit_test(where_all_is_allowed_there_is_no_program),
		cmocka_unit_test(the_kernel_accepts_long_programs),
		cmocka_unit_test(the_kernel_denies_what_no_rule_allows),
		cmocka_unit_test(a_program_for_nothing_that_is_a_group_is_refused),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
