/* SPDX-License-Identifier: MIT */
/* held: opens a socket, says "ready", and holds it until standard input ends. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	char byte;

	socket(AF_INET, SOCK_STREAM, 0);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
