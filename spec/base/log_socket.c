#include "spec/base/log_socket.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "spec/base/io.h"
#include "spec/base/owned.h"
#include "spec/base/text.h"

enum { SEND_TIMEOUT = 2 /* seconds */, SYSLOG_MESSAGE_MAX = 8192 };

int log_socket_open(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = SEND_TIMEOUT };
	owned_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, errno, "socket");
	if (strlen(path) >= sizeof address.sun_path)
		return error_errno(err, ENAMETOOLONG, "connect to %s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout))
		return error_errno(err, errno, "connect to %s", path);
	return take_fd(&fd);
}

/* A value with a newline in it is preceded by its length instead of an equals sign. */
void journal_add_field(struct buffer *fields, const char *name, const char *value, size_t length)
{
	uint64_t little_endian = htole64(length);

	buffer_add(fields, name, strlen(name));
	if (memchr(value, '\n', length)) {
		buffer_add(fields, "\n", 1);
		buffer_add(fields, &little_endian, sizeof little_endian);
	} else {
		buffer_add(fields, "=", 1);
	}
	buffer_add(fields, value, length);
	buffer_add(fields, "\n", 1);
}

/* The journal maps the file, so it takes one only when nobody can change it any more. */
static int send_as_file(int fd, const struct buffer *text, int flags)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	owned_fd file = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (file < 0 || write_all(file, text->text, text->length) ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return -1;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &file, sizeof(int));
	return sendmsg(fd, &message, flags) < 0 ? -1 : 0;
}

int journal_send_fields(int fd, const struct buffer *fields, bool wait)
{
	int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);

	if (fields->failed) {
		errno = ENOMEM;
		return -1;
	}
	if (send(fd, fields->text, fields->length, flags) >= 0)
		return 0;
	return errno == EMSGSIZE || errno == ENOBUFS ? send_as_file(fd, fields, flags) : -1;
}

static void add_text(struct buffer *fields, const char *name, const char *value)
{
	journal_add_field(fields, name, value, strlen(value));
}

int journal_send(int fd, const struct log_record *record)
{
	OWNED(buffer_finish) struct buffer fields = { 0 };

	add_text(&fields, "MESSAGE", record->message);
	buffer_print(&fields, "PRIORITY=%d\n", record->priority);
	add_text(&fields, "SYSLOG_IDENTIFIER", record->identifier);
	if (record->container)
		add_text(&fields, "CONTAINER_ID", record->container);
	return journal_send_fields(fd, &fields, true);
}

int syslog_send(int fd, const struct log_record *record)
{
	OWNED(buffer_finish) struct buffer text = { 0 };
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(stamp, sizeof stamp, "%b %e %T", &local);
	buffer_print(&text, "<%d>%s %s[%d]: ", LOG_USER | record->priority, stamp,
		     record->identifier, (int)getpid());
	if (record->container)
		buffer_print(&text, "container %s: ", record->container);
	buffer_print(&text, "%.*s", SYSLOG_MESSAGE_MAX, record->message);
	if (text.failed) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.text[i] < ' ' || text.text[i] == 127)
			text.text[i] = ' ';
	return send(fd, text.text, text.length, MSG_NOSIGNAL) < 0 ? -1 : 0;
}
