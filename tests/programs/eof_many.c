/* SPDX-License-Identifier: MIT */
/* 500 clients forgotten in one loop: one finding, each socket in it, whatever the table has to
 * grow. */
#include "stage/stage.h"

static void serve(int listener)
{
	char byte;
	/* EXPECT eof-not-closed opened count=500 findings=1 */
	int fd = must(accept(listener, NULL, NULL));

	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 500; i++) {
		int client = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(client, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		must(close(client));
		serve(listener);
	}
	stage_ready();
	return 0;
}
