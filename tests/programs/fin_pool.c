/* SPDX-License-Identifier: MIT */
/* A client keeps four connections, each used once, to a server that then closes its side. Nobody
 * looks again. */
#include "stage/peer.h"
#include "stage/stage.h"

static __attribute__((noinline)) int acquire(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)); /* EXPECT fin-unread opened count=4 */

	/* EXPECT fin-unread connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	return fd;
}

static void ask(int fd, int server)
{
	char answer[300];

	must(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL));
	peer_receive(server, 18);
	peer_send(server, sizeof(answer));
	expect(recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer));
}

int main(void)
{
	int port = peer_listen(16), handles[4];

	for (int i = 0; i < 4; i++) {
		int fd = acquire(port);
		handles[i] = peer_accept();
		ask(fd, handles[i]);
	}
	for (int i = 0; i < 4; i++)
		peer_finish(handles[i]);
	stage_ready();
	return 0;
}
