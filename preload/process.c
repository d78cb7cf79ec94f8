/* SPDX-License-Identifier: MIT */
#include "process.h"
#include "complain.h"
#include "ending.h"
#include "hooks_sharing.h"
#include "ledger_create.h"
#include "ledger_folder.h"
#include "real.h"
#include "settings.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <sched.h>
#include <sockaudit/cycles.h>
#include <stdlib.h>
#include <string.h>

bool process_many_net_ns;

static bool started, filtered;
static bool child_filtered; /* in a vfork child, until its exec or end */

/* Absent in musl: the summary is then told by _exit() alone. */
extern int on_exit(void (*handler)(int status, void *with), void *with) __attribute__((weak));

/* What at_quick_exit() calls. */
extern int __cxa_at_quick_exit(void (*handler)(void *with), void *with) __attribute__((weak));
int process_quick_status;

bool process_is_filtered(void)
{
	return filtered;
}

static void ledger_is_new(void)
{
	/* What the table holds now is the parent's, if we have one. */
	fdtable_inherit();
	ending_begin();
}

static void start(void)
{
	char exe[PATH_MAX];
	long length = sys_readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[length > 0 ? length : 0] = 0;
	complain_start();
	const char *slash = strrchr(exe, '/');
	settings_read(getenv("SOCKAUDIT_OPTIONS"), slash ? slash + 1 : exe);
	ledger_file_on_new = ledger_is_new;
	if (settings.enabled && !ledger_file_start())
		complain("nothing is recorded: this kernel is older than Linux 4.14", NULL);
	__atomic_store_n(&started, true, __ATOMIC_RELEASE);
}

/* Nothing is recorded from here on; what stands in the ledger is no longer the present. */
static void recording_stop(void)
{
	settings.enabled = false;
	memset(fdtable_watch, WATCH_NOT, fdtable_end());
	if (ledger->header)
		ledger->header->filtered = LEDGER_FILTERED_STOPPED;
	__atomic_store_n(&ledger->slots, NULL, __ATOMIC_RELEASE);
}

bool process_is_ours(void)
{
	if (!__atomic_load_n(&started, __ATOMIC_ACQUIRE)) {
		start();
		if (!started)
			return false;
	}
	if (!settings.enabled)
		return false;
	/* A vfork child that has a filter of its own must not be killed by our getpid(). */
	if (child_filtered)
		return false;
	if (filtered && sharing_seen) {
		/* Nobody can tell any more whose calls these are. */
		recording_stop();
		return false;
	}
	if (filtered || (ledger->pid && !sharing_seen))
		return true;
	uint32_t pid = (uint32_t)sys_getpid(), owner = 0;
	if (ledger->pid == pid)
		return true;
	/* Wiped: a child of a fork that no hook saw. Not wiped, and another pid: a vfork child. */
	if (ledger->pid || !__atomic_compare_exchange_n(&ledger->pid, &owner, pid, false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return owner == pid;
	return true;
}

bool process_ready(void)
{
	if (!process_is_ours() || !ledger_file_open())
		return false;
	/* Not earlier: interning its stack needs the ledger. */
	parent_tell_fork();
	return true;
}

bool process_ready_to_open(void)
{
	return ledger->slots ? settings.enabled : process_ready();
}

void process_forked(const struct parent *parent)
{
	parent_keep(parent);
	if (!filtered)
		process_is_ours();
}

/* An exec must not take much longer for us: 5 us a socket. The new program knows no more than
 * these. */
#define BEQUEATH_MOST 1024

/* Before an exec in a child that has no ledger yet: what the new program will find open. */
static void exec_bequeath(void)
{
	unsigned end = fdtable_end();

	for (unsigned fd = 0, handed = 0; fd < end && handed < BEQUEATH_MOST; fd++)
		if (fdtable_is_socket((int)fd) &&
		    (!ledger->slots || fdtable_watch[fd] == WATCH_INHERITED) &&
		    !(sys_call(SYS_fcntl, fd, F_GETFD, 0, 0) & FD_CLOEXEC))
			handed += track_slot((int)fd, CALL_none) != NULL;
}

static void state_set(enum ledger_state state, int status)
{
	struct ledger_header *header = ledger->header;

	if (!filtered)
		header->clock_last = clock_pair_now();
	header->exit_status = status;
	header->ended_at = state == LEDGER_RUNNING ? 0 : cycles_now();
	__atomic_store_n(&header->state, state, __ATOMIC_RELEASE);
}

void process_exec(bool begins)
{
	/* Without a watched number there is nothing to hand on, and the first words of a shell's
	 * life stay cheap. */
	if (begins && child_filtered) {
		child_filtered = false;
		return;
	}
	if (!fdtable_end() || !process_is_ours())
		return;
	if (begins && !filtered)
		exec_bequeath();
	if (ledger->slots)
		state_set(begins ? LEDGER_EXEC : LEDGER_RUNNING, 0);
}

/* Sockets of its parent's that a child never used, and that the parent has closed: it is only the
 * child that keeps them open. Written down before it ends; while it runs, /proc shows them. */
static void held_tell(void)
{
	unsigned end = fdtable_end();

	if (!parent_has_closed() || !process_is_ours())
		return;
	for (unsigned fd = 0, told = 0; fd < end && told < BEQUEATH_MOST; fd++)
		if (fdtable_is_socket((int)fd) && !fdtable_slot((int)fd) && parent_let_go((int)fd))
			told += track_slot((int)fd, CALL_none) != NULL;
}

static uint32_t ending_pid;

int process_ends(int status)
{
	uint32_t pid = ledger->pid;

	child_filtered = false;
	if (!filtered)
		held_tell();
	if (!ledger->slots || ledger->header->state != LEDGER_RUNNING || !process_is_ours())
		return status;
	/* Of two threads that end the process at once, one tells. */
	if (__atomic_exchange_n(&ending_pid, pid, __ATOMIC_ACQ_REL) == pid)
		return status;
	uint32_t findings = 0;
	if (!filtered) {
		ledger->header->clock_last = clock_pair_now();
		ending_snapshot();
		findings = ending_summary();
	}
	state_set(LEDGER_EXITED, status);
	return findings && settings.exitcode ? settings.exitcode : status;
}

void process_after_daemon(const struct parent *parent)
{
	if (!ledger->slots) {
		process_forked(parent);
		return;
	}
	if (!process_is_ours() || ledger->header->state != LEDGER_EXITED)
		return;
	__atomic_store_n(&ending_pid, 0, __ATOMIC_RELEASE);
	ledger->header->snapshots_taken = 0;
	state_set(LEDGER_RUNNING, 0);
}

void process_filter(bool installed)
{
	static bool was_off;

	if (installed && !filtered) {
		if (!process_is_ours()) {
			child_filtered = sharing_seen;
			return;
		}
		was_off = ledger_create_off;
		ledger_file_prepare();
		stacks_prepare();
		/* Before the filter is there: with TSYNC it binds the other threads at once. */
		ledger_create_off = true;
		ledger_file_freeze(true);
		stacks_without_locks(true);
		complain_never = true;
		if (ledger->header)
			ledger->header->filtered = LEDGER_FILTERED;
		__atomic_store_n(&filtered, true, __ATOMIC_SEQ_CST);
	} else if (!installed && filtered) {
		filtered = false;
		stacks_without_locks(false);
		ledger_create_off = was_off;
		ledger_file_freeze(false);
		complain_never = false;
		if (ledger->header)
			ledger->header->filtered = LEDGER_NOT_FILTERED;
	}
}

/* Afterwards the folder may be out of reach. */
void process_before_loss(void)
{
	if (process_is_ours())
		process_ready();
}

void process_unshared(int flags)
{
	if (!process_is_ours())
		return;
	if (flags & CLONE_NEWNET)
		process_many_net_ns = true;
	if (flags & CLONE_FILES)
		ledger_file_lost(LOST_TABLES);
}

void process_stop(void)
{
	if (!process_is_ours())
		return;
	process_filter(true);
	recording_stop();
}

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

/* The program's own handlers of quick_exit() run before this one: it was registered first. */
static void quickly_ended(void *with)
{
	(void)with;
	int wanted = process_ends(process_quick_status);
	if (wanted != process_quick_status)
		REAL(_exit)(wanted);
}

__attribute__((constructor)) static void loaded(void)
{
	int saved = errno;

	real_resolve();
	if (process_is_ours()) {
		stacks_start();
		predecessor_find();
		if (__cxa_at_quick_exit)
			__cxa_at_quick_exit(quickly_ended, NULL);
	}
	errno = saved;
}

static void exited(int status, void *with)
{
	(void)with;
	int wanted = process_ends(status);
	/*
	 * exit() goes on from here with the new status, and writes out what stdio still holds.
	 * Doing that here would wait for the lock of a stream that another thread is reading.
	 */
	if (wanted != status)
		exit(wanted);
}

/* Registered by the destructor, the handler runs after all others and is told the status. */
__attribute__((destructor)) static void unloaded(void)
{
	if (on_exit)
		on_exit(exited, NULL);
	else
		process_ends(0);
}
