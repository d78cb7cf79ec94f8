/* SPDX-License-Identifier: MIT */
/* Each process of a report, and the balance; sums are made of the same rows as the findings, so
 * they agree. */
#include "balance.h"

#include "classify.h"
#include "half_closed.h"
#include "proc.h"
#include "unaudited_sockets.h"

#include <string.h>
#include <sys/wait.h>

static const struct {
	enum ledger_lost lost;
	const char *what;
} lost_names[] = {
	{ LOST_SLOTS, "sockets for which the ledger had no room" },
	{ LOST_STACKS, "stacks for which the ledger had no room" },
	{ LOST_MODULES, "modules for which the ledger had no room" },
	{ LOST_STRINGS, "names for which the ledger had no room" },
	{ LOST_MISUSES, "misuses for which the ledger had no room" },
	{ LOST_COOKIES, "sockets whose cookie the kernel refused" },
	{ LOST_FALLBACK, "stacks unwound by libgcc, not libunwind" },
	{ LOST_SHALLOW, "stacks of one frame: no unwinder could be used" },
	{ LOST_TABLES, "threads with a descriptor table of their own, not followed" },
	{ LOST_SECCOMP, "calls recorded without asking the kernel, after a seccomp filter" },
	{ LOST_CHILDREN, "changes made by vfork children, not followed" },
	{ LOST_RACES, "openings or closings lost to a race of two threads" },
};

static void process_lost(struct arena *arena, const struct ledger_header *header,
			 struct process *process)
{
	process->lost = arena_array(arena, sizeof(lost_names) / sizeof(*lost_names),
				    sizeof(*process->lost));
	for (size_t i = 0; i < sizeof(lost_names) / sizeof(*lost_names); i++)
		if (header->lost[lost_names[i].lost])
			process->lost[process->lost_kinds++] =
				(struct lost_count){ lost_names[i].what,
						     header->lost[lost_names[i].lost] };
	process->lost_slots = header->lost[LOST_SLOTS];
	process->lost_stacks = header->lost[LOST_STACKS];
}

static const char *const drift_names[DRIFT_KINDS] = {
	[DRIFT_NUMBER_MET] = "when the number was used again",
	[DRIFT_OTHER_SOCKET] = "by the cookie of another socket",
	[DRIFT_CLOSED] = "when a call on it failed",
	[DRIFT_AT_EXIT] = "at exit",
};

/* `here`: those that this report found, and the library has not noticed yet. */
static void process_drift(struct arena *arena, const struct ledger_header *header, uint64_t here,
			  struct process *process)
{
	uint64_t otherwise = 0; /* a newer library's kinds, for which we have no words */

	process->drift_by = arena_array(arena, DRIFT_KINDS + 1, sizeof(*process->drift_by));
	for (int i = 1; i < DRIFT_KINDS; i++) {
		uint64_t count = header->totals.drift_by[i];
		if (!drift_names[i])
			otherwise += count;
		else if (count)
			process->drift_by[process->drift_kinds++] =
				(struct unexplained){ drift_names[i], count };
	}
	if (otherwise)
		process->drift_by[process->drift_kinds++] =
			(struct unexplained){ "otherwise", otherwise };
	if (here)
		process->drift_by[process->drift_kinds++] =
			(struct unexplained){ "by this report", here };
}

/* As its parent was told, which knows more than the ledger of one that was killed. */
static void process_exit(const struct member *member, struct process *process)
{
	if (!member->wait_known)
		return;
	process->exit_known = true;
	if (WIFEXITED(member->wait_status) && process->state == PROCESS_KILLED)
		process->state = PROCESS_EXITED; /* past every hook */
	process->exit_code = WIFEXITED(member->wait_status) ? WEXITSTATUS(member->wait_status) : 0;
	process->exit_signal = WIFSIGNALED(member->wait_status) ? WTERMSIG(member->wait_status) : 0;
}

static void process_state(const struct member *member, struct process *process)
{
	const struct ledger_header *header = &member->ledger->header;

	if (member->superseded || (header->state == LEDGER_EXEC && !member->running)) {
		process->state = PROCESS_EXEC;
	} else if (member->running) {
		process->state = PROCESS_RUNNING;
		return;
	} else if (member->unseen) {
		process->state = PROCESS_UNSEEN;
		return;
	} else {
		process->state = header->state == LEDGER_RUNNING ? PROCESS_KILLED : PROCESS_EXITED;
	}
	process->ended_realtime_ns = ledger_realtime(member->ledger, member_end(member));
	process->exit_known = process->state == PROCESS_EXITED;
	process->exit_code = process->exit_known ? header->exit_status & 0xff : 0;
	process_exit(member, process);
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void process_book(const struct audit *audit, size_t index, struct process *process)
{
	const struct member *member = &audit->members->items[index];
	const struct ledger_header *header = &member->ledger->header;
	/* Those that the library has not noticed yet are closed and drifted all the same. */
	uint64_t drift = audit->processes[index].drift;

	process->net_ns = header->net_ns;
	process->exe = ledger_string(member->ledger, header->exe);
	process->exe = *process->exe ? process->exe : NULL;
	process->nofile_limit = header->nofile_soft;
	process->opened = header->totals.opened;
	process->closed = header->totals.closed + drift;
	if (process->closed > process->opened) {
		drift = difference(drift, process->closed - process->opened);
		process->closed = process->opened;
	}
	process->open = process->opened - process->closed;
	process->drift = header->totals.drift + drift;
	process->copied = header->totals.copied;
	process->inherited = header->totals.inherited;
	process->received = header->totals.received;
	process->adopted = header->totals.adopted;
	process_drift(audit->arena, header, audit->processes[index].drift, process);
	process_lost(audit->arena, header, process);
	process_state(member, process);
}

static void close_wait_count(struct arena *arena, struct process *process, uint8_t state,
			     const struct audited_socket *socket, const struct held_socket *held)
{
	const char *reason;

	if (state != KERNEL_CLOSE_WAIT)
		return;
	process->close_wait++;
	switch (half_closed_of(socket, held, &reason)) {
	case HALF_CLOSED_FOUND:
		process->close_wait_found++;
		break;
	case HALF_CLOSED_GRACE:
		process->close_wait_grace++;
		break;
	case HALF_CLOSED_UNEXPLAINED:
		process->close_wait_unexplained++;
		reason_count(arena, &process->close_wait_by, &process->close_wait_kinds, reason);
		break;
	}
}

static void unix_count(struct process *process, const struct held_socket *held)
{
	const struct judgement *judgement = held->socket ? held->socket->judgement : NULL;

	if (!held->peer_gone)
		return;
	process->unix_ended++;
	process->unix_ended_found += judgement && judgement->found;
	process->unix_ended_grace += judgement && !judgement->found;
}

static void process_coverage(struct audit *audit, size_t index, struct process *process)
{
	const struct audited_process *audited = &audit->processes[index];

	for (size_t i = 0; i < audited->held_count; i++) {
		const struct held_socket *held = &audited->held[i];
		if (!held->first)
			continue;
		process->kernel++;
		if (held->unexplained)
			reason_count(audit->arena, &process->unexplained,
				     &process->unexplained_count, held->unexplained);
		else
			process->explained++;
		close_wait_count(audit->arena, process, held->tcp_state, held->socket, held);
		unix_count(process, held);
	}
}

/* Of an ended process the kernel was asked about the sockets that its ledger knew, and only if it
 * could be. */
static void sockets_of_the_ended(struct audit *audit, struct process **processes)
{
	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		for (size_t j = 0; j < socket->ref_count && !socket->live && !socket->left; j++) {
			struct process *process = processes[socket->refs[j].member];
			bool again = false;
			for (size_t k = 0; k < j && !again; k++)
				again = socket->refs[k].holds &&
					socket->refs[k].member == socket->refs[j].member;
			if (!socket->refs[j].holds || again || !process || !process->coverage_known)
				continue;
			process->kernel++;
			process->explained++;
			close_wait_count(audit->arena, process, socket->kernel.tcp_state, socket,
					 NULL);
		}
	}
}

static void states_count(struct audit *audit, struct report *report)
{
	report->states_known = audit->kernel_known;
	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		if (!socket->elsewhere && socket->kernel.known &&
		    socket->kernel.tcp_state < TCP_STATE_COUNT)
			report->states[socket->kernel.tcp_state]++;
	}
	/* Those that no ledger knows; a socket that two processes hold must not count twice. */
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct audited_process *process = &audit->processes[i];
		for (size_t j = 0; j < process->held_count; j++) {
			const struct held_socket *held = &process->held[j];
			if (held->first_of_all && !held->socket &&
			    held->tcp_state < TCP_STATE_COUNT)
				report->states[held->tcp_state]++;
		}
	}
	report->states[0] = 0;
}

void audit_balance(struct audit *audit, struct report *report)
{
	struct members *members = audit->members;
	struct process **processes =
		arena_array(audit->arena, members->count + 1, sizeof(struct process *));

	report->processes =
		arena_array(audit->arena, members->count + 1, sizeof(*report->processes));
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (member->witness)
			continue;
		struct process *process = &report->processes[report->process_count++];
		processes[i] = process;
		*process = (struct process){
			.pid = member->pid,
			.ppid = member->ppid,
			.uid = member->uid,
			.comm = member->comm,
			.ledger = member->path,
			.audited = !member->unaudited,
			.reason = member->unaudited,
			.started_realtime_ns = member->ledger ? member->started_realtime_ns : 0,
		};
		if (!member->ledger && !member->running) {
			process->state = PROCESS_EXITED;
			process->exe = member->exe;
			process_exit(member, process);
		}
		if (member->ledger) {
			process_book(audit, i, process);
			process->coverage_known = process->state == PROCESS_EXITED &&
						  member->ledger->header.snapshots_taken;
		}
		if (member->running && !member->superseded) {
			report->live = true;
			if (!process->exe)
				process->exe = proc_exe(audit->arena, member->pid);
			uint64_t limit = proc_nofile_limit(member->pid),
				 net_ns = proc_namespace(member->pid, "net");
			process->nofile_limit = limit ? limit : process->nofile_limit;
			process->net_ns = net_ns ? net_ns : process->net_ns;
			process->unix_known = process->audited && audit->processes[i].unix_known;
			process->nofile_used = audit->processes[i].open_files;
			process->nofile_used_known = process->coverage_known =
				audit->processes[i].files_known;
			if (member->unaudited && process->coverage_known)
				unaudited_sockets_fill(audit, i, process);
		}
		process_coverage(audit, i, process);
	}
	sockets_of_the_ended(audit, processes);
	states_count(audit, report);
}
