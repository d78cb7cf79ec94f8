/* SPDX-License-Identifier: MIT */
/* Everything that reads: data, the end, an error; on sockets and on other files. */
#include "bodies.h"
#include "report.h"
#include <string.h>
#include <sys/wait.h>

static long read_once(int fd, void *with)
{
	char buffer[8];

	return (*(reader **)with)(fd, buffer, sizeof buffer);
}

void body_reads(const char *name, reader *via)
{
	char buffer[64] = "";
	int fds[2], pipes[2];

	case_tcp_pair(fds);
	NEED(write(fds[1], "hello, world", 12) == 12);
	STEP(via(fds[0], buffer, 5));
	TELL("read '%s'\n", buffer);
	CHECK(case_call_is(case_slot(fds[0])->last_receive_call, name));
	CHECK(case_slot(fds[0])->received == 5 && case_slot(fds[0])->last_receive);
	STEP(via(fds[0], (void *)8, 5)); /* EFAULT, and nothing is lost */
	STEP(via(fds[0], buffer, sizeof buffer));
	TELL("read '%s'\n", buffer);
	CHECK(case_slot(fds[0])->received == 12 && !case_slot(fds[0])->error_at);
	NEED(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	STEP(via(fds[0], buffer, sizeof buffer)); /* EAGAIN */
	CHECK(!case_slot(fds[0])->eof_at && !case_slot(fds[0])->error_at);
	NEED(close(fds[1]) == 0);
	case_wait_readable(fds[0]);
	STEP(via(fds[0], buffer, 0)); /* asks for nothing, learns nothing */
	CHECK(!case_slot(fds[0])->eof_at);
	STEP(via(fds[0], buffer, sizeof buffer));
	CHECK(case_call_is(case_slot(fds[0])->eof_call, name) && case_slot(fds[0])->eof_stack);
	CHECK(case_slot(fds[0])->eof_at && case_slot(fds[0])->eof_reads == 1);
	STEP(via(fds[0], buffer, sizeof buffer));
	CHECK(case_slot(fds[0])->eof_reads == 2);

	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(via(fds[0], buffer, sizeof buffer));
	CHECK(case_call_is(case_slot(fds[0])->error_call, name) && case_slot(fds[0])->error_stack);
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);

	NEED(pipe(pipes) == 0 && write(pipes[1], "pipe", 4) == 4);
	STEP(via(pipes[0], buffer, 2));
	TELL("read '%.2s'\n", buffer);
	NEED(close(pipes[1]) == 0);
	STEP(via(pipes[0], buffer, sizeof buffer));
	STEP(via(pipes[0], buffer, sizeof buffer));
	STEP(via(-1, buffer, sizeof buffer));
	STEP(via(999, buffer, sizeof buffer));
	STEP(via(2000000000, buffer, sizeof buffer));
	body_stale(name, read_once, &via, true);
}

void body_aborts(long (*overflow)(int fd))
{
	int fds[2], status = 0;

	case_tcp_pair(fds);
	for (int i = 0; i < 2; i++) {
		int fd = i ? 0 : fds[0];
		pid_t child = fork();

		if (child == 0) {
			dup2(open("/dev/null", O_WRONLY), 2);
			overflow(fd);
			_exit(0);
		}
		NEED(waitpid(child, &status, 0) == child);
		TELL("overflow: %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
		     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
}

static char little[8];

void case_read(void)
{
	body_reads("read", read);
}

void case___read(void)
{
	body_reads("__read", __read);
}

static ssize_t via_read_chk(int fd, void *buffer, size_t size)
{
	return __read_chk(fd, buffer, size, size);
}

static long overflow_read(int fd)
{
	return __read_chk(fd, little, sizeof little + 1, sizeof little);
}

void case___read_chk(void)
{
	body_reads("__read_chk", via_read_chk);
	body_aborts(overflow_read);
}

static ssize_t via_readv(int fd, void *buffer, size_t size)
{
	struct iovec parts[2] = { { buffer, size / 2 },
				  { (char *)buffer + size / 2, size - size / 2 } };

	return readv(fd, parts, 2);
}

void case_readv(void)
{
	body_reads("readv", via_readv);
	STEP(readv(0, NULL, -1));
}

/* With offset -1 it reads what readv() would; with another, a socket is refused. */
#define PREADV2S(name)                                                                             \
	static ssize_t via_##name(int fd, void *buffer, size_t size)                               \
	{                                                                                          \
		struct iovec parts[2] = { { buffer, size / 2 },                                    \
					  { (char *)buffer + size / 2, size - size / 2 } };        \
                                                                                                   \
		return name(fd, parts, 2, -1, 0);                                                  \
	}                                                                                          \
	void case_##name(void)                                                                     \
	{                                                                                          \
		char bytes[4];                                                                     \
		struct iovec part = { bytes, sizeof bytes };                                       \
		int fds[2], file = body_source("file", 4);                                         \
                                                                                                   \
		body_reads(#name, via_##name);                                                     \
		case_tcp_pair(fds);                                                                \
		NEED(write(fds[1], "data", 4) == 4);                                               \
		STEP(name(fds[0], &part, 1, 0, 0)); /* ESPIPE */                                   \
		STEP(name(fds[0], &part, 1, -1, 0x4000));                                          \
		CHECK(!case_slot(fds[0])->received && !case_slot(fds[0])->error_at);               \
		STEP(name(file, &part, 1, 1, 0));                                                  \
		TELL("read '%.3s'\n", bytes);                                                      \
	}
PREADV2S(preadv2)
PREADV2S(preadv64v2)

/* A socket refuses these: what is left to tell is that it is none any more. */
#define PREADVS(name)                                                                              \
	static long stale_##name(int fd, void *part)                                               \
	{                                                                                          \
		return name(fd, part, 1, 0);                                                       \
	}                                                                                          \
	void case_##name(void)                                                                     \
	{                                                                                          \
		char bytes[4];                                                                     \
		struct iovec part = { bytes, sizeof bytes }, *volatile nowhere = (void *)8;        \
		int fds[2];                                                                        \
                                                                                                   \
		case_tcp_pair(fds);                                                                \
		STEP(name(fds[0], &part, 1, 0)); /* ESPIPE */                                      \
		STEP(name(fds[0], &part, 1, -1));                                                  \
		STEP(name(fds[0], nowhere, 1, 0));                                                 \
		CHECK(!case_slot(fds[0])->eof_at && !case_slot(fds[0])->error_at);                 \
		STEP(name(body_source("file", 4), &part, 1, 1));                                   \
		TELL("read '%.3s'\n", bytes);                                                      \
		STEP(name(-1, &part, 1, 0));                                                       \
		body_stale(#name, stale_##name, &part, true);                                      \
	}
PREADVS(preadv)
PREADVS(preadv64)

static ssize_t via_recv(int fd, void *buffer, size_t size)
{
	return recv(fd, buffer, size, 0);
}

/* What is only looked at has not been read, and a peeked end is none. */
static void peeks(ssize_t (*peek)(int fd, void *buffer, size_t size))
{
	char buffer[8];
	int fds[2];

	case_tcp_pair(fds);
	NEED(write(fds[1], "look", 4) == 4);
	STEP(peek(fds[0], buffer, sizeof buffer));
	CHECK(case_slot(fds[0])->received == 0);
	NEED(read(fds[0], buffer, sizeof buffer) == 4 && close(fds[1]) == 0);
	STEP(peek(fds[0], buffer, sizeof buffer));
	CHECK(!case_slot(fds[0])->eof_at);
}

static ssize_t peek_recv(int fd, void *buffer, size_t size)
{
	return recv(fd, buffer, size, MSG_PEEK);
}

void case_recv(void)
{
	body_reads("recv", via_recv);
	peeks(peek_recv);
}

static ssize_t via_recv_chk(int fd, void *buffer, size_t size)
{
	return __recv_chk(fd, buffer, size, size, 0);
}

static long overflow_recv(int fd)
{
	return __recv_chk(fd, little, sizeof little + 1, sizeof little, 0);
}

static ssize_t peek_recv_chk(int fd, void *buffer, size_t size)
{
	return __recv_chk(fd, buffer, size, size, MSG_PEEK);
}

void case___recv_chk(void)
{
	body_reads("__recv_chk", via_recv_chk);
	peeks(peek_recv_chk);
	body_aborts(overflow_recv);
}

static ssize_t via_recvfrom(int fd, void *buffer, size_t size)
{
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	ssize_t n = recvfrom(fd, buffer, size, 0, (struct sockaddr *)&from, &from_size);

	if (n >= 0)
		TELL("from_size %u\n", from_size);
	return n;
}

void case_recvfrom(void)
{
	char buffer[8];
	int fds[2];

	body_reads("recvfrom", via_recvfrom);
	/* An empty datagram is no end. */
	case_udp_pair(fds);
	NEED(send(fds[1], "", 0, 0) == 0);
	STEP(via_recvfrom(fds[0], buffer, sizeof buffer));
	CHECK(!case_slot(fds[0])->eof_at);
}

static ssize_t via_recvfrom_chk(int fd, void *buffer, size_t size)
{
	return __recvfrom_chk(fd, buffer, size, size, 0, NULL, NULL);
}

static long overflow_recvfrom(int fd)
{
	return __recvfrom_chk(fd, little, sizeof little + 1, sizeof little, 0, NULL, NULL);
}

void case___recvfrom_chk(void)
{
	body_reads("__recvfrom_chk", via_recvfrom_chk);
	body_aborts(overflow_recvfrom);
}

static ssize_t via_recvmsg(int fd, void *buffer, size_t size)
{
	struct iovec part = { buffer, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return recvmsg(fd, &message, 0);
}

static ssize_t via_recvmmsg(int fd, void *buffer, size_t size)
{
	struct iovec part = { buffer, size };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	int count = recvmmsg(fd, &message, 1, 0, NULL);

	if (count > 0)
		TELL("count %d\n", count);
	return count < 0 ? count : (ssize_t)message.msg_len;
}

/* Sends `what` over `to`; the number that arrives at `from`. */
static int passed(int to, int from, int what, int (*via)(int, struct mmsghdr *, int), int flags)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec part = { &byte, 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part,
						.msg_iovlen = 1,
						.msg_control = control,
						.msg_controllen = sizeof control } };
	struct cmsghdr *right = CMSG_FIRSTHDR(&message.msg_hdr);
	int fd = -1;

	right->cmsg_level = SOL_SOCKET;
	right->cmsg_type = SCM_RIGHTS;
	right->cmsg_len = CMSG_LEN(sizeof what);
	memcpy(CMSG_DATA(right), &what, sizeof what);
	NEED(sendmsg(to, &message.msg_hdr, 0) == 1);
	memset(control, 0, sizeof control);
	STEP(via(from, &message, flags));
	memcpy(&fd, CMSG_DATA(right), sizeof fd);
	TELL("received number %d\n", fd);
	return fd;
}

void body_receives_rights(const char *name, int (*via)(int fd, struct mmsghdr *one, int flags))
{
	int pair[2], fds[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	case_tcp_pair(fds);
	for (int i = 0; i < 2; i++) {
		int flags = i ? MSG_CMSG_CLOEXEC : 0;
		int fd = passed(pair[0], pair[1], fds[0], via, flags);

		CHECK(case_phase(fd) == PHASE_OPEN);
		CHECK(case_call_is(case_slot(fd)->opened_call, name));
		CHECK(case_slot(fd)->cookie == case_slot(fds[0])->cookie);
		CHECK(!(case_slot(fd)->flags & SOCKET_CLOEXEC) == !flags);
	}
	int file = passed(pair[0], pair[1], 0, via, 0);
	CHECK(case_phase(file) == PHASE_EMPTY || case_phase(file) == PHASE_GONE);
}

static int right_recvmsg(int fd, struct mmsghdr *one, int flags)
{
	return (int)recvmsg(fd, &one->msg_hdr, flags);
}

static int right_recvmmsg(int fd, struct mmsghdr *one, int flags)
{
	return recvmmsg(fd, one, 1, flags, NULL);
}

void case_recvmsg(void)
{
	body_reads("recvmsg", via_recvmsg);
	body_receives_rights("recvmsg", right_recvmsg);
	STEP(recvmsg(-1, (struct msghdr *)8, 0));
}

void case_recvmmsg(void)
{
	char bytes[3][8];
	struct iovec parts[3] = { { bytes[0], 8 }, { bytes[1], 8 }, { bytes[2], 8 } };
	struct mmsghdr messages[3] = { 0 };
	int fds[2];

	body_reads("recvmmsg", via_recvmmsg);
	body_receives_rights("recvmmsg", right_recvmmsg);
	case_udp_pair(fds);
	NEED(send(fds[1], "one", 3, 0) == 3 && send(fds[1], "three", 5, 0) == 5);
	for (int i = 0; i < 3; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	STEP(recvmmsg(fds[0], messages, 3, MSG_DONTWAIT, NULL));
	TELL("lengths %u %u\n", messages[0].msg_len, messages[1].msg_len);
	CHECK(case_slot(fds[0])->received == 8 &&
	      case_call_is(case_slot(fds[0])->last_receive_call, "recvmmsg"));
	STEP(recvmmsg(fds[0], messages, 3, MSG_DONTWAIT, NULL));
	STEP(recvmmsg(fds[0], (struct mmsghdr *)8, 3, MSG_DONTWAIT, NULL));
}
