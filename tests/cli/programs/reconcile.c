/* SPDX-License-Identifier: MIT */
/*
 * A server whose clients have left in every way that the books tell apart. Arguments: how many it
 * accepts and never reads; reads to the end; has read a request of; accepts by system calls of its
 * own; and how many children inherit them all. Between two steps it says "ready" and waits; the
 * script's clients come and go meanwhile.
 */
#include "../../programs/stage/raw.h"
#include "loopback.h"
#include "talk.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

static int listener;

static void children_start(int count)
{
	int pipe_ends[2];
	char byte;

	NEED(pipe(pipe_ends) == 0);
	for (int i = 0; i < count; i++) {
		if (fork())
			continue;
		/* Until the parent ends. */
		close(pipe_ends[1]);
		_exit(read(pipe_ends[0], &byte, 1) == 0 ? 0 : 1);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;
	char byte;

	NEED(argc == 6);
	listener = loopback_listen(&address);
	NEED(listener >= 0 && listen(listener, 1024) == 0);
	printf("%u\n", ntohs(address.sin_port));

	talk_ready();
	for (int i = 0; i < atoi(argv[1]); i++)
		NEED(accept(listener, NULL, NULL) >= 0);
	talk_ready();
	for (int i = 0; i < atoi(argv[2]); i++) {
		int client = accept(listener, NULL, NULL);
		NEED(client >= 0 && recv(client, &byte, 1, 0) == 0);
	}
	talk_ready();
	for (int i = 0; i < atoi(argv[3]); i++) {
		int client = accept(listener, NULL, NULL);
		NEED(client >= 0 && recv(client, &byte, 1, 0) == 1);
	}
	talk_ready();
	for (int i = 0; i < atoi(argv[4]); i++)
		NEED(raw_call(SYS_accept4, listener, 0, 0, 0, 0, 0) >= 0);
	/* What is in none of TCP's tables. */
	for (int i = 0; i < 10; i++) {
		int pair[2];
		NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
		NEED(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
	}
	children_start(atoi(argv[5]));
	talk_ready();
	return 0;
}
