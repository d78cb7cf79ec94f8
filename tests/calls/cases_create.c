/* SPDX-License-Identifier: MIT */
/* socket, socketpair, bind, listen, accept. */
#include "bodies.h"
#include "raw.h"
#include "report.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* Told as a socket that was there before the ledger. */
static bool was_before(int fd)
{
	const struct ledger_snapshot *snapshots = case_section(SECTION_SNAPSHOTS);
	bool found = false;

	for (uint32_t i = 0; i < case_used(SECTION_SNAPSHOTS); i++)
		found |= snapshots[i].before && snapshots[i].fd == fd;
	return found;
}

void body_socket(const char *name, int (*via)(int family, int type, int protocol))
{
	int stranger = (int)raw_call(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0);
	int fd = (int)STEP(via(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	CHECK(case_has_ledger() && case_ledger()->totals.opened == 1);
	CHECK(was_before(stranger) && !was_before(fd));
	CHECK(case_phase(fd) == PHASE_OPEN);
	CHECK(case_call_is(case_slot(fd)->opened_call, name));
	CHECK(case_slot(fd)->origin == ORIGIN_SOCKET && case_slot(fd)->cookie &&
	      case_slot(fd)->opened_at);
	CHECK(case_slot(fd)->family == AF_INET && case_slot(fd)->type == SOCK_STREAM);
	CHECK(case_slot(fd)->flags == SOCKET_CLOEXEC && case_slot(fd)->opened_stack);
	TELL("flags %x %x\n", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	int plain = (int)STEP(via(AF_INET6, SOCK_DGRAM, 0));
	CHECK(case_slot(plain)->family == AF_INET6 && case_slot(plain)->type == SOCK_DGRAM &&
	      !case_slot(plain)->flags);
	STEP(via(AF_INET, 99, 0));
	STEP(via(-1, SOCK_STREAM, 0));
	STEP(via(AF_INET, SOCK_STREAM, 9999));
	CHECK(case_ledger()->totals.opened == 2);
}

void case_socket(void)
{
	body_socket("socket", socket);
}

void body_socketpair(const char *name, int (*via)(int family, int type, int protocol, int fds[2]))
{
	int fds[2] = { -1, -1 };

	STEP(via(AF_UNIX, SOCK_STREAM, 0, fds));
	TELL("numbers %d %d\n", fds[0], fds[1]);
	CHECK(case_ledger()->totals.opened == 2);
	CHECK(!was_before(fds[0]) && !was_before(fds[1]));
	for (int i = 0; i < 2; i++) {
		CHECK(case_phase(fds[i]) == PHASE_OPEN && case_slot(fds[i])->origin == ORIGIN_PAIR);
		CHECK(case_call_is(case_slot(fds[i])->opened_call, name));
		CHECK(case_slot(fds[i])->flags & SOCKET_CONNECTED);
	}
	CHECK(case_slot(fds[0])->cookie != case_slot(fds[1])->cookie);
	STEP(via(AF_INET, SOCK_STREAM, 0, fds));
	STEP(via(AF_UNIX, SOCK_STREAM, 0, (int *)8));
	TELL("numbers %d %d\n", fds[0], fds[1]);
	CHECK(case_ledger()->totals.opened == 2);
}

void case_socketpair(void)
{
	body_socketpair("socketpair", socketpair);
}

void body_bind(int (*via)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009) };
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "" };
	socklen_t name_size = offsetof(struct sockaddr_un, sun_path) + 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0), path = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(!case_slot(fd)->local.known);
	STEP(via(fd, (struct sockaddr *)&in, sizeof in));
	CHECK(case_slot(fd)->local.known && memcmp(case_slot(fd)->local.ip, &in.sin_addr, 4) == 0);
	STEP(via(fd, (struct sockaddr *)&in, sizeof in));
	STEP(via(fd, (struct sockaddr *)&in, 3));
	STEP(via(-1, (struct sockaddr *)&in, sizeof in));
	STEP(via(0, (struct sockaddr *)&in, sizeof in));
	name_size += (socklen_t)snprintf(name.sun_path + 1, 64, "sockaudit-bind-%d", (int)getpid());
	STEP(via(path, (struct sockaddr *)&name, name_size));
	CHECK(case_slot(path)->local.known);
	CHECK(strncmp((const char *)case_section(SECTION_STRINGS) + case_slot(path)->local.extra,
		      "@sockaudit-bind-", 16) == 0);
}

void case_bind(void)
{
	body_bind(bind);
}

void body_listen(int (*via)(int fd, int backlog))
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   now;
	socklen_t size = sizeof now;
	int fd = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);

	NEED(bind(fd, (struct sockaddr *)&in, sizeof in) == 0);
	CHECK(!(case_slot(fd)->flags & SOCKET_LISTENING));
	STEP(via(fd, 5));
	NEED(getsockname(fd, (struct sockaddr *)&now, &size) == 0);
	CHECK(case_slot(fd)->flags & SOCKET_LISTENING);
	CHECK(case_slot(fd)->local.port == ntohs(now.sin_port));
	STEP(via(datagram, 5));
	CHECK(!(case_slot(datagram)->flags & SOCKET_LISTENING));
	STEP(via(999, 5));
	STEP(via(0, 5));
}

void case_listen(void)
{
	body_listen(listen);
}

static int via_accept(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	(void)flags;
	return accept(fd, address, size);
}

void body_accepts(const char *name, int (*via)(int, struct sockaddr *, socklen_t *, int), int flags)
{
	struct sockaddr_storage address, peer = { 0 };
	struct sockaddr_in own;
	socklen_t size, peer_size = sizeof peer, own_size = sizeof own;
	int listener = case_listener(&address, &size), client = socket(AF_INET, SOCK_STREAM, 0);

	NEED(connect(client, (struct sockaddr *)&address, size) == 0);
	NEED(getsockname(client, (struct sockaddr *)&own, &own_size) == 0);
	int fd = (int)STEP(via(listener, (struct sockaddr *)&peer, &peer_size, flags));
	TELL("peer of %u bytes, family %d, flags %x %x\n", peer_size, peer.ss_family,
	     fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	CHECK(case_call_is(case_slot(fd)->opened_call, name) &&
	      case_slot(fd)->origin == ORIGIN_ACCEPT);
	CHECK(case_phase(fd) == PHASE_OPEN && case_slot(fd)->opened_stack);
	CHECK(case_slot(fd)->flags == (SOCKET_CONNECTED | (flags ? SOCKET_CLOEXEC : 0)));
	CHECK(case_slot(fd)->peer.port == ntohs(own.sin_port));
	CHECK(case_slot(fd)->local.port == ntohs(((struct sockaddr_in *)&address)->sin_port));
	CHECK(case_ledger()->totals.opened == 3);
	/* Without being asked for the peer. */
	int second = socket(AF_INET, SOCK_STREAM, 0);
	NEED(connect(second, (struct sockaddr *)&address, size) == 0);
	own_size = sizeof own;
	NEED(getsockname(second, (struct sockaddr *)&own, &own_size) == 0);
	fd = (int)STEP(via(listener, NULL, NULL, flags));
	CHECK(case_call_is(case_slot(fd)->opened_call, name));
	CHECK(case_slot(fd)->peer.port == ntohs(own.sin_port));
	NEED(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
	STEP(via(listener, NULL, NULL, flags)); /* nobody there */
	STEP(via(client, NULL, NULL, flags));	/* no listener */
	STEP(via(0, NULL, NULL, flags));
	STEP(via(-1, NULL, NULL, flags));
	CHECK(case_ledger()->totals.opened == 5);
}

void case_accept(void)
{
	body_accepts("accept", via_accept, 0);
}

void case_accept4(void)
{
	body_accepts("accept4", accept4, SOCK_CLOEXEC | SOCK_NONBLOCK);
	STEP(accept4(-1, NULL, NULL, 0x40000000));
}
