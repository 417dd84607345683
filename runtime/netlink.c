#include "runtime/netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec/base/owned.h"

/* The kernel fills at most so much of a datagram in a list (NLMSG_GOODSIZE and the largest single
 * message); what is longer is told by MSG_TRUNC. */
#define ANSWER_MAX 32768

/* Attributes are aligned to four bytes, and so is what the kernel writes behind a header. */
#define ALIGNED(length) (((length) + 3u) & ~(size_t)3u)
#define HEADER_SIZE ALIGNED(sizeof(struct nlmsghdr))

int netlink_open(struct error *err)
{
	owned_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const int on = 1;

	if (fd < 0)
		return error_errno(err, errno, "netlink socket");
	/* Explanations, and without a copy of the request before them; kernels without are none the
	 * worse. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	return take_fd(&fd);
}

/* ---- requests ---- */

void netlink_request_start(struct netlink_request *request, uint16_t type, uint16_t flags,
			   const void *fixed, size_t size)
{
	memset(request, 0, sizeof *request);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->header.nlmsg_len = (uint32_t)(HEADER_SIZE + ALIGNED(size));
	memcpy(request->bytes + HEADER_SIZE, fixed, size);
}

void *netlink_request_fixed(struct netlink_request *request)
{
	return request->bytes + HEADER_SIZE;
}

int netlink_request_add(struct netlink_request *request, uint16_t attribute, const void *data,
			size_t length, struct error *err)
{
	struct nlattr header = { .nla_type = attribute };
	size_t used = request->header.nlmsg_len;

	/* Before the sum is made: the attribute's own length has 16 bits. */
	if (length > NETLINK_REQUEST_MAX ||
	    ALIGNED(sizeof header) + ALIGNED(length) > NETLINK_REQUEST_MAX - used)
		return error_set(err, E2BIG, "netlink: no room for an attribute of %zu bytes",
				 length);
	header.nla_len = (uint16_t)(ALIGNED(sizeof header) + length);
	memcpy(request->bytes + used, &header, sizeof header);
	memcpy(request->bytes + used + ALIGNED(sizeof header), data, length);
	request->header.nlmsg_len = (uint32_t)(used + ALIGNED(header.nla_len));
	return 0;
}

/* ---- answers ---- */

const void *netlink_fixed(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len < HEADER_SIZE + size ? NULL : (const char *)message + HEADER_SIZE;
}

static const void *find_attribute(const char *at, size_t left, uint16_t attribute, size_t *length)
{
	struct nlattr header;

	while (left >= sizeof header) {
		memcpy(&header, at, sizeof header);
		if (header.nla_len < sizeof header || header.nla_len > left)
			return NULL;
		if ((header.nla_type & NLA_TYPE_MASK) == attribute) {
			*length = header.nla_len - sizeof header;
			return at + sizeof header;
		}
		size_t whole = ALIGNED(header.nla_len);
		if (whole > left)
			return NULL;
		at += whole;
		left -= whole;
	}
	return NULL;
}

const void *netlink_attribute(const struct nlmsghdr *message, size_t size, uint16_t attribute,
			      size_t *length)
{
	size_t skipped = HEADER_SIZE + ALIGNED(size);

	if (message->nlmsg_len < skipped)
		return NULL;
	return find_attribute((const char *)message + skipped, message->nlmsg_len - skipped,
			      attribute, length);
}

/* What an NLMSG_ERROR says; 0 is the acknowledgement. */
static int read_error(const struct nlmsghdr *message, struct error *err)
{
	const struct nlmsgerr *answer = netlink_fixed(message, sizeof *answer);
	size_t length, skipped = sizeof *answer;

	if (!answer)
		return error_set(err, EPROTO, "netlink: the kernel's answer is cut off");
	if (!answer->error)
		return 0;
	error_errno(err, -answer->error, "netlink");
	/* The request is repeated there unless NETLINK_CAP_ACK was understood. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED) && answer->msg.nlmsg_len > HEADER_SIZE)
		skipped += answer->msg.nlmsg_len - HEADER_SIZE;
	const char *words =
		message->nlmsg_flags & NLM_F_ACK_TLVS
			? netlink_attribute(message, skipped, NLMSGERR_ATTR_MSG, &length)
			: NULL;
	return words && length ? error_hint(err, "the kernel says: %.*s", (int)length, words) : -1;
}

/* One datagram from the kernel itself, which holds whole messages. */
static ssize_t receive(int socket, char *answer, struct error *err)
{
	struct sockaddr_nl from = { 0 };
	socklen_t size = sizeof from;
	ssize_t got;

	for (;;) {
		got = recvfrom(socket, answer, ANSWER_MAX, MSG_TRUNC, (struct sockaddr *)&from,
			       &size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, errno, "netlink");
		if (from.nl_pid == 0)
			break;
	}
	if (got > ANSWER_MAX)
		return error_set(err, EMSGSIZE, "netlink: an answer of %zd bytes", got);
	return got;
}

struct reader {
	uint32_t sequence;
	bool list;
	bool interrupted; /* the list changed while it was told */
	int (*each)(const struct nlmsghdr *message, void *context, struct error *err);
	void *context;
};

/* The messages of one datagram. Returns 1 when the answer is complete, 0 when more is to come. */
static int read_messages(struct reader *reader, const char *answer, size_t left, struct error *err)
{
	struct nlmsghdr header;

	while (left >= sizeof header) {
		const struct nlmsghdr *message = (const void *)answer;
		memcpy(&header, answer, sizeof header);
		if (header.nlmsg_len < sizeof header || header.nlmsg_len > left)
			return error_set(err, EPROTO, "netlink: a message of %u bytes in %zu",
					 header.nlmsg_len, left);
		bool ours = header.nlmsg_seq == reader->sequence;
		reader->interrupted |= ours && header.nlmsg_flags & NLM_F_DUMP_INTR;
		if (ours && header.nlmsg_type == NLMSG_ERROR)
			return read_error(message, err) ? -1 : 1;
		if (ours && header.nlmsg_type == NLMSG_DONE)
			return 1;
		if (ours && reader->list && reader->each(message, reader->context, err))
			return -1;
		size_t whole = ALIGNED(header.nlmsg_len);
		if (whole >= left)
			return 0;
		answer += whole;
		left -= whole;
	}
	return 0;
}

static int converse(int socket, struct netlink_request *request, struct reader *reader,
		    struct error *err)
{
	static uint32_t sequence;
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int done = 0;

	reader->sequence = request->header.nlmsg_seq = ++sequence;
	if (sendto(socket, request->bytes, request->header.nlmsg_len, 0,
		   (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return error_errno(err, errno, "netlink");
	while (!done) {
		ssize_t got = receive(socket, answer, err);
		if (got < 0)
			return -1;
		done = read_messages(reader, answer, (size_t)got, err);
	}
	return done < 0 ? -1 : 0;
}

int netlink_ask(int socket, struct netlink_request *request, struct error *err)
{
	struct reader reader = { 0 };

	request->header.nlmsg_flags |= NLM_F_ACK;
	return converse(socket, request, &reader, err);
}

int netlink_list(int socket, struct netlink_request *request,
		 int (*each)(const struct nlmsghdr *message, void *context, struct error *err),
		 void *context, struct error *err)
{
	struct reader reader = { .list = true, .each = each, .context = context };

	request->header.nlmsg_flags |= NLM_F_DUMP;
	if (converse(socket, request, &reader, err))
		return -1;
	if (reader.interrupted)
		return error_set(err, EAGAIN, "netlink: the list has changed meanwhile");
	return 0;
}
