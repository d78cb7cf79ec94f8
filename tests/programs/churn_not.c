/* SPDX-License-Identifier: MIT */
/*
 * The peers close first 1,200 times, so theirs is TIME_WAIT; this server closes first 300 times at
 * one place and 300 times at another. Silent.
 * TEST endings=closed_first:600,closed_by_peer:1200
 */
#include "stage/stage.h"
#include <sys/syscall.h>

/* The clients' side, behind libc: no books are kept of it. */
#include "stage/raw.h"

static __attribute__((noinline)) void serve_and_close(int fd)
{
	must(close(fd));
}

static __attribute__((noinline)) void refuse(int fd)
{
	must(shutdown(fd, SHUT_WR));
	must(close(fd));
}

static __attribute__((noinline)) void follow(int fd)
{
	must(close(fd));
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 1800; i++) {
		int client = must(raw_socket(AF_INET, SOCK_STREAM));
		must(raw_connect(client, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		int fd = must(accept(listener, NULL, NULL));
		char byte;
		if (i % 6 == 0) {
			serve_and_close(fd);
			must(raw_close(client));
			continue;
		}
		if (i % 6 == 1) {
			refuse(fd);
			must(raw_close(client));
			continue;
		}
		must(raw_close(client));
		/* Some read the end, some don't look: the FIN is there all the same. */
		expect(i % 2 || recv(fd, &byte, 1, 0) == 0);
		follow(fd);
	}
	stage_ready();
	must(close(listener));
	return 0;
}
