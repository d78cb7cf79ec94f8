/* SPDX-License-Identifier: MIT */
#include "join_samples.h"

#include "hash.h"
#include "kernel.h"
#include "ledger_folder.h"

#include <fcntl.h>
#include <string.h>

/* A look that came too late for a process finds its sockets gone; what the look before said of them
 * is kept for as long as that process's ledger says that nobody else closed them. */
struct sample {
	UT_hash_handle hh;
	uint64_t cookie;
	uint64_t look; /* the last that saw it */
	struct socket_kernel kernel;
};

struct life {
	UT_hash_handle hh;
	struct {
		uint64_t pid, start_ticks;
	} key;
	uint64_t seen;	 /* cycles */
	uint64_t cookie; /* of nothing; keeps the key's size even */
};

/* After so many rows every second one is dropped, and looks are kept half as often: a run of days
 * has a timeline too. */
#define TIMELINE_MOST 1200

struct samples {
	const char *folder;
	struct sample *sockets;
	struct life *lives;
	uint64_t looks, every;
	struct timeline_row rows[TIMELINE_MOST + 1];
	size_t row_count;
};

struct samples *samples_new(const char *folder)
{
	struct samples *samples = calloc(1, sizeof(*samples));

	if (!samples)
		arena_out_of_memory();
	samples->folder = folder;
	samples->every = 1;
	return samples;
}

static void life_see(struct samples *samples, const struct member *member, uint64_t now)
{
	struct life *life, key = { .key = { member->pid, member->start_ticks } };

	HASH_FIND(hh, samples->lives, &key.key, sizeof(key.key), life);
	if (!life) {
		life = calloc(1, sizeof(*life));
		if (!life)
			arena_out_of_memory();
		life->key = key.key;
		HASH_ADD(hh, samples->lives, key, sizeof(life->key), life);
	}
	life->seen = now;
}

static void socket_see(struct samples *samples, const struct audited_socket *socket)
{
	struct sample *sample;

	HASH_FIND(hh, samples->sockets, &socket->cookie, sizeof(socket->cookie), sample);
	if (!sample) {
		sample = calloc(1, sizeof(*sample));
		if (!sample)
			arena_out_of_memory();
		sample->cookie = socket->cookie;
		HASH_ADD(hh, samples->sockets, cookie, sizeof(sample->cookie), sample);
	}
	sample->look = samples->looks;
	sample->kernel = socket->kernel;
}

/* Closed in an orderly way since: of those that a killed process had, ended_keep() has renewed the
 * look. */
static void sockets_forget(struct samples *samples)
{
	struct sample *sample, *next;

	HASH_ITER (hh, samples->sockets, sample, next) {
		if (sample->look + 1 < samples->looks) {
			HASH_DEL(samples->sockets, sample);
			free(sample);
		}
	}
}

/* Of an ended process that could not ask the kernel at its end. */
static void ended_keep(struct samples *samples, const struct member *member)
{
	const struct ledger *ledger = member->ledger;

	if (ledger->header.state != LEDGER_RUNNING)
		return;
	for (size_t i = 0; i < ledger->slot_count; i++) {
		const struct ledger_slot *slot = &ledger->slots[i].slot;
		struct sample *sample;
		if (LIFE_PHASE(slot->life) != PHASE_OPEN || !slot->cookie)
			continue;
		HASH_FIND(hh, samples->sockets, &slot->cookie, sizeof(slot->cookie), sample);
		if (sample)
			sample->look = samples->looks;
	}
}

static void row_add(struct samples *samples, const struct timeline_row *row)
{
	if (samples->looks % samples->every)
		return;
	samples->rows[samples->row_count++] = *row;
	if (samples->row_count <= TIMELINE_MOST)
		return;
	for (size_t i = 0; i < samples->row_count; i += 2)
		samples->rows[i / 2] = samples->rows[i];
	samples->row_count = (samples->row_count + 1) / 2;
	samples->every *= 2;
}

void samples_take(struct samples *samples)
{
	struct arena arena = { NULL };
	struct members members;
	struct audit audit;
	const char *const targets[] = { samples->folder, NULL };
	const struct members_settings settings = { .targets = targets, .quick = true };
	struct ledger_clock now = clock_pair_now();
	struct timeline_row row = { .realtime_ns = now.realtime_ns };

	samples->looks++;
	if (!members_select(&arena, &settings, &members) && !members_read(&arena, &members)) {
		audit_join(&arena, &members, NULL, NULL, &audit);
		for (size_t i = 0; i < members.count; i++) {
			const struct member *member = &members.items[i];
			if (!member->ledger || member->superseded)
				continue;
			if (member->running) {
				life_see(samples, member, now.cycles);
				row.processes++;
			} else {
				ended_keep(samples, member);
			}
		}
		for (size_t i = 0; i < audit.socket_count; i++) {
			const struct audited_socket *socket = audit.sockets[i];
			if (!socket->live)
				continue;
			row.sockets++;
			if (!socket->kernel.known || !socket->cookie)
				continue;
			socket_see(samples, socket);
			if (socket->kernel.tcp_state < TCP_STATE_COUNT)
				row.states[socket->kernel.tcp_state]++;
		}
		audit_release(&audit);
	}
	row.states[0] = 0;
	row_add(samples, &row);
	sockets_forget(samples);
	members_close(&members);
	arena_free(&arena);
}

const struct socket_kernel *samples_find(const struct samples *samples, uint64_t cookie)
{
	struct sample *sample = NULL;

	if (samples && cookie)
		HASH_FIND(hh, samples->sockets, &cookie, sizeof(cookie), sample);
	return sample ? &sample->kernel : NULL;
}

uint64_t samples_alive(const struct samples *samples, uint32_t pid, uint64_t start_ticks)
{
	struct life *life = NULL, key = { .key = { pid, start_ticks } };

	if (samples)
		HASH_FIND(hh, samples->lives, &key.key, sizeof(key.key), life);
	return life ? life->seen : 0;
}

const struct timeline_row *samples_timeline(const struct samples *samples, size_t *count)
{
	*count = samples->row_count;
	return samples->rows;
}

void samples_free(struct samples *samples)
{
	struct sample *sample, *next_sample;
	struct life *life, *next_life;

	if (!samples)
		return;
	HASH_ITER (hh, samples->sockets, sample, next_sample) {
		HASH_DEL(samples->sockets, sample);
		free(sample);
	}
	HASH_ITER (hh, samples->lives, life, next_life) {
		HASH_DEL(samples->lives, life);
		free(life);
	}
	free(samples);
}
