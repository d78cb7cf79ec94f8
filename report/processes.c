/* SPDX-License-Identifier: MIT */
/* Chooses the processes that a command speaks of; see processes.h. */
#include "processes.h"

#include "candidates.h"
#include "kernel_view.h"
#include "progress.h"
#include "unaudited.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool member_may_hide(const struct member *member)
{
	return (proc_is_foreign(member->pid_ns) && !proc_shows_all()) ||
	       (member->uid != getuid() && proc_hides(1));
}

bool member_is_running(const struct member *member)
{
	struct proc proc;

	return !proc_read(member->pid, &proc) && proc.start_ticks == member->start_ticks &&
	       proc.state != 'Z' && proc.state != 'X';
}

static int candidate_compare(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	if (left->started_realtime_ns != right->started_realtime_ns)
		return left->started_realtime_ns < right->started_realtime_ns ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

static bool same_process(const struct member *a, const struct member *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

static void members_finish(struct members *members)
{
	if (members->count)
		qsort(members->items, members->count, sizeof(*members->items), candidate_compare);
	for (size_t i = 0; i < members->count; i++)
		for (size_t j = 0; j < members->count; j++)
			if (members->items[i].path && members->items[j].path &&
			    same_process(&members->items[i], &members->items[j]) &&
			    members->items[i].sequence < members->items[j].sequence)
				members->items[i].superseded = true;
}

/* Adds a member once; true when it was not there. */
static bool member_take(struct search *search, struct members *members, const struct member *member,
			bool witness)
{
	for (size_t i = 0; i < members->count; i++) {
		struct member *there = &members->items[i];
		if (there->inode == member->inode && there->device == member->device &&
		    there->path && member->path) {
			there->witness &= witness;
			return false;
		}
		if (!there->path && !member->path && same_process(there, member))
			return false;
	}
	member_add(search->arena, members, member)->witness = witness;
	return true;
}

/* Everything that descends from a process, itself included; `alone`: only itself. */
static void family_take(struct search *search, struct members *members, uint32_t pid,
			uint64_t start_ticks, bool alone)
{
	const struct family *family = &search->family;
	uint32_t self = (uint32_t)getpid();

	for (size_t i = 0; i < family->candidate_count; i++) {
		const struct member *member = &family->candidates[i];
		if (alone ? member->pid == pid && member->start_ticks == start_ticks
			  : family_descends(family, member->pid, member->ppid, member->start_ticks,
					    pid, start_ticks))
			member_take(search, members, member, false);
	}
	/* Those that run without a ledger: not audited, or without a socket of their own so far. */
	for (size_t i = 0; i < family->proc_count; i++) {
		const struct proc *proc = &family->procs[i];
		struct member member = { .pid = proc->pid,
					 .ppid = proc->ppid,
					 .start_ticks = proc->start_ticks,
					 .comm = arena_copy(search->arena, proc->comm),
					 .running = true };
		struct proc_ledger *mapped;
		size_t count;
		uint32_t inner_pid;
		bool known = false, library;
		/* The reporter, and what reads debug information for it. */
		if (proc->pid == self || proc->ppid == self || proc->state == 'Z' ||
		    proc->state == 'X')
			continue;
		if (alone ? proc->pid != pid || proc->start_ticks != start_ticks
			  : !family_descends(family, proc->pid, proc->ppid, proc->start_ticks, pid,
					     start_ticks))
			continue;
		for (size_t j = 0; j < family->candidate_count && !known; j++)
			known = same_process(&family->candidates[j], &member) &&
				(family->candidates[j].ledger_state != LEDGER_EXEC ||
				 !family->candidates[j].running);
		if (known)
			continue;
		if (proc_ledgers(search->arena, proc->pid, &mapped, &count, &library) || !library)
			member.unaudited = unaudited_reason(proc->pid);
		proc_identity(proc->pid, &member.uid, &inner_pid);
		member.root = proc_root(search->arena, proc->pid);
		member.started_realtime_ns = UINT64_MAX; /* after those that have a ledger */
		member_take(search, members, &member, false);
	}
}

/* The children of a running process that have ended, in whatever folder they left their ledgers
 * beside its own: they know what became of sockets that it still has. */
static void ended_children_witness(struct search *search, struct members *members,
				   const struct member *parent)
{
	const char *path = parent->open_path ? parent->open_path : parent->path;
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct ledger_files files = { 0 };

	if (!slash || parent->follows_link ||
	    ledger_folder_list(search->arena,
			       arena_printf(search->arena, "%.*s", (int)(slash - path), path),
			       &files))
		return;
	for (size_t i = 0; i < files.count; i++) {
		const char *trouble;
		struct member child;
		if (files.files[i].name.start_ticks >= parent->start_ticks &&
		    !member_peek(search, files.files[i].path, false, &child, &trouble) &&
		    child.ppid == parent->pid && !child.running && child.pid != parent->pid)
			member_take(search, members, &child, true);
	}
}

static int target_is_pid(struct search *search, const struct members_settings *settings,
			 struct members *members, uint32_t pid)
{
	const struct proc *proc = family_proc(&search->family, pid);
	const struct member *newest = NULL;
	size_t before = members->count;

	/* Named twice, or a child of one that was named. */
	for (size_t i = 0; i < before; i++)
		if (members->items[i].pid == pid && members->items[i].running) {
			members->items[i].named = true;
			return 0;
		}

	for (size_t i = 0; i < search->candidates.count; i++) {
		const struct member *member = &search->candidates.items[i];
		if (member->pid == pid &&
		    (!newest || member->running > newest->running ||
		     (member->running == newest->running &&
		      member->started_realtime_ns > newest->started_realtime_ns)))
			newest = member;
	}
	bool running = proc && proc->state != 'Z' && proc->state != 'X';
	if (!newest && !running && proc_hides(pid)) {
		members->trouble =
			arena_printf(search->arena,
				     "cannot report on process %" PRIu32
				     ": it runs, but /proc does not show it to us (hidepid=); run "
				     "as its user, or as root",
				     pid);
		return -EACCES;
	}
	if (!newest && !running) {
		members->trouble = arena_printf(
			search->arena,
			"cannot report on process %" PRIu32
			": it doesn't run and left no ledger in %s; was it started with "
			"LD_PRELOAD=libsockaudit.so?",
			pid, ledger_default_folders_text(search->arena));
		return -ENOENT;
	}
	/* A pid that lives belongs to whoever has it now, unless that one is not audited and an
	 * earlier one was. */
	uint64_t start_ticks =
		newest && (newest->running || !running) ? newest->start_ticks : proc->start_ticks;
	family_take(search, members, pid, start_ticks, settings->no_children);
	for (size_t i = before, end = members->count; i < end && !settings->quick; i++) {
		/* The list may move as it grows. */
		const struct member member = members->items[i];
		if (member.pid == pid && member.running && member.path)
			ended_children_witness(search, members, &member);
	}
	for (size_t i = before; i < members->count; i++)
		members->items[i].named |= members->items[i].pid == pid;
	if (members->count == before) {
		members->trouble = arena_printf(
			search->arena,
			"cannot report on process %" PRIu32 ": it has ended meanwhile", pid);
		return -ENOENT;
	}
	return 0;
}

/* The ledgers of the same process before an exec(): they know where what it adopted was opened. */
static void witnesses_take(struct search *search, struct members *members, const char *path,
			   const struct member *member)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path + 1) : 0;

	for (uint32_t i = 0; i < member->sequence && i < 64; i++) {
		const char *trouble;
		struct member earlier;
		const char *name = arena_printf(search->arena,
						"%.*s%" PRIu32 ".%" PRIu64 ".%" PRIu32 ".ledger",
						length, path, member->pid, member->start_ticks, i);
		if (!member_peek(search, name, false, &earlier, &trouble) &&
		    same_process(&earlier, member))
			member_take(search, members, &earlier, true);
	}
}

/* "/proc/PID/root" of a path below it: a container's ledger stands among the files that it speaks
 * of. */
static const char *root_of(struct arena *arena, const char *path)
{
	int length = 0;

	sscanf(path, "/proc/%*[0-9]/root/%n", &length);
	return length ? arena_printf(arena, "%.*s", length - 1, path) : "";
}

static int target_is_file(struct search *search, struct members *members, const char *path)
{
	struct member member;
	const char *trouble;
	int error = member_peek(search, path, false, &member, &trouble);

	if (error) {
		members->trouble =
			arena_printf(search->arena, "cannot read ledger '%s': %s", path, trouble);
		return error;
	}
	member.root = root_of(search->arena, path);
	/* The candidate of the same file knows more: who has it mapped. */
	for (size_t i = 0; i < search->candidates.count; i++) {
		struct member *known = &search->candidates.items[i];
		if (known->inode == member.inode && known->device == member.device &&
		    known->running) {
			member = *known;
			member.path = path;
		}
	}
	member.named = true;
	member_take(search, members, &member, false);
	witnesses_take(search, members, path, &member);
	return 0;
}

static int target_is_folder(struct search *search, struct members *members, const char *path)
{
	struct ledger_files files = { 0 };
	int error = ledger_folder_list(search->arena, path, &files);

	if (error) {
		members->trouble = arena_printf(search->arena, "cannot read folder '%s': %s", path,
						strerror(-error));
		return error;
	}
	if (!files.count) {
		members->trouble =
			arena_printf(search->arena,
				     "no ledger in folder '%s'; programs write theirs there with "
				     "SOCKAUDIT_OPTIONS=dir=%s",
				     path, path);
		return -ENOENT;
	}
	for (size_t i = 0; i < files.count && !error; i++)
		error = target_is_file(search, members, files.files[i].path);
	return error;
}

static bool text_is_number(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isdigit((unsigned char)*at))
			return false;
	return *text;
}

static int target_take(struct search *search, const struct members_settings *settings,
		       struct members *members, const char *target)
{
	struct stat stat_buffer;

	if (text_is_number(target)) {
		unsigned long pid = strlen(target) < 10 ? strtoul(target, NULL, 10) : 0;
		if (!pid) {
			members->trouble =
				arena_printf(search->arena, "'%s' is no process id", target);
			return -EINVAL;
		}
		return target_is_pid(search, settings, members, (uint32_t)pid);
	}
	if (stat(target, &stat_buffer)) {
		int error = -errno;
		members->trouble = arena_printf(
			search->arena,
			"cannot read '%s': %s; name a process id, a ledger or a folder", target,
			strerror(-error));
		return error;
	}
	return S_ISDIR(stat_buffer.st_mode) ? target_is_folder(search, members, target)
					    : target_is_file(search, members, target);
}

static int newest_take(struct search *search, const struct members_settings *settings,
		       struct members *members)
{
	const struct member *newest = NULL;

	for (size_t i = 0; i < search->candidates.count; i++) {
		const struct member *member = &search->candidates.items[i];
		if (geteuid() && member->uid != getuid())
			continue;
		if (settings->all)
			member_take(search, members, member, false);
		if (!newest || candidate_compare(member, newest) > 0)
			newest = member;
	}
	if (!newest) {
		members->trouble = arena_printf(search->arena,
						"no ledger found in %s; start a program with "
						"LD_PRELOAD=libsockaudit.so first",
						ledger_default_folders_text(search->arena));
		return -ENOENT;
	}
	if (settings->all)
		return 0;
	const struct member *head =
		settings->no_children ? newest : family_head(&search->family, newest);
	family_take(search, members, head->pid, head->start_ticks, settings->no_children);
	return 0;
}

int members_select(struct arena *arena, const struct members_settings *settings,
		   struct members *members)
{
	struct search search = { .arena = arena, .boot_id = proc_boot_id(arena) };
	struct ledger_files files = { 0 };
	bool any = settings->targets && settings->targets[0], folders = !any;
	int error = 0;

	memset(members, 0, sizeof(*members));
	for (size_t i = 0; any && settings->targets[i]; i++)
		folders |= text_is_number(settings->targets[i]);
	search.family.procs = proc_list(arena, &search.family.proc_count);
	if (folders) {
		ledger_default_folders_list(arena, geteuid() == 0, &files);
		candidates_from_files(&search, &files);
	}
	if (!settings->quick)
		candidates_from_proc(&search);
	/* For a pid, wherever its ledgers stand. */
	if (any && folders)
		candidates_beside_running(&search);
	if (search.candidates.count)
		qsort(search.candidates.items, search.candidates.count, sizeof(struct member),
		      candidate_compare);
	search.family.candidates = search.candidates.items;
	search.family.candidate_count = search.candidates.count;
	if (!any)
		error = newest_take(&search, settings, members);
	for (size_t i = 0; any && settings->targets[i] && !error; i++)
		error = target_take(&search, settings, members, settings->targets[i]);
	members_finish(members);
	return error;
}

/* The kernel is asked after these have been copied, and before the others are. */
static bool may_change(const struct member *member)
{
	return member->running || member->ledger_state == LEDGER_RUNNING;
}

static int ledger_take(struct arena *arena, struct members *members, struct member *member)
{
	const char *path = member->open_path ? member->open_path : member->path, *trouble;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
				    (member->follows_link ? 0 : O_NOFOLLOW));
	int error = -errno;

	if (fd >= 0)
		error = ledger_read_fd(arena, fd, member->path, &member->ledger, &trouble);
	else
		trouble = strerror(-error);
	/* Pruned since it was found: then it is none of what was asked for. */
	if (error == -ENOENT && !member->named) {
		member->witness = true;
		return 0;
	}
	if (error) {
		members->trouble =
			arena_printf(arena, "cannot read ledger '%s': %s", member->path, trouble);
		return error;
	}
	member->ledger_state = member->ledger->header.state;
	/* It may have ended since it was found; its ledger says so then. */
	if (member->running)
		member->running = member_is_running(member);
	/* Nobody has it mapped, of those that we may look at. */
	member->unseen = !member->running && member->ledger_state == LEDGER_RUNNING &&
			 member_may_hide(member) &&
			 !strcmp(member->ledger->header.boot_id, proc_boot_id(arena));
	if (!member->running)
		ledger_close(member->ledger); /* it changes no more, and there may be thousands */
	return 0;
}

static int ledgers_read(struct arena *arena, struct members *members, bool changing, size_t *done)
{
	int error = 0;

	for (size_t i = 0; i < members->count && !error; i++) {
		struct member *member = &members->items[i];
		if ((!member->path && !member->open_path) || member->ledger ||
		    may_change(member) != changing)
			continue;
		progress_tell("reading ledgers", (*done)++, members->count);
		error = ledger_take(arena, members, member);
	}
	return error;
}

int members_read(struct arena *arena, struct members *members)
{
	size_t done = 0;
	int error = ledgers_read(arena, members, true, &done);

	if (error)
		return error;
	members->question = kernel_view_begin(members);
	return ledgers_read(arena, members, false, &done);
}

void members_close(struct members *members)
{
	if (members->question)
		kernel_view_drop(members->question);
	members->question = NULL;
	for (size_t i = 0; i < members->count; i++)
		ledger_close(members->items[i].ledger);
}
