/* SPDX-License-Identifier: MIT */
/*
 * soak_server THREADS: serves on loopback, each connection in the way that its first byte asks for
 * (soak.h), and leaks where it is asked to. Prints its port; ends its threads at the first byte of
 * its input and says "quiet"; ends at the input's end, with the leaks still open.
 */
#include "soak.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener;

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	_exit(2);
}

static void answer(int fd)
{
	must(send(fd, "a", 1, MSG_NOSIGNAL) == 1, "soak_server: send");
}

static ssize_t read_end(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0);
}

static void serve_to_end(int fd)
{
	answer(fd);
	read_end(fd);
	close(fd);
}

__attribute__((noinline)) static void serve_first(int fd)
{
	answer(fd);
	close(fd);
}

static void *serve_thread(void *fd)
{
	serve_to_end((int)(long)fd);
	return NULL;
}

static void serve_by_thread(int fd)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, serve_thread, (void *)(long)fd), "pthread_create");
	pthread_join(thread, NULL);
}

/* The sites of the leaks, each of a name of its own. */
__attribute__((noinline)) static void leak_after_eof(int fd)
{
	char byte;

	answer(fd);
	must(recv(fd, &byte, 1, 0) == 0, "soak_server: no EOF");
}

__attribute__((noinline)) static void leak_after_error(int fd)
{
	char byte;

	answer(fd);
	must(recv(fd, &byte, 1, 0) < 0, "soak_server: no error");
}

/* With two sockets opened after it, so that it counts at the child's exit. */
__attribute__((noinline)) static void leak_in_child(int fd)
{
	char byte;

	answer(fd);
	must(recv(fd, &byte, 1, 0) == 0, "soak_server: no EOF");
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	close(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void become_program(int fd)
{
	char number[16];

	snprintf(number, sizeof number, "%d", fd);
	must(!fcntl(fd, F_SETFD, 0), "fcntl");
	execl("/proc/self/exe", "soak_server", "serve", number, NULL);
	must(0, "execl");
}

static void serve_by_child(int fd, enum soak_kind kind)
{
	int status;
	pid_t child = fork();

	must(child >= 0, "fork");
	if (!child) {
		if (kind == SOAK_program)
			become_program(fd);
		if (kind == SOAK_leak_child)
			leak_in_child(fd);
		else
			serve_to_end(fd);
		_exit(0);
	}
	close(fd);
	must(waitpid(child, &status, 0) == child && !status, "soak_server: a child failed");
}

static void serve(int fd)
{
	enum soak_kind kind = 0;
	char letter = 0;

	must(recv(fd, &letter, 1, 0) == 1, "soak_server: no request");
	while (kind < SOAK_COUNT && soak_kinds[kind].letter != letter)
		kind++;
	switch (kind) {
	case SOAK_eof:
	case SOAK_reset:
		serve_to_end(fd);
		return;
	case SOAK_first:
		serve_first(fd);
		return;
	case SOAK_thread:
		serve_by_thread(fd);
		return;
	case SOAK_child:
	case SOAK_program:
	case SOAK_leak_child:
		serve_by_child(fd, kind);
		return;
	case SOAK_leak_eof:
		leak_after_eof(fd);
		return;
	case SOAK_leak_error:
		leak_after_error(fd);
		return;
	case SOAK_leak_unread:
		answer(fd);
		return;
	case SOAK_COUNT:
		must(0, "soak_server: a request of no kind");
	}
}

__attribute__((noinline)) static int accept_one(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static void *work(void *unused)
{
	for (int fd; (fd = accept_one()) >= 0;)
		serve(fd);
	return unused;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	pthread_t threads[64];
	int count = argc > 1 ? atoi(argv[1]) : 0;

	if (argc > 2) { /* serve FD: what become_program() asks for */
		serve_to_end(atoi(argv[2]));
		return 0;
	}
	must(count > 0 && count <= 64, "usage: soak_server THREADS");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(listener >= 0 && !bind(listener, (struct sockaddr *)&address, size) &&
		     !listen(listener, 1024) &&
		     !getsockname(listener, (struct sockaddr *)&address, &size),
	     "soak_server: listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (int i = 0; i < count; i++)
		must(!pthread_create(&threads[i], NULL, work, NULL), "pthread_create");
	getchar();
	/* accept() says EINVAL then. */
	shutdown(listener, SHUT_RDWR);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	puts("quiet");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}
