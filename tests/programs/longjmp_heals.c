/* SPDX-License-Identifier: MIT */
/* A handler jumps out of a blocked recv(), again and again; what follows on that thread is seen all
 * the same. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

static sigjmp_buf out;

static void on_alarm(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static void give_up_on(int fd)
{
	char byte;
	struct itimerval soon = { { 0, 0 }, { 0, 3000 } };

	if (sigsetjmp(out, 1))
		return;
	must(setitimer(ITIMER_REAL, &soon, NULL));
	must(recv(fd, &byte, 1, 0));
}

int main(void)
{
	char byte;
	int listener = stage_listen();
	struct sigaction action = { .sa_handler = on_alarm };

	must(sigaction(SIGALRM, &action, NULL));
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT eof-not-closed opened count=2 */
		int fd = must(accept(listener, NULL, NULL));
		give_up_on(fd);
		peer_finish(client);
		expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */
		if (i == 1)
			must(close(fd));
	}
	stage_ready();
	return 0;
}
