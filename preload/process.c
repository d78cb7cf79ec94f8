/* SPDX-License-Identifier: MIT */
#include "process.h"
#include "attendance.h"
#include "complain.h"
#include "ending.h"
#include "handover.h"
#include "hooks_sharing.h"
#include "ledger_create.h"
#include "ledger_folder.h"
#include "marks.h"
#include "program.h"
#include "real.h"
#include "settings.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <sched.h>
#include <sockaudit/cycles.h>
#include <stdlib.h>
#include <string.h>

bool process_many_net_ns, process_many_tables;

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
	marks_begin();
}

static void start(void)
{
	const char *exe = program_path();

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

bool process_is_ours_seldom(void)
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
	return ledger->slots && !sharing_seen ? settings.enabled : process_ready();
}

void process_forked(const struct parent *parent)
{
	parent_keep(parent);
	/* Wiped: written without a look at it, the page is there by one fault instead of two. */
	if (started && settings.enabled && !filtered)
		ledger->pid = (uint32_t)sys_getpid();
	fdtable_touchy = fdtable_end() > 0; /* all that it has is its parent's */
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

void process_exec(bool begins, const char *path)
{
	/* Without a watched number there is nothing to hand on, and the first words of a shell's
	 * life stay cheap. */
	if (begins && child_filtered) {
		child_filtered = false;
		return;
	}
	if (!child_filtered && begins)
		attendance_exec(path);
	else if (!child_filtered)
		attendance_exec_failed();
	if ((!fdtable_end() && !ledger->slots) || !process_is_ours())
		return;
	if (ledger->slots)
		state_set(begins ? LEDGER_EXEC : LEDGER_RUNNING, 0);
}

static uint32_t ending_pid;

int process_ends(int status)
{
	if (child_filtered) /* a child's write would copy the page for it */
		child_filtered = false;
	if (!filtered && fdtable_end() && process_is_ours())
		handover_end();
	if (!ledger->slots || ledger->header->state != LEDGER_RUNNING || !process_is_ours())
		return status;
	uint32_t pid = ledger->pid;
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

void process_before_daemon(void)
{
	if (ledger->slots && process_is_ours())
		state_set(LEDGER_DAEMON, 0);
}

void process_after_daemon(const struct parent *parent)
{
	if (!ledger->slots)
		process_forked(parent);
	else if (process_is_ours() && ledger->header->state == LEDGER_DAEMON)
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
		track_ask_put_off();
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
	if (flags & CLONE_FILES) {
		process_many_tables = true;
		ledger_file_lost(LOST_TABLES);
	}
}

void process_stop(void)
{
	if (!process_is_ours())
		return;
	process_filter(true);
	recording_stop();
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
	bool ours = process_is_ours();
	attendance_loaded();
	if (ours) {
		program_ask();
		stacks_start();
		handover_begin();
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
