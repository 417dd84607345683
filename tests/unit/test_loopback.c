/* The loopback interface of a network namespace made here. */
#include "runtime/loopback.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/unit/sandbox.h"

static struct error err;

static void look(void *context)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };

	(void)context;
	EXPECT(unshare(CLONE_NEWNET) == 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT(ioctl(fd, SIOCGIFFLAGS, &request) == 0);
	EXPECT(!(request.ifr_flags & IFF_UP));
	EXPECT(connect(fd, (struct sockaddr *)&address, sizeof address) != 0);
	EXPECT(loopback_up(&err) == 0);
	EXPECT(ioctl(fd, SIOCGIFFLAGS, &request) == 0);
	EXPECT(request.ifr_flags & IFF_UP);
	EXPECT(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	/* Once more is no error. */
	EXPECT(loopback_up(&err) == 0);
}

static void loopback_is_set_up(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(look, NULL);
}

static void look_without_privilege(void *context)
{
	(void)context;
	EXPECT(unshare(CLONE_NEWNET) == 0);
	EXPECT(setresuid(1111, 1111, 1111) == 0);
	EXPECT(loopback_up(&err) == -1);
	EXPECT(err.code == EPERM);
	EXPECT(strstr(err.msg, "set the loopback interface up: "));
}

static void without_the_capability_it_is_an_error(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	in_child(look_without_privilege, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_set_up),
		cmocka_unit_test(without_the_capability_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
