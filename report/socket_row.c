/* SPDX-License-Identifier: MIT */
/* One socket, in the report's terms; addresses as people write them. */
#include "socket_row.h"

#include "classify.h"
#include "evidence.h"
#include "proc.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

const char *family_name(struct arena *arena, uint16_t family)
{
	static const struct {
		uint16_t family;
		const char *name;
	} names[] = { { AF_INET, "inet" },     { AF_INET6, "inet6" },
		      { AF_UNIX, "unix" },     { AF_NETLINK, "netlink" },
		      { AF_PACKET, "packet" }, { AF_VSOCK, "vsock" },
		      { AF_ALG, "alg" },       { AF_BLUETOOTH, "bluetooth" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].family == family)
			return names[i].name;
	return arena_printf(arena, "family %u", family);
}

const char *internet_text_on(struct arena *arena, uint16_t family, const uint8_t ip[16],
			     uint16_t port, uint32_t scope, const char *interface)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(family, ip, text, sizeof(text)))
		return NULL;
	if (family == AF_INET)
		return arena_printf(arena, "%s:%u", text, port);
	/* fe80::/10 means nothing without the interface. */
	bool link_local = ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
	if (!link_local || !scope)
		return arena_printf(arena, "[%s]:%u", text, port);
	return interface ? arena_printf(arena, "[%s%%%s]:%u", text, interface, port)
			 : arena_printf(arena, "[%s%%%u]:%u", text, scope, port);
}

const char *internet_text(struct arena *arena, uint16_t family, const uint8_t ip[16], uint16_t port,
			  uint32_t scope)
{
	return internet_text_on(arena, family, ip, port, scope, NULL);
}

const char *kernel_local_text(struct arena *arena, const struct socket_kernel *kernel)
{
	if (kernel->unix_name)
		return kernel->unix_name;
	return kernel->addresses_known
		       ? internet_text_on(arena, kernel->family, kernel->local, kernel->local_port,
					  kernel->scope, kernel->interface)
		       : NULL;
}

const char *kernel_peer_text(struct arena *arena, const struct socket_kernel *kernel)
{
	/* A socket without a peer shows zeros there. */
	return kernel->addresses_known && kernel->peer_port
		       ? internet_text_on(arena, kernel->family, kernel->peer, kernel->peer_port,
					  kernel->scope, kernel->interface)
		       : NULL;
}

const char *type_name(uint8_t type)
{
	static const char *const names[] = { [SOCK_STREAM] = "stream",
					     [SOCK_DGRAM] = "dgram",
					     [SOCK_RAW] = "raw",
					     [SOCK_RDM] = "rdm",
					     [SOCK_SEQPACKET] = "seqpacket" };

	return type < sizeof(names) / sizeof(*names) ? names[type] : NULL;
}

const char *protocol_name(struct arena *arena, uint16_t family, uint8_t type)
{
	bool internet = family == AF_INET || family == AF_INET6;

	if (internet && type == SOCK_STREAM)
		return "tcp";
	if (internet && type == SOCK_DGRAM)
		return "udp";
	return family ? family_name(arena, family) : NULL;
}

/* What the interface of a ledger's address is called, if that is our own namespace's. */
static const char *interface_name(struct arena *arena, const struct ledger *ledger, uint32_t scope)
{
	char name[IF_NAMESIZE];
	bool ours = scope && ledger->header.net_ns &&
		    ledger->header.net_ns == proc_namespace(0, "net") &&
		    !strcmp(ledger->header.boot_id, proc_boot_id(arena));

	return ours && if_indextoname(scope, name) ? arena_copy(arena, name) : NULL;
}

const char *address_text(struct arena *arena, const struct ledger *ledger, uint16_t family,
			 const struct ledger_address *address)
{
	if (!address->known)
		return NULL;
	if (family == AF_UNIX) {
		const char *path = ledger_string(ledger, address->extra);
		return *path ? path : NULL;
	}
	if (family != AF_INET && family != AF_INET6)
		return NULL;
	return internet_text_on(arena, family, address->ip, address->port, address->extra,
				family == AF_INET6 && address->extra
					? interface_name(arena, ledger, address->extra)
					: NULL);
}

static const struct socket_ref *row_ref(const struct audited_socket *socket,
					const struct judgement *judgement)
{
	if (judgement->evidence && judgement->evidence->holds)
		return judgement->evidence;
	if (judgement->opened->holds)
		return judgement->opened;
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].holds)
			return &socket->refs[i];
	return judgement->opened;
}

/* A reset renews no age that the kernel keeps: since when the connection has been gone, nobody can
 * tell. */
static uint64_t since_ms(const struct audited_socket *socket, const struct judgement *judgement,
			 double rate)
{
	if (judgement->verdict.rule == VERDICT_NONE ||
	    (judgement->verdict.rule == VERDICT_FIN_UNREAD && socket->kernel.known &&
	     socket->kernel.tcp_state == KERNEL_CLOSE))
		return MS_UNKNOWN;
	uint64_t since = judgement->verdict.since;
	if (judgement->verdict.rule == VERDICT_FIN_UNREAD && socket->kernel.keepalive) {
		/* The grace runs from the last data, before which no FIN came: it is at most so
		 * old. At least it is as old as the last probe's answer. */
		struct verdict_kernel word = evidence_of_kernel(&socket->kernel);
		word.keepalive = false;
		since = verdict_fin_since(&judgement->merged, &word, rate);
	}
	return cycles_to_ms(rate, since, judgement->end);
}

const struct judgement *socket_lived(const struct audit *audit, const struct audited_socket *socket,
				     struct judgement *own)
{
	struct evidence evidence;

	if (socket->judgement)
		return socket->judgement;
	*own = (struct judgement){ .opened = socket->ref_count ? evidence_opener(socket) : NULL };
	if (!own->opened)
		return NULL;
	own->merged = *own->opened->slot;
	evidence_start(&own->merged, &evidence);
	for (size_t i = 0; i < socket->ref_count; i++) {
		evidence_of_origin(&own->merged, &evidence, &socket->refs[i]);
		evidence_of_life(&own->merged, &evidence, &socket->refs[i]);
	}
	own->connected = evidence.connect;
	own->last_use = evidence.used;
	own->told = evidence.told;
	own->end = member_end(&audit->members->items[row_ref(socket, own)->member]);
	return own;
}

void socket_row_fill(const struct audit *audit, const struct audited_socket *socket,
		     struct socket_row *row)
{
	struct judgement own;
	const struct judgement *judgement = socket_lived(audit, socket, &own);
	const struct ledger_slot *merged = &judgement->merged;
	const struct held_by_child *held = judgement->held;
	const struct socket_ref *ref = row_ref(socket, judgement);
	const struct member *member = &audit->members->items[ref->member];
	const struct ledger *book = audit->members->items[judgement->opened->member].ledger;
	const struct socket_kernel *kernel = &socket->kernel;
	double rate = member->ledger->ns_per_cycle;

	*row = (struct socket_row){
		.pid = held ? held->child.pid : member->pid,
		.fd = held ? held->child.fd : ref->fd,
		.family = family_name(audit->arena, merged->family),
		.local = address_text(audit->arena, book, merged->family, &merged->local),
		.peer = address_text(audit->arena, book, merged->family, &merged->peer),
		.cookie = socket->cookie,
		.inode = socket->inode,
		.queues_known = kernel->queues_known && !kernel->listening_queue,
		.recv_q = kernel->recv_q,
		.send_q = kernel->send_q,
		.age_ms = merged->opened_at ? cycles_to_ms(rate, merged->opened_at, judgement->end)
					    : MS_UNKNOWN,
		.since_ms = since_ms(socket, judgement, rate),
		.since_at_least = judgement->verdict.since_at_least,
		.traffic_known = !held || held->traffic_known,
		.eof_reads = merged->eof_reads,
		.received = merged->received,
		.sent = merged->sent,
		.last_use_ms = MS_UNKNOWN,
		.holders = socket->holders,
		.holder_count = socket->holder_count,
		.type = type_name(merged->type),
		.protocol = protocol_name(audit->arena, merged->family, merged->type),
		.listening = kernel->listening_queue || (merged->flags & SOCKET_LISTENING),
		.book = socket,
	};
	if (kernel->known && kernel->tcp_state && kernel->tcp_state < TCP_STATE_COUNT)
		row->tcp_state = tcp_state_names[kernel->tcp_state];
	const char *local = kernel_local_text(audit->arena, kernel),
		   *peer = kernel_peer_text(audit->arena, kernel);
	row->local = local ? local : row->local;
	row->peer = peer ? peer : row->peer;
	uint64_t used = verdict_later(merged->last_receive, merged->last_send);
	if (used && judgement->last_use) {
		const struct ledger *user =
			audit->members->items[judgement->last_use->member].ledger;
		row->last_call = ledger_call(user, merged->last_send > merged->last_receive
							   ? merged->last_send_call
							   : merged->last_receive_call);
		row->last_use_ms = cycles_to_ms(rate, used, judgement->end);
	}
}

void misuse_row_fill(const struct audit *audit, const struct member *member,
		     const struct ledger_misuse *misuse, struct socket_row *row)
{
	const struct ledger *ledger = member->ledger;
	uint64_t end = member_end(member);

	*row = (struct socket_row){
		.pid = member->pid,
		.fd = misuse->fd,
		.family = family_name(audit->arena, misuse->family),
		.local = address_text(audit->arena, ledger, misuse->family, &misuse->local),
		.peer = address_text(audit->arena, ledger, misuse->family, &misuse->peer),
		.cookie = misuse->cookie,
		.age_ms = misuse->opened_at
				  ? cycles_to_ms(ledger->ns_per_cycle, misuse->opened_at, end)
				  : MS_UNKNOWN,
		.since_ms = cycles_to_ms(ledger->ns_per_cycle, misuse->at, end),
		.last_use_ms = MS_UNKNOWN,
	};
}
