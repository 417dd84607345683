/* Filters of system calls: what the default allows to whom, and Docker's and the specification's files. */
#include "imgtool/convert/seccomp_profile.h"

#include "tests/unit/sandbox.h"

static struct seccomp *profile;
static struct error err;
static struct string_list capabilities;

static int begin(void **state)
{
	(void)state;
	err = (struct error){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	table_free(&seccomp_type, profile);
	profile = NULL;
	string_list_finish(&capabilities);
	return 0;
}

static void use_default(const char *architecture)
{
	const struct seccomp_for container = { architecture, &capabilities };

	table_free(&seccomp_type, profile);
	profile = seccomp_default(&container, &err);
	if (!profile)
		fail_msg("%s", err.msg);
}

static void add_capability(const char *name)
{
	assert_int_equal(string_list_add(&capabilities, name), 0);
}

static int compare(const struct seccomp_arg *argument, uint64_t value)
{
	switch (argument->op) {
	case SECCOMP_EQ:
		return value == argument->value;
	case SECCOMP_LT:
		return value < argument->value;
	case SECCOMP_GT:
		return value > argument->value;
	case SECCOMP_MASKED_EQ:
		return (value & argument->value) == argument->value_two;
	default:
		fail_msg("operator %d", argument->op);
		return 0;
	}
}

/* What the call comes to: SECCOMP_ALLOW, or the errno negated. */
static int outcome(const char *name, const uint64_t arguments[6])
{
	int allowed = 0, failed = 0;

	for (size_t i = 0; i < profile->syscalls.n; i++) {
		const struct seccomp_rule *rule = profile->syscalls.v[i];
		bool matches = string_list_has(&rule->names, name);

		for (size_t k = 0; k < rule->args.n; k++)
			matches &= compare(rule->args.v[k], arguments[rule->args.v[k]->index]) != 0;
		if (matches && rule->action == SECCOMP_ALLOW)
			allowed++;
		else if (matches)
			failed = (int)rule->errno_ret.value;
	}
	/* libseccomp takes no second rule that says otherwise for the same call. */
	if (allowed && failed)
		fail_msg("%s is both allowed and refused", name);
	return allowed ? SECCOMP_ALLOW : -(failed ? failed : (int)profile->default_errno_ret.value);
}

static void check_with(const char *name, const uint64_t arguments[6], int expected)
{
	int found = outcome(name, arguments);

	if (found != expected)
		fail_msg("%s: %d and not %d", name, found, expected);
}

static void check(const char *name, int expected)
{
	static const uint64_t zero[6];

	check_with(name, zero, expected);
}

static void check_first(const char *name, uint64_t first, int expected)
{
	const uint64_t arguments[6] = { first };

	check_with(name, arguments, expected);
}

static void what_programs_use_is_allowed(void **state)
{
	static const char *const names[] = {
		"read",
		"openat2",
		"execve",
		"fork",
		"mmap",
		"futex_waitv",
		"epoll_pwait2",
		"clock_gettime",
		"ptrace",
		"process_vm_readv",
		"setresuid32",
		"seccomp",
		"getrandom",
		"rseq",
		"close_range",
		"fchmodat2",
		"landlock_add_rule",
		"statx",
		"copy_file_range",
		"io_submit",
		"mq_open",
		"memfd_secret",
		"setxattrat",
		"statmount",
		"fanotify_mark",
		"name_to_handle_at",
		"arch_prctl",
		"modify_ldt",
		"mseal",
		"uretprobe",
	};

	(void)state;
	use_default("amd64");
	assert_int_equal(profile->default_action, SECCOMP_ERRNO);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check(names[i], SECCOMP_ALLOW);
}

static void what_lets_out_is_not(void **state)
{
	static const char *const names[] = {
		"io_uring_setup",
		"io_uring_enter",
		"userfaultfd",
		"keyctl",
		"add_key",
		"request_key",
		"kexec_load",
		"kexec_file_load",
		"init_module",
		"mount",
		"umount2",
		"unshare",
		"setns",
		"pivot_root",
		"swapon",
		"reboot",
		"bpf",
		"perf_event_open",
		"open_by_handle_at",
		"move_mount",
		"fsopen",
		"settimeofday",
		"iopl",
		"ioperm",
		"acct",
		"quotactl",
		"syslog",
		"vhangup",
		"kcmp",
		"pidfd_getfd",
		"mbind",
		"nfsservctl",
		"_sysctl",
		"uselib",
		"ustat",
		"create_module",
		"vm86",
		"chroot",
		"sethostname",
		"move_pages",
		"open_tree",
		"mount_setattr",
		"riscv_flush_icache",
		"cacheflush",
	};

	(void)state;
	use_default("amd64");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check(names[i], -EPERM);
}

static void capabilities_allow_what_they_are_for(void **state)
{
	static const struct {
		const char *capability, *name;
	} cases[] = {
		{ "CAP_SYS_CHROOT", "chroot" },
		{ "CAP_SYS_ADMIN", "mount" },
		{ "CAP_SYS_ADMIN", "unshare" },
		{ "CAP_SYS_ADMIN", "clone3" },
		{ "CAP_SYS_ADMIN", "bpf" },
		{ "CAP_BPF", "bpf" },
		{ "CAP_PERFMON", "perf_event_open" },
		{ "CAP_SYSLOG", "syslog" },
		{ "CAP_SYS_PTRACE", "kcmp" },
		{ "CAP_SYS_TIME", "clock_settime" },
		{ "CAP_SYS_NICE", "mbind" },
		{ "CAP_SYS_MODULE", "finit_module" },
		{ "CAP_SYS_BOOT", "reboot" },
		{ "CAP_SYS_RAWIO", "iopl" },
		{ "CAP_SYS_PACCT", "acct" },
		{ "CAP_SYS_TTY_CONFIG", "vhangup" },
		{ "CAP_DAC_READ_SEARCH", "open_by_handle_at" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		string_list_finish(&capabilities);
		add_capability("CAP_CHOWN");
		use_default("amd64");
		assert_true(outcome(cases[i].name, (uint64_t[6]){ 0 }) < 0);
		add_capability(cases[i].capability);
		use_default("amd64");
		check(cases[i].name, SECCOMP_ALLOW);
		check("kexec_load", -EPERM);
		check("io_uring_setup", -EPERM);
	}
}

static void processes_but_no_namespaces(void **state)
{
	(void)state;
	use_default("amd64");
	check_first("clone", SIGCHLD, SECCOMP_ALLOW);
	check_first("clone", CLONE_VM | CLONE_FS | CLONE_THREAD | CLONE_SIGHAND, SECCOMP_ALLOW);
	check_first("clone", CLONE_NEWUSER | SIGCHLD, -EPERM);
	check_first("clone", CLONE_NEWNS, -EPERM);
	check_first("clone", CLONE_NEWNET | CLONE_VM, -EPERM);
	check("clone3", -ENOSYS);
	add_capability("CAP_SYS_ADMIN");
	use_default("amd64");
	check_first("clone", CLONE_NEWUSER | SIGCHLD, SECCOMP_ALLOW);
	check("clone3", SECCOMP_ALLOW);
}

static void some_families_of_sockets_are_the_hosts(void **state)
{
	(void)state;
	use_default("amd64");
	for (uint64_t family = 0; family < 64; family++)
		check_first("socket", family,
			    family == 38 || family == 40 ? -EPERM : SECCOMP_ALLOW);
}

static void personalities_keep_protections(void **state)
{
	(void)state;
	use_default("amd64");
	check_first("personality", 0, SECCOMP_ALLOW);
	check_first("personality", 8, SECCOMP_ALLOW);
	check_first("personality", 0x20000, SECCOMP_ALLOW);
	check_first("personality", 0x20008, SECCOMP_ALLOW);
	check_first("personality", 0xffffffff, SECCOMP_ALLOW);
	check_first("personality", 0x40000, -EPERM);  /* ADDR_NO_RANDOMIZE */
	check_first("personality", 0x400000, -EPERM); /* READ_IMPLIES_EXEC */
}

static void architectures_have_calls_of_their_own(void **state)
{
	(void)state;
	use_default("amd64");
	assert_int_equal(profile->architectures.n, 3);
	assert_true(string_list_has(&profile->architectures, "SCMP_ARCH_X86_64"));
	assert_true(string_list_has(&profile->architectures, "SCMP_ARCH_X32"));
	use_default("arm64");
	assert_int_equal(profile->architectures.n, 2);
	assert_true(string_list_has(&profile->architectures, "SCMP_ARCH_ARM"));
	check("cacheflush", SECCOMP_ALLOW);
	check("arch_prctl", -EPERM);
	use_default("s390x");
	check("s390_runtime_instr", SECCOMP_ALLOW);
	check_with("clone", (uint64_t[6]){ CLONE_NEWUSER, SIGCHLD }, SECCOMP_ALLOW);
	check_with("clone", (uint64_t[6]){ 0, CLONE_NEWUSER }, -EPERM);
	use_default("riscv64");
	check("riscv_flush_icache", SECCOMP_ALLOW);
	use_default("vax");
	assert_int_equal(profile->architectures.n, 0);
	check("read", SECCOMP_ALLOW);
	check_first("clone", CLONE_NEWUSER, -EPERM);
}

static struct seccomp *load(const char *text)
{
	const struct seccomp_for container = { "amd64", &capabilities };

	make_text(in_sandbox("profile"), text);
	table_free(&seccomp_type, profile);
	err = (struct error){ 0 };
	profile = seccomp_load(in_sandbox("profile"), &container, &err);
	return profile;
}

static void load_fails(const char *text, const char *words)
{
	if (load(text))
		fail_msg("%s was taken", text);
	if (!strstr(err.msg, words))
		fail_msg("%s: \"%s\" and not \"%s\"", text, err.msg, words);
}

static void the_specifications_form_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_non_null(load(
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"],"
		"\"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"syscalls\": [{\"names\": [\"mkdir\"], \"action\": \"SCMP_ACT_ERRNO\","
		"\"errnoRet\": 5, \"args\": [{\"index\": 1, \"value\": 7,"
		"\"valueTwo\": 8, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}"));
	assert_int_equal(profile->default_action, SECCOMP_ALLOW);
	assert_int_equal(profile->architectures.n, 1);
	assert_int_equal(profile->flags, SECCOMP_FILTER_FLAG_LOG);
	assert_int_equal(profile->syscalls.n, 1);
	assert_int_equal(profile->syscalls.v[0]->errno_ret.value, 5);
	assert_int_equal(profile->syscalls.v[0]->args.v[0]->value_two, 8);
}

/* Which of the rules are left: those whose first name is so. */
static void assert_rules(const char *expected)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < profile->syscalls.n; i++)
		buffer_print(&text, "%s%s", i ? " " : "", profile->syscalls.v[i]->names.v[0]);
	assert_string_equal(text.text, expected);
	buffer_finish(&text);
}

#define RULE(name, more) "{\"names\": [\"" name "\"], \"action\": \"SCMP_ACT_ALLOW\"" more "}"

static void dockers_conditions_are_met_here(void **state)
{
	/* clang-format off */
	static const char text[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"archMap\": ["
		"{\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": [\"SCMP_ARCH_ARM\"]},"
		"{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\"]},"
		"{\"architecture\": \"SCMP_ARCH_RISCV64\", \"subArchitectures\": null}], \"syscalls\": ["
		RULE("a", "") ","
		RULE("b", ", \"includes\": {\"arches\": [\"arm64\"]}") ","
		RULE("c", ", \"includes\": {\"arches\": [\"x32\", \"amd64\"]}, \"comment\": \"c\"") ","
		RULE("d", ", \"excludes\": {\"arches\": [\"amd64\"]}") ","
		RULE("e", ", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}") ","
		RULE("f", ", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}, \"includes\": {}") ","
		RULE("g", ", \"includes\": {\"caps\": [\"CAP_CHOWN\", \"CAP_SYS_ADMIN\"]}") ","
		RULE("h", ", \"excludes\": {\"caps\": [\"CAP_CHOWN\", \"CAP_SYS_ADMIN\"]}") ","
		RULE("i", ", \"includes\": {\"minKernel\": \"4.8\"}, \"args\": null") ","
		RULE("j", ", \"includes\": {\"minKernel\": \"99.0\"}") ","
		RULE("k", ", \"excludes\": {\"minKernel\": \"4.8\"}") ","
		RULE("l", ", \"excludes\": {\"minKernel\": \"99.0\"}") "]}";
	/* clang-format on */

	(void)state;
	add_capability("CAP_CHOWN");
	assert_non_null(load(text));
	assert_rules("a c f i l");
	assert_int_equal(profile->architectures.n, 2);
	assert_string_equal(profile->architectures.v[0], "SCMP_ARCH_X86_64");
	assert_string_equal(profile->architectures.v[1], "SCMP_ARCH_X86");
	add_capability("CAP_SYS_ADMIN");
	assert_non_null(load(text));
	assert_rules("a c e g i l");
}

static void what_is_no_profile(void **state)
{
	(void)state;
	load_fails("", "profile");
	load_fails("[]", "expected object");
	load_fails("{}", "defaultAction: required, but missing");
	load_fails("{\"defaultAction\": \"ALLOW\"}", "unknown value 'ALLOW'");
	load_fails("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"],"
		   "\"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\"}]}",
		   "architectures and archMap exclude each other");
	load_fails("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			   "a", ", \"includes\": {\"minKernel\": \"four\"}") "]}",
		   "syscalls[0]: minKernel 'four'");
	load_fails("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"action\": "
		   "\"SCMP_ACT_ALLOW\"}]}",
		   "names: required");
	load_fails("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			   "a", ", \"includes\": []") "]}",
		   "includes: expected object");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_programs_use_is_allowed),
		CASE(what_lets_out_is_not),
		CASE(capabilities_allow_what_they_are_for),
		CASE(processes_but_no_namespaces),
		CASE(some_families_of_sockets_are_the_hosts),
		CASE(personalities_keep_protections),
		CASE(architectures_have_calls_of_their_own),
		CASE(the_specifications_form_is_taken_as_it_is),
		CASE(dockers_conditions_are_met_here),
		CASE(what_is_no_profile),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
