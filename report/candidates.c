/* SPDX-License-Identifier: MIT */
/* Every ledger that can be found; see candidates.h. */
#include "candidates.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct member *member_add(struct arena *arena, struct members *members, const struct member *member)
{
	members->items =
		arena_more(arena, members->items, members->count, &members->room, sizeof(*member));
	members->items[members->count] = *member;
	return &members->items[members->count++];
}

int member_peek(struct search *search, const char *path, bool follows_link, struct member *member,
		const char **trouble)
{
	struct ledger_header *header = arena_alloc(search->arena, sizeof(*header));
	struct stat stat_buffer;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
				    (follows_link ? 0 : O_NOFOLLOW));

	if (fd < 0) {
		int error = -errno;
		*trouble = error == -ELOOP ? "a symbolic link; name the file itself"
					   : strerror(-error);
		return error;
	}
	int error = ledger_peek(fd, header, search->arena, trouble);
	if (!error && fstat(fd, &stat_buffer))
		error = -errno;
	close(fd);
	if (error)
		return error;
	*member = (struct member){
		.pid = header->pid,
		.ppid = header->fork_pid ? header->fork_pid : header->ppid,
		.uid = header->uid,
		.start_ticks = header->start_ticks,
		.sequence = header->sequence,
		.comm = arena_copy(search->arena, header->comm),
		.path = path,
		.root = "",
		.ledger_state = header->state,
		.started_realtime_ns = header->clock_start.realtime_ns,
		.opened = header->totals.opened,
		.closed = header->totals.closed,
		.device = stat_buffer.st_dev,
		.inode = stat_buffer.st_ino,
		.pid_ns = header->pid_ns,
		.follows_link = follows_link,
	};
	/* Another namespace's number is somebody else's here; what runs there is known by what it
	 * has mapped. */
	if (proc_is_foreign(member->pid_ns))
		return 0;
	const struct proc *proc = family_proc(&search->family, member->pid);
	member->running = proc && proc->start_ticks == member->start_ticks && proc->state != 'Z' &&
			  proc->state != 'X' && !strcmp(header->boot_id, search->boot_id);
	return 0;
}

/* The ledger of a process that runs in another pid namespace is known by what that process has
 * mapped. */
static void candidate_is_mapped(struct search *search, const struct proc *proc, uint32_t uid,
				uint32_t inner_pid, const struct proc_ledger *mapped)
{
	const char *root = proc_root(search->arena, proc->pid), *trouble;
	const char *path = arena_printf(search->arena, "%s%s", root, mapped->path);
	struct member member;

	if (mapped->deleted || member_peek(search, path, false, &member, &trouble) ||
	    member.inode != mapped->inode) {
		path = arena_printf(search->arena, "/proc/%" PRIu32 "/map_files/%s", proc->pid,
				    mapped->range);
		if (member_peek(search, path, true, &member, &trouble))
			return;
	}
	/* A child has its parent's ledger mapped too, without keeping it. */
	if (member.start_ticks != proc->start_ticks ||
	    (member.pid != inner_pid && member.pid != proc->pid))
		return;
	struct member *known = NULL;
	for (size_t i = 0; i < search->candidates.count && !known; i++)
		if (search->candidates.items[i].inode == member.inode &&
		    search->candidates.items[i].device == member.device)
			known = &search->candidates.items[i];
	if (!known) {
		known = member_add(search->arena, &search->candidates, &member);
		known->open_path = path;
		known->path = arena_copy(search->arena, mapped->path);
		known->follows_link = member.follows_link;
	}
	if (known->pid != proc->pid) /* its parent's number means nothing here either */
		known->ppid = proc->ppid;
	known->pid = proc->pid;
	/* And its user's number: as it is for us. */
	if (proc_namespace(proc->pid, "user") != proc_namespace(0, "user"))
		known->uid = uid;
	known->root = root;
	known->running = proc->state != 'Z' && proc->state != 'X';
}

void candidates_from_proc(struct search *search)
{
	uint32_t self = (uint32_t)getpid();

	for (size_t i = 0; i < search->family.proc_count; i++) {
		const struct proc *proc = &search->family.procs[i];
		struct proc_ledger *mapped;
		uint32_t uid, inner_pid;
		size_t count;
		bool library;
		if (proc->pid == self ||
		    proc_ledgers(search->arena, proc->pid, &mapped, &count, &library) || !count ||
		    proc_identity(proc->pid, &uid, &inner_pid))
			continue;
		for (size_t j = 0; j < count; j++)
			candidate_is_mapped(search, proc, uid, inner_pid, &mapped[j]);
	}
}

void candidates_from_files(struct search *search, const struct ledger_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *trouble;
		struct member member;
		/* One that can't be read is nobody's we could tell; named by hand it is an error.
		 */
		if (!member_peek(search, files->files[i].path, false, &member, &trouble))
			member_add(search->arena, &search->candidates, &member);
	}
}

static bool is_known(const struct search *search, const struct member *member)
{
	for (size_t i = 0; i < search->candidates.count; i++)
		if (search->candidates.items[i].inode == member->inode &&
		    search->candidates.items[i].device == member->device)
			return true;
	return false;
}

void candidates_beside_running(struct search *search)
{
	size_t running = search->candidates.count;

	for (size_t i = 0; i < running; i++) {
		const struct member *member = &search->candidates.items[i];
		const char *path = member->open_path ? member->open_path : member->path;
		const char *slash = path ? strrchr(path, '/') : NULL;
		struct ledger_files files = { 0 };
		if (!member->running || member->follows_link || !slash)
			continue;
		const char *folder = arena_printf(search->arena, "%.*s", (int)(slash - path), path);
		if (!member->sequence || ledger_folder_list(search->arena, folder, &files))
			continue;
		for (size_t j = 0; j < files.count; j++) {
			const char *trouble;
			struct member beside;
			if (files.files[j].name.pid == member->pid &&
			    files.files[j].name.start_ticks == member->start_ticks &&
			    !member_peek(search, files.files[j].path, false, &beside, &trouble) &&
			    !is_known(search, &beside))
				member_add(search->arena, &search->candidates, &beside);
		}
	}
}
