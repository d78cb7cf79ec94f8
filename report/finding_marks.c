/* SPDX-License-Identifier: MIT */
#include "finding_marks.h"

#include "marks.h"

#include <string.h>

static const char *mark_of(const struct audit *audit, const struct socket_ref *ref, uint64_t at)
{
	const struct member *member = &audit->members->items[ref->member];

	return at ? marks_at(audit->marks, member->pid, ledger_realtime(member->ledger, at)) : NULL;
}

/* The one that most rows have. Few findings have many marks. */
static const char *most_common(const struct finding *finding,
			       const char *(*mark)(const struct socket_row *row))
{
	const char *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		const char *name = mark(&finding->sockets[i]);
		size_t count = 0;
		if (!name || (best && !strcmp(name, best)))
			continue;
		for (size_t j = i; j < finding->socket_count; j++) {
			const char *other = mark(&finding->sockets[j]);
			count += other && !strcmp(other, name);
		}
		if (count > most) {
			most = count;
			best = name;
		}
		/* Nobody left can have more. */
		if (most >= finding->socket_count - i)
			break;
	}
	return best;
}

static const char *row_opened(const struct socket_row *row)
{
	return row->mark_opened;
}

static const char *row_evidence(const struct socket_row *row)
{
	return row->mark_evidence;
}

void finding_marks(const struct audit *audit, struct finding *finding,
		   struct audited_socket *const *sockets)
{
	if (!audit->marks || !sockets)
		return;
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct judgement *judgement = sockets[i]->judgement;
		const struct socket_ref *evidence =
			judgement->evidence ? judgement->evidence : judgement->opened;
		struct socket_row *row = &finding->sockets[i];
		row->mark_opened = mark_of(audit, judgement->opened, judgement->merged.opened_at);
		row->mark_evidence = mark_of(audit, evidence, judgement->verdict.since);
	}
	finding->mark_opened = most_common(finding, row_opened);
	finding->mark_evidence = most_common(finding, row_evidence);
}
