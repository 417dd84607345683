/* What tests/cli/restore.bats saves and restores: a static program for a container without a C library.
 *
 *   criu-subject lock FILE   holds a lock on the file
 *   criu-subject tcp FILE    sends numbers to itself over one TCP connection, and writes each that comes back
 *                            into the file; ends when the connection does */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int hold_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || flock(fd, LOCK_EX))
		return 1;
	for (;;)
		pause();
}

static int bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int failed = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return failed;
}

static int connect_to_self(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || ends[0] < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(ends[0], (struct sockaddr *)&address, sizeof address))
		return 1;
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
	return ends[1] < 0;
}

static int talk(const char *path)
{
	int ends[2];

	if (bring_loopback_up() || connect_to_self(ends))
		return 1;
	for (unsigned sent = 1;; sent++) {
		unsigned got = 0;
		if (write(ends[0], &sent, sizeof sent) != sizeof sent ||
		    recv(ends[1], &got, sizeof got, MSG_WAITALL) != sizeof got || got != sent)
			return 2;
		FILE *file = fopen(path, "w");
		if (!file)
			return 3;
		fprintf(file, "%u\n", got);
		fclose(file);
		usleep(20000);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 4;
	return strcmp(argv[1], "lock") == 0 ? hold_lock(argv[2]) : talk(argv[2]);
}
