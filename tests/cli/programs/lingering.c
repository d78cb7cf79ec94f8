/* SPDX-License-Identifier: MIT */
/*
 * lingering: listens on loopback, says "port N", accepts three connections, waits until the first
 * two have been left by their peers, says "ready", and closes none until standard input ends.
 * lingering once: a connection with itself, properly closed, and words on both outputs. Exit status
 * 7. Any C library, any word size.
 */
#include "loopback.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS 3
#define LEFT	    2

static void linger(int listener)
{
	struct pollfd left[CONNECTIONS] = { { 0 } };
	char byte;

	for (int i = 0; i < CONNECTIONS; i++) {
		left[i].fd = accept(listener, NULL, NULL);
		left[i].events = POLLRDHUP;
	}
	for (int i = 0; i < LEFT; i++)
		if (poll(&left[i], 1, -1) != 1)
			exit(3);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void connect_once(int listener, const struct sockaddr_in *address)
{
	char word[6] = "";
	int client = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(client, (const struct sockaddr *)address, sizeof *address))
		exit(3);
	int served = accept(listener, NULL, NULL);
	if (write(client, "words", 5) != 5 || read(served, word, 5) != 5)
		exit(3);
	close(client);
	close(served);
	puts(word);
	fprintf(stderr, "other %s\n", word);
}

int main(int count, char **arguments)
{
	struct sockaddr_in address;
	int listener = loopback_listen(&address);

	(void)arguments;
	if (listener < 0)
		return 3;
	if (count > 1) {
		connect_once(listener, &address);
	} else {
		printf("port %d\n", ntohs(address.sin_port));
		fflush(stdout);
		linger(listener);
	}
	return 7;
}
