/* SPDX-License-Identifier: MIT */
/* The processes that are watched; see watch_members.h. */
#include "watch_members.h"

#include "ledger_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of ended processes the latest so many stay, as the library keeps ledgers: their findings are told
 * once more. */
#define ENDED_KEPT 64

static void *allocated(void *memory)
{
	if (!memory) {
		arena_out_of_memory();
		abort();
	}
	return memory;
}

static char *copied(const char *text)
{
	return text ? allocated(strdup(text)) : NULL;
}

static void watched_free(struct watched *watched)
{
	if (watched->ledger >= 0)
		close(watched->ledger);
	free((char *)watched->member.comm);
	free((char *)watched->member.path);
	free((char *)watched->member.root);
	free(watched->stacks);
	free(watched);
}

static int ledger_open(const struct member *member)
{
	const char *path = member->open_path ? member->open_path : member->path;

	return path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
					 (member->follows_link ? 0 : O_NOFOLLOW))
		    : -1;
}

static struct watched *find(const struct watch_members *members, const struct member *member)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *known = &members->items[i]->member;
		bool ledger = members->items[i]->ledger >= 0;
		if (ledger && member->path
			    ? known->inode == member->inode && known->device == member->device
			    : !ledger && !member->path && known->pid == member->pid &&
				      known->start_ticks == member->start_ticks)
			return members->items[i];
	}
	return NULL;
}

static void add(struct watch_members *members, const struct member *member, int ledger)
{
	struct watched *watched = allocated(calloc(1, sizeof(*watched)));

	watched->member = *member;
	watched->member.comm = copied(member->comm ? member->comm : "?");
	watched->member.path = copied(member->path);
	watched->member.root = copied(member->root ? member->root : "");
	watched->member.open_path = NULL;
	watched->member.ledger = NULL;
	watched->ledger = ledger;
	watched->opened = member->opened;
	watched->closed = member->closed;
	if (members->count == members->room) {
		members->room = members->room ? members->room * 2 : 8;
		members->items = allocated(
			reallocarray(members->items, members->room, sizeof(*members->items)));
	}
	members->items[members->count++] = watched;
}

/* Of one process a later program is the present one; and a process that has a ledger needs no entry
 * that says it has none. */
static void supersede(struct watch_members *members)
{
	size_t kept = 0;

	for (size_t i = 0; i < members->count; i++) {
		struct watched *watched = members->items[i];
		for (size_t j = 0; j < members->count; j++) {
			const struct watched *other = members->items[j];
			if (j == i || other->ledger < 0 ||
			    other->member.pid != watched->member.pid ||
			    other->member.start_ticks != watched->member.start_ticks)
				continue;
			if (watched->ledger < 0)
				watched->outdated |= other->member.ledger_state != LEDGER_EXEC;
			else if (watched->member.sequence < other->member.sequence)
				watched->member.superseded = true;
		}
	}
	for (size_t i = 0; i < members->count; i++) {
		struct watched *watched = members->items[i];
		if (watched->outdated)
			watched_free(watched);
		else
			members->items[kept++] = watched;
	}
	members->count = kept;
}

static void forget_the_oldest(struct watch_members *members)
{
	size_t ended = 0, kept = 0;

	for (size_t i = 0; i < members->count; i++)
		ended += members->items[i]->ended && members->items[i]->counted;
	for (size_t i = 0; i < members->count; i++) {
		struct watched *watched = members->items[i];
		bool named = false;
		for (const char *const *name = members->named; *name && !named; name++)
			named = strtoul(*name, NULL, 10) == watched->member.pid;
		if (ended > ENDED_KEPT && watched->ended && watched->counted && !named) {
			members->forgotten_opened += watched->opened;
			members->forgotten_closed += watched->closed;
			watched_free(watched);
			ended--;
		} else {
			members->items[kept++] = watched;
		}
	}
	members->count = kept;
}

/* Without names: those that run, and the earlier programs of their processes. */
static bool is_wanted(const struct watch_members *members, const struct members *found,
		      const struct member *member)
{
	bool wanted = !members->settings.all || member->running;

	for (size_t i = 0; i < found->count && !wanted; i++)
		wanted = found->items[i].running && found->items[i].pid == member->pid &&
			 found->items[i].start_ticks == member->start_ticks;
	return wanted;
}

/* Whose descendants are looked for: those that are known to run, so that a child stays in sight
 * when its parent has gone; where nobody is, those that were named. */
static const char *const *targets_now(const struct watch_members *members, struct arena *arena)
{
	size_t count = 0, named = 0;

	while (members->named[named])
		named++;
	const char **targets = arena_array(arena, named + members->count + 1, sizeof(*targets));
	for (size_t i = 0; i < members->count; i++)
		if (!members->items[i]->ended && !members->items[i]->member.superseded)
			targets[count++] =
				arena_printf(arena, "%" PRIu32, members->items[i]->member.pid);
	for (size_t i = 0; i < named && !count; i++)
		targets[count++] = members->named[i];
	return targets;
}

int watch_members_find(struct watch_members *members, struct arena *arena, const char **trouble)
{
	struct members_settings settings = members->settings;
	struct members found;

	settings.targets = settings.all ? NULL : targets_now(members, arena);
	int error = members_select(arena, &settings, &found);
	if (error) {
		*trouble = found.trouble;
		return error;
	}
	for (size_t i = 0; i < found.count; i++) {
		const struct member *member = &found.items[i];
		struct watched *known = find(members, member);
		if (known || !is_wanted(members, &found, member))
			continue;
		int ledger = ledger_open(member);
		/* Pruned since it was found: it is none of those that run. */
		if (member->path && ledger < 0)
			continue;
		add(members, member, ledger);
	}
	supersede(members);
	forget_the_oldest(members);
	return 0;
}

static uint64_t changed_at(const char *folder)
{
	struct stat status;

	return stat(folder, &status) ? 0
				     : (uint64_t)status.st_mtim.tv_sec * 1000000000u +
					       (uint64_t)status.st_mtim.tv_nsec;
}

bool watch_members_changed(struct watch_members *members)
{
	char folder[4096], last[4096] = "";
	/* Where a first ledger makes its folder, and where that of this user is. */
	uint64_t sum = changed_at("/dev/shm"), before = members->folders_changed;

	snprintf(folder, sizeof(folder), "/dev/shm/sockaudit-%u", getuid());
	sum += changed_at(folder);
	for (size_t i = 0; i < members->count; i++) {
		const char *path = members->items[i]->member.path;
		const char *slash = path ? strrchr(path, '/') : NULL;
		if (!slash || (size_t)(slash - path) >= sizeof(folder))
			continue;
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (strcmp(folder, last))
			sum += changed_at(folder);
		strcpy(last, folder);
	}
	members->folders_changed = sum;
	return sum != before;
}

void watch_members_look(struct watch_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		struct watched *watched = members->items[i];
		if (watched->ended)
			continue;
		if (watched->member.running)
			watched->member.running = member_is_running(&watched->member);
		watched->ended = !watched->member.running || watched->member.superseded;
	}
}

size_t watch_members_running(const struct watch_members *members)
{
	size_t running = 0;

	for (size_t i = 0; i < members->count; i++)
		running += !members->items[i]->ended;
	return running;
}

int watch_members_read(const struct watch_members *members, struct arena *arena,
		       struct members *result)
{
	memset(result, 0, sizeof(*result));
	for (size_t i = 0; i < members->count; i++) {
		const struct watched *watched = members->items[i];
		struct member member = watched->member;
		const char *trouble;
		/* Copies: the report may outlive this entry. */
		member.comm = arena_copy(arena, member.comm);
		member.root = arena_copy(arena, member.root);
		member.path = member.path ? arena_copy(arena, member.path) : NULL;
		if (watched->ledger >= 0) {
			int fd = fcntl(watched->ledger, F_DUPFD_CLOEXEC, 0);
			int error = fd < 0 ? -errno
					   : ledger_read_fd(arena, fd, member.path, &member.ledger,
							    &trouble);
			if (error == -EMFILE || error == -ENOMEM)
				return error;
			if (error) /* damaged: what the others know is still true */
				continue;
			member.ledger_state = member.ledger->header.state;
			if (watched->ended)
				ledger_close(member.ledger);
		}
		result->items = arena_more(arena, result->items, result->count, &result->room,
					   sizeof(member));
		result->items[result->count++] = member;
	}
	return 0;
}

void watch_members_free(struct watch_members *members)
{
	for (size_t i = 0; i < members->count; i++)
		watched_free(members->items[i]);
	free(members->items);
	members->items = NULL;
	members->count = members->room = 0;
}
