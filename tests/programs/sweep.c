/* SPDX-License-Identifier: MIT */
/* Sweeps over numbers, as daemons do them: a loop of closes, close_range and closefrom. No double
 * close, though most numbers were sockets once; and what was open is closed. Silent. */
#include "stage/stage.h"

static void open_some(int listener)
{
	for (int i = 0; i < 20; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		int served = must(accept(listener, NULL, NULL));
		if (i % 3)
			must(close(fd));
		if (i % 2)
			must(close(served));
	}
}

int main(void)
{
	int listener = stage_listen();

	open_some(listener);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	listener = stage_listen();
	expect(listener == 3);
	open_some(listener);
	must(close_range(3, ~0U, 0));
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	listener = stage_listen();
	expect(listener == 3);
	open_some(listener);
	closefrom(4);
	stage_ready();
	return 0;
}
