/* Capabilities, labels, paths that are hidden. The filters of system calls are in test_seccomp_profile.c. */
#include "tests/unit/conversion.h"

#define DEFAULT                                                                                  \
	"CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID "       \
	"CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SYS_CHROOT CAP_MKNOD CAP_AUDIT_WRITE " \
	"CAP_SETFCAP"

static void root_has_dockers_capabilities(void **state)
{
	(void)state;
	convert_plain();
	const struct capabilities *capabilities = converted->process->capabilities;
	assert_words(&capabilities->bounding, DEFAULT);
	assert_words(&capabilities->effective, DEFAULT);
	assert_words(&capabilities->permitted, DEFAULT);
	assert_int_equal(capabilities->inheritable.n, 0);
	assert_int_equal(capabilities->ambient.n, 0);
	assert_false(converted->process->no_new_privileges);
}

static void another_user_has_none_to_begin_with(void **state)
{
	(void)state;
	options.cap_add = WORDS("NET_ADMIN");
	convert("\"Cmd\": [\"/x\"], \"User\": \"1000\"");
	const struct capabilities *capabilities = converted->process->capabilities;
	assert_int_equal(capabilities->bounding.n, 15);
	assert_int_equal(capabilities->effective.n, 0);
	assert_int_equal(capabilities->permitted.n, 0);
	assert_int_equal(capabilities->ambient.n, 0);
}

static const struct string_list *bounding(void)
{
	convert_plain();
	return &converted->process->capabilities->bounding;
}

static void capabilities_are_added_and_dropped(void **state)
{
	(void)state;
	options.cap_drop =
		(struct string_list){ (char *[]){ "net_raw", "CAP_MKNOD", "cap_kill", NULL }, 3 };
	options.cap_add = (struct string_list){ (char *[]){ "SYS_PTRACE", "KILL", NULL }, 2 };
	assert_words(bounding(),
		     "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID "
		     "CAP_SETUID CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_SYS_PTRACE "
		     "CAP_AUDIT_WRITE CAP_SETFCAP");
}

static void all_but_some(void **state)
{
	(void)state;
	options.cap_drop = (struct string_list){ (char *[]){ "all", NULL }, 1 };
	assert_words(bounding(), "");
	options.cap_add = (struct string_list){ (char *[]){ "CHOWN", "BPF", NULL }, 2 };
	assert_words(bounding(), "CAP_CHOWN CAP_BPF");
	options.cap_drop = (struct string_list){ (char *[]){ "SYS_ADMIN", NULL }, 1 };
	options.cap_add = (struct string_list){ (char *[]){ "ALL", NULL }, 1 };
	assert_false(string_list_has(bounding(), "CAP_SYS_ADMIN"));
	assert_true(string_list_has(bounding(), "CAP_SYS_MODULE"));
	assert_true(bounding()->n >= 37);
	options.cap_drop = (struct string_list){ 0 };
	assert_true(string_list_has(bounding(), "CAP_SYS_ADMIN"));
}

static void unknown_capabilities_are_refused(void **state)
{
	(void)state;
	options.cap_add = WORDS("SYS_ADMINISTRATOR");
	option_fails("--cap-add 'SYS_ADMINISTRATOR' is not a capability");
	options.cap_add = WORDS("CAP_ALL");
	option_fails("is not a capability");
	options.cap_add = (struct string_list){ 0 };
	options.cap_drop = WORDS("");
	option_fails("--cap-drop '' is not a capability");
}

static void privileges_can_be_final(void **state)
{
	static const char *const on[] = { "no-new-privileges", "no-new-privileges:true",
					  "no-new-privileges=true" };

	(void)state;
	for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
		options.security = WORDS(on[i]);
		convert_plain();
		assert_true(converted->process->no_new_privileges);
	}
	options.security = WORDS("no-new-privileges", "no-new-privileges=false");
	convert_plain();
	assert_false(converted->process->no_new_privileges);
}

static void labels_have_parts(void **state)
{
	(void)state;
	convert_plain();
	assert_null(converted->process->selinux_label);
	assert_null(converted->linux_->mount_label);
	options.security = WORDS("label=type:my_t", "label=level:s0:c1,c2");
	convert_plain();
	assert_string_equal(converted->process->selinux_label, "system_u:system_r:my_t:s0:c1,c2");
	assert_string_equal(converted->linux_->mount_label,
			    "system_u:object_r:container_file_t:s0:c1,c2");
	options.security =
		WORDS("label:user:u", "label=role:r", "label=type:t", "label=filetype:f");
	convert_plain();
	assert_string_equal(converted->process->selinux_label, "u:r:t:s0");
	assert_string_equal(converted->linux_->mount_label, "system_u:object_r:f:s0");
	options.security = WORDS("label=type:t", "label=disable");
	convert_plain();
	assert_null(converted->process->selinux_label);
	assert_null(converted->linux_->mount_label);
}

static void apparmor_has_a_profile(void **state)
{
	(void)state;
	options.security = WORDS("apparmor=docker-default");
	convert_plain();
	assert_string_equal(converted->process->apparmor_profile, "docker-default");
	options.security = WORDS("apparmor=unconfined");
	convert_plain();
	assert_null(converted->process->apparmor_profile);
}

static void unknown_options_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "bogus",
					   "seccomp",
					   "seccomp=",
					   "label",
					   "label=x",
					   "label=type:",
					   "apparmor=",
					   "no-new-privileges=yes",
					   "no-new-privilege",
					   "systempaths=confined" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		options.security = WORDS(bad[i]);
		option_fails("is unknown; there are no-new-privileges");
	}
}

static void paths_that_tell_of_the_host_are_hidden(void **state)
{
	static const char *const masked[] = {
		"/proc/acpi",	     "/proc/asound",  "/proc/interrupts",
		"/proc/kcore",	     "/proc/keys",    "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
		"/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap",
	};

	(void)state;
	convert_plain();
	for (size_t i = 0; i < sizeof masked / sizeof *masked; i++)
		assert_true(string_list_has(&converted->linux_->masked_paths, masked[i]));
	assert_words(&converted->linux_->readonly_paths,
		     "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger");
	options.security = WORDS("systempaths=unconfined");
	convert_plain();
	assert_int_equal(converted->linux_->masked_paths.n, 0);
	assert_int_equal(converted->linux_->readonly_paths.n, 0);
}

static void system_calls_are_filtered(void **state)
{
	(void)state;
	convert_plain();
	assert_non_null(converted->linux_->seccomp);
	options.security = WORDS("seccomp=unconfined");
	convert_plain();
	assert_null(converted->linux_->seccomp);
	options.security = WORDS("seccomp=builtin");
	convert_plain();
	assert_int_equal(converted->linux_->seccomp->default_action, SECCOMP_ERRNO);
	make_text(in_sandbox("profile"), "{\"defaultAction\": \"SCMP_ACT_LOG\"}");
	options.security = WORDS(text_format("seccomp=%s", in_sandbox("profile")));
	convert_plain();
	assert_int_equal(converted->linux_->seccomp->default_action, SECCOMP_LOG);
	free(options.security.v[0]);
	options.security = WORDS("seccomp=/nonexistent");
	option_fails("seccomp profile: open /nonexistent: no such file or directory");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(root_has_dockers_capabilities),
		CASE(another_user_has_none_to_begin_with),
		CASE(capabilities_are_added_and_dropped),
		CASE(all_but_some),
		CASE(unknown_capabilities_are_refused),
		CASE(privileges_can_be_final),
		CASE(labels_have_parts),
		CASE(apparmor_has_a_profile),
		CASE(unknown_options_are_refused),
		CASE(paths_that_tell_of_the_host_are_hidden),
		CASE(system_calls_are_filtered),
	};

	return cmocka_run_group_tests(tests, sandbox_setup, sandbox_teardown);
}
