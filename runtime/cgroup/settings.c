/* The words of the command line about control groups. Must not know of a container. */
#include "runtime/cgroup/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/io.h"

static const struct {
	const char *word;
	int value;
} managers[] = {
	{ "cgroupfs", CGROUP_MANAGER_CGROUPFS },
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "disabled", CGROUP_MANAGER_DISABLED },
}, rootless_words[] = {
	{ "auto", CGROUP_ROOTLESS_AUTO }, { "", CGROUP_ROOTLESS_AUTO },
	{ "true", CGROUP_ROOTLESS_TRUE }, { "1", CGROUP_ROOTLESS_TRUE },
	{ "false", CGROUP_ROOTLESS_FALSE }, { "0", CGROUP_ROOTLESS_FALSE },
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static int parse_manager(const char *word, bool systemd, struct cgroup_settings *ret,
			 struct error *err)
{
	if (systemd)
		ret->manager = CGROUP_MANAGER_SYSTEMD;
	if (!word)
		return 0;
	for (size_t i = 0; i < COUNT(managers); i++) {
		if (strcmp(word, managers[i].word) != 0)
			continue;
		ret->manager = (enum cgroup_manager)managers[i].value;
		if (systemd && ret->manager != CGROUP_MANAGER_SYSTEMD)
			return error_set(err, EINVAL,
					 "--systemd-cgroup and --cgroup-manager %s contradict",
					 word);
		return 0;
	}
	return error_set(err, EINVAL,
			 "--cgroup-manager '%.50s': is neither cgroupfs, systemd nor disabled",
			 word);
}

int cgroup_settings_parse(const char *manager, bool systemd, const char *rootless,
			  struct cgroup_settings *ret, struct error *err)
{
	*ret = (struct cgroup_settings){ 0 };
	if (parse_manager(manager, systemd, ret, err))
		return -1;
	if (!rootless)
		return 0;
	for (size_t i = 0; i < COUNT(rootless_words); i++)
		if (strcmp(rootless, rootless_words[i].word) == 0) {
			ret->rootless = (enum cgroup_rootless)rootless_words[i].value;
			return 0;
		}
	return error_set(err, EINVAL, "--rootless '%.50s': is neither true, false nor auto",
			 rootless);
}

bool cgroup_caller_is_unprivileged(void)
{
	char map[128] = "";

	if (geteuid() != 0)
		return true;
	/* The initial user namespace maps everything to itself. */
	if (read_line_at(AT_FDCWD, "/proc/self/uid_map", map, sizeof map, NULL))
		return false;
	size_t first = strspn(map, " ");
	return strtoul(map + first, NULL, 10) != 0 || !strstr(map, "4294967295");
}

bool cgroup_is_rootless(enum cgroup_rootless rootless)
{
	if (rootless == CGROUP_ROOTLESS_AUTO)
		return cgroup_caller_is_unprivileged();
	return rootless == CGROUP_ROOTLESS_TRUE;
}
