/* SPDX-License-Identifier: MIT */
/* The twin of stdin_handed_over: the connection is handed over by its number, so the program that
 * follows knows it for a connection, reads its end, and forgets it. */
#include "stage/peer.h"
#include "stage/stage.h"

static int second_program(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1); /* EXPECT eof-not-closed evidence */
	while (n > 0);
	stage_ready();
	return 5;
}

int main(int count, char **arguments)
{
	char number[16];

	if (count > 1)
		return second_program(atoi(arguments[1]));
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	must(close(listener));
	peer_send(client, 100);
	peer_finish(client);
	snprintf(number, sizeof(number), "%d", fd);
	execl("/proc/self/exe", arguments[0], number, NULL);
	return 127;
}
