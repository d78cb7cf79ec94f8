/* SPDX-License-Identifier: MIT */
/* Sixty frames between main and the leak, some with alloca: the innermost line is told. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <alloca.h>

static int listener;

static __attribute__((noinline)) int descend(int depth)
{
	char *room = alloca((size_t)(depth * 7 % 5) * 32 + 16);

	memset(room, depth, 16);
	if (depth)
		return descend(depth - 1) + room[3];
	int client = peer_connect(stage_port(listener));
	/* EXPECT eof-not-closed opened count=2 findings=1 */
	int fd = must(accept(listener, NULL, NULL));
	peer_finish(client);
	return must(read(fd, room, 8)); /* EXPECT eof-not-closed evidence */
}

int main(void)
{
	int sum = 0;

	listener = stage_listen();
	for (int i = 0; i < 2; i++)
		sum += descend(60);
	stage_ready();
	return sum & 1;
}
