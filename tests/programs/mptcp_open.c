/* SPDX-License-Identifier: MIT */
/*
 * The twin of eof_mptcp: what was read to its end is closed, and beside it stand connections that
 * live, one that its peer has left a moment ago, and a socket that never connected. The kernel
 * lists the paths of these as TCP, and themselves not at all: none is in CLOSE, none has drifted.
 * Silent.
 */
/* TEST opened=26 closed=21 drift=0 unexplained=0 tcp=0 */
#include "stage/mptcp.h"

int main(void)
{
	int listener = mptcp_listen();
	char byte;

	for (int i = 0; i < 10; i++) {
		int client = mptcp_connect(listener);
		int served = must(accept(listener, NULL, NULL));

		must(close(client));
		expect(recv(served, &byte, 1, 0) == 0);
		must(close(served));
	}
	must(mptcp_connect(listener));
	must(accept(listener, NULL, NULL));
	int client = mptcp_connect(listener);
	must(accept(listener, NULL, NULL));
	must(close(client));
	must(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
	stage_ready();
	return 0;
}
