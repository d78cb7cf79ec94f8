/* SPDX-License-Identifier: MIT */
#include "ending.h"
#include "fdtable.h"
#include "parent.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static bool peer_has_ended(uint8_t tcp_state)
{
	return tcp_state == TCP_CLOSE_WAIT || tcp_state == TCP_LAST_ACK || tcp_state == TCP_CLOSING;
}

void ending_ask(int fd, struct ledger_snapshot *snapshot, uint64_t known)
{
	unsigned size = sizeof snapshot->cookie;
	int failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &snapshot->cookie, &size);

	snapshot->gone = failed == -EBADF || failed == -ENOTSOCK ||
			 (failed == 0 && known && snapshot->cookie != known);
	if (failed || snapshot->gone)
		return;
	snapshot->valid = !snapshot->before;
	if (snapshot->before || snapshot->type != SOCK_STREAM ||
	    (snapshot->family != AF_INET && snapshot->family != AF_INET6))
		return;
	/* An MPTCP socket answers for one of its paths, which may end while the connection lives.
	 */
	int protocol = 0;
	size = sizeof protocol;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
	    protocol != IPPROTO_TCP)
		return;
	struct tcp_info info = { 0 };
	size = sizeof info;
	if (sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return;
	snapshot->tcp_state = info.tcpi_state;
	snapshot->last_data_recv_ms = info.tcpi_last_data_recv;
	snapshot->last_ack_recv_ms = info.tcpi_last_ack_recv;
	snapshot->last_data_sent_ms = info.tcpi_last_data_sent;
	int value = 0;
	if (sys_ioctl(fd, SIOCINQ, &value) == 0)
		/* inet_diag counts a FIN that waits behind data as one byte; SIOCINQ takes it off
		 * again. */
		snapshot->recv_q = (uint32_t)value + (value > 0 && peer_has_ended(info.tcpi_state));
	if (sys_ioctl(fd, SIOCOUTQ, &value) == 0)
		snapshot->send_q = (uint32_t)value;
	size = sizeof value;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0)
		snapshot->keepalive = value != 0;
}

bool ending_slot_is_open(const struct ledger_slot *slot)
{
	enum ledger_phase phase = LIFE_PHASE(slot->life);

	return phase == PHASE_OPEN || phase == PHASE_CLOSING;
}

/* A bit for each group's home; touched only where there are copies. */
static uint8_t groups_seen[LEDGER_SLOTS_MAX / 8];

static bool group_is_new(const struct ledger_slot *slot)
{
	if (!slot->group)
		return true;
	uint8_t *byte = &groups_seen[(slot->group - 1) / 8], bit = 1u << ((slot->group - 1) % 8);
	bool is_new = !(*byte & bit);
	*byte |= bit;
	return is_new;
}

static struct ledger_snapshot *snapshot_next(int fd, uint32_t *used)
{
	if (!ledger_file_reserve(SECTION_SNAPSHOTS, *used, 1))
		return NULL;
	struct ledger_snapshot *snapshot = &ledger->snapshots[*used];
	memset(snapshot, 0, sizeof *snapshot);
	snapshot->fd = fd;
	return snapshot;
}

/* Numbers beyond those that we know of, and how many may be asked for in all: 0.1 us each. */
#define BEYOND	  64u
#define ASKED_FOR 16384u

/* Snapshots of the sockets below `end` that no hook made. */
static void strangers_find(uint32_t end, bool before, uint32_t *used)
{
	struct ledger_header *header = ledger->header;
	uint32_t known = *used;

	for (uint32_t fd = 0, asked = 0; fd < end && asked < ASKED_FOR; fd++) {
		/* What a forked child has of its parent, the parent's ledger tells. */
		bool handed = before && fdtable_watch[fd] == WATCH_INHERITED && !parent_is_known();
		if (fdtable_is_socket((int)fd) && !handed)
			continue;
		asked++;
		int type = track_option((int)fd, SO_TYPE);
		struct ledger_snapshot *snapshot = type < 0 ? NULL : snapshot_next((int)fd, used);
		if (!snapshot)
			continue;
		snapshot->type = (uint8_t)type;
		snapshot->family = (uint16_t)track_option((int)fd, SO_DOMAIN);
		snapshot->before = before; /* then only who it is matters */
		ending_ask((int)fd, snapshot, 0);
		for (uint32_t i = 0; i < known && !before; i++)
			snapshot->before |= !ledger->snapshots[i].valid &&
					    ledger->snapshots[i].before &&
					    ledger->snapshots[i].cookie == snapshot->cookie;
		header->sections[SECTION_SNAPSHOTS].used = ++*used;
	}
}

static uint32_t there_before; /* snapshots of sockets that were there before the ledger */

void ending_begin(void)
{
	there_before = 0;
	strangers_find(BEYOND, true, &there_before);
}

void ending_known(uint64_t cookie)
{
	for (uint32_t i = 0; cookie && ledger->snapshots && i < there_before; i++)
		if (ledger->snapshots[i].cookie == cookie)
			ledger->snapshots[i].before = 0;
}

/* Without those that turned out to be known. */
static uint32_t strangers_keep(void)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < there_before; i++)
		if (ledger->snapshots[i].before)
			ledger->snapshots[kept++] = ledger->snapshots[i];
	there_before = kept;
	return kept;
}

void ending_snapshot(void)
{
	struct ledger_header *header = ledger->header;
	uint32_t used = strangers_keep();
	uint64_t open = 0;

	header->sections[SECTION_SNAPSHOTS].used = used;
	for (uint32_t fd = 0; fd <= header->max_fd; fd++) {
		/* A hole was never used; touching it would fill it. */
		struct ledger_slot *slot = fdtable_watch[fd] & WATCH_SOCKET
						   ? ledger->slots + fd
						   : fdtable_record((int)fd);

		if (!slot || !ending_slot_is_open(slot))
			continue;
		struct ledger_snapshot *snapshot = snapshot_next((int)fd, &used);
		if (!snapshot)
			return;
		snapshot->life = slot->life;
		snapshot->type = slot->type;
		snapshot->family = slot->family;
		ending_ask((int)fd, snapshot, slot->cookie);
		if (snapshot->gone) {
			fdtable_finish((int)fd, slot->life,
				       LIFE_PHASE(slot->life) == PHASE_OPEN ? DRIFT_AT_EXIT
									    : DRIFT_NOT);
			fdtable_watch[fd] = WATCH_NOT;
			continue;
		}
		header->sections[SECTION_SNAPSHOTS].used = ++used;
		open += !(slot->flags & SOCKET_FOREIGN) && group_is_new(slot);
	}
	strangers_find(header->max_fd + BEYOND, false, &used);
	header->snapshots_taken = 1;
	/* A handler that jumped out of a close() may have left it uncounted: the slots know better
	 * than the sum, unless other threads still open and close. */
	if (process_is_single())
		header->totals.closed = header->totals.opened - open;
}
