/* SPDX-License-Identifier: MIT */
#include "owners.h"

#include <errno.h>

struct owners_entry {
	UT_hash_handle hh;
	uint64_t inode;
	struct owner first;
	struct owner *last;
};

static void owner_add(struct arena *arena, struct owners *owners, uint64_t inode,
		      const struct owner *owner)
{
	struct owners_entry *entry;

	HASH_FIND(hh, owners->by_inode, &inode, sizeof(inode), entry);
	if (!entry) {
		entry = arena_alloc(arena, sizeof(*entry));
		entry->inode = inode;
		entry->first = *owner;
		entry->last = &entry->first;
		HASH_ADD(hh, owners->by_inode, inode, sizeof(entry->inode), entry);
		return;
	}
	struct owner *another = arena_alloc(arena, sizeof(*another));
	*another = *owner;
	entry->last->next = another;
	entry->last = another;
}

void owners_find(struct arena *arena, struct owners *owners, owners_seen *seen, void *data)
{
	size_t count;
	struct proc *procs = proc_list(arena, &count);

	*owners = (struct owners){ .by_inode = NULL };
	for (size_t i = 0; i < count; i++) {
		const struct proc_files *known = seen(data, &procs[i]);
		struct proc_files files = { .open = 0 };
		int error = known ? 0 : proc_files(arena, procs[i].pid, &files);
		if (known)
			files = *known;
		if (error) {
			owners->refused += error == -EACCES || error == -EPERM;
			continue;
		}
		owners->processes++;
		for (size_t j = 0; j < files.socket_count; j++) {
			struct owner owner = { .pid = procs[i].pid,
					       .fd = files.sockets[j].fd,
					       .comm = procs[i].comm };
			owner_add(arena, owners, files.sockets[j].inode, &owner);
		}
	}
}

void owners_add_new(struct arena *arena, struct owners *owners, uint32_t pid, const char *comm)
{
	struct proc_files files;

	if (proc_files(arena, pid, &files))
		return;
	/* All of its descriptors, or none: which are new is seen before any is added. */
	bool *is_new = arena_array(arena, files.socket_count + 1, sizeof(*is_new));
	for (size_t i = 0; i < files.socket_count; i++)
		is_new[i] = !owners_of(owners, files.sockets[i].inode);
	for (size_t i = 0; i < files.socket_count; i++) {
		struct owner owner = { .pid = pid, .fd = files.sockets[i].fd, .comm = comm };
		if (is_new[i])
			owner_add(arena, owners, files.sockets[i].inode, &owner);
	}
}

const struct owner *owners_of(const struct owners *owners, uint64_t inode)
{
	struct owners_entry *entry = NULL;

	if (inode)
		HASH_FIND(hh, owners->by_inode, &inode, sizeof(inode), entry);
	return entry ? &entry->first : NULL;
}

void owners_free(struct owners *owners)
{
	HASH_CLEAR(hh, owners->by_inode);
}
