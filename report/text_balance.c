/* SPDX-License-Identifier: MIT */
/* The balance: coverage is a printed number, never silence. */
#include "text_balance.h"
#include "text_namespace.h"
#include "text_site.h"
#include "text_unaudited.h"

#include <signal.h>
#include <string.h>

#define NEARLY_FULL_PERCENT 80
#define TIME_WAIT_MANY	    1000 /* fewer are nothing to speak of */

char *text_process(struct text *text, const struct process *process)
{
	char *name = text_safe(text, process->comm);
	return text->settings->reproducible ? name
					    : text_make(text, "pid %u %s", process->pid, name);
}

static char *ending(struct text *text, const struct process *process)
{
	switch (process->state) {
	case PROCESS_RUNNING:
		return text_make(text, "running");
	case PROCESS_EXEC:
		return text_make(text, "became another program by exec");
	case PROCESS_UNSEEN:
		return text_make(text, "running or killed: not seen from here");
	case PROCESS_EXITED:
	case PROCESS_KILLED:
		break;
	}
	if (!process->exit_known)
		return text_make(text, process->state == PROCESS_KILLED ? "killed" : "exited");
	if (process->exit_signal) {
		const char *name = sigabbrev_np(process->exit_signal);
		return name ? text_make(text, "killed by SIG%s", name)
			    : text_make(text, "killed by signal %d", process->exit_signal);
	}
	return text_make(text, "exited with %d", process->exit_code);
}

/* Appends "N words" to a list when there are any. */
static char *plus(struct text *text, char *list, uint64_t count, const char *words)
{
	if (!count)
		return list;
	return text_make(text, "%s, %s %s", list, text_number(text, count), words);
}

static void sockets(struct text *text, const struct process *process)
{
	char *words =
		text_make(text, "%s opened, %s closed, %s open",
			  text_count(text, process->opened, "socket", "sockets"),
			  text_number(text, process->closed), text_number(text, process->open));
	words = plus(text, words, process->copied, "copied by dup");
	words = plus(text, words, process->inherited, "inherited");
	words = plus(text, words, process->received, "received");
	words = plus(text, words, process->adopted, "adopted at exec");
	text_words(text, "ledger", words);
}

static void drift(struct text *text, const struct process *process)
{
	uint64_t descriptors = 0;
	char *words = NULL;
	for (size_t i = 0; i < process->drift_kinds; i++) {
		const struct unexplained *kind = &process->drift_by[i];
		descriptors += kind->count;
		words = words ? text_make(text, "%s, %s %s", words, text_number(text, kind->count),
					  text_safe(text, kind->reason))
			      : text_make(text, "%s found %s", text_number(text, kind->count),
					  text_safe(text, kind->reason));
	}
	if (!process->drift && !words)
		return;
	/* Copies and what came from elsewhere are no sockets of its own. */
	char *what =
		process->drift
			? text_make(text,
				    "%s went behind libc's back (a raw system call, "
				    "fclose() or io_uring); counted as closed",
				    text_count(text, process->drift, "socket", "sockets"))
			: text_make(text,
				    "%s of copied or inherited sockets went behind "
				    "libc's back",
				    text_count(text, descriptors, "descriptor", "descriptors"));
	text_words(text, "drift", words ? text_make(text, "%s: %s", what, words) : what);
}

static bool kernel_adds_up(const struct process *process)
{
	return process->kernel == process->explained && !process->unexplained_count &&
	       !process->close_wait_unexplained;
}

static void kernel(struct text *text, const struct process *process, bool brief)
{
	if (!process->coverage_known) {
		if (!brief)
			text_words(text, "kernel",
				   process->state == PROCESS_RUNNING
					   ? "no balance: which sockets it holds can't be seen"
					   : "not asked: the kernel's state of these sockets is "
					     "not known");
		return;
	}
	if (!brief || !kernel_adds_up(process)) {
		char *words = text_make(text, "%s = %s explained",
					text_count(text, process->kernel, "socket", "sockets"),
					text_number(text, process->explained));
		for (size_t i = 0; i < process->unexplained_count; i++)
			words = text_make(text, "%s + %s %s", words,
					  text_number(text, process->unexplained[i].count),
					  text_safe(text, process->unexplained[i].reason));
		text_words(text, "kernel", words);
	}
	if (!process->close_wait)
		return;
	char *words = text_make(text, "%s = %s in findings", text_number(text, process->close_wait),
				text_number(text, process->close_wait_found));
	if (process->close_wait_grace)
		words = text_make(text, "%s + %s within grace (%s%s)", words,
				  text_number(text, process->close_wait_grace),
				  text_duration(text, text->report->grace_ms),
				  text->report->live && text->report->grace_ms
					  ? ", tenfold for a request not yet answered"
					  : "");
	if (process->close_wait_unexplained)
		words = text_make(
			text, "%s + %s unexplained: %s", words,
			text_number(text, process->close_wait_unexplained),
			text_reasons(text, process->close_wait_by, process->close_wait_kinds));
	text_words(text, "CLOSE_WAIT", words);
}

/* AF_UNIX streams have no states: this is what there is of a CLOSE_WAIT. */
static void unix_ended(struct text *text, const struct process *process, bool brief)
{
	uint64_t unread =
		process->unix_ended - process->unix_ended_found - process->unix_ended_grace;
	if (!process->unix_ended || (brief && !unread))
		return;
	char *words =
		text_make(text, "%s whose peer has ended = %s in findings",
			  text_count(text, process->unix_ended, "unix stream", "unix streams"),
			  text_number(text, process->unix_ended_found));
	if (process->unix_ended_grace)
		words = text_make(text, "%s + %s within grace", words,
				  text_number(text, process->unix_ended_grace));
	if (unread)
		words = text_make(text, "%s + %s not read to the end", words,
				  text_number(text, unread));
	text_words(text, "unix", words);
}

static char *closing_part(struct text *text, char *words, uint64_t count, const char *what)
{
	if (!count)
		return words;
	return text_make(text, "%s%s%s %s", words ? words : "", words ? ", " : "",
			 text_number(text, count), what);
}

/* Who closed the connections, and what close() reset. */
static void closing(struct text *text, const struct process *process)
{
	const struct process_endings *endings = &process->endings;
	const struct frame *at =
		endings->unread_at.call ? stack_site(endings->unread_at.stack) : NULL;
	char *words = closing_part(text, NULL, endings->first, "by us first");
	words = closing_part(text, words, endings->by_peer, "by the peer");
	words = closing_part(
		text, words, endings->reset_unread,
		at ? text_make(text, "reset with unread data at %s", text_site(text, at, 40))
		   : "reset with unread data");
	words = closing_part(text, words, endings->reset_linger, "reset by SO_LINGER 0");
	words = closing_part(text, words, endings->dead, "dead before");
	words = closing_part(text, words, endings->unknown, "not known");
	if (words)
		text_words(text, "closing", words);
}

/* Of the namespace, not of a process. */
static void time_wait(struct text *text)
{
	const struct time_wait_sum *sum = &text->report->time_wait;
	char *words;
	if (!sum->known || sum->kernel < TIME_WAIT_MANY)
		return;
	if (!text->report->live && !sum->explained) /* others' weather */
		return;
	words = text_make(text, "%s in the kernel = %s explained", text_number(text, sum->kernel),
			  text_number(text, sum->explained));
	if (sum->unexplained)
		words = text_make(text, "%s + %s that no ledger knows", words,
				  text_number(text, sum->unexplained));
	text_words(text, "TIME_WAIT", words);
}

static void lost(struct text *text, const struct process *process)
{
	char *words = NULL;
	for (size_t i = 0; i < process->lost_kinds; i++)
		words = text_make(text, "%s%s%s %s", words ? words : "", words ? ", " : "",
				  text_number(text, process->lost[i].count),
				  text_safe(text, process->lost[i].what));
	if (words)
		text_words(text, "not kept", words);
}

static void descriptors(struct text *text, const struct process *process)
{
	if (!process->nofile_used_known || !process->nofile_limit ||
	    process->nofile_used < process->nofile_limit / 100 * NEARLY_FULL_PERCENT)
		return;
	text_words(text, "numbers",
		   text_make(text, "%s of %s descriptors in use",
			     text_number(text, process->nofile_used),
			     text_number(text, process->nofile_limit)));
}

/* Nothing to say of it that a sum doesn't say. */
static bool unremarkable(const struct process *process)
{
	return process->audited && !process->drift && !process->drift_kinds &&
	       !process->lost_kinds &&
	       process->unix_ended == process->unix_ended_found + process->unix_ended_grace &&
	       !process->lost_kinds && !process->endings.reset_unread &&
	       (!process->coverage_known || (kernel_adds_up(process) && !process->close_wait));
}

static void one(struct text *text, const struct process *process, bool brief)
{
	text_title(text, 0, COLOUR_BOLD,
		   process->audited
			   ? text_make(text, "%s (%s)", text_process(text, process),
				       ending(text, process))
			   : text_make(text, "%s: not audited: %s", text_process(text, process),
				       process->reason ? text_safe(text, process->reason)
						       : "reason unknown"));
	if (!process->audited) {
		text_unaudited(text, process);
		return;
	}
	if (!brief)
		sockets(text, process);
	if (!brief || process->endings.reset_unread)
		closing(text, process);
	drift(text, process);
	kernel(text, process, brief);
	unix_ended(text, process, brief);
	descriptors(text, process);
	lost(text, process);
}

void text_balance(struct text *text, bool brief)
{
	const struct report *report = text->report;
	struct process sum = { 0 };
	uint64_t left_out = 0;
	/* One process is told whole; of many, those with nothing to say are summed up. */
	bool fold = report->process_count > 1 || brief;
	for (size_t i = 0; i < report->process_count; i++) {
		const struct process *process = &report->processes[i];
		bool finds = false;
		for (size_t j = 0; j < report->finding_count && !finds; j++)
			finds = report->findings[j].socket_count &&
				report->findings[j].sockets[0].pid == process->pid;
		if (fold && !finds && unremarkable(process)) {
			sum.opened += process->opened;
			sum.closed += process->closed;
			sum.open += process->open;
			sum.endings.first += process->endings.first;
			sum.endings.by_peer += process->endings.by_peer;
			sum.endings.reset_linger += process->endings.reset_linger;
			sum.endings.dead += process->endings.dead;
			sum.endings.unknown += process->endings.unknown;
			left_out++;
			continue;
		}
		one(text, process, brief);
	}
	if (left_out && !brief) {
		text_line(text, 0, COLOUR_BOLD,
			  text_make(text, "%s without findings",
				    text_count(text, left_out, "process", "processes")));
		sockets(text, &sum);
		closing(text, &sum);
	}
	if (!brief && !text->settings->reproducible)
		time_wait(text);
}
