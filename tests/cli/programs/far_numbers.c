/* SPDX-License-Identifier: MIT */
/*
 * far_numbers last|sweep: one socket, and a copy far above it, with nothing in between. last: the
 * copy has the last number that there can be. sweep: every 64th number below the copy is closed,
 * though none was open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rlimit limit;
	int refused = 0, first = socket(AF_INET, SOCK_STREAM, 0);

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (argc > 1 && !strcmp(argv[1], "last")) {
		printf("dup2 %d\n", dup2(first, (int)limit.rlim_cur - 1) > 0);
		return 0;
	}
	int copy = fcntl(first, F_DUPFD, limit.rlim_cur * 3 / 4);
	for (int fd = first + 13; fd < copy; fd += 64)
		refused += close(fd) == -1 && errno == EBADF;
	printf("copy %d, refused %d\n", copy > 0, refused);
	return 0;
}
