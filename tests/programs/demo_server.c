/* SPDX-License-Identifier: MIT */
/*
 * A small TCP server as people write them, with three leaks. `make demo` shows how sockaudit finds
 * them: from the running program, without a look at this file. The server speaks lines:
 *
 *	time	answers the time
 *	news	from now on only the server speaks
 *	quit	says goodbye and closes: the one path that is right
 *
 * It prints its port, and ends when its standard input does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int epoll;

static void watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void unwatch(int fd)
{
	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void say(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void obey(int client, const char *line)
{
	char answer[64];

	if (!strcmp(line, "time\n")) {
		snprintf(answer, sizeof(answer), "%ld\n", (long)time(NULL));
		say(client, answer);
	} else if (!strcmp(line, "news\n")) {
		/*
		 * Leak 3: nobody reads from this client any more, so nobody will ever see it leave.
		 * Its FIN waits in the kernel: fin-unread.
		 */
		unwatch(client);
		say(client, "welcome\n");
	} else if (!strcmp(line, "quit\n")) {
		say(client, "bye\n");
		close(client);
	} else {
		say(client, "what?\n");
	}
}

static void on_line(int client)
{
	char line[128];
	ssize_t size = recv(client, line, sizeof(line) - 1, 0);

	if (size < 0) {
		/* Leak 2: the error path returns early, past every close(): error-not-closed. */
		unwatch(client);
		return;
	}
	if (size == 0) {
		/* Leak 1: the client has left, and we only stop watching it: eof-not-closed. */
		unwatch(client);
		return;
	}
	line[size] = 0;
	obey(client, line);
}

static void on_client(int listener)
{
	int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (client >= 0)
		watch(client);
}

static int listen_on_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&address, &size)) {
		perror("demo_server: cannot listen on 127.0.0.1");
		exit(1);
	}
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(void)
{
	struct epoll_event event;
	int listener = listen_on_loopback();

	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(listener);
	watch(STDIN_FILENO);
	while (epoll_wait(epoll, &event, 1, -1) == 1 || errno == EINTR) {
		if (event.data.fd == STDIN_FILENO)
			break;
		if (event.data.fd == listener)
			on_client(listener);
		else
			on_line(event.data.fd);
	}
	return 0;
}
