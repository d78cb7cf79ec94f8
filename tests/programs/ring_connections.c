/* SPDX-License-Identifier: MIT */
/* Connections that live in a ring from the first call to the last, several served in turn; some are
 * left open past their end. libc made nothing but the listener: no finding, no drift, and the
 * balance says how many there are. */
/* TEST libs=-luring opened=1 closed=0 unexplained=5 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/ring.h"

static void serve(int fd, int client)
{
	char request[20];

	peer_send(client, sizeof(request));
	expect(ring_recv(fd, request, sizeof(request)) == sizeof(request));
	expect(ring_send(fd, "answer", 6) == 6);
	peer_receive(client, 6);
	peer_finish(client);
	expect(ring_recv(fd, request, sizeof(request)) == 0);
}

int main(void)
{
	ring_start();
	int listener = stage_listen(), peer_port = peer_listen(8);

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = ring_accept(listener, i & 1 ? SOCK_CLOEXEC : 0);
		serve(fd, client);
		if (i < 3)
			ring_close(fd);
	}
	for (int i = 0; i < 4; i++) {
		int fd = ring_socket();
		ring_connect(fd, (unsigned short)peer_port);
		serve(fd, peer_accept());
		if (i < 2)
			ring_close(fd);
	}
	stage_ready();
	return 0;
}
