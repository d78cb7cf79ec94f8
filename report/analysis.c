/* SPDX-License-Identifier: MIT */
/* From what the user named to a finished report; see analysis.h. */
#include "analysis.h"

#include "balance.h"
#include "code.h"
#include "find_all.h"

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
	size_t count = 0;

	report->gate = arena_array(arena, RULE_COUNT + 1, sizeof(*report->gate));
	for (int i = 0; i < RULE_COUNT; i++)
		if (settings->gates[i])
			report->gate[count++] = rules[i].name;
	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = &report->findings[i];
		report->sockets_in_findings += finding->count;
		finding->gating = settings->gates[finding->rule] && finding->status == STATUS_NEW;
		report->gating += finding->gating;
	}
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

void analysis_of_members(const struct analysis_settings *settings, struct analysis *analysis)
{
	struct report *report = &analysis->report;
	struct finding_list findings = { .arena = &analysis->arena };
	struct audit audit;

	audit_join(&analysis->arena, &analysis->members, &audit);
	audit_classify(&audit, &settings->grace);
	analysis->code = code_new(&analysis->arena);
	audit_find(&audit, analysis->code, &findings);
	report->findings = findings.items;
	report->finding_count = findings.count;
	audit_balance(&audit, report);
	ledger_remarks(&audit);
	audit_remark(&audit, NULL);
	report->remarks = audit.remarks;
	host_fill(&analysis->arena, &analysis->members, report);
	grace_fill(settings, &analysis->members, report);
	gate_fill(settings, &analysis->arena, report);
	audit_release(&audit);
}

int analysis_make(const struct analysis_settings *settings, struct analysis *analysis)
{
	memset(analysis, 0, sizeof(*analysis));
	int error = members_select(&analysis->arena, &settings->members, &analysis->members);
	if (!error)
		error = members_read(&analysis->arena, &analysis->members);
	if (error) {
		analysis->trouble =
			analysis->members.trouble ? analysis->members.trouble : strerror(-error);
		return error;
	}
	analysis_of_members(settings, analysis);
	return 0;
}

void analysis_free(struct analysis *analysis)
{
	if (analysis->code)
		code_free(analysis->code);
	analysis->code = NULL;
	members_close(&analysis->members);
	arena_free(&analysis->arena);
}
