/* SPDX-License-Identifier: MIT */
/*
 * churning client|server COUNT...: for each COUNT a listener of its own on loopback and so many
 * connections to it, one after the other, closed first by that side; each carries one exchange.
 * Says the listeners' ports, then "ready", and waits until standard input ends.
 */
#include "loopback.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(bool truth)
{
	if (!truth) {
		perror("churning");
		exit(3);
	}
}

static __attribute__((noinline)) void lead(int fd)
{
	need(close(fd) == 0);
}

static __attribute__((noinline)) void follow(int fd)
{
	char byte;

	need(read(fd, &byte, 1) == 0);
	need(close(fd) == 0);
}

static void once(int listener, const struct sockaddr_in *address, bool client_leads)
{
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	need(connect(client, (const struct sockaddr *)address, sizeof *address) == 0);
	int server = accept(listener, NULL, NULL);
	need(write(client, "q", 1) == 1 && read(server, &byte, 1) == 1);
	need(write(server, "a", 1) == 1 && read(client, &byte, 1) == 1);
	lead(client_leads ? client : server);
	follow(client_leads ? server : client);
}

int main(int argc, char **argv)
{
	char byte;

	for (int i = 2; i < argc; i++) {
		struct sockaddr_in address;
		int listener = loopback_listen(&address);

		for (int count = atoi(argv[i]); count; count--)
			once(listener, &address, !strcmp(argv[1], "client"));
		printf("%d\n", ntohs(address.sin_port));
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
