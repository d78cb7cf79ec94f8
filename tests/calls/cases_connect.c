/* SPDX-License-Identifier: MIT */
/* connect and its twin, getsockopt(SO_ERROR), shutdown. */
#include "../../preload/libc_decl.h"
#include "case.h"
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

static void connects(const char *name, int (*via)(int, const struct sockaddr *, socklen_t))
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
}

void case_connect(void)
{
	connects("connect", connect);
}

void case___connect(void)
{
	connects("__connect", __connect);
}

void case_getsockopt(void)
{
	int error = -1, flag = -1;
	socklen_t size = sizeof error, dead_size;
	struct sockaddr_storage dead = nobody(&dead_size);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	NEED(connect(fd, (struct sockaddr *)&dead, dead_size) == -1 && errno == EINPROGRESS);
	struct pollfd one = { .fd = fd, .events = POLLOUT };
	NEED(poll(&one, 1, 5000) == 1);
	STEP(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &flag, &size));
	CHECK(case_slot(fd)->flags & SOCKET_CONNECTING);
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	TELL("SO_ERROR %d, size %u\n", error, size);
	CHECK(case_call_is(case_slot(fd)->connect_call, "getsockopt"));
	CHECK(case_slot(fd)->connect_errno == ECONNREFUSED);
	CHECK(case_slot(fd)->flags == (SOCKET_CONNECT_FAILED | SOCKET_CONNECTOR));
	/* A connection that was reset. */
	int fds[2];
	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &size));
	TELL("SO_ERROR %d\n", error);
	CHECK(case_call_is(case_slot(fds[0])->error_call, "getsockopt"));
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);
	STEP(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &size));
	size = 2;
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, NULL, &size));
	STEP(getsockopt(fd, SOL_SOCKET, 9999, &error, &size));
	STEP(getsockopt(0, SOL_SOCKET, SO_ERROR, &error, &size));
	STEP(getsockopt(-1, SOL_SOCKET, SO_ERROR, &error, &size));
}

void case_shutdown(void)
{
	int fds[2];

	case_tcp_pair(fds);
	STEP(shutdown(fds[0], SHUT_RD));
	CHECK(case_slot(fds[0])->flags & SOCKET_SHUT_READ && !case_slot(fds[0])->shutdown_at);
	STEP(shutdown(fds[0], SHUT_WR));
	CHECK(case_slot(fds[0])->flags & SOCKET_SHUT_WRITE && case_slot(fds[0])->shutdown_at);
	CHECK(case_call_is(case_slot(fds[0])->shutdown_call, "shutdown") &&
	      case_slot(fds[0])->shutdown_stack);
	STEP(shutdown(fds[1], SHUT_RDWR));
	CHECK(case_call_is(case_slot(fds[1])->shutdown_call, "shutdown") &&
	      case_slot(fds[1])->shutdown_at);
	int unconnected = socket(AF_INET, SOCK_STREAM, 0);
	STEP(shutdown(unconnected, SHUT_RDWR));
	CHECK(!case_slot(unconnected)->shutdown_at && !case_slot(unconnected)->flags);
	STEP(shutdown(unconnected, 17));
	STEP(shutdown(0, SHUT_RDWR));
	STEP(shutdown(-1, SHUT_RDWR));
}
