/* SPDX-License-Identifier: MIT */
/* inetd without a fork: the connection becomes standard input, and the program that follows reads
 * it to its end and works on. Who is handed its standard input closes it by ending. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

/* The runner's end of standard input, while the connection stands at 0. */
#define KEPT 30

static int second_program(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	must(write(STDOUT_FILENO, "ready\n", 6));
	while (read(KEPT, &byte, 1) > 0)
		;
	return 5;
}

int main(int count, char **arguments)
{
	if (count > 1)
		return second_program();
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	must(dup2(STDIN_FILENO, KEPT));
	must(dup2(fd, STDIN_FILENO));
	must(close(fd));
	must(close(listener));
	peer_send(client, 100);
	peer_finish(client);
	execl("/proc/self/exe", arguments[0], "second", NULL);
	return 127;
}
