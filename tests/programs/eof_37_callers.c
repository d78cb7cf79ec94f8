/* SPDX-License-Identifier: MIT */
/* 37 callers of one helper that leaks: one site, one line to open. */
#include "stage/peer.h"
#include "stage/stage.h"

static int listener;

static __attribute__((noinline)) void ask(int number)
{
	char buffer[64];
	int client = peer_connect(stage_port(listener));
	/* EXPECT eof-not-closed opened count=37 findings=37 */
	int fd = must(accept(listener, NULL, NULL));

	peer_send(client, number);
	peer_finish(client);
	while (recv(fd, buffer, sizeof(buffer), 0) > 0) /* EXPECT eof-not-closed evidence */
		;
}

/* clang-format off */
/* Each in a frame of its own: no tail call. */
#define CALLER(n)                                                                                  \
	static __attribute__((noinline)) int caller_##n(void)                                      \
	{                                                                                          \
		ask(n + 1);                                                                        \
		return n;                                                                          \
	}
#define TEN(d)                                                                                     \
	CALLER(d##0)                                                                               \
	CALLER(d##1)                                                                               \
	CALLER(d##2)                                                                               \
	CALLER(d##3) CALLER(d##4) CALLER(d##5) CALLER(d##6) CALLER(d##7) CALLER(d##8) CALLER(d##9)
TEN(1)
TEN(2)
TEN(3)
CALLER(40)
CALLER(41) CALLER(42) CALLER(43) CALLER(44) CALLER(45) CALLER(46)

#define NAMES(d)                                                                                   \
	caller_##d##0, caller_##d##1, caller_##d##2, caller_##d##3, caller_##d##4, caller_##d##5,  \
		caller_##d##6, caller_##d##7, caller_##d##8, caller_##d##9
	static int (*const callers[])(void) = { NAMES(1),  NAMES(2),  NAMES(3),	 caller_40,
						caller_41, caller_42, caller_43, caller_44,
						caller_45, caller_46 };

/* clang-format on */

int main(void)
{
	listener = stage_listen();
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		callers[i]();
	stage_ready();
	return 0;
}
