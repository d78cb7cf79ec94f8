/* SPDX-License-Identifier: MIT */
/* What reads and writes tell beside data: the peer's EOF and errors that end a connection. */
#include "misuse.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <poll.h>
#include <sockaudit/verdict.h>
#include <sys/stat.h>
#include <time.h>

static bool is_open(const struct ledger_slot *slot, uint32_t life)
{
	return LIFE_PHASE(life) == PHASE_OPEN &&
	       __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) == life;
}

bool track_confirm(int fd, struct ledger_slot *slot, uint32_t life)
{
	uint32_t now = life ? life : __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);

	if (!is_open(slot, now))
		return false;
	uint64_t known = slot->cookie, cookie = 0;
	unsigned size = sizeof cookie;
	int failed = 0;
	if (known && !process_is_filtered())
		failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
	else
		cookie = known;
	if (__atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) != now)
		return false;
	if (failed == 0 && cookie == known)
		return true;
	/* It went behind our back, unless a close() of another thread explains it. */
	if (failed == 0 || failed == -EBADF)
		fdtable_lose(fd, now, failed ? DRIFT_CLOSED : DRIFT_OTHER_SOCKET);
	return false;
}

void track_identify(int fd, struct ledger_slot *slot)
{
	uint32_t life = __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);
	struct stat status;

	if (!slot->inode && !process_is_filtered() &&
	    sys_call(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 &&
	    __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) == life)
		slot->inode = (uint32_t)status.st_ino;
}

/*
 * The last EOF, of which nobody has asked yet whether the number still was that socket: its
 * close(), which nearly always follows at once, makes both questions needless. Number << 32 | life;
 * 0: none.
 */
static uint64_t put_off;

/* Only of a socket that a later question could tell from another one: by its cookie, in the one
 * table of descriptors that all threads have. */
static bool may_be_put_off(const struct ledger_slot *slot)
{
	return slot->cookie && !process_is_filtered() && !process_many_tables && process_is_ours();
}

void track_ask(int fd, struct ledger_slot *slot)
{
	uint32_t life = __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);
	uint8_t unasked = EOF_UNASKED;

	if (slot->eof_claim != EOF_UNASKED || !may_be_put_off(slot) ||
	    !track_confirm(fd, slot, life))
		return;
	track_identify(fd, slot);
	__atomic_compare_exchange_n(&slot->eof_claim, &unasked, EOF_CLAIMED, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static void ask_now(uint64_t eof)
{
	int fd = (int)(eof >> 32);
	struct ledger_slot *slot = eof ? fdtable_slot(fd) : NULL;

	if (slot && __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) == (uint32_t)eof)
		track_ask(fd, slot);
}

void track_ask_put_off(void)
{
	if (__atomic_load_n(&put_off, __ATOMIC_RELAXED))
		ask_now(__atomic_exchange_n(&put_off, 0, __ATOMIC_ACQ_REL));
}

struct ledger_slot *track_used(struct use use)
{
	return use.slot && __atomic_load_n(&use.slot->life, __ATOMIC_ACQUIRE) == use.life ? use.slot
											  : NULL;
}

struct use track_use_seldom(int fd, enum call call)
{
	uint8_t watch = __atomic_load_n(&fdtable_watch[fd], __ATOMIC_ACQUIRE);
	struct ledger_slot *slot = NULL;
	int error = errno;

	if (watch == WATCH_CLOSED)
		return (struct use){ NULL, USE_STALE };
	if (watch)
		slot = track_slot(fd, call);
	errno = error;
	if (!slot)
		return (struct use){ NULL, USE_NOTHING };
	/* Whatever was closed beside it, this one is at work. */
	if ((slot->flags & (SOCKET_TOUCHED | SOCKET_COPY_WORKED)) != SOCKET_TOUCHED)
		track_flags(slot, SOCKET_TOUCHED, SOCKET_COPY_WORKED);
	return (struct use){ slot, slot->life };
}

/* Of two threads that learn the same, one tells. */
static bool claim(const struct ledger_slot *slot, uint8_t *claimed, uint8_t as, uint64_t at)
{
	return !__atomic_exchange_n(claimed, as, __ATOMIC_ACQ_REL) ||
	       (at && verdict_is_of_before(slot, at));
}

void track_stale(int fd, int error, enum call call, void *frame)
{
	if (fdtable_watches(fd) && fdtable_watch[fd] == WATCH_CLOSED)
		misuse_used(fd, error, call, frame);
}

/* Whether an evidence is this life's. A thread that was held up may have told the one before. */
static bool is_told(const struct ledger_slot *slot, uint8_t claim, uint64_t at)
{
	return claim && !(at && verdict_is_of_before(slot, at));
}

/* What poll() said may have been said of the number's former socket, and what epoll_wait() says is
 * of an open file description, which another process may hold: asked once more. */
static bool hangs_up(int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLRDHUP };
	struct timespec none = { 0, 0 };

	return !process_is_filtered() &&
	       sys_call6(SYS_ppoll, (long)&now, 1, (long)&none, 0, 8, 0) == 1 &&
	       (now.revents & (POLLHUP | POLLRDHUP | POLLERR)) && !(now.revents & POLLNVAL);
}

void track_told(int fd, uint32_t events, enum call call, void *frame)
{
	const uint32_t shut = SOCKET_SHUT_READ | SOCKET_SHUT_WRITE,
		       connection = SOCKET_CONNECTED | SOCKET_CONNECTING;
	struct ledger_slot *slot = track_slot(fd, call);

	if (!slot || is_told(slot, slot->told_at != 0, slot->told_at) ||
	    slot->type != SOCK_STREAM || (slot->flags & SOCKET_LISTENING) ||
	    !(slot->flags & connection) || (slot->flags & shut) == shut)
		return; /* a hang-up that is our own doing, or no connection's */
	uint64_t at = cycles_now();
	uint32_t life = __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);
	if (!hangs_up(fd) || __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE) != life)
		return;
	slot->told_call = (uint8_t)call;
	slot->told_events = (uint16_t)events;
	slot->told_stack = stacks_capture(frame);
	__atomic_store_n(&slot->told_at, at, __ATOMIC_RELEASE);
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

void track_error(int fd, struct ledger_slot *slot, struct news news, int error, void *frame)
{
	if (slot->type != SOCK_STREAM || !error_is_final(error) ||
	    is_told(slot, slot->error_claim, slot->error_at))
		return;
	if (error == EPIPE && (slot->flags & SOCKET_SHUT_WRITE))
		return; /* our own doing */
	/* Connected is what has carried data, too: not everyone asks for SO_ERROR after
	 * EINPROGRESS. */
	bool connected = (slot->flags & SOCKET_CONNECTED) || slot->received || slot->sent;
	if (!connected && !(slot->flags & SOCKET_CONNECTING))
		return;
	if (!track_confirm(fd, slot, news.life))
		return;
	/* With TCP_FASTOPEN_CONNECT, connect() says 0 and the first send learns better. */
	if (!connected ||
	    (error == ECONNREFUSED && !slot->received && (slot->flags & SOCKET_CONNECTOR))) {
		track_connect_failed(slot, error, news.call, frame);
		return;
	}
	if (!claim(slot, &slot->error_claim, 1, slot->error_at))
		return;
	slot->error_call = (uint8_t)news.call;
	slot->error_errno = (int16_t)error;
	slot->error_stack = stacks_capture(frame);
	track_identify(fd, slot);
	__atomic_store_n(&slot->error_at, news.at, __ATOMIC_RELEASE);
}

static void eof(int fd, struct ledger_slot *slot, struct news news, void *frame)
{
	if (slot->type != SOCK_STREAM || (slot->flags & SOCKET_SHUT_READ) ||
	    is_told(slot, slot->error_claim, slot->error_at))
		return;
	if (!(slot->flags & (SOCKET_CONNECTED | SOCKET_CONNECTING)))
		return;
	if (is_told(slot, slot->eof_claim, slot->eof_at)) {
		slot->eof_reads = verdict_count(slot->eof_reads, 1);
		track_ask(fd, slot);
		return;
	}
	bool later = may_be_put_off(slot);
	if (!(later ? is_open(slot, news.life) : track_confirm(fd, slot, news.life)) ||
	    !claim(slot, &slot->eof_claim, later ? EOF_UNASKED : EOF_CLAIMED, slot->eof_at))
		return;
	if (slot->flags & SOCKET_CONNECTING)
		track_flags(slot, SOCKET_CONNECTED, SOCKET_CONNECTING);
	slot->eof_reads = 1;
	slot->eof_call = (uint8_t)news.call;
	slot->eof_stack = stacks_capture(frame);
	if (!later)
		track_identify(fd, slot);
	__atomic_store_n(&slot->eof_at, news.at, __ATOMIC_RELEASE);
	if (later)
		ask_now(__atomic_exchange_n(&put_off, (uint64_t)(uint32_t)fd << 32 | news.life,
					    __ATOMIC_ACQ_REL));
}

void track_read_rest(int fd, uint32_t life, ssize_t n, size_t size, int flags, enum call call,
		     void *frame)
{
	int error = errno;
	struct news news = { cycles_now(), life, call };

	if (life == USE_STALE)
		track_stale(fd, n < 0 ? error : 0, call, frame);
	struct ledger_slot *slot = life > USE_STALE ? fdtable_slot(fd) : NULL;
	if (slot && n < 0)
		track_error(fd, slot, news, error, frame);
	else if (slot && !(flags & (MSG_PEEK | MSG_ERRQUEUE))) {
		if (n > 0)
			track_data_in(slot, n, call);
		else if (size)
			eof(fd, slot, news, frame);
	}
	errno = error;
}

void track_write_rest(int fd, uint32_t life, ssize_t n, int flags, enum call call, void *frame)
{
	int error = errno;
	struct news news = { cycles_now(), life, call };

	if (life == USE_STALE)
		track_stale(fd, n < 0 ? error : 0, call, frame);
	struct ledger_slot *slot = life > USE_STALE ? fdtable_slot(fd) : NULL;
	if (!slot)
		goto out;
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
		track_data_out(slot, n, call);
	else if (n < 0)
		track_error(fd, slot, news, error, frame);
out:
	errno = error;
}
