/* linux.seccomp to BPF by way of libseccomp, and loading it. The only file that knows libseccomp.
 * It does not know when a container loads its filter, nor who gets the notify descriptor. */
#include "runtime/seccomp.h"

#include <ctype.h>
#include <errno.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime/seccomp_cache.h"
#include "runtime/seccomp_check.h"
#include "runtime/seccomp_enosys.h"
#include "spec/base/owned.h"
#include "spec/base/sys.h"

#ifndef ORUN_VERSION
#define ORUN_VERSION "unversioned"
#endif

/* To be raised when this file makes other filters from the same profile. */
#define COMPILER_REVISION 1

/* libseccomp knows some twenty; each is kept once. */
#define MAX_ARCHITECTURES 64
struct architectures {
	uint32_t v[MAX_ARCHITECTURES];
	size_t n;
};

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static uint32_t action_number(int action, const struct opt_uint32 *code)
{
	uint32_t data = code->set ? code->value : EPERM;

	switch (action) {
	case SECCOMP_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case SECCOMP_TRACE:
		return SCMP_ACT_TRACE(data);
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	default: /* SECCOMP_KILL, SECCOMP_KILL_THREAD */
		return SCMP_ACT_KILL_THREAD;
	}
}

static enum scmp_compare operator_number(int op)
{
	static const enum scmp_compare numbers[SECCOMP_OPERATORS] = {
		[SECCOMP_NE] = SCMP_CMP_NE,
		[SECCOMP_LT] = SCMP_CMP_LT,
		[SECCOMP_LE] = SCMP_CMP_LE,
		[SECCOMP_EQ] = SCMP_CMP_EQ,
		[SECCOMP_GE] = SCMP_CMP_GE,
		[SECCOMP_GT] = SCMP_CMP_GT,
		[SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return numbers[op];
}

/* The specification's architectures: config-linux.md, Seccomp. */
static const char *const architecture_names[] = {
	"SCMP_ARCH_X86",	 "SCMP_ARCH_X86_64",	  "SCMP_ARCH_X32",     "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64",	 "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",    "SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64",	 "SCMP_ARCH_MIPS64N32",	  "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",	  "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_S390",	 "SCMP_ARCH_S390X",	  "SCMP_ARCH_SH",      "SCMP_ARCH_SHEB",
	"SCMP_ARCH_PARISC",	 "SCMP_ARCH_PARISC64",	  "SCMP_ARCH_RISCV64",
};

/* libseccomp's names are the specification's without the prefix and in lower case. 0: unknown. */
static uint32_t architecture_number(const char *text)
{
	static const char prefix[] = "SCMP_ARCH_";
	char name[32] = "";

	if (!text_starts_with(text, prefix))
		return 0;
	text += sizeof prefix - 1;
	for (size_t i = 0; text[i]; i++) {
		if (i + 1 >= sizeof name || islower((unsigned char)text[i]))
			return 0;
		name[i] = (char)tolower((unsigned char)text[i]);
	}
	return seccomp_arch_resolve_name(name);
}

int seccomp_architectures(struct string_list *names)
{
	for (size_t i = 0; i < sizeof architecture_names / sizeof *architecture_names; i++)
		if (architecture_number(architecture_names[i]) &&
		    string_list_add(names, architecture_names[i]))
			return -1;
	return 0;
}

static void add_architecture(struct architectures *to, uint32_t architecture)
{
	for (size_t i = 0; i < to->n; i++)
		if (to->v[i] == architecture)
			return;
	if (to->n < MAX_ARCHITECTURES)
		to->v[to->n++] = architecture;
}

static int resolve_architectures(const struct seccomp *seccomp, struct architectures *ret,
				 struct error *err)
{
	/* libseccomp puts the native one into every filter, whether listed or not. */
	*ret = (struct architectures){ .v = { seccomp_arch_native() }, .n = 1 };
	for (size_t i = 0; i < seccomp->architectures.n; i++) {
		uint32_t architecture = architecture_number(seccomp->architectures.v[i]);

		if (!architecture)
			return error_set(err, EINVAL,
					 "linux.seccomp.architectures[%zu]: unknown architecture "
					 "\"%s\"",
					 i, seccomp->architectures.v[i]);
		add_architecture(ret, architecture);
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx filter, const struct architectures *architectures,
			     struct error *err)
{
	for (size_t i = 1; i < architectures->n; i++) {
		int rc = seccomp_arch_add(filter, architectures->v[i]);

		if (rc && rc != -EEXIST)
			return error_errno(err, -rc,
					   "linux.seccomp.architectures: add %#x to a filter for "
					   "%#x",
					   architectures->v[i], architectures->v[0]);
	}
	return 0;
}

static bool compares_argument_twice(const struct seccomp_arg_list *args)
{
	unsigned seen = 0;

	for (size_t i = 0; i < args->n; i++) {
		if (seen & (1u << args->v[i]->index))
			return true;
		seen |= 1u << args->v[i]->index;
	}
	return false;
}

/* A rule's comparisons must all hold. libseccomp has no way to say that of two comparisons of one
 * argument; existing profiles mean "either" by it, because that is what other runtimes make of it:
 * each comparison, also of the other arguments, becomes a rule of its own. */
static int add_call(scmp_filter_ctx filter, uint32_t action, int number,
		    const struct seccomp_arg_list *args)
{
	struct scmp_arg_cmp compare[SYSCALL_ARGUMENTS];
	bool separate = compares_argument_twice(args);
	unsigned n = 0;

	for (size_t i = 0; i < args->n; i++) {
		const struct seccomp_arg *arg = args->v[i];

		/* For MASKED_EQ value is the mask and valueTwo what must be left. */
		compare[n++] = (struct scmp_arg_cmp){ arg->index, operator_number(arg->op),
						      arg->value, arg->value_two };
		if (!separate)
			continue;
		int rc = seccomp_rule_add_array(filter, action, number, 1, compare);
		if (rc && rc != -EEXIST)
			return rc;
		n = 0;
	}
	if (separate)
		return 0;
	int rc = seccomp_rule_add_array(filter, action, number, n, compare);
	return rc == -EEXIST ? 0 : rc;
}

static int add_rule(scmp_filter_ctx filter, const struct seccomp_rule *rule, size_t index,
		    uint32_t default_action, struct error *err)
{
	uint32_t action = action_number(rule->action, &rule->errno_ret);

	/* It would change nothing, and libseccomp refuses it. */
	if (action == default_action)
		return 0;
	for (size_t i = 0; i < rule->names.n; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.v[i]);
		int rc = number == __NR_SCMP_ERROR ? 0
						   : add_call(filter, action, number, &rule->args);
		if (rc)
			return error_errno(err, -rc, "linux.seccomp.syscalls[%zu]: rule for %s",
					   index, rule->names.v[i]);
	}
	return 0;
}

static size_t count_names(const struct seccomp *seccomp)
{
	size_t n = 0;

	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		n += seccomp->syscalls.v[i]->names.n;
	return n;
}

/* A binary tree instead of a list of comparisons: each system call of the container pays for every
 * instruction. libseccomp 2.5.4 makes a wrong tree of no rules at all, and a short list needs none. */
static void optimize(scmp_filter_ctx filter, const struct seccomp *seccomp)
{
	if (count_names(seccomp) > 32)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

/* The largest numbers that the profile mentions, for each of its architectures. */
static size_t find_limits(const struct seccomp *seccomp, const struct architectures *architectures,
			  struct syscall_limit *limits)
{
	size_t n = 0;

	for (size_t a = 0; a < architectures->n; a++) {
		uint32_t architecture = architectures->v[a];
		int largest = 0;

		for (size_t i = 0; i < seccomp->syscalls.n; i++) {
			const struct string_list *names = &seccomp->syscalls.v[i]->names;

			for (size_t j = 0; j < names->n; j++) {
				int number = seccomp_syscall_resolve_name_arch(architecture,
									       names->v[j]);
				largest = number > largest ? number : largest;
			}
		}
		/* libseccomp's own number for x32, whose system calls come as x86_64's. */
		bool x32 = architecture == SCMP_ARCH_X32;
		if (largest)
			limits[n++] = (struct syscall_limit){ x32 ? SCMP_ARCH_X86_64 : architecture,
							      x32, (uint32_t)largest };
	}
	return n;
}

/* Where system calls unknown to the profile are allowed, or answered by a tracer, or get ENOSYS
 * anyway, the kernel's own answer is the right one. */
static bool wants_enosys(const struct seccomp *seccomp, uint32_t default_action)
{
	return seccomp->default_action != SECCOMP_ALLOW && seccomp->default_action != SECCOMP_LOG &&
	       seccomp->default_action != SECCOMP_TRACE && default_action != SCMP_ACT_ERRNO(ENOSYS);
}

/* libseccomp before 2.6 writes to a descriptor only. */
static int export_filter(scmp_filter_ctx filter, const struct sock_filter *prologue,
			 size_t prologue_n, struct seccomp_filter *ret, struct error *err)
{
	owned_fd fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_errno(err, errno, "linux.seccomp: memfd_create");
	int rc = seccomp_export_bpf(filter, fd);
	if (rc)
		return error_errno(err, -rc, "linux.seccomp: make the BPF program");
	if (fstat(fd, &st))
		return error_errno(err, errno, "linux.seccomp: read the BPF program");
	size_t size = (size_t)st.st_size, n = prologue_n + size / sizeof *prologue;
	if (n > BPF_MAXINSNS)
		return error_set(err, E2BIG,
				 "linux.seccomp: %zu instructions are more than the kernel's %d", n,
				 BPF_MAXINSNS);
	owned_memory struct sock_filter *instructions = calloc(n, sizeof *instructions);
	if (!instructions)
		return error_errno(err, ENOMEM, "linux.seccomp");
	if (prologue_n)
		memcpy(instructions, prologue, prologue_n * sizeof *prologue);
	if (pread(fd, instructions + prologue_n, size, 0) != (ssize_t)size)
		return error_set(err, EIO, "linux.seccomp: read the BPF program: short read");
	ret->instructions = take_pointer(instructions);
	ret->n = n;
	return 0;
}

static int make_filter(const struct seccomp *seccomp, const struct architectures *architectures,
		       struct seccomp_filter *ret, struct error *err)
{
	uint32_t default_action =
		action_number(seccomp->default_action, &seccomp->default_errno_ret);
	OWNED(release_filter) scmp_filter_ctx filter = seccomp_init(default_action);
	struct syscall_limit limits[MAX_ARCHITECTURES];
	struct sock_filter prologue[ENOSYS_INSTRUCTIONS(MAX_ARCHITECTURES)];
	size_t prologue_n = 0;

	if (!filter)
		return error_set(err, EINVAL, "linux.seccomp.defaultAction: %s is not supported",
				 seccomp_action_names[seccomp->default_action]);
	if (add_architectures(filter, architectures, err))
		return -1;
	optimize(filter, seccomp);
	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		if (add_rule(filter, seccomp->syscalls.v[i], i, default_action, err))
			return -1;
	if (wants_enosys(seccomp, default_action))
		prologue_n = seccomp_enosys_prologue(
			limits, find_limits(seccomp, architectures, limits), prologue);
	return export_filter(filter, prologue, prologue_n, ret, err);
}

static void key_number(struct buffer *key, uint64_t number)
{
	buffer_add(key, &number, sizeof number);
}

static void key_text(struct buffer *key, const char *text)
{
	buffer_add(key, text, strlen(text) + 1);
}

static void key_errno(struct buffer *key, const struct opt_uint32 *code)
{
	key_number(key, code->set);
	key_number(key, code->set ? code->value : 0);
}

/* Everything that the program depends on. Counts stand before lists and a NUL behind each text, so
 * that two different profiles cannot have one key. */
static void make_key(const struct seccomp *seccomp, const struct architectures *architectures,
		     struct buffer *key)
{
	const struct scmp_version *version = seccomp_version();

	key_text(key, ORUN_VERSION);
	key_number(key, COMPILER_REVISION);
	key_number(key, version->major);
	key_number(key, version->minor);
	key_number(key, version->micro);
	key_number(key, architectures->n);
	for (size_t i = 0; i < architectures->n; i++)
		key_number(key, architectures->v[i]);
	key_number(key, (uint64_t)seccomp->default_action);
	key_errno(key, &seccomp->default_errno_ret);
	key_number(key, seccomp->syscalls.n);
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const struct seccomp_rule *rule = seccomp->syscalls.v[i];

		key_number(key, (uint64_t)rule->action);
		key_errno(key, &rule->errno_ret);
		key_number(key, rule->names.n);
		for (size_t j = 0; j < rule->names.n; j++)
			key_text(key, rule->names.v[j]);
		key_number(key, rule->args.n);
		for (size_t j = 0; j < rule->args.n; j++) {
			key_number(key, rule->args.v[j]->index);
			key_number(key, (uint64_t)rule->args.v[j]->op);
			key_number(key, rule->args.v[j]->value);
			key_number(key, rule->args.v[j]->value_two);
		}
	}
}

static int make_filter_cached(const struct seccomp *seccomp,
			      const struct architectures *architectures, int cache_dirfd,
			      struct seccomp_filter *ret, struct error *err)
{
	OWNED(buffer_finish) struct buffer key = { 0 };

	if (cache_dirfd < 0)
		return make_filter(seccomp, architectures, ret, err);
	make_key(seccomp, architectures, &key);
	if (key.failed)
		return error_errno(err, ENOMEM, "linux.seccomp");
	ret->n = seccomp_cache_load(cache_dirfd, &key, &ret->instructions);
	if (ret->n)
		return 0;
	if (make_filter(seccomp, architectures, ret, err))
		return -1;
	seccomp_cache_save(cache_dirfd, &key, ret->instructions, ret->n);
	return 0;
}

static bool uses_notify(const struct seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		if (seccomp->syscalls.v[i]->action == SECCOMP_NOTIFY)
			return true;
	return false;
}

/* The kernel refuses two combinations that mean something nevertheless: TSYNC and NEW_LISTENER both
 * want seccomp(2)'s return value unless TSYNC_ESRCH frees it; WAIT_KILLABLE_RECV speaks of a listener
 * that a profile without NOTIFY does not have. */
static unsigned load_flags(uint64_t flags, bool notify)
{
	if (!notify)
		return (unsigned)(flags & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return (unsigned)flags;
}

int seccomp_compile(const struct seccomp *seccomp, int cache_dirfd, struct seccomp_filter *ret,
		    struct error *err)
{
	struct architectures architectures;

	*ret = (struct seccomp_filter){ 0 };
	if (!seccomp)
		return 0;
	if (seccomp_check(seccomp, err) || resolve_architectures(seccomp, &architectures, err) ||
	    make_filter_cached(seccomp, &architectures, cache_dirfd, ret, err))
		return -1;
	ret->notify = uses_notify(seccomp);
	ret->flags = load_flags(seccomp->flags, ret->notify);
	return 0;
}

int seccomp_filter_load(const struct seccomp_filter *filter, int *listener, struct error *err)
{
	struct sock_fprog program = { (unsigned short)filter->n, filter->instructions };

	if (listener)
		*listener = -1;
	if (!filter->instructions)
		return 0;
	int got = sys_seccomp(SECCOMP_SET_MODE_FILTER, filter->flags, &program);
	if (got < 0)
		return error_errno(err, errno, "load the seccomp filter (flags %#x)",
				   filter->flags);
	if (!filter->notify && got > 0)
		return error_set(err, ESRCH, "load the seccomp filter: thread %d cannot take it",
				 got);
	if (filter->notify && listener)
		*listener = got;
	return 0;
}

void seccomp_filter_finish(struct seccomp_filter *filter)
{
	free(filter->instructions);
	*filter = (struct seccomp_filter){ 0 };
}
