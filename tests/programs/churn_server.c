/* SPDX-License-Identifier: MIT */
/*
 * A server without keep-alive: it answers one request and closes first, 1,200 times. Five clients
 * had sent more than it read: their connections are reset.
 * TEST endings=closed_first:1195,closed_by_peer:1195,reset_unread:5,dead:5
 */
#include "stage/stage.h"
#include <stdbool.h>

static __attribute__((noinline)) void serve(int listener)
{
	char request[4];
	/* EXPECT time-wait-churn opened count=1195 facts.closed_first=1195 facts.resets_unread=5 */
	int fd = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));

	expect(recv(fd, request, sizeof(request), 0) == sizeof(request));
	expect(send(fd, "answer", 6, MSG_NOSIGNAL) == 6);
	/* EXPECT time-wait-churn closed severity=note class=D says=accepted facts.ports_used=None */
	must(close(fd));
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 1200; i++) {
		char answer[6];
		int client = must(socket(AF_INET, SOCK_STREAM, 0));
		bool more = i % 240 == 0;
		must(connect(client, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		expect(send(client, "get more", more ? 8 : 4, 0) == (more ? 8 : 4));
		serve(listener);
		expect(recv(client, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer));
		expect(recv(client, answer, 1, 0) == (more ? -1 : 0));
		must(close(client));
	}
	stage_ready();
	must(close(listener));
	return 0;
}
