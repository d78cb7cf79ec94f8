/* SPDX-License-Identifier: MIT */
/* The error path closes, and its caller works on: each call says EBADF, on the number of a socket
 * that was closed before. */
#include "stage/peer.h"
#include "stage/stage.h"

static void give_up(int fd)
{
	must(close(fd)); /* EXPECT use-after-close closed call=close id=1,2,3 */
}

static void serve(int listener, int way)
{
	char byte;

	peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT use-after-close opened id=1,2,3 */

	give_up(fd);
	/* EXPECT use-after-close evidence call=send errno=EBADF id=1 */
	expect(way != 0 || send(fd, "x", 1, MSG_NOSIGNAL) == -1);
	/* EXPECT use-after-close evidence call=recv errno=EBADF id=2 */
	expect(way != 1 || recv(fd, &byte, 1, 0) == -1);
	/* EXPECT use-after-close evidence call=shutdown errno=EBADF id=3 */
	expect(way != 2 || shutdown(fd, SHUT_RDWR) == -1);
}

int main(void)
{
	int listener = stage_listen();

	for (int way = 0; way < 3; way++)
		serve(listener, way);
	stage_ready();
	return 0;
}
