/* SPDX-License-Identifier: MIT */
/* A ring that does one thing at a time and waits for it: io_uring as calls. */
#ifndef SOCKAUDIT_TESTS_RING_H
#define SOCKAUDIT_TESTS_RING_H

#include "stage.h"
#include <liburing.h>

static struct io_uring ring;

/* Before anything else; ends the program as skipped where the kernel refuses a ring. */
static inline void ring_start(void)
{
	int error = io_uring_queue_init(8, &ring, 0);
	struct io_uring_probe *probe = error ? NULL : io_uring_get_probe_ring(&ring);

	if (probe && io_uring_opcode_supported(probe, IORING_OP_SOCKET)) {
		io_uring_free_probe(probe);
		return;
	}
	fprintf(stderr, "io_uring %s\n",
		error ? strerror(-error) : "of this kernel opens no sockets");
	exit(77);
}

static inline struct io_uring_sqe *ring_next(void)
{
	struct io_uring_sqe *next = io_uring_get_sqe(&ring);

	expect(next != NULL);
	return next;
}

/* The result of what was prepared; ends the program with status 3 when that failed. */
static inline int ring_done(void)
{
	struct io_uring_cqe *done;

	expect(io_uring_submit_and_wait(&ring, 1) == 1);
	expect(io_uring_peek_cqe(&ring, &done) == 0);
	int result = done->res;
	io_uring_cqe_seen(&ring, done);
	errno = result < 0 ? -result : 0;
	return must(result < 0 ? -1 : result);
}

static inline int ring_accept(int listener, int flags)
{
	io_uring_prep_accept(ring_next(), listener, NULL, NULL, flags);
	return ring_done();
}
static inline int ring_socket(void)
{
	io_uring_prep_socket(ring_next(), AF_INET, SOCK_STREAM, 0, 0);
	return ring_done();
}
static inline int ring_connect(int fd, unsigned short port)
{
	io_uring_prep_connect(ring_next(), fd, stage_address(port), STAGE_ADDRESS_SIZE);
	return ring_done();
}
static inline int ring_recv(int fd, void *buffer, size_t size)
{
	io_uring_prep_recv(ring_next(), fd, buffer, size, 0);
	return ring_done();
}
static inline int ring_send(int fd, const void *buffer, size_t size)
{
	io_uring_prep_send(ring_next(), fd, buffer, size, 0);
	return ring_done();
}
static inline int ring_close(int fd)
{
	io_uring_prep_close(ring_next(), fd);
	return ring_done();
}

#endif
