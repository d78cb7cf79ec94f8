/* SPDX-License-Identifier: MIT */
/* The bodies of cases that several hooks share: a name, its twins, and syscall() with its number.
 * `name` is the call that the ledger must tell. */
#ifndef BODIES_H
#define BODIES_H

#include "../../preload/libc_decl.h"
#include "case.h"

/* Data, the end, an error; on sockets and on other files. */
typedef ssize_t reader(int fd, void *buffer, size_t size);
void body_reads(const char *name, reader *via);
typedef ssize_t writer(int fd, const void *buffer, size_t size);
void body_writes(const char *name, writer *via);
void body_receives_rights(const char *name, int (*via)(int fd, struct mmsghdr *one, int flags));
void body_file_ends(ssize_t (*via)(int to, int from, off_t *offset, size_t size));
/* A file of these bytes, read from its start. */
int body_source(const void *buffer, size_t size);

/* A fortified call with more than there is room for ends the program, by libc's own hand. */
void body_aborts(long (*overflow)(int fd));

void body_connects(const char *name, int (*via)(int, const struct sockaddr *, socklen_t));
void body_accepts(const char *name, int (*via)(int, struct sockaddr *, socklen_t *, int),
		  int flags);
void body_socket(const char *name, int (*via)(int family, int type, int protocol));
void body_socketpair(const char *name, int (*via)(int family, int type, int protocol, int fds[2]));
void body_bind(int (*via)(int, const struct sockaddr *, socklen_t));
void body_listen(int (*via)(int fd, int backlog));
void body_getsockopt(const char *name, int (*via)(int, int, int, void *, socklen_t *));
void body_setsockopt(int (*via)(int, int, int, const void *, socklen_t));
void body_shutdown(const char *name, int (*via)(int fd, int how));

void body_closes(const char *name, int (*via)(int fd));
void body_close_range(int (*via)(unsigned first, unsigned last, int flags));
void body_dup(const char *name, int (*via)(int fd));
void body_dup2s(const char *name, int (*via)(int from, int to));
void body_dup3(const char *name, int (*via)(int from, int to, int flags));
/* The argument is passed as what is wide enough for all of them. */
void body_fcntl(const char *name, int (*via)(int fd, int command, void *argument));
void body_pidfd_getfd(const char *name, int (*via)(int process, int fd, unsigned flags));

void body_polls(const char *name, int (*via)(struct pollfd *polled, nfds_t count, int timeout));
void body_epoll_ctl(const char *name, int (*via)(int, int, int, struct epoll_event *));
void body_epolls(const char *name, int (*via)(int, struct epoll_event *, int room, int timeout));

/* All rights given up by one who knows how: root only. */
void body_drop_rights(void);
/* After a filter was installed: nothing is asked of the kernel any more, and sockets are recorded
 * all the same. */
void body_filtered(void);

void body_forks(const char *name, pid_t (*via)(void));

/*
 * A call on the number of a socket that was closed: one record in that socket's life, and none once
 * the number is a file's, nor for a listener's. `tells`: what the call says of the file tells that
 * the number has changed hands, so that a close of it that is refused later is no double one.
 */
typedef long user(int fd, void *with);
void body_stale(const char *name, user *use, void *with, bool tells);

#endif
