/* SPDX-License-Identifier: MIT */
/* A socket for each question: datagram sockets know no end, so only their number tells. Beside them
 * unix sockets, of which 40 are too few to say anything. */
#include "stage/stage.h"
#include <sys/un.h>

static __attribute__((noinline)) void ask(unsigned short port)
{
	/* EXPECT growing-site opened count=200 severity=warning says=none_closed */
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0));

	must(connect(fd, stage_address(port), STAGE_ADDRESS_SIZE));
	must(send(fd, "question", 8, 0));
}

int main(void)
{
	for (int i = 0; i < 40; i++)
		must(socket(AF_UNIX, SOCK_DGRAM, 0));
	int server = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(server, stage_address(0), STAGE_ADDRESS_SIZE));
	for (int i = 0; i < 200; i++)
		ask(stage_port(server));
	stage_ready();
	return 0;
}
