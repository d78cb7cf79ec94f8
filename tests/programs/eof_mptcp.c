/* SPDX-License-Identifier: MIT */
/*
 * MPTCP looks like TCP to the program, and the kernel gives each connection that it accepts the
 * cookie of its listener, and its paths the inode of the connection: three of ten whose end was read
 * are forgotten, and none of them is another.
 */
/* TEST opened=21 closed=17 drift=0 unexplained=0 */
#include "stage/mptcp.h"

int main(void)
{
	int listener = mptcp_listen();
	char byte;

	for (int i = 0; i < 10; i++) {
		int client = mptcp_connect(listener);
		/* EXPECT eof-not-closed opened count=3 */
		int served = must(accept(listener, NULL, NULL));

		must(close(client));
		expect(recv(served, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */
		if (i % 4)
			must(close(served));
	}
	stage_ready();
	return 0;
}
