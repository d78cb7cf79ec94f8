/* SPDX-License-Identifier: MIT */
/* Zeros that are no EOF: zero-length reads, empty datagrams and messages, sendfile at the end of
 * its input, a read after our own SHUT_RD. The peers live and all sockets are open: silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static int served(int listener)
{
	peer_connect(stage_port(listener));
	return must(accept(listener, NULL, NULL));
}

static void empty_messages(int type)
{
	char buffer[8];
	int pair[2];

	must(socketpair(AF_UNIX, type, 0, pair));
	expect(send(pair[0], "", 0, 0) == 0);
	expect(recv(pair[1], buffer, sizeof(buffer), 0) == 0);
}

int main(void)
{
	char buffer[8];
	int listener = stage_listen(), fd = served(listener);
	struct iovec nothing = { buffer, 0 };

	expect(read(fd, buffer, 0) == 0);
	expect(recv(fd, buffer, 0, MSG_DONTWAIT) <= 0);
	expect(readv(fd, &nothing, 1) == 0);

	empty_messages(SOCK_DGRAM);
	empty_messages(SOCK_SEQPACKET);
	int udp = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(udp, stage_address(0), STAGE_ADDRESS_SIZE));
	must(connect(udp, stage_address(stage_port(udp)), STAGE_ADDRESS_SIZE));
	expect(send(udp, "", 0, 0) == 0);
	expect(recv(udp, buffer, sizeof(buffer), 0) == 0);

	int empty = must(open("/dev/null", O_RDONLY));
	expect(sendfile(served(listener), empty, NULL, 100) <= 0);
	must(close(empty));

	fd = served(listener);
	must(shutdown(fd, SHUT_RD));
	expect(recv(fd, buffer, sizeof(buffer), 0) == 0);
	expect(read(fd, buffer, sizeof(buffer)) == 0);
	stage_ready();
	return 0;
}
