/* SPDX-License-Identifier: MIT */
/* Every call that makes a socket or another descriptor for one, without a descriptor to be had. The
 * place that is told is that of the latest power of two: here of the eighth. */
#include "stage/limit.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define REFUSED(call) expect((call) < 0 && errno == EMFILE)

int main(void)
{
	int pair[2];
	/* EXPECT descriptors-running-out opened count=1 severity=warning says=8_times */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	limit_to_further(1);
	must(dup(0));
	REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	REFUSED(dup(fd));
	REFUSED(fcntl(fd, F_DUPFD, 0));
	REFUSED(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	REFUSED(epoll_create1(0));
	REFUSED(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
	REFUSED(syscall(SYS_dup, fd));
	/* EXPECT descriptors-running-out evidence call=socket errno=EMFILE */
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	/* Other failures are none of these. */
	expect(dup(1000) < 0 && errno == EBADF && socket(-1, 0, 0) < 0 && errno != EMFILE);
	stage_ready();
	return 0;
}
