/* SPDX-License-Identifier: MIT */
/* What an epoll of another process waits for at this moment, by /proc. */
#ifndef PROC_EPOLL_H
#define PROC_EPOLL_H

#include <stdbool.h>
#include <stdint.h>

/* The events that the epoll `epoll` waits for on descriptor `fd`. False: they are not to be learnt,
 * or it is not in there. After its event, one with EPOLLONESHOT waits for nothing until it is armed
 * again. */
bool proc_epoll_events(uint32_t pid, int epoll, int fd, uint32_t *events);

#endif
