/* SPDX-License-Identifier: MIT */
/* Sockets by who or what they have in common; see states_groups.h. */
#include "states_groups.h"

#include "hash.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

const char *const states_by_names[] = { [BY_PROCESS - 1] = "process",
					[BY_LOCAL_PORT - 1] = "local-port",
					[BY_PEER - 1] = "peer",
					[BY_LISTENER - 1] = "listener",
					[BY_LISTENER] = NULL };

enum states_by states_by_find(const char *name)
{
	for (int i = 0; states_by_names[i]; i++)
		if (!strcmp(states_by_names[i], name))
			return (enum states_by)(i + 1);
	return BY_NOTHING;
}

/* What the sockets of a row have in common; compared as bytes. */
struct key {
	uint8_t ip[16], local[16]; /* the latter of destinations: each address has all ports */
	uint32_t pid, scope, net_ns;
	uint16_t family, port;
	uint8_t kind; /* of what has neither: an ownerless state, "no listener" */
	uint8_t padding[3];
};

struct group {
	UT_hash_handle hh;
	struct key key;
	size_t row;
};

/* IPv4 in IPv6 is the same host. */
static void address_take(struct key *key, const struct states_socket *socket, const uint8_t ip[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	key->family = socket->family;
	if (socket->family == AF_INET6 && !memcmp(ip, mapped, sizeof(mapped))) {
		key->family = AF_INET;
		memcpy(key->ip, ip + 12, 4);
		return;
	}
	memcpy(key->ip, ip, sizeof(key->ip));
	if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		key->scope = socket->scope;
}

static const char *address_name(struct arena *arena, const struct key *key, bool with_port)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(key->family == AF_INET6 ? AF_INET6 : AF_INET, key->ip, text, sizeof(text));
	const char *name =
		key->scope ? arena_printf(arena, "%s%%%" PRIu32, text, key->scope) : text;
	if (!with_port)
		return arena_copy(arena, name);
	return arena_printf(arena, key->family == AF_INET6 ? "[%s]:%u" : "%s:%u", name, key->port);
}

/* Why no process has it: the kernel's own, or one that we may not look into. */
static const char *ownerless_name(enum tcp_state state)
{
	switch (state) {
	case STATE_SYN_RECV:
		return "no process: handshake not finished";
	case STATE_TIME_WAIT:
		return "no process: TIME_WAIT, the kernel's";
	case STATE_ESTABLISHED:
	case STATE_CLOSE_WAIT:
		return "no process: accept queue";
	case STATE_FIN_WAIT1:
	case STATE_FIN_WAIT2:
	case STATE_LAST_ACK:
	case STATE_CLOSING:
		return "no process: closed by it (orphan)";
	case STATE_NONE:
	case STATE_SYN_SENT:
	case STATE_CLOSE:
	case STATE_LISTEN:
	case STATE_COUNT:
		break;
	}
	return "no process";
}

static uint8_t ownerless_kind(enum tcp_state state)
{
	if (state == STATE_CLOSE_WAIT)
		return STATE_ESTABLISHED;
	if (state == STATE_FIN_WAIT2 || state == STATE_LAST_ACK || state == STATE_CLOSING)
		return STATE_FIN_WAIT1;
	return (uint8_t)state;
}

#define KIND_HIDDEN	  100 /* a descriptor has it, which is not ours to see */
#define KIND_NO_LISTENER  101
#define KIND_NO_ADDRESS	  102
#define KIND_OWNER_UNTOLD 103

static void key_make(struct key *key, enum states_by by, const struct states_socket *socket,
		     const struct listeners *listeners, bool inodes)
{
	const struct states_socket *listener;

	memset(key, 0, sizeof(*key));
	if (by == BY_PROCESS) {
		key->pid = socket->pid;
		if (!socket->pid)
			key->kind = socket->inode ? KIND_HIDDEN
				    : inodes	  ? ownerless_kind(socket->state)
						  : KIND_OWNER_UNTOLD;
		return;
	}
	if (!socket->addressed) {
		key->kind = KIND_NO_ADDRESS;
		return;
	}
	switch (by) {
	case BY_LOCAL_PORT:
		key->port = socket->local_port;
		key->net_ns = socket->net_ns;
		break;
	case BY_PEER:
		if (socket->state == STATE_LISTEN)
			key->kind = STATE_LISTEN;
		else
			address_take(key, socket, socket->peer);
		break;
	case BY_DESTINATION:
		address_take(key, socket, socket->peer);
		key->port = socket->peer_port;
		key->net_ns = socket->net_ns;
		memcpy(key->local, socket->local, sizeof(key->local));
		break;
	case BY_LISTENER:
		listener = socket->state == STATE_LISTEN ? socket : listener_of(listeners, socket);
		if (!listener) {
			key->kind = KIND_NO_LISTENER;
			break;
		}
		address_take(key, listener, listener->local);
		key->port = listener->local_port;
		key->net_ns = socket->net_ns;
		break;
	case BY_NOTHING:
	case BY_PROCESS:
		break;
	}
}

static const char *key_name(struct arena *arena, const struct key *key, enum states_by by,
			    const struct states_socket *socket)
{
	switch (key->kind) {
	case KIND_HIDDEN:
		return "no process that is ours to see";
	case KIND_OWNER_UNTOLD:
		return "process not told";
	case KIND_NO_LISTENER:
		return "no listener: connected from here";
	case KIND_NO_ADDRESS:
		return "no address: bound to nothing, or over";
	case 0:
		break;
	default:
		return by == BY_PEER ? "no peer: listeners" : ownerless_name(socket->state);
	}
	switch (by) {
	case BY_PROCESS:
		return arena_printf(arena, "pid %" PRIu32 " %s", key->pid,
				    socket->comm ? socket->comm : "?");
	case BY_LOCAL_PORT:
		return arena_printf(arena, "port %u", key->port);
	case BY_PEER:
		return address_name(arena, key, false);
	case BY_LISTENER:
	case BY_DESTINATION:
		return address_name(arena, key, true);
	case BY_NOTHING:
		break;
	}
	return "";
}

/* The same port in another namespace is another one. */
static const char *place_name(struct arena *arena, const struct states *census,
			      const struct key *key, enum states_by by,
			      const struct states_socket *socket)
{
	const char *name = key_name(arena, key, by, socket);

	if (!key->port || by == BY_DESTINATION || census->namespace_count < 2)
		return name;
	return arena_printf(arena, "%s in %s", name, census->namespaces[socket->net_ns].name);
}

static int row_compare(const void *a, const void *b)
{
	const struct states_row *left = a, *right = b;

	if (left->all != right->all)
		return left->all < right->all ? 1 : -1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return strcmp(left->name, right->name);
}

struct states_row *states_rows_make(struct arena *arena, const struct states *census,
				    const struct states_sockets *sockets, enum states_by by,
				    enum tcp_state only, size_t *count)
{
	const struct listeners *listeners =
		by == BY_LISTENER ? listeners_make(arena, sockets) : NULL;
	struct group *groups = NULL, *group;
	struct states_row *rows = NULL;
	size_t room = 0;
	bool inodes = false;

	*count = 0;
	for (size_t i = 0; i < sockets->count && !inodes; i++)
		inodes = sockets->items[i].inode != 0;
	for (size_t i = 0; i < sockets->count; i++) {
		const struct states_socket *socket = &sockets->items[i];
		struct key key;
		if (only && socket->state != only)
			continue;
		key_make(&key, by, socket, listeners, inodes);
		HASH_FIND(hh, groups, &key, sizeof(key), group);
		if (!group) {
			rows = arena_more(arena, rows, *count, &room, sizeof(*rows));
			rows[*count] = (struct states_row){ .name = place_name(arena, census, &key,
									       by, socket),
							    .pid = key.pid,
							    .comm = socket->comm };
			group = arena_alloc(arena, sizeof(*group));
			group->key = key;
			group->row = (*count)++;
			HASH_ADD(hh, groups, key, sizeof(group->key), group);
		}
		rows[group->row].all++;
		rows[group->row].states[socket->state]++;
		rows[group->row].shared += socket->shared;
	}
	HASH_CLEAR(hh, groups);
	if (*count)
		qsort(rows, *count, sizeof(*rows), row_compare);
	return rows;
}
