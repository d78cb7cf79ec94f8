/* SPDX-License-Identifier: MIT */
/* The twin of fin_stdio: fclose closes the socket inside libc. Silent, without drift. */
/* TEST opened=9 closed=8 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 4; i++) {
		char line[32];
		int client = peer_connect(stage_port(listener));
		FILE *stream = fdopen(must(accept(listener, NULL, NULL)), "r+");

		expect(stream != NULL);
		peer_send(client, 20);
		peer_half_close(client);
		while (fgets(line, sizeof(line), stream))
			;
		fputs("answer\n", stream);
		expect(fclose(stream) == 0);
		peer_receive(client, 7);
	}
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	stage_ready();
	return 0;
}
