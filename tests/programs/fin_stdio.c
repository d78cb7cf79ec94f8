/* SPDX-License-Identifier: MIT */
/* stdio reads the end behind every hook, and the FILE is forgotten: to us an unread FIN. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char line[32];
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */
	FILE *stream = fdopen(fd, "r");

	expect(stream != NULL);
	peer_send(client, 20);
	peer_finish(client);
	expect(fgets(line, sizeof(line), stream) != NULL);
	expect(fgets(line, sizeof(line), stream) == NULL && feof(stream));
	stage_ready();
	return 0;
}
