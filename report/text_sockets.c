/* SPDX-License-Identifier: MIT */
/* A finding's sockets summed up in a few lines, however many they are. */
#include "text_sockets.h"
#include "text_finding.h"
#include "text_peer.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_SHOWN  3
#define RANGES_SHOWN  6
#define HOLDERS_SHOWN 4

struct tally_entry {
	const char *value;
	uint64_t count;
};

struct tally {
	struct tally_entry *entries; /* most first, once sorted */
	size_t count;
};

static int by_value(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int by_count(const void *left, const void *right)
{
	const struct tally_entry *a = left, *b = right;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->value, b->value);
}

/* Sorts `values` to count them. */
static struct tally tally(struct text *text, const char **values, size_t count)
{
	struct tally made = { arena_array(&text->arena, count + 1, sizeof(struct tally_entry)), 0 };
	if (count)
		qsort(values, count, sizeof(*values), by_value);
	for (size_t i = 0; i < count; i++) {
		if (!made.count || strcmp(made.entries[made.count - 1].value, values[i]))
			made.entries[made.count++].value = values[i];
		made.entries[made.count - 1].count++;
	}
	if (made.count)
		qsort(made.entries, made.count, sizeof(*made.entries), by_count);
	return made;
}

static const char *state_of(const struct socket_row *row)
{
	return row->tcp_state;
}

static const char *peer_of(const struct socket_row *row)
{
	return row->peer;
}

static const char *local_of(const struct socket_row *row)
{
	return row->local;
}

static struct tally tally_rows(struct text *text, const struct finding *finding,
			       const char *(*get)(const struct socket_row *))
{
	const char **values = arena_array(&text->arena, finding->socket_count + 1, sizeof(*values));
	size_t count = 0;
	for (size_t i = 0; i < finding->socket_count; i++) {
		const char *value = get(&finding->sockets[i]);
		if (value)
			values[count++] = value;
	}
	return tally(text, values, count);
}

/* Addresses that differ in their ports alone, which the kernel chose, become one. */
static struct tally without_ports(struct text *text, const struct tally *whole)
{
	struct tally made = { arena_array(&text->arena, whole->count + 1, sizeof(*made.entries)),
			      0 };
	for (size_t i = 0; i < whole->count; i++) {
		const char *value = whole->entries[i].value, *colon = strrchr(value, ':');
		char *host = value[0] != '/' && value[0] != '@' && colon
				     ? text_make(text, "%.*s", (int)(colon - value), value)
				     : text_make(text, "%s", value);
		size_t at = 0;
		/* Hosts are few where ports are many; beyond that the summary is cut anyway. */
		while (at < made.count && strcmp(made.entries[at].value, host))
			at++;
		if (at == made.count && made.count >= 64)
			at = made.count - 1;
		else if (at == made.count)
			made.entries[made.count++].value = host;
		made.entries[at].count += whole->entries[i].count;
	}
	if (made.count)
		qsort(made.entries, made.count, sizeof(*made.entries), by_count);
	return made;
}

static void addresses(struct text *text, const char *label, const struct finding *finding,
		      const char *(*get)(const struct socket_row *))
{
	struct tally counted = tally_rows(text, finding, get);
	if (!counted.count)
		return;
	bool ports_cut = counted.count > VALUES_SHOWN;
	if (ports_cut)
		counted = without_ports(text, &counted);
	char *words = text_make(text, "%s", "");
	for (size_t i = 0; i < counted.count && i < VALUES_SHOWN; i++) {
		const struct tally_entry *entry = &counted.entries[i];
		const char *times = entry->count == 1 ? ""
						      : text_make(text, " (%s)",
								  text_number(text, entry->count));
		words = text_make(text, "%s%s%s%s", words, i ? ", " : "",
				  text_safe(text, entry->value), times);
	}
	if (counted.count > VALUES_SHOWN)
		words = text_make(
			text, "%s and %s", words,
			text_count(text, counted.count - VALUES_SHOWN, "other", "others"));
	text_words(text, label, words);
}

static char *span(struct text *text, uint64_t least, uint64_t most)
{
	char *from = text_duration(text, least), *to = text_duration(text, most);
	return strcmp(from, to) ? text_make(text, "%s to %s", from, to) : to;
}

/* The ages of the finding's sockets, or how long ago their evidence is; NULL when none is known. */
static char *ages(struct text *text, const struct finding *finding, bool since)
{
	uint64_t least = MS_UNKNOWN, most = 0;
	bool known = false, at_least = false;
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct socket_row *row = &finding->sockets[i];
		uint64_t ms = since ? row->since_ms : row->age_ms;
		if (ms == MS_UNKNOWN)
			continue;
		known = true;
		at_least |= since && row->since_at_least;
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	if (!known || text->settings->reproducible)
		return NULL;
	return text_make(text, "%s%s", at_least ? "at least " : "", span(text, least, most));
}

/* A FIN that nobody took counts one: in these states it may be all that there is. */
static bool holds_unread_data(const struct socket_row *row)
{
	static const char *const after_fin[] = { "CLOSE_WAIT", "LAST_ACK", "CLOSING", "CLOSE" };
	uint32_t fin = 0;
	for (size_t i = 0; row->tcp_state && i < sizeof(after_fin) / sizeof(*after_fin); i++)
		fin |= !strcmp(row->tcp_state, after_fin[i]);
	return row->queues_known && row->recv_q > fin;
}

static void kernel(struct text *text, const struct finding *finding)
{
	struct tally states = tally_rows(text, finding, state_of);
	char *words = text_make(text, "%s", "");
	uint64_t unread = 0;
	for (size_t i = 0; i < states.count; i++)
		words = text_make(text, "%s%s%s %s", words, i ? ", " : "",
				  text_number(text, states.entries[i].count),
				  text_safe(text, states.entries[i].value));
	for (size_t i = 0; i < finding->socket_count; i++)
		unread += holds_unread_data(&finding->sockets[i]);
	if (states.count && unread)
		words = text_make(text, "%s; %s with unread data", words,
				  text_number(text, unread));
	if (states.count)
		text_words(text, "kernel", words);
}

static void age(struct text *text, const struct finding *finding)
{
	char *opened = ages(text, finding, false), *since = ages(text, finding, true);
	char *words = opened ? text_make(text, "opened %s ago", opened) : NULL;
	if (since)
		words = text_make(text, "%s%slike this for %s", words ? words : "",
				  words ? ", " : "", since);
	if (words)
		text_words(text, "age", words);
}

static int by_number(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;
	return a < b ? -1 : a > b;
}

/* "fd 5-88, 90". */
static char *descriptors(struct text *text, int *fds, size_t count)
{
	char *words = text_make(text, "fd");
	size_t ranges = 0;
	qsort(fds, count, sizeof(*fds), by_number);
	for (size_t i = 0, end; i < count; i = end, ranges++) {
		for (end = i + 1; end < count && fds[end] - fds[end - 1] <= 1; end++) {
		}
		if (ranges == RANGES_SHOWN)
			return text_make(text, "%s, and %s", words,
					 text_count(text, count - i, "more", "more"));
		words = fds[end - 1] == fds[i]
				? text_make(text, "%s%s %d", words, ranges ? "," : "", fds[i])
				: text_make(text, "%s%s %d-%d", words, ranges ? "," : "", fds[i],
					    fds[end - 1]);
	}
	return words;
}

/* A descriptor of one of the finding's sockets, of whoever holds it. */
struct held {
	uint32_t pid;
	const char *comm;
	int fd;
};

static int by_holder(const void *left, const void *right)
{
	const struct held *a = left, *b = right;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static const char *name_of(const struct text *text, const struct held *held)
{
	for (size_t i = 0; i < text->report->process_count && !held->comm; i++) {
		if (text->report->processes[i].pid == held->pid)
			return text->report->processes[i].comm;
	}
	return held->comm;
}

/* All that hold the sockets, process by process; a socket whose holders nobody knows has its own
 * descriptor. */
static size_t holders_list(struct text *text, const struct finding *finding, struct held **made,
			   size_t *shared)
{
	size_t most = 1, count = 0;
	for (size_t i = 0; i < finding->socket_count; i++)
		most += finding->sockets[i].holder_count + 1;
	*made = arena_array(&text->arena, most, sizeof(**made));
	*shared = 0;
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct socket_row *row = &finding->sockets[i];
		*shared += text_holder_processes(row->holders, row->holder_count) > 1;
		for (size_t j = 0; j < row->holder_count; j++)
			(*made)[count++] = (struct held){ row->holders[j].pid, row->holders[j].comm,
							  row->holders[j].fd };
		if (!row->holder_count)
			(*made)[count++] = (struct held){ row->pid, NULL, row->fd };
	}
	if (count)
		qsort(*made, count, sizeof(**made), by_holder);
	return count;
}

/* Who holds the sockets; of those that are closed, which numbers they had. */
static void held_by(struct text *text, const struct finding *finding)
{
	const bool closed = text_counts_calls(finding->rule);
	struct held *held;
	size_t shared, shown = 0, count = holders_list(text, finding, &held, &shared);
	int *fds = arena_array(&text->arena, count + 1, sizeof(*fds));
	for (size_t i = 0, end; i < count; i = end) {
		size_t known = 0;
		for (end = i; end < count && held[end].pid == held[i].pid; end++)
			if (held[end].fd >= 0)
				fds[known++] = held[end].fd;
		if (shown == HOLDERS_SHOWN) {
			text_words(text, "", "and more processes");
			break;
		}
		char *who = text_who(text, held[i].pid, name_of(text, &held[i]));
		if (known && closed)
			who = text_make(text, "%s of %s", descriptors(text, fds, known), who);
		else if (known)
			who = text_make(text, "%s: %s", who, descriptors(text, fds, known));
		/* In a listener's queue nobody holds them: these are to accept them. */
		const char *label = closed				   ? "number"
				    : finding->rule == RULE_ACCEPT_STARVED ? "listener"
									   : "held by";
		text_words(text, shown++ ? "" : label, who);
	}
	if (shared)
		text_words(text, "",
			   text_make(text,
				     "%s held by several processes: the end of one of them "
				     "frees nothing",
				     shared == finding->socket_count
					     ? finding->socket_count == 1 ? "it is" : "all are"
					     : text_make(text, "%s %s", text_number(text, shared),
							 shared == 1 ? "is" : "are")));
}

/* Sockets whose other ends are told in the same words, but for their descriptors. */
struct ends {
	const char *words; /* without any */
	size_t row;
};

static int by_words(const void *left, const void *right)
{
	const struct ends *a = left, *b = right;
	int order = strcmp(a->words, b->words);
	return order ? order : a->row < b->row ? -1 : a->row > b->row;
}

/* Who stands at the other ends that are on this machine. */
static void other_ends(struct text *text, const struct finding *finding)
{
	struct ends *ends = arena_array(&text->arena, finding->socket_count + 1, sizeof(*ends));
	int *fds = arena_array(&text->arena, finding->socket_count + 1, sizeof(*fds));
	size_t count = 0, shown = 0;
	for (size_t i = 0; i < finding->socket_count; i++)
		if (text_peer_is_told(text, &finding->sockets[i]))
			ends[count++] =
				(struct ends){ text_peer(text, &finding->sockets[i], ""), i };
	if (count)
		qsort(ends, count, sizeof(*ends), by_words);
	for (size_t i = 0, end; i < count; i = end) {
		size_t known = 0;
		for (end = i; end < count && !strcmp(ends[end].words, ends[i].words); end++) {
			const struct peer_process *peer =
				finding->sockets[ends[end].row].peer_process;
			if (peer->fd >= 0 && peer->holder_count)
				fds[known++] = peer->fd;
		}
		if (shown == HOLDERS_SHOWN) {
			text_words(text, "",
				   text_make(text, "and %s",
					     text_count(text, count - i, "other", "others")));
			return;
		}
		const struct socket_row *row = &finding->sockets[ends[i].row];
		char *words = known ? text_peer(text, row, descriptors(text, fds, known))
				    : text_peer(text, row, "");
		if (end - i > 1 && !known)
			words = text_make(text, "%s (%s)", words, text_number(text, end - i));
		text_words(text, shown++ ? "" : "other end", words);
	}
}

void text_sockets(struct text *text, const struct finding *finding)
{
	kernel(text, finding);
	age(text, finding);
	addresses(text, "peers", finding, peer_of);
	other_ends(text, finding);
	addresses(text, "local", finding, local_of);
	held_by(text, finding);
}
