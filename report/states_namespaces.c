/* SPDX-License-Identifier: MIT */
/* Which network namespaces there are: those of processes that we may look at, and the named ones of
 * /run/netns. What only a descriptor holds is not found. */
#include "states_sockets.h"

#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMED_FOLDER "/run/netns"

static struct states_namespace *namespace_add(struct arena *arena, struct states *census,
					      size_t *room, uint64_t inode)
{
	for (size_t i = 0; i < census->namespace_count; i++)
		if (census->namespaces[i].inode == inode && inode)
			return NULL;
	census->namespaces = arena_more(arena, census->namespaces, census->namespace_count, room,
					sizeof(*census->namespaces));
	struct states_namespace *made = &census->namespaces[census->namespace_count++];
	*made = (struct states_namespace){ .inode = inode };
	return made;
}

static void named_find(struct arena *arena, struct states *census, size_t *room)
{
	DIR *folder = opendir(NAMED_FOLDER);
	struct stat place, parent;

	if (!folder)
		return;
	for (struct dirent *entry; (entry = readdir(folder));) {
		const char *path = arena_printf(arena, NAMED_FOLDER "/%s", entry->d_name);
		/* A name whose namespace was unmounted is a plain file of the folder's own device.
		 */
		if (entry->d_name[0] == '.' || stat(path, &place) ||
		    fstat(dirfd(folder), &parent) || place.st_dev == parent.st_dev)
			continue;
		struct states_namespace *made = namespace_add(arena, census, room, place.st_ino);
		if (made) {
			made->name = arena_printf(arena, "netns %s", entry->d_name);
			made->door = path;
		}
	}
	closedir(folder);
}

void states_namespaces_find(struct arena *arena, bool all, struct states *census)
{
	size_t room = 0, count, hidden = 0;
	struct states_namespace *own =
		namespace_add(arena, census, &room, proc_namespace(0, "net"));

	own->name = "this one";
	own->pid = (uint32_t)getpid();
	if (!all)
		return;
	named_find(arena, census, &room);
	struct proc *procs = proc_list(arena, &count);
	for (size_t i = 0; i < count; i++) {
		uint64_t inode = proc_namespace(procs[i].pid, "net");
		struct proc again;
		if (!inode) {
			/* A process that has ended hides nothing. */
			hidden += !proc_read(procs[i].pid, &again) && again.state != 'Z';
			continue;
		}
		struct states_namespace *made = namespace_add(arena, census, &room, inode);
		if (!made) {
			for (size_t j = 0; j < census->namespace_count; j++)
				if (census->namespaces[j].inode == inode &&
				    !census->namespaces[j].pid)
					census->namespaces[j].pid = procs[i].pid;
			continue;
		}
		made->pid = procs[i].pid;
		made->name = arena_printf(arena, "pid %" PRIu32 " %s", procs[i].pid,
					  arena_copy(arena, procs[i].comm));
		made->door = arena_printf(arena, "/proc/%" PRIu32 "/ns/net", procs[i].pid);
	}
	if (hidden)
		states_remark(
			arena, census,
			arena_printf(arena,
				     "the network namespaces of %zu processes are not ours to "
				     "see; root sees all",
				     hidden));
}
