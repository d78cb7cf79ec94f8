/* SPDX-License-Identifier: MIT */
/* unix_names COUNT: binds sockets, one after another, each to a name that was never there before,
 * as long-lived programs do. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int count = argc > 1 ? atoi(argv[1]) : 1000;

	for (int i = 0; i < count; i++) {
		int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		/* Abstract: the first byte is NUL. */
		int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%d-%08d",
				      (int)getpid(), i);
		socklen_t size =
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);

		if (fd < 0 || bind(fd, (struct sockaddr *)&name, size) || close(fd)) {
			perror("unix_names");
			return 2;
		}
	}
	return 0;
}
