/* SPDX-License-Identifier: MIT */
/* Whole lives that no libc sees: connections accepted and made by the system call's instruction,
 * served, left by their peers, some closed, some not. No finding, no drift: they are counted in the
 * balance, by a reason that can be proven of each. */
/* TEST opened=1 closed=0 unexplained=5 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/raw.h"
#include "stage/stage.h"

static void serve(int fd, int client)
{
	char request[20];

	peer_send(client, sizeof(request));
	expect(raw_recv(fd, request, sizeof(request)) == sizeof(request));
	expect(raw_send(fd, "answer", 6) == 6);
	peer_receive(client, 6);
	peer_finish(client);
	expect(raw_recv(fd, request, sizeof(request)) == 0);
}

int main(void)
{
	int listener = stage_listen(), peer_port = peer_listen(8);

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		/* Half of them as a program does that never execs. */
		int fd = must(raw_accept(listener, i & 1 ? SOCK_CLOEXEC : 0));
		serve(fd, client);
		if (i < 3)
			must(raw_close(fd));
	}
	for (int i = 0; i < 4; i++) {
		int fd = must(raw_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC));
		must(raw_connect(fd, stage_address((unsigned short)peer_port), STAGE_ADDRESS_SIZE));
		serve(fd, peer_accept());
		if (i < 2)
			must(raw_close(fd));
	}
	stage_ready();
	return 0;
}
