/* SPDX-License-Identifier: MIT */
/*
 * Saved text: rows of netstat (Linux, BSD, Windows) and of ss, one socket each, or a census as awk
 * and `uniq -c` print it, "TIME_WAIT 18122". Headers, prompts, other protocols and anything else
 * are passed over: whoever pastes from a pager pastes more than rows.
 */
#include "states_sockets.h"

#include "states_address.h"
#include "states_names.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define WORDS_MOST 24
/* More digits are no number of sockets. */
#define DIGITS_MOST 15

struct reading {
	struct arena *arena;
	struct states *census;
	struct states_sockets *sockets;
	uint64_t counts[STATE_COUNT]; /* what a census told */
	size_t census_lines, timers;
	/* Rows of ss without its column of protocols, one after another: all of one protocol. */
	struct {
		size_t first; /* of its sockets */
		size_t unconnected;
		bool tcp; /* a state that no other protocol has */
	} block;
	uint64_t other_protocol; /* rows, or a sum of them, that are none of TCP's */
};

static size_t words_split(char *line, char *words[WORDS_MOST])
{
	size_t count = 0;

	/* A quoted mail's marks stand before everything else. */
	line += strspn(line, "> \t\r\n");
	for (char *next; count < WORDS_MOST && (next = strtok(line, " \t\r\n\f")); line = NULL)
		words[count++] = next;
	return count;
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

/* "18122", "18,122". */
static bool number_parse(const char *word, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	for (; *word; word++) {
		if (*word == ',')
			continue;
		if (!isdigit((unsigned char)*word) || ++digits > DIGITS_MOST)
			return false;
		*number = *number * 10 + (uint64_t)(*word - '0');
	}
	return digits != 0;
}

/* netstat's "2145/java", or ss's users:(("java",pid=2145,fd=46),("java",pid=2146,fd=46)). */
static void process_take(struct reading *reading, struct states_socket *socket, const char *line,
			 char **words, size_t count)
{
	const char *users = strstr(line, "users:((\""),
		   *pid = users ? strstr(users, "\",pid=") : NULL;

	if (pid) {
		socket->pid = (uint32_t)strtoul(pid + 6, NULL, 10);
		socket->comm =
			arena_printf(reading->arena, "%.*s", (int)(pid - users - 9), users + 9);
		while ((pid = strstr(pid + 1, ",pid=")))
			socket->shared |= strtoul(pid + 5, NULL, 10) != socket->pid;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t digits = strspn(words[i], "0123456789");
		if (!digits || words[i][digits] != '/' || !words[i][digits + 1])
			continue;
		socket->pid = (uint32_t)strtoul(words[i], NULL, 10);
		socket->comm = arena_copy(reading->arena, words[i] + digits + 1);
		return;
	}
}

/* netstat -o: "keepalive (7195.80/0/0)"; ss -o: "timer:(keepalive,119min,0)". */
static void timer_take(struct reading *reading, struct states_socket *socket, const char *line)
{
	if (strstr(line, " timer:(") || strstr(line, "keepalive (") || strstr(line, "timewait (") ||
	    strstr(line, " off ("))
		reading->timers++;
	socket->keepalive = strstr(line, "keepalive (") || strstr(line, "timer:(keepalive");
}

/* IPv4 as an IPv6 socket has it. */
static void address_map(uint8_t ip[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(ip + 12, ip, 4);
	memcpy(ip, mapped, sizeof(mapped));
}

static struct states_socket *row_add(struct reading *reading, enum tcp_state state, bool ipv6,
				     const char *local, const char *peer)
{
	struct states_socket *socket = states_socket_add(reading->arena, reading->sockets);
	uint16_t local_family = 0, peer_family = 0;

	socket->state = (uint8_t)state;
	socket->addressed =
		address_parse(local, &local_family, socket->local, &socket->local_port) &&
		address_parse(peer, &peer_family, socket->peer, &socket->peer_port);
	socket->family = local_family;
	if (!socket->addressed) {
		if (ipv6)
			socket->family = AF_INET6;
		return socket;
	}
	/* netstat leaves the ::ffff: out, on one side or on both. */
	if (ipv6 || local_family != peer_family) {
		socket->family = AF_INET6;
		if (local_family == AF_INET)
			address_map(socket->local);
		if (peer_family == AF_INET)
			address_map(socket->peer);
	}
	return socket;
}

/*
 * What ss calls UNCONN is UDP's, or of a raw or netlink socket: TCP sockets in CLOSE stand in no
 * table. Rows beside it in ESTAB are then connected ones of the same protocol, unless others show
 * that texts were put together.
 */
static void block_end(struct reading *reading)
{
	struct states_sockets *sockets = reading->sockets;

	reading->other_protocol += reading->block.unconnected;
	if (reading->block.unconnected && !reading->block.tcp) {
		reading->other_protocol += sockets->count - reading->block.first;
		sockets->count = reading->block.first;
	}
	reading->block.first = sockets->count;
	reading->block.unconnected = 0;
	reading->block.tcp = false;
}

/* One line of netstat or ss that is a TCP socket. `line` is whole, `words` its pieces. */
static bool row_take(struct reading *reading, const char *line, char **words, size_t count)
{
	struct states_socket *socket = NULL;
	size_t at = 0; /* of the state */
	bool tcp = count > 3 && !strncasecmp(words[0], "tcp", 3) &&
		   strspn(words[0] + 3, "46") == strlen(words[0] + 3);

	if (tcp)
		block_end(reading);
	/* ss, with and without its column of protocols. */
	size_t first = tcp;
	if (count >= first + 5 && state_named(words[first]) && is_number(words[first + 1]) &&
	    is_number(words[first + 2])) {
		at = first;
		if (!tcp && state_is_unconnected(words[at])) {
			reading->block.unconnected++;
			return true;
		}
		socket = row_add(reading, state_named(words[at]), false, words[at + 3],
				 words[at + 4]);
		socket->queue_full =
			socket->state == STATE_LISTEN &&
			strtoull(words[at + 1], NULL, 10) > strtoull(words[at + 2], NULL, 10);
		at += 4;
	}
	/* netstat: the state stands behind the two addresses. */
	for (size_t i = 3; !socket && tcp && i < count; i++) {
		if (!state_named(words[i]))
			continue;
		at = i;
		socket = row_add(reading, state_named(words[i]), !strcasecmp(words[0], "tcp6"),
				 words[i - 2], words[i - 1]);
		if (!socket->family && count > 4 && is_number(words[1]) && is_number(words[2]))
			socket->family = AF_INET;
	}
	if (!socket)
		return false;
	if (tcp)
		reading->block.first = reading->sockets->count;
	else
		reading->block.tcp |= socket->state != STATE_ESTABLISHED;
	process_take(reading, socket, line, words + at + 1, count - at - 1);
	timer_take(reading, socket, line);
	return true;
}

/* "TIME_WAIT 814 CLOSE_WAIT 1", "466 TIME_WAIT", "TIME_WAIT = 18,122", {"TIME_WAIT": 18122}. */
static bool census_take(struct reading *reading, char *line)
{
	char *words[WORDS_MOST];
	bool found = false;

	for (char *at = line; (at = strpbrk(at, "=:|\"{}"));)
		*at = ' ';
	size_t count = words_split(line, words);
	for (size_t i = 0; i + 1 < count;) {
		uint64_t number;
		enum tcp_state state = state_named(words[i]);
		size_t next = i + 1;
		/* A tab that awk was told without its backslash. */
		if (state && next + 1 < count &&
		    (!strcmp(words[next], "t") || !strcmp(words[next], "\\t")))
			next++;
		bool told = state ? number_parse(words[next], &number)
				  : number_parse(words[i], &number) &&
					    (state = state_named(words[i + 1]));
		if (!told)
			return found;
		if (state_is_unconnected(words[i]) || state_is_unconnected(words[i + 1]))
			reading->other_protocol += number;
		else
			reading->counts[state] += number;
		found = true;
		i = next + 1;
	}
	return found;
}

static void line_take(struct reading *reading, char *line)
{
	char *words[WORDS_MOST], *copy = arena_copy(reading->arena, line);
	size_t count = words_split(copy, words);

	if (!count || row_take(reading, line, words, count))
		return;
	/* ss -i puts lines of their own below the rows, indented. */
	if (!isspace((unsigned char)*line) || !strcmp(words[0], "State"))
		block_end(reading);
	reading->census_lines += census_take(reading, line);
}

static int file_read(struct reading *reading, FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) > 0)
		line_take(reading, line);
	block_end(reading);
	free(line);
	return ferror(file) ? errno ? -errno : -EIO : 0;
}

static void counts_use(struct reading *reading)
{
	struct states *census = reading->census;

	if (reading->other_protocol)
		states_remark(reading->arena, census,
			      arena_printf(reading->arena,
					   "%" PRIu64
					   " sockets in UNCONN, or listed with such, are left out: "
					   "ss calls UDP's and other protocols' so, never TCP's",
					   reading->other_protocol));
	if (reading->sockets->count) {
		census->families_known = true;
		for (size_t i = 0; i < reading->sockets->count; i++)
			census->families_known &= reading->sockets->items[i].family != 0;
		census->keepalive_known = reading->timers == reading->sockets->count;
		if (reading->census_lines)
			states_remark(reading->arena, census,
				      "the text has rows and sums: the rows are counted, the sums "
				      "passed over");
		return;
	}
	for (int i = 1; i < STATE_COUNT; i++)
		census->count[i].all = reading->counts[i];
}

int states_from_read(struct arena *arena, const char *path, struct states *census,
		     struct states_sockets *sockets, const char **trouble)
{
	struct reading reading = { .arena = arena, .census = census, .sockets = sockets };
	bool input = !strcmp(path, "-");
	const char *shown = input ? "standard input" : arena_printf(arena, "'%s'", path);
	FILE *file = input ? stdin : fopen(path, "re");
	int error = file ? 0 : -errno;
	bool sums = false;

	if (!error) {
		errno = 0;
		error = file_read(&reading, file);
	}
	if (file && !input)
		fclose(file);
	if (error) {
		*trouble = arena_printf(arena, "cannot read %s: %s", shown, strerror(-error));
		return error;
	}
	for (int i = 1; i < STATE_COUNT; i++)
		sums |= reading.counts[i] != 0;
	if (!sockets->count && !sums && reading.other_protocol) {
		*trouble = arena_printf(
			arena,
			"nothing in %s is TCP's: what ss calls UNCONN is UDP's or another "
			"protocol's; wanted are lines of netstat -ant or ss -tan",
			shown);
		return -EINVAL;
	}
	if (!sockets->count && !reading.census_lines) {
		*trouble = arena_printf(
			arena,
			"nothing in %s is known: wanted are lines of netstat -ant or ss "
			"-tan, or sums such as 'TIME_WAIT 814'",
			shown);
		return -EINVAL;
	}
	counts_use(&reading);
	return 0;
}
