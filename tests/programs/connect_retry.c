/* SPDX-License-Identifier: MIT */
/* Linux lets a socket try again: refused twice, then connected, with the same descriptor. The
 * success withdraws the failure, also where it was SO_ERROR that told it. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

static int so_error(int fd)
{
	int error;
	socklen_t size = sizeof(error);

	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	return error;
}

int main(void)
{
	int port = peer_reserve(), blocking = must(socket(AF_INET, SOCK_STREAM, 0));
	int patient = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	struct pollfd entry = { .fd = patient, .events = POLLOUT };

	for (int i = 0; i < 2; i++)
		expect(connect(blocking, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) ==
		       -1);
	expect(connect(patient, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	must(poll(&entry, 1, -1));
	expect(so_error(patient) == ECONNREFUSED);

	peer_open();
	must(connect(blocking, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	peer_accept();
	if (connect(patient, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) < 0) {
		/* ECONNABORTED tells the old failure once more. */
		if (errno == ECONNABORTED)
			connect(patient, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE);
		must(poll(&entry, 1, -1));
	}
	expect(so_error(patient) == 0);
	peer_accept();
	stage_ready();
	return 0;
}
