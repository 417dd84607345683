/* Devices that change between two network namespaces of the test's own. What orun makes of them is in
 * tests/cli/net-devices.bats. */
#include "runtime/net_devices.h"

#include "tests/unit/sandbox.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static struct error err;

/* ---- two namespaces ---- */

/* In a child: we are in a new network namespace; the descriptor is another, new one. */
static int two_namespaces(void)
{
	EXPECT(unshare(CLONE_NEWNET) == 0);
	int there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	EXPECT(there >= 0);
	EXPECT(unshare(CLONE_NEWNET) == 0);
	return there;
}

static void enter(int namespace)
{
	EXPECT(setns(namespace, CLONE_NEWNET) == 0);
}

static int here(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	return fd;
}

/* A pair of virtual devices, of which one is called @name and the other as the kernel likes. */
static int try_device(const char *name)
{
	const struct ifinfomsg link = { 0 };
	const struct {
		struct nlattr header;
		char kind[8];
	} info = { { .nla_len = 9, .nla_type = IFLA_INFO_KIND }, "veth" };
	struct netlink_request request;
	int socket = netlink_open(&err);

	netlink_request_start(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
	int failed = netlink_request_add(&request, IFLA_IFNAME, name, strlen(name) + 1, &err) ||
		     netlink_request_add(&request, IFLA_LINKINFO, &info, 12, &err) ||
		     netlink_ask(socket, &request, &err);
	close(socket);
	return failed;
}

static void make_device(const char *name)
{
	EXPECT_SUCCESS(try_device(name));
}

static void add_address(const char *name, uint8_t last)
{
	const struct ifaddrmsg address = { .ifa_family = AF_INET,
					   .ifa_prefixlen = 24,
					   .ifa_index = if_nametoindex(name) };
	const uint8_t bytes[] = { 192, 0, 2, last };
	struct netlink_request request;
	int socket = netlink_open(&err);

	netlink_request_start(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address,
			      sizeof address);
	EXPECT_SUCCESS(netlink_request_add(&request, IFA_LOCAL, bytes, sizeof bytes, &err));
	EXPECT_SUCCESS(netlink_ask(socket, &request, &err));
	close(socket);
}

static int count_address(const struct nlmsghdr *message, void *context, struct error *error)
{
	const struct ifaddrmsg *address = netlink_fixed(message, sizeof *address);

	(void)error;
	if (address && address->ifa_family == AF_INET)
		++*(int *)context;
	return 0;
}

static int addresses(void)
{
	const struct ifaddrmsg any = { .ifa_family = AF_INET };
	struct netlink_request request;
	int socket = netlink_open(&err), n = 0;

	netlink_request_start(&request, RTM_GETADDR, 0, &any, sizeof any);
	EXPECT_SUCCESS(netlink_list(socket, &request, count_address, &n, &err));
	close(socket);
	return n;
}

/* Asked in a child, which alone gets the namespace. */
static bool can_make_devices(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) || try_device("probe"));
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

#define NEED_DEVICES()                                                              \
	do {                                                                        \
		NEED_SANDBOX();                                                     \
		if (!can_make_devices())                                            \
			SKIP("no veth devices can be made in a network namespace"); \
	} while (0)

/* ---- cases ---- */

static char eth0[] = "eth0", eth1[] = "eth1", inside[] = "inside", template[] = "net%d";

static void move_none(void *context)
{
	(void)context;
	const struct net_device_list none = { 0 };
	struct moved_devices moved;

	EXPECT_SUCCESS(net_devices_move(&none, -1, &moved, &err));
	net_devices_take_back(&moved);
	net_devices_finish(&moved);
}

static void without_devices_nothing_is_opened(void **context)
{
	(void)context;
	in_child(move_none, NULL);
}

static void move_and_return(void *context)
{
	(void)context;
	struct net_device first = { eth0, inside }, second = { eth1, template };
	struct net_device *list[] = { &first, &second };
	const struct net_device_list devices = { list, 2 };
	struct moved_devices moved;
	int there = two_namespaces(), back = here();

	make_device(eth0);
	make_device(eth1);
	add_address(eth0, 1);
	add_address(eth0, 2);
	EXPECT_SUCCESS(net_devices_move(&devices, there, &moved, &err));
	EXPECT(!if_nametoindex(eth0) && !if_nametoindex(eth1) && addresses() == 0);
	enter(there);
	EXPECT(if_nametoindex(inside) && if_nametoindex("net0") && addresses() == 2);
	enter(back);
	net_devices_take_back(&moved);
	EXPECT(if_nametoindex(eth0) && if_nametoindex(eth1) && addresses() == 2);
	enter(there);
	EXPECT(!if_nametoindex(inside) && !if_nametoindex("net0"));
	net_devices_finish(&moved);
}

static void what_is_moved_can_be_taken_back(void **context)
{
	(void)context;
	NEED_DEVICES();
	in_child(move_and_return, NULL);
}

static void fail_and_return(void *context)
{
	(void)context;
	struct net_device first = { eth0, NULL }, second = { eth1, inside };
	struct net_device *list[] = { &first, &second };
	const struct net_device_list devices = { list, 2 };
	struct moved_devices moved;
	int there = two_namespaces(), back = here();

	make_device(eth0);
	make_device(eth1);
	enter(there);
	make_device(inside);
	enter(back);
	EXPECT(net_devices_move(&devices, there, &moved, &err) == -1);
	EXPECT(err.code == EEXIST);
	EXPECT_ERROR("linux.netDevices.eth1: a device 'inside' exists");
	EXPECT(!if_nametoindex(eth0) && if_nametoindex(eth1));
	net_devices_take_back(&moved);
	net_devices_finish(&moved);
	EXPECT(if_nametoindex(eth0) && if_nametoindex(eth1));
}

static void a_failure_leaves_the_rest_to_be_taken_back(void **context)
{
	(void)context;
	NEED_DEVICES();
	in_child(fail_and_return, NULL);
}

static void move_nowhere(void *context)
{
	(void)context;
	struct net_device device = { eth0, NULL };
	struct net_device *list[] = { &device };
	const struct net_device_list devices = { list, 1 };
	struct moved_devices moved;
	int there = two_namespaces();

	EXPECT(net_devices_move(&devices, there, &moved, &err) == -1);
	EXPECT(err.code == ENODEV);
	EXPECT_ERROR("linux.netDevices.eth0: ");
	net_devices_finish(&moved);
	EXPECT(net_devices_move(&devices, here(), &moved, &err) == -1);
	EXPECT_ERROR("is the runtime's own");
	net_devices_finish(&moved);
	EXPECT(net_devices_move(&devices, open("/dev/null", O_RDONLY | O_CLOEXEC), &moved, &err) ==
	       -1);
	EXPECT_ERROR("linux.netDevices: join the container's network namespace");
	net_devices_finish(&moved);
}

static void what_cannot_be_moved_is_an_error(void **context)
{
	(void)context;
	NEED_DEVICES();
	in_child(move_nowhere, NULL);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(without_devices_nothing_is_opened),
		cmocka_unit_test(what_is_moved_can_be_taken_back),
		cmocka_unit_test(a_failure_leaves_the_rest_to_be_taken_back),
		cmocka_unit_test(what_cannot_be_moved_is_an_error),
	};

	return cmocka_run_group_tests(cases, sandbox_setup, sandbox_teardown);
}
