/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc/PID/fd in several threads; see states_holders.h. A process is listed by one thread,
 * its links are read in pieces by whoever is free: one process may have most of them. Each thread
 * writes what is its piece's alone; the lock is over who does what.
 */
#include "states_holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_SIZE   1024 /* descriptors: some milliseconds */
#define THREADS_MOST 8

struct piece {
	struct holding *holder;
	size_t from, to;
};

struct holders_search {
	struct holders holders;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t next; /* holder that nobody has listed yet */
	struct piece *pieces;
	size_t piece_count, piece_room;
	unsigned listing; /* threads that may yet bring pieces */
	pthread_t threads[THREADS_MOST];
	unsigned thread_count;
};

/* An arena is one thread's; this memory is several's. */
static void *grown(void *array, size_t count, size_t size)
{
	void *moved = reallocarray(array, count, size);

	if (!moved) {
		arena_out_of_memory();
		abort();
	}
	return moved;
}

/* "socket:[12345]" */
static uint64_t socket_inode(const char *target, size_t length)
{
	static const char prefix[] = { 's', 'o', 'c', 'k', 'e', 't', ':', '[' };
	uint64_t inode = 0;

	if (length <= sizeof(prefix) || memcmp(target, prefix, sizeof(prefix)))
		return 0;
	for (size_t i = sizeof(prefix); i < length && isdigit((unsigned char)target[i]); i++)
		inode = inode * 10 + (uint64_t)(target[i] - '0');
	return inode;
}

/* The end of `text`, which has room for any descriptor. */
static const char *digits(char text[16], int number)
{
	char *at = text + 15;

	*at = 0;
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return at;
}

static bool links_read(struct holding *holder, int folder, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		char name[16], target[64];
		ssize_t n =
			readlinkat(folder, digits(name, holder->fds[i]), target, sizeof(target));
		/* A process of our user that has more rights than we: their numbers may be seen,
		 * and not what they are. */
		if (n < 0 && (errno == EACCES || errno == EPERM))
			return false;
		holder->inodes[i] = n > 0 ? socket_inode(target, (size_t)n) : 0;
	}
	return true;
}

/* Lists a process and reads its first piece. */
static void holder_list(struct holding *holder)
{
	size_t room = 0;
	int folder = proc_files_folder(holder->pid);
	DIR *list = folder < 0 ? NULL : fdopendir(folder);

	if (folder < 0)
		holder->refused = folder == -EACCES || folder == -EPERM;
	for (struct dirent *entry; list && (entry = readdir(list));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (holder->count == room) {
			room = room ? room * 2 : 64;
			holder->fds = grown(holder->fds, room, sizeof(*holder->fds));
		}
		holder->fds[holder->count++] = (int)strtoul(entry->d_name, NULL, 10);
	}
	if (holder->count) {
		size_t first = holder->count < PIECE_SIZE ? holder->count : PIECE_SIZE;
		holder->inodes = grown(NULL, holder->count, sizeof(*holder->inodes));
		holder->refused = !links_read(holder, folder, 0, first);
	}
	if (list)
		closedir(list);
	else if (folder >= 0)
		close(folder);
}

/* False: it is not ours to see. */
static bool piece_read(const struct piece *piece)
{
	int folder = proc_files_folder(piece->holder->pid);

	if (folder < 0) {
		/* It has ended. */
		memset(piece->holder->inodes + piece->from, 0,
		       (piece->to - piece->from) * sizeof(*piece->holder->inodes));
		return folder != -EACCES && folder != -EPERM;
	}
	bool seen = links_read(piece->holder, folder, piece->from, piece->to);
	close(folder);
	return seen;
}

/* With the lock: what is left of a process becomes work for all. */
static void pieces_add(struct holders_search *search, struct holding *holder)
{
	for (size_t from = PIECE_SIZE; !holder->refused && from < holder->count;
	     from += PIECE_SIZE) {
		if (search->piece_count == search->piece_room) {
			search->piece_room = search->piece_room ? search->piece_room * 2 : 64;
			search->pieces =
				grown(search->pieces, search->piece_room, sizeof(*search->pieces));
		}
		size_t left = holder->count - from;
		search->pieces[search->piece_count++] =
			(struct piece){ holder, from,
					from + (left < PIECE_SIZE ? left : PIECE_SIZE) };
	}
}

static void *work(void *data)
{
	struct holders_search *search = data;

	pthread_mutex_lock(&search->lock);
	for (;;) {
		if (search->piece_count) {
			struct piece piece = search->pieces[--search->piece_count];
			pthread_mutex_unlock(&search->lock);
			bool seen = piece_read(&piece);
			pthread_mutex_lock(&search->lock);
			piece.holder->refused |= !seen;
		} else if (search->next < search->holders.count) {
			struct holding *holder = &search->holders.items[search->next++];
			search->listing++;
			pthread_mutex_unlock(&search->lock);
			holder_list(holder);
			pthread_mutex_lock(&search->lock);
			search->listing--;
			pieces_add(search, holder);
			pthread_cond_broadcast(&search->changed);
		} else if (search->listing) {
			pthread_cond_wait(&search->changed, &search->lock);
		} else {
			break;
		}
	}
	pthread_mutex_unlock(&search->lock);
	return NULL;
}

/* Beside the one who asks, who comes to help: a thread for each other processor. */
static unsigned threads_wanted(void)
{
	cpu_set_t processors;
	int count =
		sched_getaffinity(0, sizeof(processors), &processors) ? 2 : CPU_COUNT(&processors);

	return count < 2 ? 1 : count > THREADS_MOST ? THREADS_MOST : (unsigned)count - 1;
}

struct holders_search *holders_begin(struct arena *arena)
{
	struct holders_search *search = arena_alloc(arena, sizeof(*search));
	struct proc *procs = proc_list(arena, &search->holders.count);

	search->holders.items =
		arena_array(arena, search->holders.count + 1, sizeof(*search->holders.items));
	for (size_t i = 0; i < search->holders.count; i++)
		search->holders.items[i] =
			(struct holding){ .pid = procs[i].pid, .comm = procs[i].comm };
	pthread_mutex_init(&search->lock, NULL);
	pthread_cond_init(&search->changed, NULL);
	for (unsigned wanted = threads_wanted(); search->thread_count < wanted;) {
		/* Where none is to be had, holders_end() does it all. */
		if (pthread_create(&search->threads[search->thread_count], NULL, work, search))
			break;
		search->thread_count++;
	}
	return search;
}

struct holders holders_end(struct holders_search *search)
{
	work(search);
	for (unsigned i = 0; i < search->thread_count; i++)
		pthread_join(search->threads[i], NULL);
	pthread_cond_destroy(&search->changed);
	pthread_mutex_destroy(&search->lock);
	free(search->pieces);
	return search->holders;
}

void holders_free(struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++) {
		free(holders->items[i].fds);
		free(holders->items[i].inodes);
	}
}
