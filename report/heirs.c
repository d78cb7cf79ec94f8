/* SPDX-License-Identifier: MIT */
/* Who holds a socket that was closed elsewhere; see heirs.h. */
#include "heirs.h"

#include "join_sockets.h"

#include <stdlib.h>
#include <unistd.h>

void heirs_start(struct heirs *heirs, struct audit *audit)
{
	*heirs = (struct heirs){ .audit = audit,
				 .family = { .candidates = audit->members->items,
					     .candidate_count = audit->members->count } };
}

static const struct member *live_member(const struct heirs *heirs, uint32_t pid)
{
	const struct members *members = heirs->audit->members;

	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].pid == pid && member_is_live(&members->items[i]))
			return &members->items[i];
	return NULL;
}

static int inode_compare(const void *a, const void *b)
{
	const struct outsider *left = a, *right = b;

	if (left->inode != right->inode)
		return left->inode < right->inode ? -1 : 1;
	return left->proc->pid < right->proc->pid ? -1 : left->proc->pid > right->proc->pid;
}

/* Every socket of every process that we may look into; the members' are known already. */
static void outsiders_list(struct heirs *heirs)
{
	struct arena *arena = heirs->audit->arena;
	uint32_t self = (uint32_t)getpid();

	heirs->looked = true;
	heirs->family.procs = proc_list(arena, &heirs->family.proc_count);
	for (size_t i = 0; i < heirs->family.proc_count; i++) {
		const struct proc *proc = &heirs->family.procs[i];
		struct proc_files files;
		if (proc->pid == self || live_member(heirs, proc->pid) ||
		    proc_files(arena, proc->pid, &files))
			continue;
		for (size_t j = 0; j < files.socket_count; j++) {
			heirs->outsiders =
				arena_more(arena, heirs->outsiders, heirs->outsider_count,
					   &heirs->outsider_room, sizeof(*heirs->outsiders));
			heirs->outsiders[heirs->outsider_count++] =
				(struct outsider){ files.sockets[j].inode, proc,
						   files.sockets[j].fd };
		}
	}
	if (heirs->outsider_count)
		qsort(heirs->outsiders, heirs->outsider_count, sizeof(*heirs->outsiders),
		      inode_compare);
}

static void outsiders_add(struct heirs *heirs, struct audited_socket *socket)
{
	struct join_sockets join = { .audit = heirs->audit };
	size_t low = 0, high = heirs->outsider_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (heirs->outsiders[middle].inode < socket->inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < heirs->outsider_count && heirs->outsiders[low].inode == socket->inode; low++) {
		const struct outsider *outsider = &heirs->outsiders[low];
		struct member member = { .pid = outsider->proc->pid,
					 .comm = arena_copy(heirs->audit->arena,
							    outsider->proc->comm) };
		holder_add(&join, socket, &member, outsider->fd);
	}
}

/* False: it has let go meanwhile. */
static bool heir_of_holder(const struct heirs *heirs, const struct audited_socket *socket,
			   const struct holder *holder, struct heir *heir)
{
	const struct member *member = live_member(heirs, holder->pid);
	const struct proc *proc = family_proc(&heirs->family, holder->pid);
	uint32_t inner_pid;

	if (!proc || proc_socket_inode(holder->pid, holder->fd) != socket->inode)
		return false;
	*heir = (struct heir){ .pid = holder->pid,
			       .ppid = member ? member->ppid : proc->ppid,
			       .start_ticks = proc->start_ticks,
			       .comm = holder->comm,
			       .fd = holder->fd,
			       .member = member && member->ledger ? member : NULL,
			       .unaudited = !member || member->unaudited };
	if (member)
		heir->uid = member->uid;
	else if (proc_identity(holder->pid, &heir->uid, &inner_pid))
		heir->uid = UINT32_MAX;
	for (size_t i = 0; member && i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if (ref->holds && ref->fd == holder->fd &&
		    &heirs->audit->members->items[ref->member] == member)
			heir->slot = ref->slot;
	}
	return true;
}

struct heir *heirs_find(struct heirs *heirs, struct audited_socket *socket, size_t *count)
{
	struct arena *arena = heirs->audit->arena;
	struct heir *found = NULL, heir;
	size_t room = 0;

	*count = 0;
	if (!heirs->boot_id)
		heirs->boot_id = proc_boot_id(arena);
	if (socket->live) {
		if (!socket->inode)
			return NULL;
		if (!heirs->looked)
			outsiders_list(heirs);
		outsiders_add(heirs, socket);
	}
	for (size_t i = 0; socket->live && i < socket->holder_count; i++) {
		if (!heir_of_holder(heirs, socket, &socket->holders[i], &heir))
			continue;
		found = arena_more(arena, found, *count, &room, sizeof(*found));
		found[(*count)++] = heir;
	}
	for (size_t i = 0; !socket->live && i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		const struct member *member = &heirs->audit->members->items[ref->member];
		if (!ref->holds)
			continue;
		found = arena_more(arena, found, *count, &room, sizeof(*found));
		found[(*count)++] = (struct heir){ .pid = member->pid,
						   .ppid = member->ppid,
						   .uid = member->uid,
						   .start_ticks = member->start_ticks,
						   .comm = member->comm,
						   .fd = ref->fd,
						   .member = member,
						   .slot = ref->slot };
	}
	return found;
}
