/* SPDX-License-Identifier: MIT */
/* libc's headers, and the prototypes of those of its exports that no header declares. */
#ifndef LIBC_DECL_H
#define LIBC_DECL_H

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

int __connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t __read(int fd, void *buffer, size_t size);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *buffer, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buffer, size_t size, size_t room, int flags,
		       struct sockaddr *from, socklen_t *from_size);
ssize_t __write(int fd, const void *buffer, size_t size);
ssize_t __send(int fd, const void *buffer, size_t size, int flags);
int __poll(struct pollfd *fds, nfds_t count, int timeout);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t room);
int __select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout);
int __close(int fd);
int _IO_fclose(FILE *stream);
FILE *_IO_popen(const char *command, const char *mode);
FILE *_IO_fdopen(int fd, const char *mode);
int __dup2(int from, int to);
int __fcntl(int fd, int command, ...);
pid_t __fork(void);
pid_t __vfork(void);
int __clone(int (*start)(void *), void *stack, int flags, void *argument, ...);

#endif
