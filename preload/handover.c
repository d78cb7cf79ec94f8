/* SPDX-License-Identifier: MIT */
#include "handover.h"
#include "ledger_folder.h"
#include "process.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include "track.h"
#include <sockaudit/cycles.h>
#include <sockaudit/verdict.h>
#include <string.h>

static uint64_t began_ns; /* CLOCK_MONOTONIC at load, when there was something to find */

/* The sockets that this process had open before it was replaced by this program, and still has. */
static void predecessor_read(int fd)
{
	static struct ledger_header header;
	struct ledger_slot slot;

	if (sys_pread(fd, &header, sizeof header, 0) != sizeof header ||
	    memcmp(header.magic, LEDGER_MAGIC, sizeof header.magic) != 0 ||
	    header.state != LEDGER_EXEC)
		return;
	const struct ledger_section *slots = &header.sections[SECTION_SLOTS];
	if (slots->record_size < sizeof slot)
		return;
	for (uint64_t i = 0; i <= header.max_fd && i < slots->capacity; i++) {
		uint64_t cookie = 0;
		unsigned size = sizeof cookie;

		if (sys_pread(fd, &slot, sizeof slot, slots->offset + i * slots->record_size) !=
		    sizeof slot)
			return;
		if ((LIFE_PHASE(slot.life) == PHASE_OPEN ||
		     LIFE_PHASE(slot.life) == PHASE_CLOSING) &&
		    !fdtable_is_socket((int)i) &&
		    sys_getsockopt((int)i, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 &&
		    cookie == slot.cookie && process_ready())
			track_adopt((int)i, ORIGIN_ADOPTED, slot.flags, CALL_none, 0);
	}
}

static void predecessor_find(void)
{
	struct identity self;
	char path[PATH_MAX];

	identity_read(&self);
	if (!self.start_ticks)
		return;
	for (unsigned place = 0; ledger_folder_path(place, &self, 0, path); place++) {
		uint32_t next = 0;

		while (sys_call(SYS_faccessat, AT_FDCWD, path, 0, 0) == 0)
			ledger_folder_path(place, &self, ++next, path);
		if (!next)
			continue;
		ledger_folder_path(place, &self, next - 1, path);
		int fd = sys_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0)
			return;
		predecessor_read(fd);
		sys_close(fd);
		return;
	}
}

/*
 * Whether a filter that came by exec() binds us: then the making of a ledger may be what it kills
 * for. Reading a file is what the dynamic linker did, too.
 */
static bool filter_is_inherited(void)
{
	char status[4096];
	int fd = sys_open("/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
	long size = fd < 0 ? -1 : sys_read(fd, status, sizeof status - 1);

	if (fd >= 0)
		sys_close(fd);
	if (size <= 0)
		return true;
	status[size] = 0;
	const char *field = strstr(status, "\nSeccomp:\t");
	return !field || field[10] != '0';
}

/* Of what the kernel knows by itself: fstat() would wait for a file's server, which may be away. */
static bool is_socket(int fd, bool may_ask)
{
	char link[48] = "/proc/self/fd/", what[8];
	int type;
	unsigned size = sizeof type;

	if (may_ask)
		return sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
	text_add_number(link, sizeof link, (uint64_t)fd);
	return sys_readlink(link, what, sizeof what) >= 7 && memcmp(what, "socket:", 7) == 0;
}

/*
 * The numbers are dense from 3 on in nearly every program; so many closed ones in a row are the
 * end. Of very many only the first are looked at; the ledgers of those who opened the others know
 * them still. A socket is open for both ways, which few inherited files are: only such are asked
 * what they are, and only when there is one whether we may ask (/proc is dear in a new process).
 */
#define FIRST 3
#define LAST  66
#define GAP   8

static void found_open(void)
{
	enum { UNKNOWN, YES, NO } may_ask = UNKNOWN;

	for (int fd = FIRST, closed = 0; closed < GAP && fd <= LAST; fd++) {
		long flags = sys_call(SYS_fcntl, fd, F_GETFL, 0, 0);

		closed = flags < 0 ? closed + 1 : 0;
		if (flags < 0 || (flags & O_ACCMODE) != O_RDWR || fdtable_is_socket(fd))
			continue;
		if (may_ask == UNKNOWN)
			may_ask = filter_is_inherited() ? NO : YES;
		if (is_socket(fd, may_ask == YES))
			fdtable_found(fd);
	}
}

void handover_begin(void)
{
	predecessor_find();
	found_open();
	if (fdtable_end())
		began_ns = clock_pair_now().monotonic_ns;
}

static bool lived_long(void)
{
	uint64_t least = settings.grace_given ? settings.grace_ms : VERDICT_EXIT_GRACE_MS;

	if (!parent_is_known())
		return (clock_pair_now().monotonic_ns - began_ns) / 1000000 >= least;
	return !parent_forked_within(least) && parent_forked_ms_ago() >= least;
}

/* 5 us each. */
#define WRITTEN_MOST 1024

void handover_end(void)
{
	unsigned end = fdtable_end();
	bool forked = parent_is_known();

	if ((!forked && !began_ns) || !lived_long() || (forked && !parent_has_closed()))
		return;
	if (!forked && !ledger->slots && filter_is_inherited())
		return;
	for (unsigned fd = 3, written = 0; fd < end && written < WRITTEN_MOST; fd++)
		if (fdtable_is_socket((int)fd) && !fdtable_slot((int)fd) &&
		    (!forked || parent_let_go((int)fd)))
			written += track_slot((int)fd, CALL_none) != NULL;
}
