/* SPDX-License-Identifier: MIT */
/* From what the user named to a finished report; see analysis.h. */
#include "analysis.h"

#include "balance.h"
#include "baseline.h"
#include "candidates.h"
#include "code.h"
#include "endings.h"
#include "find_all.h"
#include "join_samples.h"
#include "join_time_wait.h"
#include "listed_sockets.h"
#include "marks_gather.h"
#include "progress.h"
#include "state_names.h"
#include "suppressions.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

bool gates_parse(const char *text, bool gates[RULE_COUNT], const char **unknown, int *length)
{
	for (int i = 0; i < RULE_COUNT; i++)
		gates[i] = !text && rules[i].severity == SEVERITY_ERROR;
	while (text && *text) {
		size_t size = strcspn(text, ",");
		bool found = !size;
		for (int i = 0; i < RULE_COUNT && size; i++) {
			if (strlen(rules[i].name) == size && !strncmp(rules[i].name, text, size))
				gates[i] = found = true;
		}
		if (!found) {
			*unknown = text;
			*length = (int)size;
			return false;
		}
		text += size + (text[size] == ',');
	}
	return true;
}

static void host_fill(struct arena *arena, const struct members *members, struct report *report)
{
	struct utsname host;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	report->made_at_realtime_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (!uname(&host)) {
		report->host = arena_copy(arena, host.nodename);
		report->kernel = arena_copy(arena, host.release);
		report->arch = arena_copy(arena, host.machine);
	}
	report->boot_id = proc_boot_id(arena);
	/* A ledger of an earlier boot speaks of that one. */
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].ledger && !report->live)
			report->boot_id = members->items[i].ledger->header.boot_id;
}

static void grace_fill(const struct analysis_settings *settings, const struct members *members,
		       struct report *report)
{
	report->grace_ms = report->live ? VERDICT_LIVE_GRACE_MS : VERDICT_EXIT_GRACE_MS;
	report->grace_exit_rules = !report->live;
	for (size_t i = 0; i < members->count; i++) {
		const struct ledger *ledger = members->items[i].ledger;
		if (ledger && ledger->header.grace_given) {
			report->grace_ms = ledger->header.grace_ms;
			report->grace_exit_rules = false;
		}
	}
	if (settings->grace.given) {
		report->grace_ms = settings->grace.ms;
		report->grace_exit_rules = false;
	}
}

static void gate_fill(const struct analysis_settings *settings, struct arena *arena,
		      struct report *report)
{
	uint64_t sums[RULE_COUNT] = { 0 };
	size_t count = 0;

	report->gate = arena_array(arena, RULE_COUNT + 1, sizeof(*report->gate));
	for (int i = 0; i < RULE_COUNT; i++)
		if (settings->gates[i])
			report->gate[count++] = rules[i].name;
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].status == STATUS_NEW)
			sums[report->findings[i].rule] += report->findings[i].count;
	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = &report->findings[i];
		report->sockets_in_findings += finding->count;
		finding->gating = settings->gates[finding->rule] && finding->status == STATUS_NEW &&
				  sums[finding->rule] > settings->most[finding->rule];
		report->gating += finding->gating;
	}
}

/* When a process was killed nobody may have seen: the last thing that its ledger tells is the
 * earliest that it can have been. */
static void killed_remark(const struct analysis_settings *settings, struct audit *audit)
{
	uint64_t count = 0;

	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct judgement *judgement = audit->sockets[i]->judgement;
		const struct member *member =
			judgement ? &audit->members->items[judgement->opened->member] : NULL;
		count += member && !judgement->found && !audit->sockets[i]->live &&
			 member->ledger->header.state == LEDGER_RUNNING && !member->last_seen;
	}
	if (count && settings->grace.given)
		audit_remark(audit,
			     arena_printf(audit->arena,
					  "%" PRIu64 " socket%s past %s end when a process "
					  "was killed, nobody saw when: --grace 0 tells of "
					  "%s",
					  count, count > 1 ? "s were" : " was",
					  count > 1 ? "their" : "its", count > 1 ? "them" : "it"));
}

static void ledger_remarks(struct audit *audit)
{
	uint64_t astray = 0, torn = 0, unasked = 0;

	for (size_t i = 0; i < audit->members->count; i++) {
		const struct ledger *ledger = audit->members->items[i].ledger;
		if (!ledger)
			continue;
		astray += ledger->astray;
		torn += ledger->torn;
		unasked += ledger->header.state == LEDGER_EXITED && !ledger->header.snapshots_taken;
	}
	if (astray)
		audit_remark(audit, arena_printf(audit->arena,
						 "damaged ledger: %" PRIu64
						 " references in it lead nowhere and were left out",
						 astray));
	if (torn)
		audit_remark(audit,
			     arena_printf(audit->arena,
					  "%" PRIu64
					  " descriptors changed faster than they could be read",
					  torn));
	if (unasked)
		audit_remark(
			audit,
			arena_printf(
				audit->arena,
				"%" PRIu64
				" process%s took no snapshot of the kernel's states at the end: "
				"fin-unread can't be told",
				unasked, unasked > 1 ? "es" : ""));
}

/* What the user lives with, and what programs brought themselves. */
static int suppress(const struct analysis_settings *settings, struct analysis *analysis)
{
	struct suppressions suppressions = { .arena = &analysis->arena };
	const char *const *file = settings->suppressions;
	int error = 0;

	for (; file && *file && !error; file++)
		error = suppressions_read(&suppressions, *file, &analysis->trouble);
	for (size_t i = 0; i < analysis->members.count && !error; i++)
		error = suppressions_of_ledger(&suppressions, analysis->members.items[i].ledger,
					       &analysis->trouble);
	if (!error)
		suppressions_apply(&suppressions, &analysis->report);
	return error;
}

static void unstable_remark(struct audit *audit, const struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		count += !report->findings[i].stable &&
			 report->findings[i].status != STATUS_SUPPRESSED;
	if (count)
		audit_remark(audit, arena_printf(audit->arena,
						 "%zu finding%s in code without symbols: the next "
						 "build has other fingerprints, so a baseline "
						 "won't know them; keep its symbols (don't strip), "
						 "or their debug files",
						 count, count > 1 ? "s are" : " is"));
}

static int decide(const struct analysis_settings *settings, struct audit *audit,
		  struct analysis *analysis)
{
	int error = suppress(settings, analysis);

	if (error || !settings->baseline)
		return error;
	unstable_remark(audit, &analysis->report);
	if (!settings->update_baseline)
		return baseline_apply(&analysis->arena, settings->baseline, &analysis->report,
				      &analysis->trouble);
	error = baseline_write(&analysis->arena, settings->baseline, &analysis->report,
			       &analysis->trouble);
	/* What has just been written is known. */
	return error ? error
		     : baseline_apply(&analysis->arena, settings->baseline, &analysis->report,
				      &analysis->trouble);
}

/* Whether there will be findings of sockets, as far as one can tell before. */
static bool is_ripe(const struct audit *audit)
{
	for (size_t i = 0; i < audit->socket_count; i++)
		if (audit->sockets[i]->judgement && audit->sockets[i]->judgement->ripe)
			return true;
	return false;
}

/* Who stands at the other ends, and who else holds what; and the list of all, if it was asked for.
 * `peers` if they are being gathered already. */
static void sockets_fill(const struct analysis_settings *settings, struct audit *audit,
			 struct code *code, struct peers *peers, struct report *report)
{
	bool states[TCP_STATE_COUNT];
	const char *unknown;
	int length;

	if (!peers && (report->finding_count || settings->sockets))
		peers = peers_begin(audit, code);
	if (!peers)
		return;
	peers_wait(peers);
	for (size_t i = 0; i < report->finding_count; i++)
		for (size_t j = 0; j < report->findings[i].socket_count; j++)
			peers_tell(peers, &report->findings[i].sockets[j]);
	if (settings->sockets) {
		report->sockets_states = settings->states;
		state_names_parse(settings->states, states, &unknown, &length);
		sockets_list(audit, peers, settings->states ? states : NULL, report);
	}
	peers_free(peers);
}

/* One that several processes hold is one. */
static uint64_t close_wait_grace(const struct audit *audit)
{
	uint64_t count = 0;

	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		count += !socket->elsewhere && socket->kernel.known &&
			 socket->kernel.tcp_state == KERNEL_CLOSE_WAIT &&
			 !(socket->judgement && socket->judgement->found);
	}
	return count;
}

int analysis_of_members(const struct analysis_settings *settings, struct analysis *analysis)
{
	struct report *report = &analysis->report;
	struct finding_list findings = { .arena = &analysis->arena };
	struct peers *peers = NULL;
	struct audit audit;

	struct marks *marks = marks_gather(&analysis->arena, settings->members.targets,
					   &analysis->members, settings->run);
	progress_tell("joining them with the kernel's book", 0, 0);
	audit_join(&analysis->arena, &analysis->members,
		   settings->run ? settings->run->samples : NULL, marks, &audit);
	audit_classify(&audit, &settings->grace);
	analysis->kept = settings->code;
	if (settings->code)
		analysis->code = settings->code;
	else if (!analysis->code)
		analysis->code = code_new(&analysis->arena);
	time_waits_join(&audit);
	/* These look through the whole of /proc, which is not for each second. */
	bool all = !settings->look;
	if (all && (settings->sockets || is_ripe(&audit)))
		peers = peers_begin(&audit, analysis->code);
	audit_find(&audit, analysis->code, &findings);
	report->findings = findings.items;
	report->finding_count = findings.count;
	audit_balance(&audit, report);
	report->close_wait_grace = close_wait_grace(&audit);
	if (all) {
		sockets_fill(settings, &audit, analysis->code, peers, report);
		audit_namespaces(&audit, report);
	}
	endings_fill(&audit, analysis->code, report);
	ledger_remarks(&audit);
	killed_remark(settings, &audit);
	int error = decide(settings, &audit, analysis);
	audit_remark(&audit, NULL);
	report->remarks = audit.remarks;
	host_fill(&analysis->arena, &analysis->members, report);
	grace_fill(settings, &analysis->members, report);
	gate_fill(settings, &analysis->arena, report);
	if (marks)
		report->marks = marks_names(marks, &report->mark_count);
	if (settings->run) {
		report->present = settings->run->attendance.present;
		report->timeline =
			samples_timeline(settings->run->samples, &report->timeline_count);
	}
	if (settings->look)
		settings->look(&audit, analysis->code, settings->looker);
	audit_release(&audit);
	marks_free(marks);
	return error;
}

/* What a run knows of its processes beside their ledgers; and those that left none. */
static void run_apply(struct arena *arena, const struct run_facts *run, struct members *members)
{
	bool command_known = false;

	for (size_t i = 0; i < members->count; i++) {
		struct member *member = &members->items[i];
		if (member->running || !member->ledger)
			continue;
		if (member->pid == (uint32_t)run->pid && !member->superseded) {
			member->wait_known = command_known = true;
			member->wait_status = run->status;
			member->last_seen = run->ended_at;
		} else {
			member->last_seen =
				samples_alive(run->samples, member->pid, member->start_ticks);
		}
	}
	for (size_t i = 0; i < run->attendance.absent_count; i++) {
		const struct absent *absent = &run->attendance.absent[i];
		const char *slash = strrchr(absent->path, '/');
		struct member member = {
			.pid = absent->pid,
			.comm = slash ? slash + 1 : absent->path,
			.exe = absent->path,
			.unaudited = absent->count == 1
					     ? absent->reason
					     : arena_printf(arena, "%s (%" PRIu64 " processes)",
							    absent->reason, absent->count),
			.root = "",
			.wait_known = absent->is_command && !command_known,
			.wait_status = run->status,
		};
		member_add(arena, members, &member);
	}
}

int analysis_make(const struct analysis_settings *settings, struct analysis *analysis)
{
	memset(analysis, 0, sizeof(*analysis));
	if (!settings->code) {
		analysis->code = code_new(&analysis->arena);
		code_prepare(analysis->code, settings->symbol_cache);
	}
	int error = members_select(&analysis->arena, &settings->members, &analysis->members);
	/* A run in which nobody opened a socket left no ledger. */
	if (error == -ENOENT && settings->run)
		error = 0;
	if (!error)
		error = members_read(&analysis->arena, &analysis->members);
	if (error) {
		analysis->trouble =
			analysis->members.trouble ? analysis->members.trouble : strerror(-error);
		return error;
	}
	if (settings->run)
		run_apply(&analysis->arena, settings->run, &analysis->members);
	return analysis_of_members(settings, analysis);
}

void analysis_free(struct analysis *analysis)
{
	if (analysis->kept)
		code_forget_ledgers(analysis->kept);
	else if (analysis->code)
		code_free(analysis->code);
	analysis->code = analysis->kept = NULL;
	members_close(&analysis->members);
	arena_free(&analysis->arena);
}
