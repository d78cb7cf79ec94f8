/* SPDX-License-Identifier: MIT */
/* As eof_half_close, but the answer leaves by stdio, of which no hook hears: the kernel tells when
 * data was sent. Silent. */
/* TEST grace=default live=no kill=no */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[64];
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));
	FILE *answer = fdopen(fd, "w");

	expect(answer);
	peer_send(client, 50);
	peer_half_close(client);
	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	/* No wait for an event: the kernel tells ages in ticks, and these are to be apart. */
	poll(NULL, 0, 100);
	expect(fprintf(answer, "answer") == 6 && fflush(answer) == 0);
	peer_receive(client, 6);
	return 0;
}
