/* SPDX-License-Identifier: MIT */
/*
 * Three leaks, each told by other means: an EOF that was read (the ledger), a FIN that nobody read
 * (the kernel's CLOSE_WAIT), both ways shut (CLOSE, which no table lists). Both ends are its own, so
 * it may stand in a network namespace alone. Arguments: so many further sockets that stay open;
 * "away": then it goes into another network namespace.
 */
#include "loopback.h"
#include "talk.h"
#include <sched.h>

static int connection(int listener, const struct sockaddr_in *address, int *client)
{
	*client = socket(AF_INET, SOCK_STREAM, 0);
	NEED(connect(*client, (const struct sockaddr *)address, sizeof *address) == 0);
	int served = accept(listener, NULL, NULL);
	NEED(served >= 0);
	return served;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	int listener = loopback_listen(&address), client;
	char byte;

	NEED(listener >= 0);
	int read_to_end = connection(listener, &address, &client);
	NEED(close(client) == 0 && recv(read_to_end, &byte, 1, 0) == 0);
	connection(listener, &address, &client);
	NEED(close(client) == 0);
	int shut = connection(listener, &address, &client);
	NEED(close(client) == 0 && recv(shut, &byte, 1, 0) == 0 && shutdown(shut, SHUT_RDWR) == 0);
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
		NEED(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	NEED(argc < 3 || unshare(CLONE_NEWNET) == 0);
	talk_ready();
	return 0;
}
