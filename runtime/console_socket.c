#include "runtime/console_socket.h"

#include <errno.h>
#include <sys/socket.h>

#include "runtime/unix_socket.h"

int console_socket_open(const struct process *process, const char *path, bool foreground,
			struct console_socket *ret, struct error *err)
{
	int pair[2];

	*ret = (struct console_socket){ -1, -1 };
	if (!process || !process->terminal) {
		if (!path)
			return 0;
		error_set(err, EINVAL, "--console-socket is given, but process.terminal is false");
		return error_hint(err, "set process.terminal, or leave the option out");
	}
	if (path) {
		ret->sender = unix_connect(path, err);
		return ret->sender < 0 ? -1 : 0;
	}
	if (!foreground) {
		error_set(err, EINVAL, "process.terminal is true: who is to have the terminal?");
		return error_hint(err, "give --console-socket, or leave --detach out");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, "socketpair");
	*ret = (struct console_socket){ .sender = pair[1], .receiver = pair[0] };
	return 0;
}
