/* SPDX-License-Identifier: MIT */
/* The near twin of used_then_closed: a file has the number before it is closed twice, so that the
 * second close() is not the socket's. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	int listener = stage_listen();

	peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT use-after-close opened */
	must(close(fd));			     /* EXPECT use-after-close closed call=close */
	/* EXPECT use-after-close evidence call=send errno=EBADF */
	expect(send(fd, "x", 1, MSG_NOSIGNAL) == -1);

	int file = must(open("/dev/null", O_RDONLY));
	expect(file == fd);
	must(close(file));
	expect(close(file) == -1 && errno == EBADF);
	stage_ready();
	return 0;
}
