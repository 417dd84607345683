#include "runtime/default_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPABILITIES "[\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]"

static const char process_text[] =
	"\"process\": {"
	"	\"terminal\": true,"
	"	\"user\": {\"uid\": 0, \"gid\": 0},"
	"	\"args\": [\"sh\"],"
	"	\"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"		\"TERM=xterm\"],"
	"	\"cwd\": \"/\","
	"	\"capabilities\": {"
	"		\"bounding\": " CAPABILITIES ","
	"		\"effective\": " CAPABILITIES ","
	"		\"permitted\": " CAPABILITIES "},"
	"	\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1024, \"hard\": 1024}],"
	"	\"noNewPrivileges\": true},";

static const char mounts_text[] =
	"\"mounts\": ["
	"	{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
	"	{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\","
	"	 \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},"
	"	{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\","
	"		\"mode=0620\", \"gid=5\"]},"
	"	{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},"
	"	{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"	{\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},"
	"	{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]}],";

/* Paths that tell a container more about its host than it needs, or let it change the host. */
static const char linux_text[] =
	"\"linux\": {"
	"	\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},"
	"	\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"},"
	"		{\"type\": \"uts\"}, {\"type\": \"mount\"}, {\"type\": \"cgroup\"}],"
	"	\"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", "
	"\"/proc/keys\","
	"		\"/proc/latency_stats\", \"/proc/timer_list\", \"/proc/timer_stats\","
	"		\"/proc/sched_debug\", \"/sys/firmware\", \"/proc/scsi\","
	"		\"/sys/devices/virtual/powercap\"],"
	"	\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\","
	"		\"/proc/sysrq-trigger\"]}";

static const char rootless_mounts_text[] =
	"\"mounts\": ["
	"	{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
	"	{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\","
	"	 \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},"
	"	{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\","
	"		\"mode=0620\"]},"
	"	{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},"
	"	{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\","
	"	 \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"	{\"destination\": \"/sys\", \"type\": \"none\", \"source\": \"/sys\","
	"	 \"options\": [\"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"ro\"]}],";

static void print_rootless_linux(struct buffer *text)
{
	buffer_print(
		text,
		"\"linux\": {"
		"\"uidMappings\": [{\"containerID\": 0, \"hostID\": %u, \"size\": 1}],"
		"\"gidMappings\": [{\"containerID\": 0, \"hostID\": %u, \"size\": 1}],"
		"\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"ipc\"}, {\"type\": \"uts\"},"
		"{\"type\": \"mount\"}, {\"type\": \"cgroup\"}, {\"type\": \"user\"}],"
		"%s",
		geteuid(), getegid(), strstr(linux_text, "\"maskedPaths\""));
}

struct config *default_config(bool rootless, struct error *err)
{
	struct problems problems = { 0 };
	struct buffer text = { 0 };
	struct config *config = NULL;

	buffer_print(
		&text, "{\"ociVersion\": \"%s\", %s %s %s", SPEC_VERSION, process_text,
		"\"root\": {\"path\": \"rootfs\", \"readonly\": true}, \"hostname\": \"orun\",",
		rootless ? rootless_mounts_text : mounts_text);
	if (rootless)
		print_rootless_linux(&text);
	else
		buffer_print(&text, "%s", linux_text);
	buffer_print(&text, "}");
	if (!text.failed)
		config = config_parse(text.text, text.length, &problems);
	if (!config)
		error_set(err, ENOMEM, "default configuration: %s",
			  problems.list.n ? problems.list.v[0] : "out of memory");
	problems_finish(&problems);
	buffer_finish(&text);
	return config;
}
