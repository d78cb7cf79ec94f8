/* SPDX-License-Identifier: MIT */
/* One number lives many lives: 30 are closed, and only the last is forgotten. The closed ones are
 * its siblings. */
#include "stage/peer.h"
#include "stage/stage.h"

static void serve(int listener, int keep)
{
	char buffer[64];
	int client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	peer_finish(client);
	while (read(fd, buffer, sizeof(buffer)) > 0) /* EXPECT eof-not-closed evidence */
		;
	if (!keep)
		must(close(fd)); /* EXPECT eof-not-closed sibling count=30 call=close */
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i <= 30; i++)
		serve(listener, i == 30);
	stage_ready();
	return 0;
}
