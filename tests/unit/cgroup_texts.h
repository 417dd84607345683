/* Hosts as procfs shows them, for the tests that plan without root. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/plan.h"

struct host_texts {
	const char *mountinfo, *self_cgroup;
	const char *v2_controllers; /* what the v2 root offers; NULL: there is none to ask */
};

/* One v1 hierarchy a controller, and a v2 that has hugetlb alone. */
static const struct host_texts hybrid_host __attribute__((unused)) = {
	.mountinfo =
		"22 27 0:21 / /proc rw,relatime - proc proc rw\n"
		"23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"
		"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
		"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
		"33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
		"34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
		"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
		"36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices\n"
		"37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
		"38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio\n"
		"39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
		"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
	.self_cgroup = "9:name=systemd:/\n8:pids:/\n7:blkio:/\n6:freezer:/\n5:devices:/\n"
		       "4:memory:/process_api/3256\n3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n0::/\n",
	.v2_controllers = "hugetlb",
};

static const struct host_texts v2_host __attribute__((unused)) = {
	.mountinfo = "21 26 0:20 / /sys rw,nosuid - sysfs sysfs rw\n"
		     "26 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		     "30 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - "
		     "cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n",
	.self_cgroup = "0::/user.slice/user-1000.slice/session-3.scope\n",
	.v2_controllers = "cpuset cpu io memory hugetlb pids rdma misc",
};

/* A distribution of the years of v1: controllers that share a hierarchy. */
static const struct host_texts v1_host __attribute__((unused)) = {
	.mountinfo = "18 23 0:17 / /sys rw shared:6 - sysfs sysfs rw\n"
		     "23 1 253:1 / / rw shared:1 - xfs /dev/vda1 rw\n"
		     "25 18 0:21 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,mode=755\n"
		     "26 25 0:22 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup "
		     "rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd\n"
		     "28 25 0:24 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup "
		     "rw,cpuacct,cpu\n"
		     "29 25 0:25 / /sys/fs/cgroup/net_cls,net_prio rw shared:13 - cgroup cgroup "
		     "rw,net_prio,net_cls\n"
		     "30 25 0:26 / /sys/fs/cgroup/devices rw shared:14 - cgroup cgroup rw,devices\n"
		     "31 25 0:27 / /sys/fs/cgroup/memory rw shared:15 - cgroup cgroup rw,memory\n"
		     "32 25 0:28 / /sys/fs/cgroup/hugetlb rw shared:16 - cgroup cgroup rw,hugetlb\n"
		     "33 25 0:29 / /sys/fs/cgroup/rdma rw shared:17 - cgroup cgroup rw,rdma\n",
	.self_cgroup = "9:rdma:/\n8:hugetlb:/\n7:memory:/system.slice/x.service\n6:devices:/\n"
		       "5:net_cls,net_prio:/\n4:cpu,cpuacct:/system.slice\n"
		       "1:name=systemd:/system.slice/x.service\n0::/\n",
};

/* A container of v1_host without a cgroup namespace: its mounts show a part of the host's tree. */
static const struct host_texts nested_host __attribute__((unused)) = {
	.mountinfo = "600 500 0:60 / / rw - overlay overlay rw\n"
		     "601 600 0:61 / /sys rw - sysfs sysfs rw\n"
		     "602 601 0:62 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		     "603 602 0:22 /docker/abc /sys/fs/cgroup/systemd ro master:10 - cgroup cgroup "
		     "rw,xattr,name=systemd\n"
		     "604 602 0:25 /docker/abc /sys/fs/cgroup/devices rw master:14 - cgroup cgroup "
		     "rw,devices\n"
		     "605 602 0:26 /docker/abc /sys/fs/cgroup/memory rw master:15 - cgroup cgroup "
		     "rw,memory\n",
	.self_cgroup = "7:memory:/docker/abc/inner\n6:devices:/docker/abc\n"
		       "1:name=systemd:/docker/abcdef\n0::/\n",
};

static void read_host(const struct host_texts *host, struct cgroup_layout *layout)
{
	char *mountinfo = strdup(host->mountinfo), *self_cgroup = strdup(host->self_cgroup);
	struct error err = { 0 };

	if (cgroup_layout_parse(mountinfo, self_cgroup, layout, &err))
		fail_msg("%s", err.msg);
	free(mountinfo);
	free(self_cgroup);
	layout->v2_controllers = strdup(host->v2_controllers ? host->v2_controllers : "");
}

/* A configuration around @resources. */
struct one_config {
	struct config config;
	struct linux_config linux_;
};

static int plan_on(const struct host_texts *host, const char *cgroups_path,
		   const struct resources *resources, struct cgroup_plan *plan, struct error *err)
{
	struct cgroup_layout layout;
	struct one_config one = { .linux_ = { .cgroups_path = (char *)cgroups_path,
					      .resources = (struct resources *)resources } };

	one.config.linux_ = &one.linux_;
	read_host(host, &layout);
	int ret = cgroup_plan_in(&layout, &one.config, "box", NULL, plan, err);
	cgroup_layout_finish(&layout);
	return ret;
}

/* The writes of @plan but for device rules, "file=value" separated by ", "; alternatives as "file=value|file=value". */
static void print_writes(const struct cgroup_plan *plan, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *write = &plan->writes[i];
		if (strcmp(write->field, "linux.resources.devices") == 0)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s=%s",
					   length ? ", " : "", write->file, write->value);
		if (write->alternative_file)
			length += (size_t)snprintf(
				text + length, size - length, "|%s=%s", write->alternative_file,
				write->alternative_value ? write->alternative_value : write->value);
	}
}

static void __attribute__((unused))
check_writes(const struct host_texts *host, const struct resources *resources, const char *expected)
{
	char text[8192];
	struct cgroup_plan plan;
	struct error err = { 0 };

	if (plan_on(host, "/box", resources, &plan, &err))
		fail_msg("%s", err.msg);
	print_writes(&plan, text, sizeof text);
	assert_string_equal(text, expected);
	cgroup_plan_finish(&plan);
}

static void __attribute__((unused))
check_refusal(const struct host_texts *host, const struct resources *resources, const char *message)
{
	struct cgroup_plan plan;
	struct error err = { 0 };

	assert_int_equal(plan_on(host, "/box", resources, &plan, &err), -1);
	assert_string_equal(err.msg, message);
	assert_true(err.code > 0);
	assert_int_equal(plan.n_hierarchies, 0);
}
