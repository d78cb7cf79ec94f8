/* SPDX-License-Identifier: MIT */
/* Errors that end no connection: EAGAIN, EINTR, ENOTCONN, those of accept, ECONNREFUSED on UDP,
 * EMSGSIZE, EFAULT. Everything stays open with a living peer. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <signal.h>
#include <sys/time.h>

static void on_alarm(int number)
{
	(void)number;
}

int main(void)
{
	char buffer[8];
	static char large[70000];
	int listener = stage_listen();
	int fresh = must(socket(AF_INET, SOCK_STREAM, 0)),
	    udp = must(socket(AF_INET, SOCK_DGRAM, 0));

	peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));
	expect(recv(fd, buffer, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	expect(send(fd, (void *)8, 8, MSG_NOSIGNAL) == -1 && errno == EFAULT);
	expect(recv(fresh, buffer, 8, 0) == -1 && errno == ENOTCONN);
	expect(send(fresh, buffer, 8, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	expect(shutdown(fresh, SHUT_RDWR) == -1 && errno == ENOTCONN);
	expect(accept(fd, NULL, NULL) == -1 && errno == EINVAL);
	stage_nonblocking(listener);
	expect(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);

	must(connect(udp, stage_address((unsigned short)peer_reserve()), STAGE_ADDRESS_SIZE));
	must(send(udp, "x", 1, 0));
	expect(recv(udp, buffer, 8, 0) == -1 && errno == ECONNREFUSED);
	expect(send(udp, large, sizeof(large), 0) == -1 && errno == EMSGSIZE);

	struct sigaction action = { .sa_handler = on_alarm };
	must(sigaction(SIGALRM, &action, NULL));
	/* Again and again, so that one that comes before the read is no matter. */
	struct itimerval soon = { { 0, 5000 }, { 0, 5000 } }, never = { { 0, 0 }, { 0, 0 } };
	must(setitimer(ITIMER_REAL, &soon, NULL));
	expect(read(fd, buffer, 8) == -1 && errno == EINTR);
	must(setitimer(ITIMER_REAL, &never, NULL));
	stage_ready();
	return 0;
}
