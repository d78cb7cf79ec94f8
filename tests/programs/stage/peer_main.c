/* SPDX-License-Identifier: MIT */
/* The peer process of peer.h: obeys orders from standard input until it ends. */
#include "peer.h"
#include "stage.h"
#include <limits.h>

static int listener = -1, reserved = -1;

static void breathe(void)
{
	usleep(500);
}

static int state_of(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ? -1 : info.tcpi_state;
}

/* Whether the kernel has a socket from local to remote port (0: any) in a state (0: any). */
static int listed(unsigned local, unsigned remote, unsigned state)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	char line[256];
	unsigned a, b, s;
	int found = 0;

	while (table && !found && fgets(line, sizeof(line), table))
		if (sscanf(line, " %*d: %*8x:%x %*8x:%x %x", &a, &b, &s) == 3)
			found = (!local || a == local) && b == remote && (!state || s == state);
	if (table)
		fclose(table);
	return found;
}

static int bound(void)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(bind(fd, stage_address(0), STAGE_ADDRESS_SIZE));
	return fd;
}

static int finish(int fd, int and_close)
{
	if (shutdown(fd, SHUT_WR))
		return -1;
	while (state_of(fd) == TCP_FIN_WAIT1 || state_of(fd) == TCP_CLOSING)
		breathe();
	return and_close ? close(fd) : 0;
}

static int reset(int fd)
{
	struct linger none = { 1, 0 };
	struct sockaddr_in remote;
	socklen_t size = sizeof(remote);
	unsigned ours = stage_port(fd);

	if (getpeername(fd, (struct sockaddr *)&remote, &size) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) || close(fd))
		return -1;
	while (listed(ntohs(remote.sin_port), ours, 0))
		breathe();
	return 0;
}

static int transfer(int fd, int bytes, int out)
{
	char buffer[4096];

	memset(buffer, 'x', sizeof(buffer));
	while (bytes > 0) {
		size_t some = (size_t)bytes < sizeof(buffer) ? (size_t)bytes : sizeof(buffer);
		ssize_t n = out ? send(fd, buffer, some, MSG_NOSIGNAL) : recv(fd, buffer, some, 0);
		if (n <= 0)
			return -1;
		bytes -= (int)n;
	}
	return 0;
}

static int obey(const struct peer_order *order)
{
	char byte[512];
	int fd;

	switch ((enum peer_verb)order->verb) {
	case PEER_LISTEN:
		listener = bound();
		return listen(listener, order->a) ? -1 : stage_port(listener);
	case PEER_RESERVE:
		reserved = bound();
		return stage_port(reserved);
	case PEER_OPEN:
		listener = reserved;
		return listen(listener, 16);
	case PEER_CONNECT:
		fd = must(socket(AF_INET, SOCK_STREAM, 0));
		return connect(fd, stage_address((unsigned short)order->a), STAGE_ADDRESS_SIZE)
			       ? -1
			       : fd;
	case PEER_ACCEPT:
		return accept(listener, NULL, NULL);
	case PEER_SEND:
	case PEER_RECEIVE:
		return transfer(order->a, order->b, order->verb == PEER_SEND);
	case PEER_HALF_CLOSE:
	case PEER_FINISH:
		return finish(order->a, order->verb == PEER_FINISH);
	case PEER_RESET:
		return reset(order->a);
	case PEER_EXPECT_END:
		while (recv(order->a, byte, sizeof(byte), 0) > 0)
			;
		return 0;
	case PEER_REFUSED:
		while (listed(0, (unsigned)order->a, TCP_SYN_SENT))
			breathe();
		return 0;
	}
	return -1;
}

int main(void)
{
	struct peer_order order;

	while (read(STDIN_FILENO, &order, sizeof(order)) == sizeof(order)) {
		int answer = obey(&order);
		if (write(STDOUT_FILENO, &answer, sizeof(answer)) != sizeof(answer))
			return 1;
	}
	return 0;
}
