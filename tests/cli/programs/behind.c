/* SPDX-License-Identifier: MIT */
/*
 * behind namespace|deepbind PLUGIN unix|tcp: a plugin whose calls go past every hook opens sockets
 * of its own, closes the program's, and gets and gives numbers. The program itself leaks one
 * socket, in leaks(), and does nothing else wrong.
 */
#include "loopback.h"
#include "talk.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static int (*theirs_open)(int tcp), (*theirs_close)(int fd);

static bool over_tcp;

__attribute__((noinline)) static int opens(void)
{
	int fd = socket(over_tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);

	NEED(fd >= 0);
	return fd;
}

/* A connected socket whose peer has closed; it has the lowest number that was free. */
static inline __attribute__((always_inline)) int left_by_its_peer(void)
{
	struct sockaddr_in address;
	int pair[2];

	if (!over_tcp) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
		return pair[0];
	}
	int fd = socket(AF_INET, SOCK_STREAM, 0), listener = loopback_listen(&address);
	NEED(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	int peer = accept(listener, NULL, NULL);
	NEED(peer >= 0 && close(listener) == 0 && close(peer) == 0);
	return fd;
}

/* A socket that has read its peer's end. */
__attribute__((noinline)) static int read_to_its_end(void)
{
	char byte;
	int fd = left_by_its_peer();

	NEED(recv(fd, &byte, 1, 0) == 0);
	return fd;
}

__attribute__((noinline)) static int leaks(void)
{
	char byte;
	int fd = left_by_its_peer();

	NEED(recv(fd, &byte, 1, 0) == 0);
	return fd;
}

static void load(const char *how, const char *path)
{
	void *plugin = !strcmp(how, "namespace") ? dlmopen(LM_ID_NEWLM, path, RTLD_NOW)
						 : dlopen(path, RTLD_NOW | RTLD_DEEPBIND);

	if (!plugin)
		fprintf(stderr, "%s\n", dlerror());
	NEED(plugin);
	theirs_open = (int (*)(int))dlsym(plugin, "plugin_open");
	theirs_close = (int (*)(int))dlsym(plugin, "plugin_close");
	NEED(theirs_open && theirs_close);
}

/* What one party opens, the other closes, and the number goes on. */
static void numbers_change_hands(void)
{
	int first = opens();
	NEED(theirs_close(first) == 0);
	NEED(opens() == first); /* drift */
	NEED(close(first) == 0);

	first = opens();
	NEED(theirs_close(first) == 0 && theirs_open(over_tcp) == first);
	NEED(close(first) == 0); /* a close that is seen is believed: no drift */

	NEED(opens() == first && close(first) == 0);
	NEED(theirs_open(over_tcp) == first &&
	     close(first) == 0); /* closed for them, no double close */
	NEED(theirs_open(over_tcp) == first && theirs_close(first) == 0);
	/* Evidence against a socket that is closed behind us, and then against none. */
	first = read_to_its_end();
	NEED(theirs_close(first) == 0);
	NEED(opens() == first && close(first) == 0);
}

int main(int argc, char **argv)
{
	NEED(argc == 4);
	over_tcp = !strcmp(argv[3], "tcp");
	load(argv[1], argv[2]);
	int foreign[3] = { theirs_open(over_tcp), theirs_open(over_tcp), theirs_open(over_tcp) };
	printf("foreign %d %d %d\n", foreign[0], foreign[1], foreign[2]);
	int own = opens();
	talk_ready();

	numbers_change_hands();
	talk_ready();

	int gone = read_to_its_end();
	NEED(theirs_close(gone) == 0);
	int replaced = read_to_its_end();
	NEED(replaced == gone);
	NEED(theirs_close(replaced) == 0 && theirs_open(over_tcp) == replaced);
	int last = read_to_its_end();
	NEED(theirs_close(last) == 0);
	printf("stays %d of theirs, gone %d\n", replaced, last);
	talk_ready();

	/* Beyond the numbers that moved, so that they stay as they are. */
	NEED(dup2(STDOUT_FILENO, last) == last);
	int leak = leaks();
	printf("leaked %d, own %d\n", leak, own);
	talk_ready();
	/* Sockets opened later: the grace of the leak is over at the exit too. */
	for (int i = 0; i < 3; i++)
		close(opens());
	return 4;
}
