/* SPDX-License-Identifier: MIT */
/* shutdown(SHUT_RDWR) taken for a close. */
#include "stage/peer.h"
#include "stage/stage.h"

static void hang_up(int fd)
{
	must(shutdown(fd, SHUT_RDWR)); /* EXPECT shutdown-not-closed evidence call=shutdown */
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		char buffer[8];
		int client = peer_connect(stage_port(listener));
		/* EXPECT shutdown-not-closed opened count=3 */
		int fd = must(accept(listener, NULL, NULL));
		peer_send(client, 8);
		must(recv(fd, buffer, sizeof(buffer), 0));
		hang_up(fd);
		peer_expect_end(client);
	}
	stage_ready();
	return 0;
}
