#include "runtime/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "spec/base/owned.h"
#include "spec/table_path.h"

/* What a user may have asked for with an address; the kernel sets the others itself. */
#define ADDRESS_FLAGS_KEPT                                                              \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)

/* How often the addresses are asked for when others keep changing theirs. */
#define LIST_TRIES 16

/* ---- one device, by the ioctls of netdevice(7) ---- */

static struct ifreq request_for(const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	return request;
}

/* Its index in the namespace of @socket, or -1 with errno. */
static int index_of(int socket, const char *name)
{
	struct ifreq request = request_for(name);

	return ioctl(socket, SIOCGIFINDEX, &request) ? -1 : request.ifr_ifindex;
}

/* Its name, for the ioctls that do not take an index. */
static int name_of(int socket, int index, struct ifreq *ret)
{
	*ret = (struct ifreq){ .ifr_ifindex = index };
	return ioctl(socket, SIOCGIFNAME, ret);
}

static int is_up(int socket, const char *name)
{
	struct ifreq request = request_for(name);

	return ioctl(socket, SIOCGIFFLAGS, &request) ? -1 : (request.ifr_flags & IFF_UP) != 0;
}

static int set_up(int socket, int index, struct error *err)
{
	struct ifreq request;

	if (name_of(socket, index, &request) || ioctl(socket, SIOCGIFFLAGS, &request))
		return error_errno(err, errno, "flags");
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	return ioctl(socket, SIOCSIFFLAGS, &request) ? error_errno(err, errno, "set it up") : 0;
}

static int rename_device(int socket, int index, const char *to, struct error *err)
{
	struct ifreq request;

	if (name_of(socket, index, &request))
		return error_errno(err, errno, "name");
	snprintf(request.ifr_newname, sizeof request.ifr_newname, "%s", to);
	if (ioctl(socket, SIOCSIFNAME, &request))
		return error_errno(err, errno, "rename it to '%s'", to);
	return 0;
}

/* ---- its addresses ---- */

/* Permanent means that no lifetime is counted; the others are somebody's who renews them. */
static bool is_kept(const struct nlmsghdr *message, uint32_t *flags)
{
	const struct ifaddrmsg *address = netlink_fixed(message, sizeof *address);
	size_t length;
	const void *more = netlink_attribute(message, sizeof *address, IFA_FLAGS, &length);

	*flags = address->ifa_flags;
	if (more && length == sizeof *flags)
		memcpy(flags, more, sizeof *flags);
	return address->ifa_scope == RT_SCOPE_UNIVERSE && *flags & IFA_F_PERMANENT;
}

/* The request that makes the address again. Its label goes: it begins with the device's name. */
static int address_request(const struct nlmsghdr *message, uint32_t flags,
			   struct netlink_request *ret, struct error *err)
{
	static const uint16_t kept[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY };
	const struct ifaddrmsg *from = netlink_fixed(message, sizeof *from);
	struct ifaddrmsg address = { .ifa_family = from->ifa_family,
				     .ifa_prefixlen = from->ifa_prefixlen,
				     .ifa_scope = from->ifa_scope };

	netlink_request_start(ret, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address,
			      sizeof address);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		size_t length;
		const void *data = netlink_attribute(message, sizeof *from, kept[i], &length);
		if (data && netlink_request_add(ret, kept[i], data, length, err))
			return -1;
	}
	flags &= ADDRESS_FLAGS_KEPT;
	return netlink_request_add(ret, IFA_FLAGS, &flags, sizeof flags, err);
}

struct address_search {
	struct moved_device *device;
	unsigned index;
};

static int add_address(const struct nlmsghdr *message, void *context, struct error *err)
{
	const struct ifaddrmsg *address = netlink_fixed(message, sizeof *address);
	struct address_search *search = context;
	struct moved_device *device = search->device;
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWADDR || !address || address->ifa_index != search->index ||
	    !is_kept(message, &flags))
		return 0;
	struct netlink_request *more =
		reallocarray(device->addresses, device->n_addresses + 1, sizeof *more);
	if (!more)
		return error_errno(err, ENOMEM, "addresses");
	device->addresses = more;
	if (address_request(message, flags, &more[device->n_addresses], err))
		return -1;
	device->n_addresses++;
	return 0;
}

/* Before the move: the kernel takes them from a device that leaves. */
static int read_addresses(int socket, int index, struct moved_device *device, struct error *err)
{
	struct address_search search = { .device = device, .index = (unsigned)index };
	const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
	struct netlink_request request;

	for (int tries = 0; tries < LIST_TRIES; tries++) {
		device->n_addresses = 0;
		netlink_request_start(&request, RTM_GETADDR, 0, &any, sizeof any);
		if (netlink_list(socket, &request, add_address, &search, err) == 0)
			return 0;
		if (err->code != EAGAIN)
			break;
	}
	return error_prefix(err, "addresses");
}

static int restore_addresses(int socket, int index, struct moved_device *device, struct error *err)
{
	for (size_t i = 0; i < device->n_addresses; i++) {
		struct ifaddrmsg *address = netlink_request_fixed(&device->addresses[i]);
		address->ifa_index = (unsigned)index;
		if (netlink_ask(socket, &device->addresses[i], err))
			return error_prefix(err, "give it its address again");
	}
	return 0;
}

/* ---- the move ---- */

/* The kernel renames on the way, so that a name taken on the other side does not matter. */
static int change_namespace(int socket, int index, const char *name, int namespace,
			    struct error *err)
{
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	const uint32_t fd = (uint32_t) namespace;
	struct netlink_request request;

	netlink_request_start(&request, RTM_SETLINK, 0, &link, sizeof link);
	if (netlink_request_add(&request, IFLA_IFNAME, name, strlen(name) + 1, err) ||
	    netlink_request_add(&request, IFLA_NET_NS_FD, &fd, sizeof fd, err) ||
	    netlink_ask(socket, &request, err))
		return error_prefix(err, "change the network namespace");
	return 0;
}

static const char *name_there(const struct net_device *device)
{
	return device->name && *device->name ? device->name : device->key;
}

/* "eth%d": the kernel puts in the first number that is free. */
static bool is_template(const char *name)
{
	return strchr(name, '%');
}

static int check_name_there(int socket, const char *name, struct error *err)
{
	if (is_template(name) || index_of(socket, name) < 0)
		return 0;
	error_set(err, EEXIST, "a device '%s' exists in the container's network namespace", name);
	return error_hint(err, "choose another name, or a template such as eth%%d");
}

/* Under a name of our own first when the kernel is to choose one, by which we would not find it. */
static int move_over(struct moved_devices *all, struct moved_device *device, int index,
		     struct error *err)
{
	const char *name = name_there(device->device);
	char passing[IF_NAMESIZE];

	snprintf(passing, sizeof passing, "orun-%u", (unsigned)getpid());
	const char *first = is_template(name) ? passing : name;
	if (change_namespace(all->here, index, first, all->namespace_there, err)) {
		/* Kernels that rename behind the move fail with the device over there. */
		if (index_of(all->here, device->device->key) < 0)
			device->there = index_of(all->there, device->device->key);
		return -1;
	}
	device->there = index_of(all->there, first);
	if (device->there < 0)
		return error_errno(err, errno, "'%s' after the move", first);
	return first == name ? 0 : rename_device(all->there, device->there, name, err);
}

static int move_one(struct moved_devices *all, struct moved_device *device, struct error *err)
{
	const char *key = device->device->key;
	int index = index_of(all->here, key), up = is_up(all->here, key);

	if (index < 0 || up < 0) {
		error_errno(err, errno, "find it in the runtime's network namespace");
		return errno == ENODEV ? error_hint(err, "`ip link` shows what is there") : -1;
	}
	device->up = up;
	if (check_name_there(all->there, name_there(device->device), err) ||
	    read_addresses(all->here, index, device, err) || move_over(all, device, index, err) ||
	    restore_addresses(all->there, device->there, device, err))
		return -1;
	return set_up(all->there, device->there, err);
}

static int open_there(int own, int namespace, struct error *err)
{
	if (setns(namespace, CLONE_NEWNET))
		return error_errno(err, errno, "join the container's network namespace");
	owned_fd socket = netlink_open(err);
	if (setns(own, CLONE_NEWNET))
		return error_errno(err, errno, "return to the runtime's network namespace");
	return take_fd(&socket);
}

static int open_both(struct moved_devices *moved, struct error *err)
{
	struct stat ours, theirs;

	moved->namespace_here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (moved->namespace_here < 0 || fstat(moved->namespace_here, &ours) ||
	    fstat(moved->namespace_there, &theirs))
		return error_errno(err, errno, "the runtime's network namespace");
	if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
		return error_set(err, EINVAL,
				 "the container's network namespace is the runtime's own");
	moved->here = netlink_open(err);
	if (moved->here < 0)
		return -1;
	moved->there = open_there(moved->namespace_here, moved->namespace_there, err);
	return moved->there < 0 ? -1 : 0;
}

int net_devices_move(const struct net_device_list *devices, int namespace,
		     struct moved_devices *moved, struct error *err)
{
	*moved = (struct moved_devices)NO_MOVED_DEVICES;
	if (!devices->n)
		return 0;
	moved->namespace_there = namespace;
	if (open_both(moved, err))
		return error_prefix(err, "linux.netDevices");
	moved->v = calloc(devices->n, sizeof *moved->v);
	if (!moved->v)
		return error_errno(err, ENOMEM, "linux.netDevices");
	for (size_t i = 0; i < devices->n; i++) {
		struct moved_device *device = &moved->v[moved->n++];
		device->device = devices->v[i];
		if (move_one(moved, device, err) == 0)
			continue;
		owned_string path = table_entry_path("linux.netDevices", devices->v[i]->key);
		return error_prefix(err, "%s", path ? path : "linux.netDevices");
	}
	return 0;
}

static void take_back(const struct moved_devices *moved, struct moved_device *device)
{
	const char *name = device->device->key;

	if (device->there <= 0 ||
	    change_namespace(moved->there, device->there, name, moved->namespace_here, NULL))
		return;
	int index = index_of(moved->here, name);
	if (index < 0)
		return;
	restore_addresses(moved->here, index, device, NULL);
	if (device->up)
		set_up(moved->here, index, NULL);
}

void net_devices_take_back(struct moved_devices *moved)
{
	while (moved->n) {
		struct moved_device *device = &moved->v[--moved->n];
		take_back(moved, device);
		free(device->addresses);
	}
}

void net_devices_finish(struct moved_devices *moved)
{
	for (size_t i = 0; i < moved->n; i++)
		free(moved->v[i].addresses);
	free(moved->v);
	close_fd(moved->here);
	close_fd(moved->there);
	close_fd(moved->namespace_here);
	*moved = (struct moved_devices)NO_MOVED_DEVICES;
}
