/* SPDX-License-Identifier: MIT */
/* After a sweep that closed every number, new sockets' bytes arrive whole: nothing of the library's
 * writes to them. One is then forgotten after its end, and it alone is told. */
#include "stage/stage.h"

static void talk(int keep)
{
	char in[64], out[64];
	int listener = stage_listen();

	int fd = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(fd, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
	int served = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */
	memset(out, 'A' + keep, sizeof(out));
	expect(send(fd, out, sizeof(out), MSG_NOSIGNAL) == sizeof(out));
	expect(recv(served, in, sizeof(in), MSG_WAITALL) == sizeof(in) &&
	       !memcmp(in, out, sizeof(in)));
	must(close(fd));
	expect(recv(served, in, sizeof(in), 0) == 0); /* EXPECT eof-not-closed evidence */
	if (!keep)
		must(close(served));
	must(close(listener));
}

int main(void)
{
	talk(0);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 50; i++)
		talk(0);
	talk(1);
	stage_ready();
	return 0;
}
