/* SPDX-License-Identifier: MIT */
/*
 * life STEP...: socket lives on a bad day, with every result, errno and descriptor number on
 * stdout. What it prints is the same from run to run, so bare and audited runs can be compared. At
 * the end it tells its own counts of sockets.
 *
 * Steps: sockets | fork | children=N | thread | descriptors | fill | mlock=current,future |
 * chroot=DIR | chdir=DIR | setuid=UID | unshare=files,net,mount | spend=KIB (address space) |
 * file=PATH | eat=PATH | many | leak | close=FD | stderr=PATH | run=COMMAND | state |
 * leave=STATUS
 */
#include "lives.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptors that are open, by asking for each, as /proc may not be there. */
static void descriptors(void)
{
	printf("descriptors:");
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

/* Takes every descriptor that there is; then a socket is refused, and one that was given back is
 * enough for it. */
static void fill(void)
{
	int last = -1, fd, count = 0;

	while ((fd = dup(0)) >= 0) {
		last = fd;
		count++;
	}
	printf("filled, last %d of %d: %s\n", last, count, strerrorname_np(errno));
	OPEN(socket(AF_INET, SOCK_STREAM, 0));
	TELL(dup(0));
	close(last);
	fd = OPEN(socket(AF_INET, SOCK_STREAM, 0));
	OPEN(socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(fd, (struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_UNSPEC }, 16));
	CLOSE(fd);
	while (count > 1)
		close(last - --count);
}

static int in_child(void (*work)(void))
{
	int status;

	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		work();
		descriptors();
		fflush(stdout);
		_exit(7);
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

static void *in_thread(void *work)
{
	((void (*)(void))work)();
	return NULL;
}

static void one_socket(void)
{
	close(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void mlock_step(const char *which)
{
	int flags = (strstr(which, "current") ? MCL_CURRENT : 0) |
		    (strstr(which, "future") ? MCL_FUTURE : 0);

	TELL(mlockall(flags));
	TELL(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	     MAP_FAILED);
}

static void setuid_step(const char *uid)
{
	uid_t id = (uid_t)atoi(uid);

	TELL(setgroups(0, NULL));
	TELL(setgid(id));
	TELL(setuid(id));
	TELL(setuid(0));
}

static void file_step(const char *path)
{
	char page[4096] = "";

	int fd = (int)TELL(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	TELL(write(fd, page, sizeof page));
	TELL(close(fd));
}

/* Writes all that the file system has room for. */
static void eat(const char *path)
{
	char page[4096] = "";
	int fd = (int)TELL(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));

	while (write(fd, page, sizeof page) > 0)
		;
	printf("eaten: %s\n", strerrorname_np(errno));
	TELL(close(fd));
}

/* High numbers need records that nobody has touched yet. */
static void many(void)
{
	int fds[400], wrong = 0;

	for (int i = 0; i < 400; i++) {
		fds[i] = socket(i % 2 ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
		wrong += fds[i] != i + 3;
	}
	opened += 400;
	for (int i = 0; i < 400; i++)
		wrong += close(fds[i]) != 0;
	closed += 400;
	printf("many, wrong %d\n", wrong);
}

static void leak(void)
{
	int pair[2];
	char byte;

	/* Two of them, and what opens after the evidence ends its grace. */
	for (int i = 0; i < 3; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		shutdown(pair[1], SHUT_RDWR);
		opened += 2;
		TELL(read(pair[0], &byte, 1));
	}
}

static void state(void)
{
	sigset_t mask;
	const char *trouble = dlerror();

	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int signal = 1; signal < 65; signal++)
		if (sigismember(&mask, signal) == 1)
			printf("signal %d is blocked\n", signal);
	printf("dlerror %s\n", trouble ? trouble : "nothing");
}

static const struct {
	const char *name;
	void (*work)(void);
} plain_steps[] = {
	{ "sockets", sockets }, { "descriptors", descriptors },
	{ "fill", fill },	{ "many", many },
	{ "leak", leak },	{ "state", state },
};

static bool plain_step(const char *name)
{
	for (unsigned i = 0; i < sizeof plain_steps / sizeof plain_steps[0]; i++)
		if (!strcmp(name, plain_steps[i].name)) {
			plain_steps[i].work();
			return true;
		}
	return false;
}

static void step(char *name)
{
	char *value = strchr(name, '=');
	pthread_t thread;

	if (value)
		*value++ = 0;
	printf("-- %s\n", name);
	if (plain_step(name))
		return;
	if (!strcmp(name, "fork"))
		printf("child %d\n", in_child(sockets));
	else if (!strcmp(name, "children"))
		for (int i = 0; i < atoi(value); i++)
			printf("child %d\n", in_child(one_socket));
	else if (!strcmp(name, "thread") &&
		 !pthread_create(&thread, NULL, in_thread, (void *)sockets))
		pthread_join(thread, NULL);
	else if (!strcmp(name, "mlock"))
		mlock_step(value);
	else if (!strcmp(name, "chroot"))
		TELL(chroot(value));
	else if (!strcmp(name, "chdir"))
		printf("chdir %d\n", chdir(value));
	else if (!strcmp(name, "unshare"))
		TELL(unshare((strstr(value, "files") ? CLONE_FILES : 0) |
			     (strstr(value, "net") ? CLONE_NEWNET : 0) |
			     (strstr(value, "mount") ? CLONE_NEWNS : 0)));
	else if (!strcmp(name, "setuid"))
		setuid_step(value);
	else if (!strcmp(name, "spend"))
		TELL(mmap(NULL, (size_t)atoi(value) << 10, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED);
	else if (!strcmp(name, "file"))
		file_step(value);
	else if (!strcmp(name, "eat"))
		eat(value);
	else if (!strcmp(name, "close"))
		TELL(close(atoi(value)));
	else if (!strcmp(name, "stderr"))
		printf("2 is now %d\n",
		       close(2) ? -1 : open(value, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	else if (!strcmp(name, "run")) {
		fflush(stdout);
		TELL(system(value));
	} else if (!strcmp(name, "leave"))
		exit(atoi(value));
	else
		exit(2);
}

static void counts(void)
{
	printf("# opened %u closed %u\n", opened, closed);
}

int main(int argc, char **argv)
{
	printf("errno at the start: %d\n", errno);
	signal(SIGPIPE, SIG_IGN);
	atexit(counts);
	for (int i = 1; i < argc; i++)
		step(argv[i]);
	return 0;
}
