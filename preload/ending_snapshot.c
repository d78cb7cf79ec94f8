/* SPDX-License-Identifier: MIT */
#include "ending.h"
#include "fdtable.h"
#include "sys.h"
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

static void kernel_ask(int fd, struct ledger_snapshot *snapshot, const struct ledger_slot *slot)
{
	uint64_t cookie = 0;
	unsigned size = sizeof cookie;
	int failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);

	snapshot->gone = failed == -EBADF || failed == -ENOTSOCK ||
			 (failed == 0 && slot->cookie && cookie != slot->cookie);
	if (failed || snapshot->gone)
		return;
	snapshot->valid = 1;
	if (slot->type != SOCK_STREAM || (slot->family != AF_INET && slot->family != AF_INET6))
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

/* glibc's: 0 once a thread was made. Absent in musl. */
extern char __libc_single_threaded __attribute__((weak));

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

void ending_snapshot(void)
{
	struct ledger_header *header = ledger->header;
	uint32_t used = 0;
	uint64_t open = 0;

	for (uint32_t fd = 0; fd <= header->max_fd; fd++) {
		/* A hole was never used; touching it would fill it. */
		struct ledger_slot *slot = fdtable_watch[fd] == WATCH_SOCKET
						   ? ledger->slots + fd
						   : fdtable_record((int)fd);

		if (!slot || !ending_slot_is_open(slot))
			continue;
		if (!ledger_file_reserve(SECTION_SNAPSHOTS, used, 1))
			return;
		struct ledger_snapshot *snapshot = &ledger->snapshots[used];
		memset(snapshot, 0, sizeof *snapshot);
		snapshot->fd = (int32_t)fd;
		snapshot->life = slot->life;
		kernel_ask((int)fd, snapshot, slot);
		if (snapshot->gone) {
			fdtable_finish((int)fd, slot->life, LIFE_PHASE(slot->life) == PHASE_OPEN);
			fdtable_watch[fd] = WATCH_NOT;
			continue;
		}
		header->sections[SECTION_SNAPSHOTS].used = ++used;
		open += !(slot->flags & SOCKET_FOREIGN) && group_is_new(slot);
	}
	header->snapshots_taken = 1;
	/* A handler that jumped out of a close() may have left it uncounted: the slots know better
	 * than the sum, unless other threads still open and close. */
	if (&__libc_single_threaded && __libc_single_threaded)
		header->totals.closed = header->totals.opened - open;
}
