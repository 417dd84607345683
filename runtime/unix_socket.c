#include "runtime/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "spec/base/owned.h"

int unix_connect(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	owned_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	owned_fd target = -1;

	if (fd < 0)
		return error_errno(err, errno, "socket %s", path);
	size_t length = strlen(path);
	if (length < sizeof address.sun_path) {
		memcpy(address.sun_path, path, length + 1);
	} else {
		/* Engines keep sockets deep in their state folders: a descriptor's name is short. */
		target = open(path, O_PATH | O_CLOEXEC);
		if (target < 0)
			return error_errno(err, errno, "socket %s", path);
		snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", target);
	}
	if (connect(fd, (const struct sockaddr *)&address, sizeof address))
		return error_errno(err, errno, "connect to socket %s", path);
	return take_fd(&fd);
}

/* An unbound socket, and the address of @name in @directory. */
static int socket_at(int directory, const char *name, struct sockaddr_un *address,
		     struct error *err)
{
	owned_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, errno, "socket %s", name);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
			      directory, name);
	if (length < 0 || (size_t)length >= sizeof address->sun_path)
		return error_errno(err, ENAMETOOLONG, "socket %s", name);
	return take_fd(&fd);
}

int unix_listen_at(int directory, const char *name, struct error *err)
{
	struct sockaddr_un address;
	owned_fd fd = socket_at(directory, name, &address, err);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) || listen(fd, 1))
		return error_errno(err, errno, "listen on socket %s", name);
	return take_fd(&fd);
}

int unix_connect_at(int directory, const char *name, struct error *err)
{
	struct sockaddr_un address;
	owned_fd fd = socket_at(directory, name, &address, err);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address))
		return error_errno(err, errno, "connect to socket %s", name);
	return take_fd(&fd);
}

union descriptor_message {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

int descriptor_send(int socket, int fd, const char *text, struct error *err)
{
	union descriptor_message control = { .bytes = { 0 } };
	/* Without a byte of text the kernel sends nothing: the NUL goes along when there is no text. */
	struct iovec bytes = { .iov_base = (void *)(uintptr_t)text,
			       .iov_len = *text ? strlen(text) : 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof control.bytes };
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(part), &fd, sizeof fd);
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_errno(err, errno, "send a descriptor");
	return 0;
}

int descriptor_receive(int socket, struct error *err)
{
	char name[4096];
	union descriptor_message control;
	struct iovec text = { .iov_base = name, .iov_len = sizeof name };
	/* Room for exactly one: the kernel closes what does not fit, and says so. CMSG_SPACE has room
	 * for two, because it rounds up. */
	struct msghdr message = { .msg_iov = &text,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = CMSG_LEN(sizeof(int)) };
	owned_fd fd = -1;
	ssize_t got;

	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_errno(err, errno, "receive a descriptor");
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(part), sizeof fd);
	if (message.msg_flags & MSG_CTRUNC)
		return error_set(err, EPROTO,
				 "receive a descriptor: the message has more than one");
	if (fd < 0)
		return error_set(err, EPROTO, "receive a descriptor: %s",
				 got ? "the message has none" : "the other side closed");
	return take_fd(&fd);
}
