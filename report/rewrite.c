/* SPDX-License-Identifier: MIT */
/* A report in other words; see rewrite.h. Every text of the model that a program or its machine
 * chose must pass here: who adds a field to model.h adds its line. */
#include "rewrite.h"

#include "location.h"
#include "redaction.h"

#include <string.h>
#include <uthash.h>

struct rewritten_stack {
	const struct stack *from;
	struct stack *to;
	UT_hash_handle hh;
};

struct rewriter {
	struct arena *arena;
	const struct rewriting *how;
	struct locations *locations;
	struct redaction *redaction; /* NULL: nothing is secret */
	struct rewritten_stack *stacks;
};

static void *copied(struct rewriter *rewriter, const void *array, size_t count, size_t size)
{
	void *copy = arena_array(rewriter->arena, count + 1, size);

	if (count)
		memcpy(copy, array, count * size);
	return copy;
}

static const char *path(struct rewriter *rewriter, const char *text)
{
	return rewriter->redaction ? redact(rewriter->redaction, SECRET_PATH, text) : text;
}

static const char *name(struct rewriter *rewriter, const char *text)
{
	return rewriter->redaction ? redact(rewriter->redaction, SECRET_NAME, text) : text;
}

static const char *address(struct rewriter *rewriter, const char *text)
{
	return rewriter->redaction ? redact_address(rewriter->redaction, text) : text;
}

static const char *sentence(struct rewriter *rewriter, const char *text)
{
	return rewriter->redaction ? redact_sentence(rewriter->redaction, text) : text;
}

static void frame_rewrite(struct rewriter *rewriter, struct frame *frame)
{
	if (frame->file)
		frame->file = path_map_apply(rewriter->arena, rewriter->how->maps, frame->file,
					     &frame->below_root);
	if (!rewriter->redaction)
		return;
	frame->below_root = location_in_source(rewriter->locations, frame) != NULL;
	frame->file = path(rewriter, frame->file);
	frame->module = path(rewriter, frame->module);
	frame->note = sentence(rewriter, frame->note);
}

static void place_rewrite(struct rewriter *rewriter, struct place *place)
{
	struct rewritten_stack *known;

	if (!place->stack)
		return;
	HASH_FIND_PTR(rewriter->stacks, &place->stack, known);
	if (!known) {
		known = arena_alloc(rewriter->arena, sizeof(*known));
		known->from = place->stack;
		known->to = copied(rewriter, place->stack, 1, sizeof(*place->stack));
		known->to->frames = copied(rewriter, place->stack->frames, place->stack->count,
					   sizeof(*place->stack->frames));
		for (size_t i = 0; i < known->to->count; i++)
			frame_rewrite(rewriter, &known->to->frames[i]);
		HASH_ADD_PTR(rewriter->stacks, from, known);
	}
	place->stack = known->to;
}

static struct holder *holders_rewrite(struct rewriter *rewriter, const struct holder *holders,
				      size_t count)
{
	struct holder *made = copied(rewriter, holders, count, sizeof(*made));

	for (size_t i = 0; i < count; i++)
		made[i].comm = name(rewriter, made[i].comm);
	return made;
}

/* Its places have their paths mapped; its names and words go where they are secret. */
static struct peer_process *peer_rewrite(struct rewriter *rewriter, const struct peer_process *peer)
{
	if (!peer)
		return NULL;
	struct peer_process *made = copied(rewriter, peer, 1, sizeof(*made));
	place_rewrite(rewriter, &made->opened);
	place_rewrite(rewriter, &made->closed);
	if (!rewriter->redaction)
		return made;
	made->comm = name(rewriter, made->comm);
	made->note = sentence(rewriter, made->note);
	made->holders = holders_rewrite(rewriter, peer->holders, peer->holder_count);
	return made;
}

static void socket_rewrite(struct rewriter *rewriter, struct socket_row *row)
{
	row->peer_process = peer_rewrite(rewriter, row->peer_process);
	if (!rewriter->redaction)
		return;
	row->local = address(rewriter, row->local);
	row->peer = address(rewriter, row->peer);
	row->holders = holders_rewrite(rewriter, row->holders, row->holder_count);
	row->mark_opened = sentence(rewriter, row->mark_opened);
	row->mark_evidence = sentence(rewriter, row->mark_evidence);
}

static void finding_rewrite(struct rewriter *rewriter, struct finding *finding)
{
	struct place *places[] = { &finding->opened, &finding->connected, &finding->evidence,
				   &finding->closed, &finding->fork,	  &finding->told,
				   &finding->served };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		place_rewrite(rewriter, places[i]);
	finding->siblings = copied(rewriter, finding->siblings, finding->sibling_count,
				   sizeof(*finding->siblings));
	for (size_t i = 0; i < finding->sibling_count; i++)
		place_rewrite(rewriter, &finding->siblings[i].closed);
	finding->sockets = copied(rewriter, finding->sockets, finding->socket_count,
				  sizeof(*finding->sockets));
	for (size_t i = 0; i < finding->socket_count; i++)
		socket_rewrite(rewriter, &finding->sockets[i]);
	if (!rewriter->redaction)
		return;
	if (finding->child) {
		struct holder *child = copied(rewriter, finding->child, 1, sizeof(*child));
		child->comm = name(rewriter, child->comm);
		finding->child = child;
	}
	finding->facts =
		copied(rewriter, finding->facts, finding->fact_count, sizeof(*finding->facts));
	for (size_t i = 0; i < finding->fact_count; i++)
		finding->facts[i].text = sentence(rewriter, finding->facts[i].text);
	finding->cause = sentence(rewriter, finding->cause);
	finding->cause_timeless = sentence(rewriter, finding->cause_timeless);
	finding->mark_opened = sentence(rewriter, finding->mark_opened);
	finding->mark_evidence = sentence(rewriter, finding->mark_evidence);
	finding->suppressed_by = sentence(rewriter, finding->suppressed_by);
}

/* --sockets */
static void listed_rewrite(struct rewriter *rewriter, struct report *report)
{
	report->sockets =
		copied(rewriter, report->sockets, report->socket_count, sizeof(*report->sockets));
	for (size_t i = 0; i < report->socket_count; i++) {
		struct listed_socket *socket = &report->sockets[i];
		socket_rewrite(rewriter, &socket->row);
		place_rewrite(rewriter, &socket->opened);
		place_rewrite(rewriter, &socket->closed);
		if (rewriter->redaction)
			socket->unexplained = sentence(rewriter, socket->unexplained);
	}
}

static struct unexplained *reasons_rewrite(struct rewriter *rewriter,
					   const struct unexplained *reasons, size_t count)
{
	struct unexplained *made = copied(rewriter, reasons, count, sizeof(*made));

	for (size_t i = 0; i < count; i++)
		made[i].reason = sentence(rewriter, made[i].reason);
	return made;
}

static void namespaces_rewrite(struct rewriter *rewriter, struct report *report)
{
	report->namespaces = copied(rewriter, report->namespaces, report->namespace_count,
				    sizeof(*report->namespaces));
	for (size_t i = 0; i < report->namespace_count; i++) {
		struct namespace_sum *sum = &report->namespaces[i];
		sum->unexplained =
			reasons_rewrite(rewriter, sum->unexplained, sum->unexplained_count);
		sum->others = copied(rewriter, sum->others, sum->other_count, sizeof(*sum->others));
		for (size_t j = 0; j < sum->other_count; j++)
			sum->others[j].comm = name(rewriter, sum->others[j].comm);
	}
}

static void process_rewrite(struct rewriter *rewriter, struct process *process)
{
	process->comm = name(rewriter, process->comm);
	process->exe = path(rewriter, process->exe);
	process->ledger = path(rewriter, process->ledger);
	process->reason = sentence(rewriter, process->reason);
	process->close_wait_by =
		reasons_rewrite(rewriter, process->close_wait_by, process->close_wait_kinds);
	process->unexplained =
		reasons_rewrite(rewriter, process->unexplained, process->unexplained_count);
	process->unaudited_sockets =
		copied(rewriter, process->unaudited_sockets, process->unaudited_socket_count,
		       sizeof(*process->unaudited_sockets));
	for (size_t i = 0; i < process->unaudited_socket_count; i++) {
		struct unaudited_socket *socket = &process->unaudited_sockets[i];
		socket->local = address(rewriter, socket->local);
		socket->peer = address(rewriter, socket->peer);
	}
}

static void remarks_rewrite(struct rewriter *rewriter, struct report *report)
{
	size_t count = 0;

	while (report->remarks && report->remarks[count])
		count++;
	report->remarks = copied(rewriter, report->remarks, count, sizeof(*report->remarks));
	for (size_t i = 0; i < count; i++)
		report->remarks[i] = sentence(rewriter, report->remarks[i]);
}

/* What the user, or a test, wrote. */
static void lines_rewrite(struct rewriter *rewriter, struct report *report)
{
	report->suppressions = copied(rewriter, report->suppressions, report->suppression_count,
				      sizeof(*report->suppressions));
	for (size_t i = 0; i < report->suppression_count; i++)
		report->suppressions[i].line = sentence(rewriter, report->suppressions[i].line);
	report->fixed =
		copied(rewriter, report->fixed, report->fixed_count, sizeof(*report->fixed));
	for (size_t i = 0; i < report->fixed_count; i++)
		report->fixed[i] = sentence(rewriter, report->fixed[i]);
	report->marks = copied(rewriter, report->marks, report->mark_count, sizeof(*report->marks));
	for (size_t i = 0; i < report->mark_count; i++)
		report->marks[i] = sentence(rewriter, report->marks[i]);
}

struct report *report_rewrite(struct arena *arena, const struct report *report,
			      const struct rewriting *rewriting)
{
	struct rewriter rewriter = {
		.arena = arena,
		.how = rewriting,
		.locations = locations_new(arena, rewriting->roots),
		.redaction = rewriting->redact ? redaction_new(arena) : NULL,
	};
	struct report *made = copied(&rewriter, report, 1, sizeof(*report));

	made->processes = copied(&rewriter, report->processes, report->process_count,
				 sizeof(*made->processes));
	made->findings =
		copied(&rewriter, report->findings, report->finding_count, sizeof(*made->findings));
	/* Names first, so that sentences know them. */
	if (rewriter.redaction) {
		made->host = redact(rewriter.redaction, SECRET_HOST, made->host);
		made->boot_id = NULL; /* a number for the machine, and nothing else */
		for (size_t i = 0; i < made->process_count; i++)
			redact(rewriter.redaction, SECRET_NAME, made->processes[i].comm);
		for (size_t i = 0; i < made->process_count; i++)
			process_rewrite(&rewriter, &made->processes[i]);
	}
	for (size_t i = 0; i < made->process_count; i++)
		place_rewrite(&rewriter, &made->processes[i].endings.unread_at);
	for (size_t i = 0; i < made->finding_count; i++)
		finding_rewrite(&rewriter, &made->findings[i]);
	listed_rewrite(&rewriter, made);
	if (rewriter.redaction) {
		remarks_rewrite(&rewriter, made);
		lines_rewrite(&rewriter, made);
		namespaces_rewrite(&rewriter, made);
		redaction_free(rewriter.redaction);
	}
	locations_free(rewriter.locations);
	HASH_CLEAR(hh, rewriter.stacks);
	return made;
}
