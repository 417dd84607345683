/* For tests of seccomp: profiles as JSON, the filters made from them, and what they answer. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/seccomp.h"
#include "runtime/seccomp_probe.h"
#include "spec/base/owned.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ERRNO(code) (SECCOMP_RET_ERRNO | (unsigned)(code))

static inline struct seccomp *profile_of(const char *json)
{
	struct problems problems = { 0 };
	struct seccomp *profile = table_parse(&seccomp_type, json, strlen(json), &problems);

	if (!profile)
		fail_msg("%s: %s", json, problems.list.n ? problems.list.v[0] : "?");
	problems_finish(&problems);
	return profile;
}

static inline int compile(const char *json, int cache, struct seccomp_filter *filter,
			  struct error *err)
{
	struct seccomp *profile = profile_of(json);
	int rc = seccomp_compile(profile, cache, filter, err);

	table_free(&seccomp_type, profile);
	return rc;
}

static inline struct seccomp_filter filter_of(const char *json)
{
	struct seccomp_filter filter;
	struct error err = { 0 };

	if (compile(json, -1, &filter, &err))
		fail_msg("%s: %s", json, err.msg);
	return filter;
}

static inline uint32_t answer_on(const struct seccomp_filter *filter, uint32_t arch, int number)
{
	struct seccomp_data data = { .nr = number, .arch = arch };

	return seccomp_evaluate(filter, &data);
}

static inline uint32_t answer_to(const struct seccomp_filter *filter, const char *name,
				 uint64_t first, uint64_t second)
{
	struct seccomp_data data = { .nr = seccomp_syscall_resolve_name(name),
				     .arch = seccomp_arch_native(),
				     .args = { first, second } };

	assert_true(data.nr >= 0);
	return seccomp_evaluate(filter, &data);
}

static inline void assert_answer(const struct seccomp_filter *filter, const char *name,
				 uint32_t expected)
{
	uint32_t answer = answer_to(filter, name, 0, 0);

	if (answer != expected)
		fail_msg("%s: %#x, not %#x", name, answer, expected);
}

/* Everything that this libseccomp can name but some fifty calls that change the machine, for three
 * architectures, with rules for arguments: the size of the profiles that engines hand over. */
static inline char *large_profile(void)
{
	static const char *const kept_out[] = {
		"acct",		 "add_key",	    "bpf",	     "clock_adjtime",
		"clock_settime", "create_module",   "delete_module", "finit_module",
		"fsconfig",	 "fsmount",	    "fsopen",	     "fspick",
		"init_module",	 "ioperm",	    "iopl",	     "kexec_load",
		"keyctl",	 "lookup_dcookie",  "mount",	     "mount_setattr",
		"move_mount",	 "move_pages",	    "nfsservctl",    "open_by_handle_at",
		"open_tree",	 "perf_event_open", "pivot_root",    "quotactl",
		"reboot",	 "request_key",	    "setdomainname", "sethostname",
		"setns",	 "settimeofday",    "stime",	     "swapon",
		"swapoff",	 "sysfs",	    "umount2",	     "unshare",
		"uselib",	 "userfaultfd",	    "ustat",	     "vhangup",
		"vm86",		 "personality",	    "clone",	     "socket",
	};
	struct buffer json = { 0 };
	const char *comma = "";

	buffer_print(&json,
		     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[%s],"
		     "\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[",
		     seccomp_arch_native() == SCMP_ARCH_X86_64
			     ? "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\""
			     : "");
	for (int number = 0; number < 600; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
		bool wanted = name != NULL;

		for (size_t i = 0; wanted && i < COUNT(kept_out); i++)
			wanted = strcmp(name, kept_out[i]) != 0;
		if (wanted) {
			buffer_print(&json, "%s\"%s\"", comma, name);
			comma = ",";
		}
		free(name);
	}
	buffer_print(&json,
		     "]},{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"personality\"],\"args\":["
		     "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},"
		     "{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
		     "{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"clone\"],\"args\":[{\"index\":0,"
		     "\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		     "{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"socket\"],\"args\":[{\"index\":0,"
		     "\"value\":40,\"op\":\"SCMP_CMP_NE\"}]},"
		     "{\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"names\":[\"clone3\"]}]}");
	assert_false(json.failed);
	return json.text;
}
