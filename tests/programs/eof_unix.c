/* SPDX-License-Identifier: MIT */
/* The end of a unix stream: one half of a socketpair is closed, the other reads it and is
 * forgotten; and a client of a unix listener. No TCP state is involved. */
/* TEST unix_ended=2 */
#include "stage/stage.h"
#include <sys/un.h>

static void pair_forgotten(void)
{
	char byte;
	int pair[2];

	/* EXPECT eof-not-closed opened id=pair call=socketpair */
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(close(pair[1]));
	expect(read(pair[0], &byte, 1) == 0); /* EXPECT eof-not-closed evidence id=pair */
}

static void client_forgotten(void)
{
	/* An abstract name, which the kernel chooses when only the family is bound. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	char byte;
	int listener = must(socket(AF_UNIX, SOCK_STREAM, 0));

	must(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)));
	must(getsockname(listener, (struct sockaddr *)&address, &size));
	must(listen(listener, 4));
	int client = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&address, size));
	/* EXPECT eof-not-closed opened id=served */
	int served = must(accept(listener, NULL, NULL));
	must(close(client));
	expect(recv(served, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence id=served */
	must(close(listener));
}

int main(void)
{
	pair_forgotten();
	client_forgotten();
	stage_ready();
	return 0;
}
