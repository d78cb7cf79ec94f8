/* SPDX-License-Identifier: MIT */
/*
 * forks_in_storm SECONDS: a timer's handler forks wherever the program happens to be, in the middle
 * of hooks mostly; the child returns there, goes on for a while, and ends well.
 */
#include "talk.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t children, lives_left = -1;
static pid_t parent;

static void forks(int number)
{
	static int turn;
	int error = errno;

	(void)number;
	if (getpid() == parent && ++turn % 4 == 0) {
		pid_t child = fork();

		if (child == 0)
			lives_left = 20;
		else if (child > 0)
			children++;
	}
	errno = error;
}

static void one_life(void)
{
	int pair[2];
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	NEED(shutdown(pair[1], SHUT_WR) == 0 && recv(pair[0], &byte, 1, 0) == 0);
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	NEED(other >= 0 && close(other) == 0 && close(pair[0]) == 0 && close(pair[1]) == 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = forks, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 400 }, { 0, 400 } }, never = { { 0, 0 }, { 0, 0 } };
	struct timespec now, end;
	int status, sick = 0;

	NEED(argc == 2);
	parent = getpid();
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += atoi(argv[1]);
	NEED(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
	do {
		one_life();
		if (lives_left > 0 && --lives_left == 0)
			_exit(0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (lives_left > 0 || now.tv_sec < end.tv_sec);
	setitimer(ITIMER_REAL, &never, NULL);
	while (wait(&status) > 0 || errno == EINTR)
		sick += status != 0;
	printf("forked %d, sick %d\n", children > 0, sick);
	return 0;
}
