/* linux.netDevices: network devices that change from the runtime's network namespace into the
 * container's. config-linux.md, Network Devices. Makes no device and no route. */
#pragma once

#include <stdbool.h>

#include "runtime/netlink.h"
#include "spec/config.h"

/* A device on its way, and what is needed to bring it back. */
struct moved_device {
	const struct net_device *device; /* borrowed */
	int there;			 /* its index in the container's namespace; 0: not moved */
	bool up;			 /* in the runtime's namespace it was */
	struct netlink_request *addresses; /* each makes one address again, but for its index */
	size_t n_addresses;
};

struct moved_devices {
	int here, there; /* netlink sockets of the two namespaces, which they keep alive */
	int namespace_here, namespace_there;
	struct moved_device *v;
	size_t n;
};
#define NO_MOVED_DEVICES                                                              \
	{                                                                             \
		.here = -1, .there = -1, .namespace_here = -1, .namespace_there = -1, \
	}

/* Moves @devices into the network namespace @namespace (a descriptor, borrowed for the call), under the names they
 * are to have there, with their permanent addresses of global scope, and sets them up. On failure those
 * that were moved stay where they are until they are taken back. Errors name linux.netDevices.KEY. The calling
 * process must have one thread. */
int net_devices_move(const struct net_device_list *devices, int namespace,
		     struct moved_devices *moved, struct error *err);

/* Back to where they were, as they were, as far as that can be done. */
void net_devices_take_back(struct moved_devices *moved);

void net_devices_finish(struct moved_devices *moved);
