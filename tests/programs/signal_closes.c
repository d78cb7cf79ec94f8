/* SPDX-License-Identifier: MIT */
/* A signal handler closes the sockets while the main thread waits in a call on one of them. Silent.
 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <signal.h>
#include <sys/time.h>

static volatile int victim = -1;

static void on_alarm(int number)
{
	(void)number;
	if (victim >= 0 && close(victim) == 0)
		victim = -1;
}

int main(void)
{
	int listener = stage_listen();
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { { 0, 3000 }, { 0, 3000 } }, never = { { 0, 0 }, { 0, 0 } };

	must(sigaction(SIGALRM, &action, NULL));
	for (int i = 0; i < 5; i++) {
		char byte;
		peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));
		victim = fd;
		must(setitimer(ITIMER_REAL, &soon, NULL));
		expect(recv(fd, &byte, 1, 0) == -1);
		must(setitimer(ITIMER_REAL, &never, NULL));
		if (victim >= 0)
			must(close(victim));
		victim = -1;
	}
	stage_ready();
	return 0;
}
