/* SPDX-License-Identifier: MIT */
/* MPTCP on loopback, where the kernel has it; a program that needs it ends with 77 elsewhere. */
#ifndef SOCKAUDIT_TESTS_MPTCP_H
#define SOCKAUDIT_TESTS_MPTCP_H

#include "stage.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static inline int mptcp_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (listener < 0) {
		fprintf(stderr, "no MPTCP in this kernel: %s\n", strerror(errno));
		exit(77);
	}
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 64));
	return listener;
}

static inline int mptcp_connect(int listener)
{
	int client = must(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));

	must(connect(client, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
	return client;
}

#endif
