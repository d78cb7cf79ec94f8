/* SPDX-License-Identifier: MIT */
/*
 * broken_stderr default|count: a child with findings for the library to tell, whose standard error
 * is broken, ends by _exit(); the parent tells how, and how many signals it caught meanwhile.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int *caught;

static void count(int signal)
{
	(void)signal;
	++*caught;
}

int main(int argc, char **argv)
{
	void (*handler)(int) = argc > 1 && !strcmp(argv[1], "count") ? count : SIG_DFL;
	int status, pair[2];
	char byte;

	caught = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGPIPE, handler);
	signal(SIGXFSZ, handler);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 3; i++)
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
			    shutdown(pair[1], SHUT_RDWR) || read(pair[0], &byte, 1))
				_exit(9);
		_exit(3);
	}
	waitpid(child, &status, 0);
	printf("status %d caught %d\n", status, *caught);
	return 0;
}
