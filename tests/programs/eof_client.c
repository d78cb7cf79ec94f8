/* SPDX-License-Identifier: MIT */
/* A client reads three answers to their end and keeps the sockets. No grace is given: three more
 * sockets since tell at exit that this is no program that just ends. */
/* TEST grace=default */
#include "stage/peer.h"
#include "stage/stage.h"

static int fetch(int port)
{
	char buffer[256];
	ssize_t n;
	/* EXPECT eof-not-closed opened count=3 call=socket */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	/* EXPECT eof-not-closed connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	int server = peer_accept();
	must(write(fd, "GET", 3));
	peer_receive(server, 3);
	peer_send(server, 700);
	peer_finish(server);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) /* EXPECT eof-not-closed evidence */
		;
	return (int)n;
}

int main(void)
{
	int port = peer_listen(16);

	for (int i = 0; i < 3; i++)
		must(fetch(port));
	for (int i = 0; i < 3; i++)
		must(close(must(socket(AF_INET, SOCK_DGRAM, 0))));
	stage_ready();
	return 0;
}
