// SPDX-License-Identifier: MIT
// statics: objects that live before and after main() and use sockets in their constructors and destructors; one
// forgets to close, and says so only by what it leaves.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sys/socket.h>
#include <unistd.h>

static unsigned opened, closed;

struct Pair {
	int fds[2];

	Pair()
	{
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
			abort();
		opened += 2;
	}
	void close_both()
	{
		for (int fd : fds)
			closed += close(fd) == 0;
	}
};

struct Tidy : Pair {
	const char *name;

	explicit Tidy(const char *called) : name(called)
	{
	}
	~Tidy()
	{
		char byte = 'x';
		ssize_t sent = send(fds[0], &byte, 1, 0), received = recv(fds[1], &byte, 1, 0);

		printf("%s: sent %zd received %zd\n", name, sent, received);
		close_both();
		Pair late;
		late.close_both();
		printf("# opened %u closed %u\n", opened, closed);
		fflush(stdout);
	}
};

struct Forgetful : Pair {
	Forgetful()
	{
		char byte;

		closed += close(fds[1]) == 0;
		if (recv(fds[0], &byte, 1, 0) != 0)
			abort();
	}
};

static Tidy first("first"), second("second");
static Forgetful forgetful;
static thread_local Tidy of_the_thread("thread's");

__attribute__((constructor(101))) static void before_all()
{
	Pair early;
	early.close_both();
}

int main()
{
	static Tidy local("local");
	printf("%s, errno %d\n", of_the_thread.name, errno);
	Pair pair;
	pair.close_both();
	return 8;
}
