/* SPDX-License-Identifier: MIT */
/* A read gives up after SO_RCVTIMEO (no error that ends a connection) and the function returns; the
 * slow server then answers and leaves. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/time.h>

static ssize_t ask(int port)
{
	char buffer[64];
	struct timeval patience = { 0, 20000 };
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)); /* EXPECT fin-unread opened recv_q=31 */

	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	must(send(fd, "question", 8, MSG_NOSIGNAL));
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
	if (n < 0)
		return -errno;
	must(close(fd));
	return n;
}

int main(void)
{
	int port = peer_listen(4);

	expect(ask(port) == -EAGAIN);
	int server = peer_accept();
	peer_receive(server, 8);
	peer_send(server, 30);
	peer_finish(server);
	stage_ready();
	return 0;
}
