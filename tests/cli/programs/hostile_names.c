/* SPDX-License-Identifier: MIT */
/*
 * hostile_names SOCKET: leaks served clients of a listener at that path, from files whose names are
 * made to break a report: each ends what a format would have begun, and begins what nobody asked
 * for. The process calls itself so too.
 */
#include "talk.h"
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un address = { .sun_family = AF_UNIX };

static int served(int listener)
{
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	NEED(client >= 0 && !connect(client, (struct sockaddr *)&address, sizeof address));
	int fd = accept(listener, NULL, NULL);
	NEED(fd >= 0 && !close(client));
	return fd;
}

/* Each learns of the end where it stands, and no two are the same code. */
#define LEARNS(name, one)                                                                          \
	__attribute__((noinline)) static int name(int fd)                                          \
	{                                                                                          \
		char byte;                                                                         \
		return recv(fd, &byte, 1, 0) ? 0 : one;                                            \
	}

/* clang-format off */
#line 11 "/src/</failure>]]><script>alert(1)</script>&amp;\"'.c"
LEARNS(markup, 1)
#line 22 "/src/x\n::error file=a,line=1::y%0A::warning::z\r,:%.c"
LEARNS(command, 10)
#line 33 "/src/`|[click](http://evil.example)**b**@user www.evil.example;frame 7.c"
LEARNS(markdown, 100)
#line 44 "/src/\033]0;owned\a\xff\xe2\x80\xae\xef\xbf\xbe{0}\\.c"
LEARNS(control, 1000)
#line 55 "/src/../../etc/passwd.c"
LEARNS(above, 10000)
#line 66 "/src/a/../b/./ä ö.c"
LEARNS(plain, 100000)
#line 1 "hostile_names.c"
/* clang-format on */

int main(int argc, char **argv)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	NEED(argc == 2 && strlen(argv[1]) < sizeof address.sun_path);
	strcpy(address.sun_path, argv[1]);
	NEED(!prctl(PR_SET_NAME, "</b>`|\n::error::"));
	NEED(listener >= 0 && !bind(listener, (struct sockaddr *)&address, sizeof address));
	NEED(!listen(listener, 16));
	int learnt = markup(served(listener)) + command(served(listener)) +
		     markdown(served(listener)) + control(served(listener)) +
		     above(served(listener)) + plain(served(listener));
	NEED(!close(listener));
	return learnt == 111111 ? 0 : 2;
}
