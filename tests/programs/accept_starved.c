/* SPDX-License-Identifier: MIT */
/* Clients wait to be accepted, give up and leave: of one listener whose program was there once, of
 * one where it never was, and of one that two stuck workers share. While it runs the kernel tells;
 * at its end they are gone. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int take(int listener)
{
	/* EXPECT accept-starved evidence id=once call=accept when=live */
	return must(accept(listener, NULL, NULL));
}

static void leave_in_queue(int listener, int clients)
{
	for (int i = 0; i < clients; i++) {
		int client = peer_connect(stage_port(listener));
		peer_send(client, 3);
		peer_finish(client);
	}
}

static void work(int listener, int said, int wait_for)
{
	char byte;

	/* EXPECT accept-starved evidence id=shared call=accept4 when=live */
	must(close(must(accept4(listener, NULL, NULL, 0))));
	must(write(said, "a", 1));
	must(read(wait_for, &byte, 1));
	_exit(0);
}

static int listener_make(int type)
{
	/* EXPECT accept-starved opened id=once count=3 class=L says=accept() when=live */
	/* EXPECT accept-starved fact id=once dead=3 queue=3 queue_limit=16 */
	/* EXPECT accept-starved opened id=never count=2 class=L says=ever when=live */
	/* EXPECT accept-starved fact id=never dead=2 queue=3 last_accept_ms=None */
	/* EXPECT accept-starved opened id=shared count=1 class=L says=accept() when=live */
	int fd = must(socket(AF_INET, SOCK_STREAM | type, 0));

	must(bind(fd, stage_address(0), STAGE_ADDRESS_SIZE));
	must(listen(fd, 16));
	return fd;
}

int main(void)
{
	int said[2], end[2];
	char byte;
	int once = listener_make(SOCK_CLOEXEC), never = listener_make(SOCK_NONBLOCK),
	    shared = listener_make(0);

	must(pipe(said));
	must(pipe(end));
	peer_connect(stage_port(once));
	must(close(take(once)));
	leave_in_queue(once, 3);
	peer_connect(stage_port(never));
	leave_in_queue(never, 2);
	for (int i = 0; i < 2; i++) {
		if (!must(fork())) {
			close(end[1]);
			work(shared, said[1], end[0]);
		}
		peer_connect(stage_port(shared));
		must(read(said[0], &byte, 1));
	}
	leave_in_queue(shared, 1);
	stage_ready();
	close(end[1]);
	must(wait(NULL));
	must(wait(NULL));
	return 0;
}
