/* SPDX-License-Identifier: MIT */
/* The error path returns early: a malformed request is answered and its connection forgotten. Good
 * ones are closed. */
#include "stage/peer.h"
#include "stage/stage.h"

static int handle(int listener)
{
	char line[64];
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened count=2 */
	ssize_t n = recv(fd, line, sizeof(line), 0);

	if (n < 10) {
		must(send(fd, "400\n", 4, MSG_NOSIGNAL));
		return -1;
	}
	must(send(fd, "200\n", 4, MSG_NOSIGNAL));
	must(close(fd)); /* EXPECT fin-unread sibling count=4 */
	return 0;
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		peer_send(client, i % 3 ? 30 : 3);
		handle(listener);
		peer_receive(client, 4);
		peer_finish(client);
	}
	stage_ready();
	return 0;
}
