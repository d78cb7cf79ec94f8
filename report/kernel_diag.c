/* SPDX-License-Identifier: MIT */
/*
 * The kernel's sockets by NETLINK_SOCK_DIAG, in the calling thread's network namespace: TCP with
 * its states; UDP, MPTCP and AF_UNIX for who they are, their cookies and inodes.
 */
#include "kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Twelve states, 1 to 12; bound sockets that do nothing (13, Linux 6.8) are no connection. */
#define STATES_ALL	0x1ffeu
#define TIMER_KEEPALIVE 2
#define STATE_LISTEN	10
#define READING_SHUT	1 /* of the kernel's sk_shutdown */
/* An interrupted dump is a torn picture; after so many a busy kernel gets the benefit of the doubt.
 */
#define DUMP_ATTEMPTS 4

struct dump {
	struct arena *arena;
	struct kernel_census *census;
	bool interrupted;
	bool stateless; /* what the message calls a state is none of TCP's */
	/* A stream instead of a census: each socket is shown once, without its ages. */
	kernel_take *take;
	void *data;
	uint32_t protocol;
	bool nameless; /* its cookies are shared */
};

static uint64_t cookie_of(const uint32_t halves[2])
{
	if (halves[0] == INET_DIAG_NOCOOKIE && halves[1] == INET_DIAG_NOCOOKIE)
		return 0;
	return halves[0] | (uint64_t)halves[1] << 32;
}

static int protocol_above_take(const struct nlattr *attribute, void *data)
{
	struct kernel_socket *socket = data;
	size_t size = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == INET_ULP_INFO_NAME)
		socket->subflow = !strncmp(mnl_attr_get_payload(attribute), "mptcp", size);
	return MNL_CB_OK;
}

static int attribute_take(const struct nlattr *attribute, void *data)
{
	struct kernel_socket *socket = data;
	uint16_t type = mnl_attr_get_type(attribute), size = mnl_attr_get_payload_len(attribute);

	if (type == INET_DIAG_INFO && size >= offsetof(struct tcp_info, tcpi_pmtu)) {
		struct tcp_info info = { 0 };
		memcpy(&info, mnl_attr_get_payload(attribute),
		       size < sizeof(info) ? size : sizeof(info));
		socket->ages_known = true;
		socket->last_data_sent_ms = info.tcpi_last_data_sent;
		socket->last_data_recv_ms = info.tcpi_last_data_recv;
		socket->last_ack_recv_ms = info.tcpi_last_ack_recv;
	}
	if (type == INET_DIAG_ULP_INFO)
		mnl_attr_parse_nested(attribute, protocol_above_take, socket);
	return MNL_CB_OK;
}

static int message_take(const struct nlmsghdr *header, void *data)
{
	struct dump *dump = data;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->interrupted = true;
	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(header) < sizeof(struct inet_diag_msg))
		return MNL_CB_OK;
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct kernel_socket passing = { .cookie = 0 },
			     *socket = dump->take ? &passing
						  : kernel_socket_add(dump->arena, dump->census);
	socket->family = message->idiag_family;
	socket->state = dump->stateless ? 0 : message->idiag_state;
	socket->cookie = dump->nameless ? 0 : cookie_of(message->id.idiag_cookie);
	socket->inode = message->idiag_inode;
	socket->recv_q = message->idiag_rqueue;
	socket->send_q = message->idiag_wqueue;
	socket->listening_queue = socket->state == STATE_LISTEN;
	socket->keepalive = message->idiag_timer == TIMER_KEEPALIVE;
	socket->local_port = ntohs(message->id.idiag_sport);
	socket->peer_port = ntohs(message->id.idiag_dport);
	socket->scope = message->id.idiag_if;
	memcpy(socket->local, message->id.idiag_src, sizeof(socket->local));
	memcpy(socket->peer, message->id.idiag_dst, sizeof(socket->peer));
	socket->protocol = (uint16_t)dump->protocol;
	socket->type = dump->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	if (dump->take)
		dump->take(dump->data, socket);
	else
		mnl_attr_parse(header, sizeof(*message), attribute_take, socket);
	return MNL_CB_OK;
}

struct unix_socket {
	struct arena *arena;
	struct kernel_socket *socket;
};

static int unix_attribute_take(const struct nlattr *attribute, void *data)
{
	struct unix_socket *unix_socket = data;
	const char *payload = mnl_attr_get_payload(attribute);
	uint16_t type = mnl_attr_get_type(attribute), size = mnl_attr_get_payload_len(attribute);

	if (type == UNIX_DIAG_NAME && size) {
		/* An abstract name starts with NUL and may hold more of them; a path ends with one.
		 */
		char *name = arena_alloc(unix_socket->arena, (size_t)size + 1);
		memcpy(name, payload, size);
		for (size_t i = 0; !payload[0] && i < size; i++)
			if (!name[i])
				name[i] = '@';
		unix_socket->socket->name = name;
	} else if (type == UNIX_DIAG_PEER && size >= sizeof(uint32_t)) {
		uint32_t inode;
		memcpy(&inode, payload, sizeof(inode));
		unix_socket->socket->peer_inode = inode;
		unix_socket->socket->peer_told = true;
	} else if (type == UNIX_DIAG_RQLEN && size >= sizeof(struct unix_diag_rqlen)) {
		struct unix_diag_rqlen queues;
		memcpy(&queues, payload, sizeof(queues));
		unix_socket->socket->queues_unknown = false;
		unix_socket->socket->recv_q = queues.udiag_rqueue;
		unix_socket->socket->send_q = queues.udiag_wqueue;
	} else if (type == UNIX_DIAG_SHUTDOWN && size >= 1) {
		unix_socket->socket->peer_gone = unix_socket->socket->type != SOCK_DGRAM &&
						 (mnl_attr_get_u8(attribute) & READING_SHUT);
	}
	return MNL_CB_OK;
}

static int unix_take(const struct nlmsghdr *header, void *data)
{
	struct dump *dump = data;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->interrupted = true;
	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(header) < sizeof(struct unix_diag_msg))
		return MNL_CB_OK;
	const struct unix_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct kernel_socket *socket = kernel_socket_add(dump->arena, dump->census);
	socket->family = AF_UNIX;
	socket->cookie = cookie_of(message->udiag_cookie);
	socket->inode = message->udiag_ino;
	socket->type = message->udiag_type;
	socket->listening_queue = message->udiag_state == STATE_LISTEN;
	socket->queues_unknown = true;
	mnl_attr_parse(header, sizeof(*message), unix_attribute_take,
		       &(struct unix_socket){ dump->arena, socket });
	return MNL_CB_OK;
}

static const struct query {
	uint8_t family;
	uint32_t protocol;
	bool needed; /* without it there is no census */
	mnl_cb_t take;
} queries[] = {
	{ AF_INET, IPPROTO_TCP, true, message_take },
	/* A kernel without IPv6 has none to tell of. */
	{ AF_INET6, IPPROTO_TCP, true, message_take },
	/* Modules that may not be there. */
	{ AF_INET, IPPROTO_UDP, false, message_take },
	{ AF_INET6, IPPROTO_UDP, false, message_take },
	/* Those that it accepted have their listener's cookie. */
	{ AF_INET, IPPROTO_MPTCP, false, message_take },
	{ AF_INET6, IPPROTO_MPTCP, false, message_take },
	{ AF_UNIX, 0, false, unix_take },
};

static void request_write(struct nlmsghdr *header, const struct query *query, bool ages)
{
	if (query->family == AF_UNIX) {
		struct unix_diag_req *request =
			mnl_nlmsg_put_extra_header(header, sizeof(*request));
		request->sdiag_family = AF_UNIX;
		request->udiag_states = ~0u;
		request->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN;
		return;
	}
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = query->family;
	/* What doesn't fit goes into an attribute. */
	request->sdiag_protocol =
		query->protocol > UINT8_MAX ? IPPROTO_RAW : (uint8_t)query->protocol;
	request->idiag_ext = ages ? 1u << (INET_DIAG_INFO - 1) : 0;
	request->idiag_states = STATES_ALL;
	if (query->protocol > UINT8_MAX)
		mnl_attr_put_u32(header, INET_DIAG_REQ_PROTOCOL, query->protocol);
}

static int query_dump(struct mnl_socket *netlink, unsigned char *buffer, size_t size,
		      const struct query *query, unsigned sequence, struct dump *dump)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	unsigned port = mnl_socket_get_portid(netlink);
	ssize_t n;
	int more = MNL_CB_OK;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = sequence;
	request_write(header, query, !dump->take);
	dump->stateless = query->protocol != IPPROTO_TCP;
	dump->protocol = query->protocol;
	dump->nameless = query->protocol == IPPROTO_MPTCP;
	if (mnl_socket_sendto(netlink, header, header->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(netlink, buffer, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPROTO;
		more = mnl_cb_run(buffer, (size_t)n, sequence, port, query->take, dump);
	}
	return more == MNL_CB_ERROR ? -errno : 0;
}

bool kernel_is_link_local(const struct kernel_socket *socket)
{
	const uint8_t *local = socket->local, *peer = socket->peer;

	return socket->family == AF_INET6 && ((local[0] == 0xfe && (local[1] & 0xc0) == 0x80) ||
					      (peer[0] == 0xfe && (peer[1] & 0xc0) == 0x80));
}

/* Only here, in the namespace, do the numbers of its interfaces have names. */
static void interfaces_name(struct arena *arena, struct kernel_census *census)
{
	char name[IF_NAMESIZE];
	uint32_t scope = 0;
	const char *known = NULL;

	for (size_t i = 0; i < census->count; i++) {
		struct kernel_socket *socket = &census->sockets[i];
		if (!socket->scope || !kernel_is_link_local(socket))
			continue;
		if (socket->scope != scope) {
			scope = socket->scope;
			known = if_indextoname(scope, name) ? arena_copy(arena, name) : NULL;
		}
		socket->interface = known;
	}
}

/* Asking for what is not there makes the kernel look for a module each time. */
static bool is_wanted(const struct query *query, const struct kernel_census *census)
{
	for (size_t i = 0; query->protocol == IPPROTO_MPTCP && i < census->count; i++)
		if (census->sockets[i].subflow)
			return true;
	return query->protocol != IPPROTO_MPTCP;
}

int kernel_diag_dump(struct arena *arena, struct kernel_census *census)
{
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
	    error = netlink < 0 ? -errno : kernel_diag_dump_on(arena, census, netlink);

	interfaces_name(arena, census);
	return error;
}

int kernel_diag_dump_on(struct arena *arena, struct kernel_census *census, int fd)
{
	const size_t size = 64u << 10;
	struct mnl_socket *netlink = mnl_socket_fdopen(fd);
	unsigned sequence = 1;
	int error = 0;

	if (!netlink) {
		error = -errno;
		close(fd);
		return error;
	}
	unsigned char *buffer = arena_alloc(arena, size);
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		error = -errno;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries) && !error; i++) {
		if (!is_wanted(&queries[i], census))
			continue;
		for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
			struct dump dump = { .arena = arena, .census = census };
			size_t before = census->count;
			error = query_dump(netlink, buffer, size, &queries[i], sequence++, &dump);
			/* libmnl reports an interrupted dump as EINTR. */
			if (error != -EINTR && !dump.interrupted)
				break;
			if (attempt + 1 < DUMP_ATTEMPTS)
				census->count = before;
			else
				error = 0;
		}
		census->unix_known |= queries[i].family == AF_UNIX && !error;
		if (!queries[i].needed || (error == -ENOENT && queries[i].family == AF_INET6))
			error = 0;
	}
	mnl_socket_close(netlink);
	return error;
}

int kernel_diag_stream(struct arena *arena, kernel_take *take, size_t *kept, void *data)
{
	const size_t size = 64u << 10;
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	unsigned sequence = 1;
	int error = 0;

	if (!netlink)
		return -errno;
	unsigned char *buffer = arena_alloc(arena, size);
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		error = -errno;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries) && !error; i++) {
		if (queries[i].protocol != IPPROTO_TCP)
			continue;
		for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
			struct dump dump = { .take = take, .data = data };
			size_t before = *kept;
			error = query_dump(netlink, buffer, size, &queries[i], sequence++, &dump);
			if (error != -EINTR && !dump.interrupted)
				break;
			if (attempt + 1 < DUMP_ATTEMPTS)
				*kept = before;
			else
				error = 0;
		}
		if (error == -ENOENT && queries[i].family == AF_INET6)
			error = 0;
	}
	mnl_socket_close(netlink);
	return error;
}
