/* SPDX-License-Identifier: MIT */
/* What reads and writes tell beside data: the peer's EOF and errors that end a connection. */
#include "misuse.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <errno.h>

bool track_confirm(int fd, struct ledger_slot *slot, uint32_t life)
{
	if (life && slot->life != life)
		return false;
	if (!slot->cookie || process_is_filtered())
		return true;
	uint64_t cookie = 0;
	unsigned size = sizeof cookie;
	uint32_t now = slot->life;
	int failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
	if (failed == 0 && cookie == slot->cookie)
		return true;
	/* It went behind our back, unless a close() of another thread explains it. */
	if (slot->life == now && LIFE_PHASE(now) == PHASE_OPEN &&
	    (failed == 0 || failed == -EBADF)) {
		fdtable_watch[fd] = WATCH_NOT;
		fdtable_finish(fd, now, failed ? DRIFT_CLOSED : DRIFT_OTHER_SOCKET);
	}
	return false;
}

void track_stale(int fd, int error, enum call call, void *frame)
{
	if (fdtable_watches(fd) && fdtable_watch[fd] == WATCH_CLOSED)
		misuse_used(fd, error, call, frame);
}

void track_told(int fd, uint32_t events, enum call call, void *frame)
{
	const uint32_t shut = SOCKET_SHUT_READ | SOCKET_SHUT_WRITE,
		       connection = SOCKET_CONNECTED | SOCKET_CONNECTING;
	struct ledger_slot *slot = track_slot(fd, call);

	if (!slot || slot->told_at || slot->type != SOCK_STREAM ||
	    (slot->flags & SOCKET_LISTENING) || !(slot->flags & connection) ||
	    (slot->flags & shut) == shut)
		return; /* a hang-up that is our own doing, or no connection's */
	slot->told_call = (uint8_t)call;
	slot->told_events = events;
	slot->told_stack = stacks_capture(frame);
	__atomic_store_n(&slot->told_at, cycles_now(), __ATOMIC_RELEASE);
}

static bool error_is_final(int error)
{
	switch (error) {
	case ECONNRESET:
	case ETIMEDOUT:
	case EPIPE:
	case ECONNABORTED:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case ENETRESET:
	case ECONNREFUSED:
		return true;
	}
	return false;
}

void track_error(int fd, struct ledger_slot *slot, uint32_t life, int error, enum call call,
		 void *frame)
{
	if (slot->type != SOCK_STREAM || !error_is_final(error) || slot->error_claim)
		return;
	if (error == EPIPE && (slot->flags & SOCKET_SHUT_WRITE))
		return; /* our own doing */
	/* Connected is what has carried data, too: not everyone asks for SO_ERROR after
	 * EINPROGRESS. */
	bool connected = (slot->flags & SOCKET_CONNECTED) || slot->received || slot->sent;
	if (!connected && !(slot->flags & SOCKET_CONNECTING))
		return;
	if (!track_confirm(fd, slot, life))
		return;
	/* With TCP_FASTOPEN_CONNECT, connect() says 0 and the first send learns better. */
	if (!connected ||
	    (error == ECONNREFUSED && !slot->received && (slot->flags & SOCKET_CONNECTOR))) {
		track_connect_failed(slot, error, call, frame);
		return;
	}
	if (__atomic_exchange_n(&slot->error_claim, 1, __ATOMIC_ACQ_REL))
		return;
	slot->error_call = (uint8_t)call;
	slot->error_errno = (int16_t)error;
	slot->error_stack = stacks_capture(frame);
	__atomic_store_n(&slot->error_at, cycles_now(), __ATOMIC_RELEASE);
}

static void eof(int fd, struct ledger_slot *slot, uint32_t life, enum call call, void *frame)
{
	if (slot->type != SOCK_STREAM || (slot->flags & SOCKET_SHUT_READ) || slot->error_at)
		return;
	if (!(slot->flags & (SOCKET_CONNECTED | SOCKET_CONNECTING)))
		return;
	if (slot->eof_claim) {
		slot->eof_reads++;
		return;
	}
	if (!track_confirm(fd, slot, life) ||
	    __atomic_exchange_n(&slot->eof_claim, 1, __ATOMIC_ACQ_REL))
		return;
	if (slot->flags & SOCKET_CONNECTING)
		track_flags(slot, SOCKET_CONNECTED, SOCKET_CONNECTING);
	slot->eof_reads = 1;
	slot->eof_call = (uint8_t)call;
	slot->eof_stack = stacks_capture(frame);
	__atomic_store_n(&slot->eof_at, cycles_now(), __ATOMIC_RELEASE);
}

void track_read_rest(int fd, uint32_t life, ssize_t n, size_t size, int flags, enum call call,
		     void *frame)
{
	int error = errno;

	struct ledger_slot *slot = track_slot(fd, call);
	if (!slot && !life)
		track_stale(fd, n < 0 ? error : 0, call, frame);
	else if (slot && n < 0)
		track_error(fd, slot, life, error, call, frame);
	else if (slot && !(flags & (MSG_PEEK | MSG_ERRQUEUE))) {
		if (n > 0)
			track_data_in(slot, (size_t)n, call);
		else if (size)
			eof(fd, slot, life, call, frame);
	}
	errno = error;
}

void track_write_rest(int fd, uint32_t life, ssize_t n, int flags, enum call call, void *frame)
{
	int error = errno;

	struct ledger_slot *slot = track_slot(fd, call);
	if (!slot) {
		if (!life)
			track_stale(fd, n < 0 ? error : 0, call, frame);
		goto out;
	}
	if ((flags & MSG_FASTOPEN) && !(slot->flags & SOCKET_CONNECTED) &&
	    slot->type == SOCK_STREAM) {
		/* TCP Fast Open: this send was the connect(). */
		track_flags(slot, SOCKET_CONNECTOR, 0);
		if (n < 0 && error != EINPROGRESS) {
			if (error_is_final(error))
				track_connect_failed(slot, error, call, frame);
			goto out;
		}
		slot->connect_call = (uint8_t)call;
		slot->connect_errno = 0;
		slot->connect_stack = stacks_capture(frame);
		slot->connect_at = cycles_now();
		track_flags(slot, SOCKET_CONNECTING, SOCKET_CONNECT_FAILED);
	}
	if (n > 0)
		track_data_out(slot, (size_t)n, call);
	else if (n < 0)
		track_error(fd, slot, life, error, call, frame);
out:
	errno = error;
}
