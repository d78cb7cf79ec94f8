/* SPDX-License-Identifier: MIT */
/*
 * race calm|wild SEED ROUNDS: processes of several threads, and children that they fork, share,
 * pass by SCM_RIGHTS, copy, copy over, inherit and race sockets by chance. After each round all
 * keep still, their pids are told, and the script compares what the ledgers say with what the
 * kernel says.
 *
 * A number belongs to the thread that took it out of its process's `places`, so no number is closed
 * twice. What is raced is all else: lookers read from numbers that another may close at that
 * moment. `calm`: no thread is inside a call while another forks. `wild`: the child inherits a
 * table and a memory that do not agree, as the kernel copies one after the other.
 */
#include "loopback.h"
#include "talk.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { PROCESSES = 3, THREADS = 3, PLACES = 64, CHILDREN_MOST = 8, TURN_MS = 400 };

/* What all processes see. */
static struct meeting {
	_Atomic int working; /* threads that have not come to rest */
	_Atomic int turn;    /* odd: work, even: rest */
	_Atomic int children;
	_Atomic int over;
	_Atomic int wrong;
	_Atomic int pids[PROCESSES + CHILDREN_MOST];
	/* Children that never use what they inherited. */
	_Atomic int idle[PROCESSES + CHILDREN_MOST];
} * meeting;

/* Sockets of this process that no thread works on, + 1; 0: an empty place. */
static atomic_int places[PLACES];
/* Datagram sockets between the processes: what is sent into [i][0] process i receives from [i][1].
 */
static int ways[PROCESSES][2];
static unsigned which;
static struct sockaddr_in address;
static int listener;

static void wait_while(_Atomic int *word, int is)
{
	syscall(SYS_futex, word, FUTEX_WAIT, is, NULL, NULL, 0);
}

static void wake_all(_Atomic int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

#define RIGHT(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			meeting->wrong++;                                                          \
			fprintf(stderr, "%d: wrong: %s, %s\n", __LINE__, #condition,               \
				strerrorname_np(errno));                                           \
		}                                                                                  \
	} while (0)

static void drop(int fd)
{
	RIGHT(fd < 0 || close(fd) == 0);
}

/* Leaves a socket to whoever comes; the one that stood there is closed. */
static void leave(unsigned *seed, int fd)
{
	drop(atomic_exchange(&places[rand_r(seed) % PLACES], fd + 1) - 1);
}

static int take(unsigned *seed)
{
	for (int i = 0; i < 8; i++) {
		int fd = atomic_exchange(&places[rand_r(seed) % PLACES], 0) - 1;
		if (fd >= 0)
			return fd;
	}
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static void pass(unsigned *seed)
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
	int fd = take(seed);

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	sendmsg(ways[rand_r(seed) % PROCESSES][0], &message, MSG_DONTWAIT);
	if (rand_r(seed) % 2)
		drop(fd);
	else
		leave(seed, fd);
}

static void receive(unsigned *seed)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	int fd;

	if (recvmsg(ways[which][1], &message,
		    MSG_DONTWAIT | (rand_r(seed) % 2 ? MSG_CMSG_CLOEXEC : 0)) != 1 ||
	    message.msg_controllen < CMSG_LEN(sizeof(int)))
		return;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	leave(seed, fd);
}

static void open_some(unsigned *seed)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int pair[2];

	switch (rand_r(seed) % 3) {
	case 0:
		RIGHT(socketpair(AF_UNIX, types[rand_r(seed) % 3], 0, pair) == 0);
		leave(seed, pair[0]);
		leave(seed, pair[1]);
		break;
	case 1:
		leave(seed,
		      socket(rand_r(seed) % 2 ? AF_INET : AF_UNIX, types[rand_r(seed) % 2], 0));
		break;
	case 2:
		pair[0] = socket(AF_INET, SOCK_STREAM, 0);
		/* All processes share the listener, so who accepts is chance, and it may be nobody.
		 */
		RIGHT(connect(pair[0], (struct sockaddr *)&address, sizeof address) == 0);
		leave(seed, pair[0]);
		if ((pair[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
			leave(seed, pair[1]);
		break;
	}
}

static void copy_some(unsigned *seed)
{
	int fd = take(seed), other;

	switch (rand_r(seed) % 4) {
	case 0:
		leave(seed, dup(fd));
		break;
	case 1:
		leave(seed, fcntl(fd, F_DUPFD_CLOEXEC, (int)(rand_r(seed) % 200)));
		break;
	case 2:
		other = take(seed);
		RIGHT(dup2(fd, other) == other);
		leave(seed, other);
		break;
	case 3:
		/* A file over a socket, and a number given back twice: as file and as nothing. */
		RIGHT(dup2(STDERR_FILENO, fd) == fd);
		break;
	}
	leave(seed, fd);
}

/* Looks at a number that it does not own. */
static void look(unsigned *seed)
{
	int fd = places[rand_r(seed) % PLACES] - 1;
	char room[64];

	if (fd > STDERR_FILENO)
		recv(fd, room, 1 + rand_r(seed) % sizeof room, MSG_DONTWAIT);
}

static void use(unsigned *seed)
{
	int fd = take(seed);
	char room[64] = "";

	switch (rand_r(seed) % 4) {
	case 0:
		send(fd, room, 1 + rand_r(seed) % 63, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 1:
		recv(fd, room, sizeof room, MSG_DONTWAIT);
		break;
	case 2:
		shutdown(fd, (int)(rand_r(seed) % 3));
		break;
	case 3:
		drop(fd);
		return;
	}
	leave(seed, fd);
}

static void any_step(unsigned *seed)
{
	switch (rand_r(seed) % 8) {
	case 0:
		pass(seed);
		break;
	case 1:
		receive(seed);
		break;
	case 2:
		open_some(seed);
		break;
	case 3:
		copy_some(seed);
		break;
	case 4:
		look(seed);
		break;
	default:
		use(seed);
	}
}

/* Held for writing by one who forks, in calm weather. One who waits to write must not starve. */
static pthread_rwlock_t calm = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static bool wild;

static void one_step(unsigned *seed)
{
	if (!wild)
		pthread_rwlock_rdlock(&calm);
	any_step(seed);
	if (!wild)
		pthread_rwlock_unlock(&calm);
}

/* Keeps still from the end of a turn to the beginning of the next. */
static void rest(int turn)
{
	if (--meeting->working == 0)
		wake_all(&meeting->working);
	while (meeting->turn == turn)
		wait_while(&meeting->turn, turn);
	while (meeting->turn == turn + 1)
		wait_while(&meeting->turn, turn + 1);
}

/* The turn is counted, not read: one that comes late would take the next for its own. */
static void one_turn(unsigned *seed, int turn)
{
	while (meeting->turn == turn)
		one_step(seed);
	rest(turn);
}

/* Works on what it inherited, or leaves it alone, rests with all others, and ends. */
static void child(unsigned seed, int turn, int at)
{
	meeting->pids[at] = getpid();
	meeting->idle[at] = seed % 4 == 0;
	for (int i = 0; i < PLACES; i++)
		if (places[i] && fcntl(places[i] - 1, F_GETFD) < 0)
			places[i] = 0;
	if (seed % 4) {
		/* Uses each, so that nothing is left that it does not know. */
		for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
			close(dup(fd));
		one_turn(&seed, turn);
	} else {
		rest(turn);
	}
	meeting->pids[at] = 0;
	meeting->children--;
	if (seed % 3 == 0)
		execl("/bin/true", "true", NULL);
	_exit(0);
}

/* Its caller has not come to rest, so the child is waited for. */
static void spawn(unsigned *seed, int turn)
{
	int at = PROCESSES - 1, none = 0;
	unsigned childs = (unsigned)rand_r(seed);

	if (meeting->children++ >= CHILDREN_MOST) {
		meeting->children--;
		return;
	}
	meeting->working++;
	/* Those that ended in this turn have their place until they are gone. */
	do {
		at = at + 1 < PROCESSES + CHILDREN_MOST ? at + 1 : PROCESSES;
		none = 0;
	} while (!atomic_compare_exchange_strong(&meeting->pids[at], &none, -1));
	if (!wild)
		pthread_rwlock_wrlock(&calm);
	pid_t pid = fork();
	if (pid == 0) {
		/* What it inherits of the lock waits for threads that it has not. */
		pthread_rwlock_init(&calm, NULL);
		child(childs, turn, at);
	}
	if (!wild)
		pthread_rwlock_unlock(&calm);
	NEED(pid > 0);
}

struct worker {
	pthread_t thread;
	unsigned seed;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (int turn = 1; !meeting->over; turn += 2)
		one_turn(&worker->seed, turn);
	return NULL;
}

static void process(unsigned seed)
{
	struct worker workers[THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 1; i < THREADS; i++) {
		workers[i].seed = seed * 31 + i;
		NEED(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (int turn = 1; !meeting->over; turn += 2) {
		for (int children = 0; children < 2; children++) {
			for (int steps = 0; steps < 2000 && meeting->turn == turn; steps++)
				one_step(&seed);
			spawn(&seed, turn);
		}
		one_turn(&seed, turn);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	for (int i = 1; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (int i = 0; i < PLACES; i++)
		drop(places[i] - 1);
	exit(0);
}

static void tell_pids(void)
{
	printf("pids");
	for (int i = 0; i < PROCESSES + CHILDREN_MOST; i++)
		if (meeting->pids[i] > 0)
			printf(" %d%s", meeting->pids[i], meeting->idle[i] ? "-idle" : "");
	printf("\n");
}

int main(int argc, char **argv)
{
	NEED(argc == 4);
	unsigned seed = (unsigned)strtoul(argv[2], NULL, 10);
	int rounds = atoi(argv[3]);

	wild = !strcmp(argv[1], "wild");

	meeting = mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	NEED(meeting != MAP_FAILED);
	signal(SIGPIPE, SIG_IGN);
	listener = loopback_listen(&address);
	NEED(listener >= 0 && fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
	for (int i = 0; i < PROCESSES; i++)
		NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ways[i]) == 0);
	meeting->working = PROCESSES * THREADS;
	meeting->turn = 1;
	for (which = 0; which < PROCESSES; which++) {
		pid_t pid = fork();
		if (pid == 0)
			process(seed * 7 + which);
		meeting->pids[which] = pid;
	}
	while (rounds-- > 0) {
		nanosleep(&(struct timespec){ 0, TURN_MS * 1000000l }, NULL);
		meeting->turn++;
		for (int is; (is = meeting->working);)
			wait_while(&meeting->working, is);
		tell_pids();
		talk_ready();
		meeting->over = rounds == 0;
		meeting->working = PROCESSES * THREADS;
		meeting->turn++;
		wake_all(&meeting->turn);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		NEED(waitpid(meeting->pids[i], &status, 0) > 0);
		printf("process %x\n", status);
	}
	printf("wrong %d\n", meeting->wrong);
	return 0;
}
