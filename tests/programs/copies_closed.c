/* SPDX-License-Identifier: MIT */
/* dup, dup2, dup3 and fcntl copies, each closed after the end was read through one of them. Silent.
 */
/* TEST opened=2 closed=1 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	char byte;
	int copies[6], listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	copies[0] = must(dup(fd));
	copies[1] = must(dup2(fd, 60));
	copies[2] = must(dup3(fd, 61, O_CLOEXEC));
	copies[3] = must(fcntl(fd, F_DUPFD, 70));
	copies[4] = must(fcntl(fd, F_DUPFD_CLOEXEC, 70));
	copies[5] = must(dup2(copies[0], 62));
	must(dup2(fd, fd));
	must(close(fd));
	peer_finish(client);
	expect(read(copies[2], &byte, 1) == 0);
	for (int i = 0; i < 6; i++)
		must(close(copies[i]));
	stage_ready();
	return 0;
}
