/* SPDX-License-Identifier: MIT */
/*
 * Forty tests of a client, two of which leak: all in one process, each under its own mark, or the
 * one whose number is given.
 */
#include "client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The tests also build where sockaudit isn't installed. */
#if __has_include(<sockaudit/sockaudit.h>)
#include <sockaudit/sockaudit.h>
#else
#define sockaudit_mark(name) ((void)(name))
#endif

enum { TESTS = 40 };

static int listener;
static struct sockaddr_in address;

/* Answers 500 to "broken", 200 to everything else. */
static void *serve(void *unused)
{
	char question[64];

	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd)) {
		ssize_t n = read(fd, question, sizeof(question));
		const char *answer = n == 6 && !memcmp(question, "broken", 6) ? "500" : "200";
		if (write(fd, answer, 3) != 3)
			perror("write");
	}
	return unused;
}

static void serve_start(void)
{
	socklen_t size = sizeof(address);
	pthread_t thread;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) ||
	    listen(listener, 16) || getsockname(listener, (struct sockaddr *)&address, &size) ||
	    pthread_create(&thread, NULL, serve, NULL)) {
		perror("serve");
		exit(2);
	}
}

static int test(int number)
{
	const char *question = number == 7 || number == 23 ? "broken" : "fine";
	char name[32], answer[16];
	int failed;

	snprintf(name, sizeof(name), "test_%d", number);
	sockaudit_mark(name);
	/* That it tells the trouble is right, so the test passes; nobody sees the socket. */
	failed = client_ask(&address, question, answer, sizeof(answer)) != (*question == 'b' ? -1 : 0);
	sockaudit_mark("");
	if (failed)
		printf("%s: failed\n", name);
	return failed;
}

int main(int count, char **arguments)
{
	int failed = 0;

	serve_start();
	if (count > 1)
		return test(atoi(arguments[1]));
	for (int number = 0; number < TESTS; number++)
		failed += test(number);
	printf("%d tests, %d failed\n", TESTS, failed);
	return failed != 0;
}
