/* SPDX-License-Identifier: MIT */
/* Everything that writes. */
#include "bodies.h"
#include "report.h"
#include <string.h>

static long write_once(int fd, void *with)
{
	return (*(writer **)with)(fd, "x", 1);
}

void body_writes(const char *name, writer *via)
{
	char buffer[64] = "";
	int fds[2], pipes[2];

	case_tcp_pair(fds);
	STEP(via(fds[0], "hello", 5));
	CHECK(case_call_is(case_slot(fds[0])->last_send_call, name));
	CHECK(case_slot(fds[0])->sent == 5 && case_slot(fds[0])->last_send);
	NEED(read(fds[1], buffer, sizeof buffer) == 5);
	TELL("arrived '%s'\n", buffer);
	NEED(write(fds[1], "answer", 6) == 6 && read(fds[0], buffer, sizeof buffer) == 6);
	STEP(via(fds[0], "more", 4));
	CHECK(case_slot(fds[0])->sent == 9 && case_slot(fds[0])->exchanges == 2);
	STEP(via(fds[0], (void *)8, 4));
	STEP(via(fds[0], "", 0));
	CHECK(case_slot(fds[0])->sent == 9 && !case_slot(fds[0])->error_at);

	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(via(fds[0], "x", 1)); /* ECONNRESET, then EPIPE */
	CHECK(case_call_is(case_slot(fds[0])->error_call, name) && case_slot(fds[0])->error_stack);
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);
	STEP(via(fds[0], "x", 1));
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET);

	case_tcp_pair(fds);
	NEED(shutdown(fds[0], SHUT_WR) == 0);
	STEP(via(fds[0], "x", 1)); /* our own doing */
	CHECK(!case_slot(fds[0])->error_at);

	NEED(pipe(pipes) == 0);
	STEP(via(pipes[1], "pipe", 4));
	NEED(close(pipes[0]) == 0);
	STEP(via(pipes[1], "pipe", 4));
	STEP(via(-1, "x", 1));
	STEP(via(999, "x", 1));
	STEP(via(2000000000, "x", 1));
	body_stale(name, write_once, &via, true);
}

void case_write(void)
{
	body_writes("write", write);
}

void case___write(void)
{
	body_writes("__write", __write);
}

static ssize_t via_writev(int fd, const void *buffer, size_t size)
{
	struct iovec parts[2] = { { (void *)(uintptr_t)buffer, size / 2 },
				  { (char *)(uintptr_t)buffer + size / 2, size - size / 2 } };

	return writev(fd, parts, 2);
}

void case_writev(void)
{
	body_writes("writev", via_writev);
	STEP(writev(0, NULL, -1));
}

#define PWRITEV2S(name)                                                                            \
	static ssize_t via_##name(int fd, const void *buffer, size_t size)                         \
	{                                                                                          \
		struct iovec parts[2] = { { (void *)(uintptr_t)buffer, size / 2 },                 \
					  { (char *)(uintptr_t)buffer + size / 2,                  \
					    size - size / 2 } };                                   \
                                                                                                   \
		return name(fd, parts, 2, -1, 0);                                                  \
	}                                                                                          \
	void case_##name(void)                                                                     \
	{                                                                                          \
		struct iovec part = { (char[]){ "data" }, 4 };                                     \
		int fds[2], file = body_source("file", 4);                                         \
                                                                                                   \
		body_writes(#name, via_##name);                                                    \
		case_tcp_pair(fds);                                                                \
		STEP(name(fds[0], &part, 1, 0, 0)); /* ESPIPE */                                   \
		STEP(name(fds[0], &part, 1, -1, 0x4000));                                          \
		CHECK(!case_slot(fds[0])->sent && !case_slot(fds[0])->error_at);                   \
		STEP(name(file, &part, 1, 1, 0));                                                  \
	}
PWRITEV2S(pwritev2)
PWRITEV2S(pwritev64v2)

#define PWRITEVS(name)                                                                             \
	static long stale_##name(int fd, void *part)                                               \
	{                                                                                          \
		return name(fd, part, 1, 0);                                                       \
	}                                                                                          \
	void case_##name(void)                                                                     \
	{                                                                                          \
		struct iovec part = { (char[]){ "data" }, 4 }, *volatile nowhere = (void *)8;      \
		int fds[2];                                                                        \
                                                                                                   \
		case_tcp_pair(fds);                                                                \
		STEP(name(fds[0], &part, 1, 0)); /* ESPIPE */                                      \
		STEP(name(fds[0], &part, 1, -1));                                                  \
		STEP(name(fds[0], nowhere, 1, 0));                                                 \
		CHECK(!case_slot(fds[0])->sent && !case_slot(fds[0])->error_at);                   \
		STEP(name(body_source("file", 4), &part, 1, 1));                                   \
		STEP(name(-1, &part, 1, 0));                                                       \
		body_stale(#name, stale_##name, &part, true);                                      \
	}
PWRITEVS(pwritev)
PWRITEVS(pwritev64)

static ssize_t via_send(int fd, const void *buffer, size_t size)
{
	return send(fd, buffer, size, 0);
}

void case_send(void)
{
	body_writes("send", via_send);
	STEP(send(999, "x", 1, MSG_OOB | MSG_NOSIGNAL));
}

static ssize_t via___send(int fd, const void *buffer, size_t size)
{
	return __send(fd, buffer, size, 0);
}

void case___send(void)
{
	body_writes("__send", via___send);
}

static ssize_t via_sendto(int fd, const void *buffer, size_t size)
{
	return sendto(fd, buffer, size, 0, NULL, 0);
}

void case_sendto(void)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	int fds[2];

	body_writes("sendto", via_sendto);
	case_udp_pair(fds);
	NEED(getsockname(fds[1], (struct sockaddr *)&address, &size) == 0);
	STEP(sendto(fds[0], "abc", 3, 0, (struct sockaddr *)&address, size));
	CHECK(case_slot(fds[0])->sent == 3 &&
	      case_call_is(case_slot(fds[0])->last_send_call, "sendto"));
	STEP(sendto(fds[0], "abc", 3, 0, (struct sockaddr *)&address, 3));
}

static ssize_t via_sendmsg(int fd, const void *buffer, size_t size)
{
	struct iovec part = { (void *)(uintptr_t)buffer, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(fd, &message, 0);
}

void case_sendmsg(void)
{
	body_writes("sendmsg", via_sendmsg);
	STEP(sendmsg(-1, (struct msghdr *)8, 0));
}

static ssize_t via_sendmmsg(int fd, const void *buffer, size_t size)
{
	struct iovec part = { (void *)(uintptr_t)buffer, size };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	int count = sendmmsg(fd, &message, 1, 0);

	if (count > 0)
		TELL("count %d\n", count);
	return count < 0 ? count : (ssize_t)message.msg_len;
}

void case_sendmmsg(void)
{
	struct iovec parts[2] = { { (char[]){ "one" }, 3 }, { (char[]){ "three" }, 5 } };
	struct mmsghdr messages[2] = { { .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
				       { .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } } };
	int fds[2];

	body_writes("sendmmsg", via_sendmmsg);
	case_udp_pair(fds);
	STEP(sendmmsg(fds[0], messages, 2, 0));
	TELL("lengths %u %u\n", messages[0].msg_len, messages[1].msg_len);
	CHECK(case_slot(fds[0])->sent == 8 &&
	      case_call_is(case_slot(fds[0])->last_send_call, "sendmmsg"));
}

/* sendfile() takes its bytes from a file: the buffer's are put there. A bad buffer becomes a bad
 * offset. */
int body_source(const void *buffer, size_t size)
{
	static int file = -1;

	if (file < 0)
		file = fileno(tmpfile());
	NEED(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
	NEED(buffer == (void *)8 || pwrite(file, buffer, size, 0) == (ssize_t)size);
	return file;
}

static ssize_t via_sendfile(int fd, const void *buffer, size_t size)
{
	return sendfile(fd, body_source(buffer, size), buffer == (void *)8 ? (void *)8 : NULL,
			size);
}

static ssize_t via_sendfile64(int fd, const void *buffer, size_t size)
{
	return sendfile64(fd, body_source(buffer, size), buffer == (void *)8 ? (void *)8 : NULL,
			  size);
}

/* The end of the file is not the end of the connection. */
void body_file_ends(ssize_t (*via)(int to, int from, off_t *offset, size_t size))
{
	int fds[2], from = body_source("file", 4);
	off_t offset = 1;

	case_tcp_pair(fds);
	STEP(via(fds[0], from, &offset, 100));
	TELL("offset %ld\n", (long)offset);
	CHECK(case_slot(fds[0])->sent == 3);
	STEP(via(fds[0], from, &offset, 100));
	CHECK(!case_slot(fds[0])->eof_at && !case_slot(fds[0])->error_at &&
	      case_slot(fds[0])->sent == 3);
	STEP(via(fds[0], 999, NULL, 1));
}

void case_sendfile(void)
{
	body_writes("sendfile", via_sendfile);
	body_file_ends(sendfile);
}

void case_sendfile64(void)
{
	body_writes("sendfile64", via_sendfile64);
	body_file_ends(sendfile64);
}

/* From a socket into a pipe. The other end is read here, so that nothing is left in it. */
static void splices_from_socket(void)
{
	char buffer[64] = "";
	int fds[2], pipes[2];

	NEED(pipe(pipes) == 0);
	case_tcp_pair(fds);
	NEED(write(fds[1], "hello, world", 12) == 12);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 5, 0));
	CHECK(case_slot(fds[0])->received == 5 && case_slot(fds[0])->last_receive);
	CHECK(case_call_is(case_slot(fds[0])->last_receive_call, "splice"));
	STEP(splice(fds[0], NULL, pipes[1], NULL, 100, 0));
	CHECK(case_slot(fds[0])->received == 12);
	NEED(read(pipes[0], buffer, sizeof buffer) == 12);
	TELL("arrived '%s'\n", buffer);
	NEED(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 5, SPLICE_F_NONBLOCK)); /* EAGAIN */
	STEP(splice(fds[0], (off64_t[]){ 0 }, pipes[1], NULL, 5, 0));	  /* ESPIPE */
	STEP(splice(fds[0], NULL, fds[0], NULL, 5, 0));			  /* no pipe: EINVAL */
	STEP(splice(fds[0], NULL, 999, NULL, 5, 0));
	CHECK(!case_slot(fds[0])->eof_at && !case_slot(fds[0])->error_at);
	NEED(close(fds[1]) == 0);
	case_wait_readable(fds[0]);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 0, 0)); /* asks for nothing, learns nothing */
	CHECK(!case_slot(fds[0])->eof_at);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 5, 0));
	CHECK(case_slot(fds[0])->eof_at && case_slot(fds[0])->eof_reads == 1);
	CHECK(case_call_is(case_slot(fds[0])->eof_call, "splice") && case_slot(fds[0])->eof_stack);

	case_tcp_pair(fds);
	case_reset(fds[0], fds[1]);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 5, 0));
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);
	CHECK(case_call_is(case_slot(fds[0])->error_call, "splice"));

	/* EPIPE of a pipe that nobody reads is not the socket's. */
	case_tcp_pair(fds);
	NEED(close(pipes[0]) == 0 && write(fds[1], "x", 1) == 1);
	STEP(splice(fds[0], NULL, pipes[1], NULL, 1, 0));
	CHECK(!case_slot(fds[0])->error_at && !case_slot(fds[0])->eof_at);
	CHECK(!case_slot(fds[0])->received);
}

static void splices_to_socket(void)
{
	char buffer[64] = "";
	int fds[2], pipes[2];

	NEED(pipe(pipes) == 0 && write(pipes[1], "hello, world", 12) == 12);
	case_tcp_pair(fds);
	STEP(splice(pipes[0], NULL, fds[0], NULL, 5, 0));
	CHECK(case_slot(fds[0])->sent == 5 && case_slot(fds[0])->last_send);
	CHECK(case_call_is(case_slot(fds[0])->last_send_call, "splice"));
	NEED(read(fds[1], buffer, sizeof buffer) == 5);
	TELL("arrived '%s'\n", buffer);
	STEP(splice(pipes[0], NULL, fds[0], (off64_t[]){ 0 }, 5, 0)); /* ESPIPE */
	CHECK(case_slot(fds[0])->sent == 5 && !case_slot(fds[0])->error_at);
	case_reset(fds[0], fds[1]);
	STEP(splice(pipes[0], NULL, fds[0], NULL, 5, 0));
	CHECK(case_slot(fds[0])->error_errno == ECONNRESET && case_slot(fds[0])->error_at);
	CHECK(case_call_is(case_slot(fds[0])->error_call, "splice"));
	/* The end of the pipe is not the end of the connection. */
	case_tcp_pair(fds);
	NEED(read(pipes[0], buffer, sizeof buffer) > 0 && close(pipes[1]) == 0);
	STEP(splice(pipes[0], NULL, fds[0], NULL, 5, 0));
	CHECK(!case_slot(fds[0])->eof_at && !case_slot(fds[0])->error_at);
	/* No socket has a part in it. */
	int more[2];
	NEED(pipe(more) == 0 && write(more[1], "x", 1) == 1 && pipe(pipes) == 0);
	STEP(splice(more[0], NULL, pipes[1], NULL, 5, 0));
	STEP(splice(-1, NULL, pipes[1], NULL, 5, 0));
}

void case_splice(void)
{
	splices_from_socket();
	splices_to_socket();
}
