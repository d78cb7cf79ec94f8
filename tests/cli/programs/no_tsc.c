/* SPDX-License-Identifier: MIT */
/* Gives up the processor's cycle counter and goes on with its sockets; SIGSEGV for who reads it all
 * the same. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	int pair[2], other[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0))
		return 0; /* not on this processor */
	if (write(pair[0], "x", 1) != 1 || read(pair[1], &byte, 1) != 1)
		return 1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, other) || close(other[0]) ||
	    read(other[1], &byte, 1))
		return 2;
	shutdown(pair[0], SHUT_RDWR);
	return close(pair[0]) || close(pair[1]) || puts("done") < 0;
}
