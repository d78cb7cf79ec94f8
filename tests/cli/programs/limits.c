/* SPDX-License-Identifier: MIT */
/*
 * limits: resource limits that change while sockets are open, by setrlimit() and by prlimit() of
 * another process. To be started with room for 256 descriptors, and 4096 at most.
 */
#include "talk.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { MANY = 600 };

static int fds[MANY];
static unsigned opened, closed;

static void limit(int which, rlim_t soft)
{
	struct rlimit limits;

	NEED(getrlimit(which, &limits) == 0);
	limits.rlim_cur = soft;
	printf("setrlimit %d: %d\n", which, setrlimit(which, &limits));
}

static void by_another(rlim_t soft)
{
	struct rlimit limits;
	int status;
	pid_t child = fork();

	if (child == 0) {
		int failed = prlimit(getppid(), RLIMIT_NOFILE, NULL, &limits);
		limits.rlim_cur = soft;
		_exit(failed || prlimit(getppid(), RLIMIT_NOFILE, &limits, NULL));
	}
	NEED(waitpid(child, &status, 0) == child);
	printf("prlimit %x\n", status);
}

/* As many as there is room for, each used, and the last of them is told. */
static void open_many(void)
{
	int count = 0, wrong = 0;
	char byte = 'x';

	while (count < MANY && socketpair(AF_UNIX, SOCK_STREAM, 0, fds + count) == 0) {
		wrong += send(fds[count], &byte, 1, 0) != 1 ||
			 recv(fds[count + 1], &byte, 1, 0) != 1;
		count += 2;
	}
	opened += (unsigned)count;
	printf("%d to %d, %s, wrong %d\n", count, count ? fds[count - 1] : -1,
	       count < MANY ? strerrorname_np(errno) : "enough", wrong);
	for (int i = count; i < MANY; i++)
		fds[i] = -1;
}

static void close_many(void)
{
	int wrong = 0;
	char byte;

	for (int i = 0; i < MANY && fds[i] >= 0; i += 2) {
		wrong += close(fds[i]) != 0 || recv(fds[i + 1], &byte, 1, 0) != 0 ||
			 close(fds[i + 1]) != 0;
		closed += 2;
	}
	printf("closed, wrong %d\n", wrong);
}

/* Numbers above the hard limit that was there when the ledger was made: root alone can have them.
 */
static void beyond(void)
{
	struct rlimit limits = { 6000, 6000 };
	int last, first;

	printf("raised: %d\n", setrlimit(RLIMIT_NOFILE, &limits));
	for (first = last = dup(STDOUT_FILENO); last >= 0 && last < 4200; last = dup(STDOUT_FILENO))
		;
	open_many();
	talk_ready();
	close_many();
	for (int fd = first; fd < 4201; fd++)
		close(fd);
}

int main(void)
{
	int copy;

	setvbuf(stdout, NULL, _IOLBF, 4096);
	open_many();
	close_many();
	/* More than the ledger was made for. */
	limit(RLIMIT_NOFILE, 4096);
	open_many();
	talk_ready();
	copy = dup2(fds[0], 4000);
	printf("copy %d, closed %d\n", copy, close(copy));
	/* Less than what is open. */
	limit(RLIMIT_NOFILE, 20);
	printf("socket %d %s\n", socket(AF_INET, SOCK_STREAM, 0), strerrorname_np(errno));
	printf("dup2 %d %s\n", dup2(fds[0], 100), strerrorname_np(errno));
	close_many();
	open_many();
	talk_ready();
	close_many();
	by_another(1000);
	open_many();
	by_another(8);
	close_many();
	open_many();
	close_many();
	beyond();
	by_another(2000);

	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_AS, 1 << 20);
	NEED(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	open_many();
	talk_ready();
	close_many();
	printf("# opened %u closed %u\n", opened, closed);
	return 9;
}
