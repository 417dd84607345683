#include "runtime/process_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/unix_socket.h"
#include "spec/base/io.h"
#include "spec/base/owned.h"

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
	char text[24];

	if (!path)
		return 0;
	int length = snprintf(text, sizeof text, "%d", (int)pid);
	if (write_file_atomic_at(AT_FDCWD, path, text, (size_t)length, 0644, err))
		return error_prefix(err, "--pid-file");
	return 0;
}

void pid_file_remove(const char *path)
{
	if (path)
		unlink(path);
}

int pidfd_socket_send(const char *path, int pidfd, const char *text, struct error *err)
{
	owned_fd socket = path ? unix_connect(path, err) : -1;

	if (!path)
		return 0;
	if (socket < 0 || descriptor_send(socket, pidfd, text, err))
		return error_prefix(err, "--pidfd-socket");
	return 0;
}
