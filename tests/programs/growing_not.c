/* SPDX-License-Identifier: MIT */
/* The near twins of growing_connectors, all silent: of 240 connections eight are kept; 240 of a
 * pool that was filled beforehand are used in turn; and so are 400 that were accepted; 240 are bound
 * to a port each, for datagrams that nobody has sent yet. */
#include "stage/pool.h"

#define POOL   240
#define SERVED 400

static int acquire(int port, int *handle)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	*handle = peer_accept();
	return fd;
}

static void kept(int port)
{
	for (int i = 0; i < POOL; i++) {
		int handle, fd = acquire(port, &handle);

		pool_exchange(fd, handle);
		if (i % 30)
			must(close(fd));
	}
}

static int acquire_for_pool(int port, int *handle)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	*handle = peer_accept();
	return fd;
}

static void filled_beforehand(int port)
{
	static int fds[POOL], handles[POOL];

	for (int i = 0; i < POOL; i++)
		fds[i] = acquire_for_pool(port, &handles[i]);
	for (int i = 0; i < POOL; i++)
		pool_exchange(fds[i], handles[i]);
}

static void served(void)
{
	static int clients[SERVED], fds[SERVED];
	int listener = stage_listen();
	char byte;

	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < SERVED; i++) {
			if (!turn) {
				clients[i] = peer_connect(stage_port(listener));
				fds[i] = must(accept(listener, NULL, NULL));
			}
			peer_send(clients[i], 1);
			expect(recv(fds[i], &byte, 1, 0) == 1);
			must(send(fds[i], &byte, 1, MSG_NOSIGNAL));
		}
}

static void bound(void)
{
	for (int i = 0; i < POOL; i++)
		must(bind(must(socket(AF_INET, SOCK_DGRAM, 0)), stage_address(0),
			  STAGE_ADDRESS_SIZE));
}

int main(void)
{
	int port = peer_listen(16);

	kept(port);
	filled_beforehand(port);
	served();
	bound();
	stage_ready();
	return 0;
}
