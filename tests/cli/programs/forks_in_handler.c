/* SPDX-License-Identifier: MIT */
/* A handler forks while read() waits; the child opens a socket, so it has a ledger of its own, and goes back into that
 * read(), which ends with the peer's EOF. Exit status: the child's, 0 when all is well. */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 60 /* their stacks lie between the two ledgers */

static volatile pid_t child = -1;

static void fork_here(int signal)
{
	(void)signal;
	child = fork();
	if (!child)
		socket(AF_INET, SOCK_STREAM, 0);
}

static void *wait_for_ever(void *argument)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pause();
	return argument;
}

int main(void)
{
	struct sigaction action = { .sa_handler = fork_here, .sa_flags = SA_RESTART };
	int pair[2], status;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || sigaction(SIGALRM, &action, NULL))
		return 2;
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_for_ever, NULL))
			return 2;
	}
	if (!fork()) {
		sleep(2);
		_exit(shutdown(pair[1], SHUT_WR));
	}
	alarm(1);
	if (read(pair[0], &byte, 1) != 0)
		return 3;
	if (!child)
		_exit(read(pair[0], &byte, 1) ? 4 : 0);
	if (waitpid(child, &status, 0) != child)
		return 5;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 6;
}
