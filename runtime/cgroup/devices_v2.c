/* Device rules as an eBPF program for BPF_CGROUP_DEVICE, and its way into the kernel by bpf(2).
 * Must not know of configurations or paths. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/cgroup/devices.h"
#include "spec/base/owned.h"

/* The program keeps what it needs of struct bpf_cgroup_dev_ctx in these registers. PENDING holds the
 * access that no rule has decided yet: rules are tried from the last to the first. */
enum { RESULT = BPF_REG_0, CONTEXT = BPF_REG_1, TYPE, PENDING, MAJOR, MINOR };

enum { HEAD = 6, MOST_PER_RULE = 8, TAIL = 2 };

static struct bpf_insn load(int to, size_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				  .dst_reg = (unsigned)to & 0xf,
				  .src_reg = CONTEXT,
				  .off = (int16_t)offset };
}

static struct bpf_insn alu(int operation, int to, uint32_t immediate)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | operation | BPF_K),
				  .dst_reg = (unsigned)to & 0xf,
				  .imm = (int32_t)immediate };
}

/* 32-bit comparison (kernel 5.1): a 64-bit one would extend the sign of a large device number. */
static struct bpf_insn jump(int condition, int left, uint32_t right, int16_t over)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_JMP32 | condition | BPF_K),
				  .dst_reg = (unsigned)left & 0xf,
				  .off = over,
				  .imm = (int32_t)right };
}

static const struct bpf_insn leave = { .code = BPF_JMP | BPF_EXIT };

static void add_head(struct cgroup_device_program *program)
{
	struct bpf_insn *v = program->instructions;

	v[program->n++] = load(TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	v[program->n++] = load(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	v[program->n++] = load(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	v[program->n++] = (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
					     .dst_reg = PENDING,
					     .src_reg = TYPE };
	v[program->n++] = alu(BPF_AND, TYPE, 0xffff);
	v[program->n++] = alu(BPF_RSH, PENDING, 16);
}

static uint32_t kernel_access(int access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0u) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0u) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0u);
}

static void add_verdict(struct cgroup_device_program *program, bool allow)
{
	program->instructions[program->n++] = alu(BPF_MOV, RESULT, allow);
	program->instructions[program->n++] = leave;
}

/* Jumps over the rest of the rule are written as 0 first and get their width once it is known. */
static void add_rule(struct cgroup_device_program *program, const struct cgroup_device_rule *rule)
{
	struct bpf_insn *v = program->instructions;
	size_t start = program->n;
	uint32_t access = kernel_access(rule->access);

	v[program->n++] = jump(BPF_JNE, TYPE,
			       rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 0);
	if (rule->major != DEVICE_ANY)
		v[program->n++] = jump(BPF_JNE, MAJOR, (uint32_t)rule->major, 0);
	if (rule->minor != DEVICE_ANY)
		v[program->n++] = jump(BPF_JNE, MINOR, (uint32_t)rule->minor, 0);
	size_t end_of_match = program->n;
	if (rule->access != DEVICE_ALL && rule->allow) {
		v[program->n++] = alu(BPF_AND, PENDING, ~access);
		end_of_match = program->n + 1;
		v[program->n++] = jump(BPF_JNE, PENDING, 0, 0);
	} else if (rule->access != DEVICE_ALL) {
		v[program->n++] = jump(BPF_JSET, PENDING, access, 1);
		v[program->n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = TAIL };
	}
	add_verdict(program, rule->allow);
	for (size_t i = start; i < end_of_match; i++)
		if (BPF_CLASS(v[i].code) == BPF_JMP32)
			v[i].off = (int16_t)(program->n - i - 1);
}

int cgroup_device_program_build(const struct cgroup_device_rules *rules,
				struct cgroup_device_program *program, struct error *err)
{
	bool everything = rules->default_allow;

	*program = (struct cgroup_device_program){ 0 };
	for (size_t i = 0; i < rules->n; i++)
		everything = everything && rules->v[i].allow;
	if (everything)
		return 0;
	program->instructions = reallocarray(NULL, HEAD + rules->n * MOST_PER_RULE + TAIL,
					     sizeof *program->instructions);
	if (!program->instructions)
		return error_errno(err, ENOMEM, "linux.resources.devices");
	add_head(program);
	for (size_t i = rules->n; i-- > 0;)
		add_rule(program, &rules->v[i]);
	add_verdict(program, rules->default_allow);
	return 0;
}

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int load_program(const struct cgroup_device_program *program)
{
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insn_cnt = (uint32_t)program->n,
		.insns = (uintptr_t)program->instructions,
		.license = (uintptr_t) "", /* no helper is called that asks for one */
	};

	return bpf(BPF_PROG_LOAD, &attributes);
}

/* Before kernel 5.11 a program counts as locked memory, whose default limit is too small for it. */
static int load_program_beyond_limit(const struct cgroup_device_program *program)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit before;

	if (getrlimit(RLIMIT_MEMLOCK, &before) || setrlimit(RLIMIT_MEMLOCK, &unlimited)) {
		errno = EPERM;
		return -1;
	}
	int fd = load_program(program), code = errno;
	setrlimit(RLIMIT_MEMLOCK, &before);
	errno = code;
	return fd;
}

int cgroup_device_program_attach(const struct cgroup_device_program *program, int directory_fd,
				 struct error *err)
{
	if (!program->n)
		return 0;
	owned_fd fd = load_program(program);
	if (fd < 0 && errno == EPERM)
		fd = load_program_beyond_limit(program);
	if (fd < 0)
		return error_errno(err, errno, "linux.resources.devices: load eBPF program");
	union bpf_attr attributes = {
		.target_fd = (uint32_t)directory_fd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	if (bpf(BPF_PROG_ATTACH, &attributes))
		return error_errno(err, errno, "linux.resources.devices: attach eBPF program");
	return 0;
}
