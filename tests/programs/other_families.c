/* SPDX-License-Identifier: MIT */
/*
 * Sockets that are not TCP, or are TCP over IPv6: connected datagrams, one of which nobody took;
 * netlink, packets, raw IP, vsock. All are open at the end, all are explained, none has a TCP state,
 * and none is in CLOSE for being in no table. Silent.
 */
/* TEST opened=18 closed=1 drift=0 unexplained=0 tcp=0 unix_ended=0 */
#include "stage/stage.h"

static void datagram(int family)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t size = sizeof(address);
	int server = must(socket(family, SOCK_DGRAM, 0)), client = must(socket(family, SOCK_DGRAM, 0));
	char byte;

	must(bind(server, (struct sockaddr *)&address, size));
	must(getsockname(server, (struct sockaddr *)&address, &size));
	must(connect(client, (struct sockaddr *)&address, size));
	must((int)send(client, "x", 1, 0));
	expect(recv(server, &byte, 1, 0) == 1);
}

/* Where this family may not be had, another takes its place in the sums. */
static void one_of(int family, int type, int protocol)
{
	if (socket(family, type, protocol) < 0)
		must(socket(AF_INET, SOCK_DGRAM, 0));
}

int main(void)
{
	char byte;

	datagram(AF_INET);
	datagram(AF_INET6);
	/* The ICMP error says that nobody is there: the socket works on. */
	int refused = must(socket(AF_INET, SOCK_DGRAM, 0)), gone = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(gone, stage_address(0), STAGE_ADDRESS_SIZE));
	must(connect(refused, stage_address(stage_port(gone)), STAGE_ADDRESS_SIZE));
	must(close(gone));
	must((int)send(refused, "x", 1, 0));
	expect(recv(refused, &byte, 1, 0) < 0 && errno == ECONNREFUSED);
	one_of(AF_NETLINK, SOCK_RAW, 0);
	one_of(AF_PACKET, SOCK_RAW, 0);
	one_of(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	one_of(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	one_of(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
	one_of(AF_VSOCK, SOCK_STREAM, 0);
	one_of(AF_VSOCK, SOCK_DGRAM, 0);
	one_of(AF_INET, SOCK_STREAM, 132 /* SCTP */);
	one_of(AF_INET, SOCK_SEQPACKET, 132);
	one_of(AF_INET, SOCK_STREAM, 262 /* MPTCP */);
	/* Two ends that live. */
	int pair[2];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	stage_ready();
	return 0;
}
