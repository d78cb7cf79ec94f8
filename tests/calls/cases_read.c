/* SPDX-License-Identifier: MIT */
/* Everything that reads: data, the end, an error; on sockets and on other files. */
#include "../../preload/libc_decl.h"
#include "case.h"
#include "report.h"
#include <string.h>
#include <sys/wait.h>

typedef ssize_t reader(int fd, void *buffer, size_t size);

static void reads(const char *name, reader *via)
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
}

/* A fortified read of more than there is room for ends the program, by libc's own hand. */
static void aborts(ssize_t (*overflow)(int fd))
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
	reads("read", read);
}

void case___read(void)
{
	reads("__read", __read);
}

static ssize_t via_read_chk(int fd, void *buffer, size_t size)
{
	return __read_chk(fd, buffer, size, size);
}

static ssize_t overflow_read(int fd)
{
	return __read_chk(fd, little, sizeof little + 1, sizeof little);
}

void case___read_chk(void)
{
	reads("__read_chk", via_read_chk);
	aborts(overflow_read);
}

static ssize_t via_readv(int fd, void *buffer, size_t size)
{
	struct iovec parts[2] = { { buffer, size / 2 },
				  { (char *)buffer + size / 2, size - size / 2 } };

	return readv(fd, parts, 2);
}

void case_readv(void)
{
	reads("readv", via_readv);
	STEP(readv(0, NULL, -1));
}

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
	reads("recv", via_recv);
	peeks(peek_recv);
}

static ssize_t via_recv_chk(int fd, void *buffer, size_t size)
{
	return __recv_chk(fd, buffer, size, size, 0);
}

static ssize_t overflow_recv(int fd)
{
	return __recv_chk(fd, little, sizeof little + 1, sizeof little, 0);
}

static ssize_t peek_recv_chk(int fd, void *buffer, size_t size)
{
	return __recv_chk(fd, buffer, size, size, MSG_PEEK);
}

void case___recv_chk(void)
{
	reads("__recv_chk", via_recv_chk);
	peeks(peek_recv_chk);
	aborts(overflow_recv);
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

	reads("recvfrom", via_recvfrom);
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

static ssize_t overflow_recvfrom(int fd)
{
	return __recvfrom_chk(fd, little, sizeof little + 1, sizeof little, 0, NULL, NULL);
}

void case___recvfrom_chk(void)
{
	reads("__recvfrom_chk", via_recvfrom_chk);
	aborts(overflow_recvfrom);
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
static int passed(int to, int from, int what, bool many, int flags)
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
	STEP(many ? recvmmsg(from, &message, 1, flags, NULL)
		  : recvmsg(from, &message.msg_hdr, flags));
	memcpy(&fd, CMSG_DATA(right), sizeof fd);
	TELL("received number %d\n", fd);
	return fd;
}

static void receives_rights(bool many)
{
	int pair[2], fds[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	case_tcp_pair(fds);
	for (int i = 0; i < 2; i++) {
		int flags = i ? MSG_CMSG_CLOEXEC : 0;
		int fd = passed(pair[0], pair[1], fds[0], many, flags);

		CHECK(case_phase(fd) == PHASE_OPEN);
		CHECK(case_call_is(case_slot(fd)->opened_call, many ? "recvmmsg" : "recvmsg"));
		CHECK(case_slot(fd)->cookie == case_slot(fds[0])->cookie);
		CHECK(!(case_slot(fd)->flags & SOCKET_CLOEXEC) == !flags);
	}
	int file = passed(pair[0], pair[1], 0, many, 0);
	CHECK(case_phase(file) == PHASE_EMPTY || case_phase(file) == PHASE_GONE);
}

void case_recvmsg(void)
{
	reads("recvmsg", via_recvmsg);
	receives_rights(false);
	STEP(recvmsg(-1, (struct msghdr *)8, 0));
}

void case_recvmmsg(void)
{
	char bytes[3][8];
	struct iovec parts[3] = { { bytes[0], 8 }, { bytes[1], 8 }, { bytes[2], 8 } };
	struct mmsghdr messages[3] = { 0 };
	int fds[2];

	reads("recvmmsg", via_recvmmsg);
	receives_rights(true);
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
