/* Requests and answers of rtnetlink: lengths above all, and what the kernel itself says. */
#include "runtime/netlink.h"

#include "tests/unit/sandbox.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>

static struct error err;

static void start(struct netlink_request *request)
{
	const struct ifinfomsg link = { .ifi_index = 7 };

	err = (struct error){ 0 };
	netlink_request_start(request, RTM_SETLINK, 0, &link, sizeof link);
}

/* ---- requests ---- */

static void an_attribute_is_found_again(void **context)
{
	(void)context;
	struct netlink_request request;
	const uint32_t number = 42;
	size_t length = 0;

	start(&request);
	SUCCEEDS(netlink_request_add(&request, IFLA_IFNAME, "eth0", 5, &err));
	SUCCEEDS(netlink_request_add(&request, IFLA_NET_NS_FD, &number, sizeof number, &err));
	assert_int_equal(request.header.nlmsg_len, 16 + 16 + 12 + 8);
	assert_string_equal(netlink_attribute(&request.header, sizeof(struct ifinfomsg),
					      IFLA_IFNAME, &length),
			    "eth0");
	assert_int_equal(length, 5);
	assert_memory_equal(netlink_attribute(&request.header, sizeof(struct ifinfomsg),
					      IFLA_NET_NS_FD, &length),
			    &number, sizeof number);
	assert_null(
		netlink_attribute(&request.header, sizeof(struct ifinfomsg), IFLA_MTU, &length));
	assert_int_equal(((struct ifinfomsg *)netlink_request_fixed(&request))->ifi_index, 7);
}

/* CVE-2021-43784: a length that its 16 bits do not hold. */
static void what_has_no_room_is_refused(void **context)
{
	(void)context;
	static char large[70000];
	static const size_t lengths[] = {
		NETLINK_REQUEST_MAX, NETLINK_REQUEST_MAX - 32, 65532, 65536, sizeof large, SIZE_MAX,
		SIZE_MAX - 3
	};
	struct netlink_request request;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		start(&request);
		FAILS(netlink_request_add(&request, IFLA_IFNAME, large, lengths[i], &err), E2BIG,
		      "no room");
		assert_int_equal(request.header.nlmsg_len, 32);
	}
}

static void a_request_can_be_filled_to_its_last_byte(void **context)
{
	(void)context;
	struct netlink_request request;
	char text[NETLINK_REQUEST_MAX] = "";

	start(&request);
	SUCCEEDS(netlink_request_add(&request, IFLA_IFALIAS, text, NETLINK_REQUEST_MAX - 36, &err));
	assert_int_equal(request.header.nlmsg_len, NETLINK_REQUEST_MAX);
	FAILS(netlink_request_add(&request, IFLA_MTU, text, 0, &err), E2BIG, "no room");
}

/* ---- damaged messages ---- */

/* Behind a page boundary nothing may be read. */
static char *at_the_end_of_a_page(size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, (size_t)page, PROT_NONE), 0);
	return pages + page - size;
}

static void attributes_that_lie_about_their_length_end_the_search(void **context)
{
	(void)context;
	static const uint16_t lengths[] = { 0, 1, 3, 9, 12, 40, 0xffff };
	struct nlmsghdr *message = (void *)at_the_end_of_a_page(24);
	size_t length;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct nlattr attribute = { .nla_len = lengths[i], .nla_type = IFLA_IFNAME };
		message->nlmsg_len = 24;
		memcpy((char *)message + 16, &attribute, sizeof attribute);
		assert_null(netlink_attribute(message, 0, IFLA_IFNAME, &length));
		assert_null(netlink_attribute(message, 0, IFLA_MTU, &length));
	}
}

static void a_message_cut_short_has_no_fixed_part(void **context)
{
	(void)context;
	struct nlmsghdr *message = (void *)at_the_end_of_a_page(16);
	size_t length;

	message->nlmsg_len = 16;
	assert_null(netlink_fixed(message, sizeof(struct ifinfomsg)));
	assert_null(netlink_attribute(message, sizeof(struct ifinfomsg), IFLA_IFNAME, &length));
	assert_null(netlink_attribute(message, 0, IFLA_IFNAME, &length));
	message->nlmsg_len = 0;
	assert_null(netlink_fixed(message, 0));
}

/* ---- the kernel ---- */

static void the_kernels_refusal_has_its_errno(void **context)
{
	(void)context;
	struct netlink_request request;
	const struct ifinfomsg link = { .ifi_index = 0x7ffffff0 };
	int socket = netlink_open(&err);

	assert_true(socket >= 0);
	netlink_request_start(&request, RTM_GETLINK, 0, &link, sizeof link);
	FAILS(netlink_ask(socket, &request, &err), ENODEV, "no such device");
	close(socket);
}

static void the_kernels_explanation_is_a_hint(void **context)
{
	(void)context;
	struct netlink_request request;
	const struct ifinfomsg link = { .ifi_index = 1 };
	int socket = netlink_open(&err);

	/* An attribute of one byte where four are wanted. */
	netlink_request_start(&request, RTM_GETLINK, 0, &link, sizeof link);
	SUCCEEDS(netlink_request_add(&request, IFLA_EXT_MASK, "", 1, &err));
	assert_int_equal(netlink_ask(socket, &request, &err), -1);
	assert_non_null(strstr(err.msg, "; the kernel says: "));
	close(socket);
}

static int count(const struct nlmsghdr *message, void *context, struct error *error)
{
	const struct ifinfomsg *link = netlink_fixed(message, sizeof *link);
	size_t length;

	(void)error;
	assert_non_null(link);
	const char *name = netlink_attribute(message, sizeof *link, IFLA_IFNAME, &length);
	if (message->nlmsg_type == RTM_NEWLINK && name && strcmp(name, "lo") == 0)
		++*(int *)context;
	return 0;
}

static int refuse(const struct nlmsghdr *message, void *context, struct error *error)
{
	(void)message;
	(void)context;
	return error_set(error, ENOTSUP, "enough");
}

static void a_list_is_told_message_by_message(void **context)
{
	(void)context;
	struct netlink_request request;
	const struct ifinfomsg link = { 0 };
	int socket = netlink_open(&err), found = 0;

	for (int times = 1; times <= 3; times++) {
		netlink_request_start(&request, RTM_GETLINK, 0, &link, sizeof link);
		SUCCEEDS(netlink_list(socket, &request, count, &found, &err));
		assert_int_equal(found, times);
	}
	netlink_request_start(&request, RTM_GETLINK, 0, &link, sizeof link);
	FAILS(netlink_list(socket, &request, refuse, NULL, &err), ENOTSUP, "enough");
	close(socket);
}

/* Whoever may send to the socket's number cannot speak for the kernel. */
static void answers_of_other_processes_are_dropped(void **context)
{
	(void)context;
	struct netlink_request request;
	struct sockaddr_nl ours;
	socklen_t size = sizeof ours;
	const struct ifinfomsg link = { .ifi_index = 0x7ffffff0 };
	int socket = netlink_open(&err), other = netlink_open(&err);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} forged = { .header = { .nlmsg_len = sizeof forged, .nlmsg_type = NLMSG_ERROR } };

	assert_int_equal(bind(socket,
			      (struct sockaddr *)&(struct sockaddr_nl){ .nl_family = AF_NETLINK },
			      sizeof ours),
			 0);
	assert_int_equal(getsockname(socket, (struct sockaddr *)&ours, &size), 0);
	for (uint32_t sequence = 1; sequence < 64; sequence++) {
		forged.header.nlmsg_seq = sequence;
		if (sendto(other, &forged, sizeof forged, 0, (struct sockaddr *)&ours, size) < 0)
			SKIP("may not send to other sockets: %s", strerror(errno));
	}
	netlink_request_start(&request, RTM_GETLINK, 0, &link, sizeof link);
	FAILS(netlink_ask(socket, &request, &err), ENODEV, "no such device");
	close(socket);
	close(other);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(an_attribute_is_found_again),
		cmocka_unit_test(what_has_no_room_is_refused),
		cmocka_unit_test(a_request_can_be_filled_to_its_last_byte),
		cmocka_unit_test(attributes_that_lie_about_their_length_end_the_search),
		cmocka_unit_test(a_message_cut_short_has_no_fixed_part),
		cmocka_unit_test(the_kernels_refusal_has_its_errno),
		cmocka_unit_test(the_kernels_explanation_is_a_hint),
		cmocka_unit_test(a_list_is_told_message_by_message),
		cmocka_unit_test(answers_of_other_processes_are_dropped),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
