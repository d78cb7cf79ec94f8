/* SPDX-License-Identifier: MIT */
/* A sweep that meets files, more of them than a sweep steps over, before the numbers of sockets that
 * were closed: it is one sweep all the same, and no double close. Silent. */
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	int file = must(open("/dev/null", O_RDONLY)), made = must(socket(AF_INET, SOCK_STREAM, 0));

	for (int fd = 40; fd < 48; fd++)
		must(dup2(file, fd));
	for (int fd = 48; fd < 50; fd++)
		expect(fcntl(made, F_DUPFD, fd) == fd);
	must(close(made));
	for (int fd = 48; fd < 50; fd++)
		must(close(fd));

	for (int fd = 30; fd < 50; fd++)
		expect((close(fd) == 0) == (fd >= 40 && fd < 48));
	stage_ready();
	return 0;
}
