/* SPDX-License-Identifier: MIT */
/* Four answers read to their ends, and then the program ends: two more sockets were opened since
 * the first two, and one whose grace is over takes along its whole finding. */
/* TEST grace=default */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int port = peer_listen(16);

	for (int i = 0; i < 4; i++) {
		char buffer[64];
		/* EXPECT eof-not-closed opened count=4 */
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		int server = peer_accept();
		peer_send(server, 10);
		peer_finish(server);
		while (recv(fd, buffer, sizeof(buffer), 0) > 0) /* EXPECT eof-not-closed evidence */
			;
	}
	stage_ready();
	return 0;
}
