/* SPDX-License-Identifier: MIT */
/* connect and its twin, getsockopt(SO_ERROR), shutdown. */
#include "bodies.h"
#include "report.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

/* An address where nobody listens: its port was a listener's. */
static struct sockaddr_storage nobody(socklen_t *size)
{
	struct sockaddr_storage address;
	int fd = case_listener(&address, size);

	NEED(close(fd) == 0);
	return address;
}

struct dial {
	int (*via)(int, const struct sockaddr *, socklen_t);
	struct sockaddr *address;
	socklen_t size;
};

static long dial(int fd, void *with)
{
	const struct dial *dial = with;

	return dial->via(fd, dial->address, dial->size);
}

void body_connects(const char *name, int (*via)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_storage address, dead;
	socklen_t size, dead_size;
	int listener = case_listener(&address, &size);

	dead = nobody(&dead_size);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	STEP(via(fd, (struct sockaddr *)&address, size));
	CHECK(case_call_is(case_slot(fd)->connect_call, name) && case_slot(fd)->connect_stack);
	CHECK(case_slot(fd)->connect_at && !case_slot(fd)->connect_errno);
	CHECK(case_slot(fd)->flags == (SOCKET_CONNECTED | SOCKET_CONNECTOR));
	CHECK(case_slot(fd)->peer.port == ntohs(((struct sockaddr_in *)&address)->sin_port));
	STEP(via(fd, (struct sockaddr *)&address, size)); /* EISCONN */
	CHECK(case_slot(fd)->flags == (SOCKET_CONNECTED | SOCKET_CONNECTOR));

	int refused = socket(AF_INET, SOCK_STREAM, 0);
	STEP(via(refused, (struct sockaddr *)&dead, dead_size));
	CHECK(case_call_is(case_slot(refused)->connect_call, name));
	CHECK(case_slot(refused)->connect_errno == ECONNREFUSED);
	CHECK(case_slot(refused)->flags == (SOCKET_CONNECT_FAILED | SOCKET_CONNECTOR));
	STEP(via(refused, (struct sockaddr *)&address, size)); /* Linux lets it try again */
	CHECK(case_slot(refused)->flags == (SOCKET_CONNECTED | SOCKET_CONNECTOR));

	int later = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	STEP(via(later, (struct sockaddr *)&dead, dead_size)); /* EINPROGRESS */
	CHECK(case_slot(later)->flags == (SOCKET_CONNECTING | SOCKET_CONNECTOR));
	STEP(via(listener, (struct sockaddr *)&address, size));
	STEP(via(-1, (struct sockaddr *)&address, size));
	STEP(via(0, (struct sockaddr *)&address, size));
	STEP(via(later, (struct sockaddr *)8, size));
	body_stale(name, dial, &(struct dial){ via, (struct sockaddr *)&address, size }, true);
}

void case_connect(void)
{
	body_connects("connect", connect);
}

void case___connect(void)
{
	body_connects("__connect", __connect);
}

void body_getsockopt(const char *name, int (*via)(int, int, int, void *, socklen_t *))
{
	int error = -1, flag = -1;
	socklen_t size = sizeof error, dead_size;
	struct sockaddr_storage dead = nobody(&dead_size);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	NEED(connect(fd, (struct sockaddr *)&dead, dead_size) == -1 && errno == EINPROGRESS);
	case_wait_for(fd, POLLOUT);
	STEP(via(fd, IPPROTO_TCP, TCP_NODELAY, &flag, &size));
	CHECK(case_slot(fd)->flags & SOCKET_CONNECTING);
	STEP(via(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	TELL("SO_ERROR %d, size %u\n", error, size);
	CHECK(case_call_is(case_slot(fd)->connect_call, name));
	CHECK(case_slot(fd)->connect_errno == ECONNREFUSED);
	CHECK(case_slot(fd)->flags == (SOCKET_CONNECT_FAILED | SOCKET_CONNECTOR));
	/* A connection that was reset. */
	int fds[2];
	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(via(fds[0], SOL_SOCKET, SO_ERROR, &error, &size));
	TELL("SO_ERROR %d\n", error);
	CHECK(case_call_is(case_slot(fds[0])->error_call, name));
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);
	STEP(via(fds[0], SOL_SOCKET, SO_ERROR, &error, &size));
	size = 2;
	STEP(via(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	STEP(via(fd, SOL_SOCKET, SO_ERROR, NULL, &size));
	STEP(via(fd, SOL_SOCKET, 9999, &error, &size));
	STEP(via(0, SOL_SOCKET, SO_ERROR, &error, &size));
	STEP(via(-1, SOL_SOCKET, SO_ERROR, &error, &size));
}

void case_getsockopt(void)
{
	body_getsockopt("getsockopt", getsockopt);
}

void body_setsockopt(int (*via)(int, int, int, const void *, socklen_t))
{
	struct linger none = { 1, 0 }, some = { 1, 5 };
	int fds[2], one = 1;

	case_tcp_pair(fds);
	STEP(via(fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
	CHECK(!(case_slot(fds[0])->flags & (SOCKET_LINGER_0 | SOCKET_ASK)));
	STEP(via(fds[0], SOL_SOCKET, SO_LINGER, &none, sizeof none));
	CHECK(case_slot(fds[0])->flags & SOCKET_LINGER_0);
	STEP(via(fds[0], SOL_SOCKET, SO_LINGER, &some, sizeof some));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_LINGER_0));
	STEP(via(fds[0], SOL_SOCKET, SO_LINGER, &none, sizeof none));
	STEP(via(fds[0], SOL_SOCKET, SO_LINGER, &some, 3));
	STEP(via(fds[0], SOL_SOCKET, SO_LINGER, (void *)8, sizeof some));
	CHECK(case_slot(fds[0])->flags & SOCKET_LINGER_0);
	STEP(close(fds[0]));
	CHECK(case_slot(fds[0])->end == END_RESET_LINGER);
	STEP(via(fds[1], SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one));
	CHECK(case_slot(fds[1])->flags & SOCKET_ASK);
	STEP(close(fds[1]));
	CHECK(case_slot(fds[1])->end == END_DEAD);
	STEP(via(fds[1], SOL_SOCKET, SO_LINGER, &none, sizeof none));
	STEP(via(0, SOL_SOCKET, SO_LINGER, &none, sizeof none));
	STEP(via(-1, SOL_SOCKET, SO_LINGER, &none, sizeof none));
}

void case_setsockopt(void)
{
	body_setsockopt(setsockopt);
}

static long shut(int fd, void *with)
{
	return (*(int (**)(int fd, int how))with)(fd, SHUT_RDWR);
}

void body_shutdown(const char *name, int (*via)(int fd, int how))
{
	int fds[2];

	case_tcp_pair(fds);
	STEP(via(fds[0], SHUT_RD));
	CHECK(case_slot(fds[0])->flags & SOCKET_SHUT_READ && !case_slot(fds[0])->shutdown_at);
	STEP(via(fds[0], SHUT_WR));
	CHECK(case_slot(fds[0])->flags & SOCKET_SHUT_WRITE && case_slot(fds[0])->shutdown_at);
	CHECK(case_call_is(case_slot(fds[0])->shutdown_call, name) &&
	      case_slot(fds[0])->shutdown_stack);
	STEP(via(fds[1], SHUT_RDWR));
	CHECK(case_call_is(case_slot(fds[1])->shutdown_call, name) &&
	      case_slot(fds[1])->shutdown_at);
	int unconnected = socket(AF_INET, SOCK_STREAM, 0);
	STEP(via(unconnected, SHUT_RDWR));
	CHECK(!case_slot(unconnected)->shutdown_at && !case_slot(unconnected)->flags);
	STEP(via(unconnected, 17));
	STEP(via(0, SHUT_RDWR));
	STEP(via(-1, SHUT_RDWR));
	body_stale(name, shut, &via, true);
}

void case_shutdown(void)
{
	body_shutdown("shutdown", shutdown);
}
