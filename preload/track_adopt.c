/* SPDX-License-Identifier: MIT */
/* Sockets that are met while they are open: the parent's, those of before exec, those that came in
 * a message. */
#include "address.h"
#include "parent.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <fcntl.h>
#include <string.h>

/* Another descriptor here that leads to the same socket; NULL when there is none. */
static struct ledger_slot *alias_of(const struct ledger_slot *slot)
{
	for (uint32_t fd = 0; slot->cookie && fd <= ledger->header->max_fd; fd++) {
		struct ledger_slot *other =
			fdtable_watch[fd] & WATCH_SOCKET ? ledger->slots + fd : NULL;

		if (other && other != slot && other->cookie == slot->cookie &&
		    LIFE_PHASE(other->life) == PHASE_OPEN)
			return other;
	}
	return NULL;
}

bool track_adopt(int fd, enum ledger_origin origin, uint32_t known, enum call call, stack_id stack)
{
	struct sockaddr_storage peer;
	unsigned size = sizeof peer;
	uint32_t begun;

	if (process_is_filtered())
		return false;
	int type = track_option(fd, SO_TYPE), family = track_option(fd, SO_DOMAIN);
	if (type < 0 || family < 0)
		return false;
	int cloexec = (int)sys_call(SYS_fcntl, fd, F_GETFD, 0, 0);
	struct ledger_slot *slot = track_birth(
		fd, origin, family, type | (cloexec > 0 ? SOCK_CLOEXEC : 0), call, stack, &begun);
	if (!slot)
		return false;
	address_ask(fd, &slot->local, sys_getsockname);
	if (track_option(fd, SO_ACCEPTCONN) > 0) {
		slot->flags |= SOCKET_LISTENING;
	} else if (sys_getpeername(fd, &peer, &size) == 0) {
		slot->flags |= SOCKET_CONNECTED;
		address_keep(&slot->peer, (struct sockaddr *)&peer, size);
	}
	slot->flags |= known & SOCKET_INHERITED;
	if (origin == ORIGIN_INHERITED) {
		slot->flags |= SOCKET_INHERITED;
		known = parent_tell_slot(fd, slot);
	}
	struct ledger_slot *alias = known & SOCKET_COPIED ? alias_of(slot) : NULL;
	if (alias) {
		fdtable_group(alias, slot);
		slot->origin = ORIGIN_COPY;
		/* A socket that came back to the process that made it is as much its own as before.
		 */
		slot->flags =
			(slot->flags & ~(uint32_t)SOCKET_FOREIGN) | (alias->flags & SOCKET_FOREIGN);
	}
	fdtable_publish(fd, slot, begun);
	return true;
}

void track_received(const struct msghdr *message, bool cloexec, enum call call, void *frame)
{
	struct msghdr readable = *message; /* CMSG_NXTHDR wants it unqualified */

	if (!process_ready())
		return;
	stack_id stack = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&readable); part;
	     part = CMSG_NXTHDR(&readable, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= part->cmsg_len;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, (char *)part + at, sizeof fd);
			if (!stack)
				stack = stacks_capture(frame);
			if (track_adopt(fd, ORIGIN_RECEIVED, SOCKET_COPIED, call, stack))
				track_cloexec(fd, cloexec);
		}
	}
}

void track_taken(int fd, enum call call, void *frame)
{
	if (process_ready())
		track_adopt(fd, ORIGIN_RECEIVED, SOCKET_COPIED, call, stacks_capture(frame));
}

void track_message(int fd, struct use use, const struct msghdr *message, ssize_t n, int flags,
		   enum call call, void *frame)
{
	track_read(fd, use, n, n == 0 ? track_parts_size(message->msg_iov, message->msg_iovlen) : 1,
		   flags, call, frame);
	if (n >= 0 && message->msg_controllen)
		track_received(message, flags & MSG_CMSG_CLOEXEC, call, frame);
}

/* Several messages in one call: what came is data, and a last one of length 0 is the EOF of a
 * stream. */
void track_messages(int fd, struct use use, const struct mmsghdr *messages, int count, int flags,
		    enum call call, void *frame)
{
	ssize_t size = 0;

	for (int i = 0; i < count; i++) {
		size += messages[i].msg_len;
		if (messages[i].msg_hdr.msg_controllen)
			track_received(&messages[i].msg_hdr, flags & MSG_CMSG_CLOEXEC, call, frame);
	}
	if (size)
		track_read(fd, use, size, 1, flags, call, frame);
	if (count > 0 && !messages[count - 1].msg_len) {
		const struct msghdr *last = &messages[count - 1].msg_hdr;

		track_read(fd, use, 0, track_parts_size(last->msg_iov, last->msg_iovlen), flags,
			   call, frame);
	}
}

struct ledger_slot *track_slot(int fd, enum call call)
{
	struct ledger_slot *slot;

	if (!fdtable_is_socket(fd))
		return NULL;
	slot = fdtable_slot(fd);
	if (slot)
		return slot;
	if (!process_ready())
		return NULL;
	/* One thread adopts; another that meets the number meanwhile has nothing to tell yet. */
	uint8_t inherited = WATCH_INHERITED;
	if (__atomic_compare_exchange_n(&fdtable_watch[fd], &inherited, WATCH_NOT, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		track_adopt(fd, ORIGIN_INHERITED, 0, call, ledger->header->fork_stack);
	return fdtable_slot(fd);
}
