/* SPDX-License-Identifier: MIT */
/* What glibc opens and closes for itself: the resolver's sockets, syslog's, a stream that freopen()
 * turns to another file, one that fclose() ends. No drift, and nothing left unexplained. */
/* TEST unexplained=0 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <netdb.h>
#include <syslog.h>

static FILE *stream_of(int listener, int *client)
{
	char line[32];

	*client = peer_connect(stage_port(listener));
	FILE *stream = fdopen(must(accept(listener, NULL, NULL)), "r+");
	expect(stream != NULL);
	peer_send(*client, 20);
	peer_half_close(*client);
	while (fgets(line, sizeof(line), stream))
		;
	return stream;
}

int main(void)
{
	struct addrinfo *found, hints = { .ai_socktype = SOCK_STREAM };
	int listener = stage_listen(), client;

	expect(fclose(stream_of(listener, &client)) == 0);
	FILE *stream = freopen("/dev/null", "r+", stream_of(listener, &client));
	expect(stream != NULL && fclose(stream) == 0);

	expect(getaddrinfo("localhost", "80", &hints, &found) == 0);
	freeaddrinfo(found);
	openlog("sockaudit-test", LOG_NDELAY, LOG_USER);
	syslog(LOG_DEBUG, "of no interest");
	closelog();

	must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	stage_ready();
	return 0;
}
