/* SPDX-License-Identifier: MIT */
/*
 * life STEP...: socket lives on a bad day, with every result, errno and descriptor number on
 * stdout. What it prints is the same from run to run, so bare and audited runs can be compared. At
 * the end it tells its own counts of sockets.
 *
 * Steps: sockets | fork | children=N | thread | descriptors | fill | mlock=current,future |
 * chroot=DIR | setuid=UID | unshare=files,net,mount | spend=KIB (address space) | file=PATH |
 * eat=PATH | many | leak | close=FD | stderr=PATH | sigs | leave=STATUS
 */
#include "loopback.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned opened, closed;

/* Says what a call gave, and that it left errno alone when it succeeded. */
#define TELL(call)                                                                                 \
	({                                                                                         \
		errno = 0;                                                                         \
		long told_ = (long)(call);                                                         \
		int error_ = errno;                                                                \
		printf("%s = %ld %s\n", #call, told_, strerrorname_np(error_));                    \
		told_;                                                                             \
	})
#define OPEN(call)                                                                                 \
	({                                                                                         \
		int got_ = (int)TELL(call);                                                        \
		opened += got_ >= 0;                                                               \
		got_;                                                                              \
	})
#define CLOSE(fd)                                                                                  \
	({                                                                                         \
		int gone_ = (int)TELL(close(fd));                                                  \
		closed += gone_ == 0;                                                              \
		gone_;                                                                             \
	})

static void connection(void)
{
	struct sockaddr_in address, peer;
	socklen_t size = sizeof peer;
	char buffer[64] = "";
	int listener = OPEN(socket(AF_INET, SOCK_STREAM, 0));

	address = loopback_address(0);
	TELL(bind(listener, (struct sockaddr *)&address, sizeof address));
	TELL(accept(listener, NULL, NULL));
	TELL(listen(listener, 8));
	getsockname(listener, (struct sockaddr *)&address, &size);
	int client = OPEN(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	TELL(send(client, "x", 1, MSG_NOSIGNAL));
	TELL(recv(client, buffer, 1, 0));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	size = sizeof peer;
	TELL(poll(&(struct pollfd){ .fd = listener, .events = POLLIN }, 1, 2000));
	TELL(fcntl(listener, F_SETFL, O_NONBLOCK));
	int server = OPEN(accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK));
	printf("%d bytes of address\n", (int)size);
	TELL(recv(server, buffer, sizeof buffer, 0));
	TELL(send(client, "hello", 5, 0));
	TELL(recv(server, buffer, 3, MSG_PEEK));
	TELL(read(server, buffer, sizeof buffer));
	struct iovec parts[2] = { { "two ", 4 }, { "parts", 5 } };
	TELL(writev(server, parts, 2));
	TELL(recvfrom(client, buffer, sizeof buffer, 0, NULL, NULL));
	printf("%.9s\n", buffer);
	TELL(fcntl(client, F_GETFD));
	TELL(fcntl(server, F_GETFL) & O_NONBLOCK);
	TELL(shutdown(client, SHUT_WR));
	TELL(write(client, "x", 1));
	TELL(recv(server, buffer, sizeof buffer, 0));
	CLOSE(client);
	CLOSE(server);
	CLOSE(listener);
	/* Nobody listens there now. */
	client = OPEN(socket(AF_INET, SOCK_STREAM, 0));
	TELL(connect(client, (struct sockaddr *)&address, sizeof address));
	CLOSE(client);
}

static void reset(void)
{
	struct sockaddr_in address;
	struct linger at_once = { 1, 0 };
	char byte;
	int listener = loopback_listen(&address), client = socket(AF_INET, SOCK_STREAM, 0);
	int connected = connect(client, (struct sockaddr *)&address, sizeof address);
	int server = connected ? -1 : accept(listener, NULL, NULL);

	opened += 2 + (server >= 0);
	printf("connected %d\n", connected);
	TELL(setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
	CLOSE(server);
	TELL(recv(client, &byte, 1, 0));
	TELL(recv(client, &byte, 1, 0));
	TELL(send(client, &byte, 1, MSG_NOSIGNAL));
	CLOSE(client);
	CLOSE(listener);
}

static void pass_on(const int pair[2], int passed)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	char byte = 'p';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &passed, sizeof passed);
	TELL(sendmsg(pair[0], &message, 0));
	message.msg_controllen = sizeof control;
	TELL(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
	int got = -1;
	memcpy(&got, CMSG_DATA(&control.header), sizeof got);
	TELL(fcntl(got, F_GETFD));
	TELL(close(got));
}

static void copies(void)
{
	int pair[2] = { -1, -1 };
	char buffer[16];

	TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	opened += pair[0] >= 0 ? 2 : 0;
	int copy = (int)TELL(dup(pair[0]));
	TELL(dup2(pair[0], 60));
	TELL(dup3(pair[1], 61, O_CLOEXEC));
	TELL(dup3(pair[1], pair[1], 0));
	int high = (int)TELL(fcntl(pair[1], F_DUPFD_CLOEXEC, 50));
	int file = (int)TELL(dup(1));
	pass_on(pair, file);
	TELL(close(file));
	TELL(write(61, "abc", 3));
	CLOSE(pair[0]);
	TELL(read(copy, buffer, sizeof buffer));
	TELL(close(copy));
	TELL(close(60));
	closed -= 1; /* counted when the last of them went */
	TELL(close(61));
	TELL(close(high));
	closed += 1;
	FILE *stream = fdopen(pair[1], "r");
	printf("EOF of the stream %d\n", fgetc(stream));
	TELL(fclose(stream));
	closed += 1;
}

static void refusals(void)
{
	char byte = 0;
	int fds[2];

	TELL(socket(AF_INET, 77, 0));
	TELL(socketpair(AF_INET, SOCK_STREAM, 0, fds));
	TELL(close(-1));
	TELL(close(900));
	TELL(dup2(901, 902));
	TELL(recv(900, &byte, 1, 0));
	TELL(recv(0, &byte, 1, 0));
	TELL(send(900, &byte, 1, 0));
	TELL(shutdown(900, SHUT_RDWR));
	TELL(accept(0, NULL, NULL));
	TELL(listen(900, 1));
	TELL(fcntl(900, F_GETFD));
}

static void sockets(void)
{
	connection();
	reset();
	copies();
	refusals();
}

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

static void step(char *name)
{
	char *value = strchr(name, '=');
	int status = 0;
	pthread_t thread;

	if (value)
		*value++ = 0;
	printf("-- %s\n", name);
	if (!strcmp(name, "sockets"))
		sockets();
	else if (!strcmp(name, "fork"))
		printf("child %d\n", in_child(sockets));
	else if (!strcmp(name, "children"))
		for (int i = 0; i < atoi(value); i++)
			printf("child %d\n", in_child(one_socket));
	else if (!strcmp(name, "thread") &&
		 !pthread_create(&thread, NULL, in_thread, (void *)sockets))
		pthread_join(thread, NULL);
	else if (!strcmp(name, "descriptors"))
		descriptors();
	else if (!strcmp(name, "fill"))
		fill();
	else if (!strcmp(name, "mlock"))
		mlock_step(value);
	else if (!strcmp(name, "chroot"))
		TELL(chroot(value));
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
	else if (!strcmp(name, "many"))
		many();
	else if (!strcmp(name, "leak"))
		leak();
	else if (!strcmp(name, "close"))
		TELL(close(atoi(value)));
	else if (!strcmp(name, "stderr") && !close(2))
		status = open(value, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	else if (!strcmp(name, "state"))
		state();
	else if (!strcmp(name, "leave"))
		exit(atoi(value));
	(void)status;
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
