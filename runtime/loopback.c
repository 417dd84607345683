#include "runtime/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "spec/base/owned.h"

int loopback_up(struct error *err)
{
	/* Any socket will do, and one of this family is never missing. */
	owned_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		return error_errno(err, errno, "look at the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		return error_errno(err, errno, "set the loopback interface up");
	return 0;
}
