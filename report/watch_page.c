/* SPDX-License-Identifier: MIT */
/* The page of a site: its findings, the stacks that open sockets there, and the sockets. */
#include "watch_view.h"

#include "watch_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct page {
	struct watch_view *view;
	const struct watch_model *model;
	struct arena *memory;
	uint32_t site;
	struct watch_line *lines;
	size_t count, room;
	size_t columns;
};

static void line(struct page *page, enum watch_look look, const struct frame *frame,
		 const char *text)
{
	page->lines = arena_more(page->memory, page->lines, page->count, &page->room,
				 sizeof(*page->lines));
	page->lines[page->count++] = (struct watch_line){ text, look, frame };
}

/* On as many lines as it takes, the further ones `hang` to the right; broken at spaces alone. */
static void paragraph(struct page *page, enum watch_look look, const struct frame *frame, int hang,
		      const char *text)
{
	int indent = 0;

	while (*text) {
		size_t room = page->columns > (size_t)indent + 10 ? page->columns - (size_t)indent
								  : 10,
		       part = strlen(text);
		for (size_t space = part > room ? room : 0; space > 0; space--)
			if (text[space] == ' ') {
				part = space;
				break;
			}
		line(page, look, frame,
		     arena_printf(page->memory, "%*s%.*s", indent, "", (int)part, text));
		text += part;
		text += *text == ' ';
		indent = hang;
	}
}

static void gap(struct page *page)
{
	line(page, LOOK_PLAIN, NULL, "");
}

/* "   35 | int fd = accept(...)" under its frame. */
static void quote(struct page *page, const struct frame *frame, const char *indent)
{
	char *text = frame->file ? source_line(&page->view->roots, frame->file, frame->line) : NULL;

	if (!text)
		return;
	for (char *tab = text; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	const char *code = text + strspn(text, " ");
	if (*code)
		line(page, LOOK_DIM, frame,
		     arena_printf(page->memory, "%s%6u | %s", indent, frame->line, code));
	free(text);
}

static void place(struct page *page, const char *label, const struct place *place)
{
	const struct frame *frame = place->call ? stack_site(place->stack) : NULL;

	if (!place->call)
		return;
	line(page, LOOK_PLAIN, frame,
	     arena_printf(page->memory, "  %-9s %s at %s", label, place->call,
			  words_place(page->memory, frame, false)));
	if (frame)
		quote(page, frame, "            ");
}

/* Whether it is about sockets that were opened here; *count of them. */
static bool has_finding(const struct page *page, const struct finding *finding, uint64_t *count)
{
	const struct watch_model *model = page->model;
	bool opened_here = false;

	*count = 0;
	for (size_t i = 0; i < model->socket_count; i++)
		*count += model->sockets[i].site == page->site &&
			  model->sockets[i].finding == finding;
	if (*count)
		return true;
	/* Others speak of no open socket: of the site itself, or of numbers used after a close().
	 */
	for (size_t i = 0; i < model->socket_count; i++)
		if (model->sockets[i].finding == finding)
			return false;
	for (size_t i = 0; i < model->stack_count && finding->opened.call && !opened_here; i++)
		opened_here = model->stacks[i].site == page->site &&
			      model->stacks[i].stack == finding->opened.stack;
	*count = finding->count;
	return opened_here;
}

static void findings(struct page *page)
{
	const struct report *report = page->model->report;

	for (size_t i = 0; report && i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		const struct rule *rule = &rules[finding->rule];
		uint64_t count;
		if (!has_finding(page, finding, &count))
			continue;
		paragraph(page, rule->severity == SEVERITY_ERROR ? LOOK_BAD : LOOK_CAREFUL,
			  finding_site(finding), 2,
			  count ? arena_printf(page->memory, "%s: %s socket%s: %s", rule->name,
					       words_count(page->memory, count),
					       count == 1 ? "" : "s", rule->line)
				: arena_printf(page->memory, "%s: %s", rule->name, rule->line));
		place(page, "evidence", &finding->evidence);
		place(page, "told by", &finding->told);
		place(page, "closed", &finding->closed);
		place(page, "forked", &finding->fork);
		place(page, "forked", &finding->served);
		if (finding->cause)
			paragraph(page, LOOK_PLAIN, NULL, 12,
				  arena_printf(page->memory, "  %-9s %s", "cause", finding->cause));
		gap(page);
	}
}

static uint64_t open_at(const struct page *page, uint32_t code)
{
	uint64_t count = 0;

	for (size_t i = 0; i < page->model->socket_count; i++)
		count += page->model->sockets[i].site == page->site &&
			 page->model->sockets[i].code == code;
	return count;
}

static void stack_lines(struct page *page, const struct watch_stack *known)
{
	const struct stack *stack = known->stack;
	const struct frame *site = stack_site(stack);
	uint64_t opened = known->opened + known->ended_opened, open = open_at(page, known->code);

	line(page, LOOK_PLACE, site,
	     arena_printf(page->memory, "opened here: %s, of which %s open",
			  words_count(page->memory, opened), words_count(page->memory, open)));
	/* What calls main() is of no use to anybody. */
	size_t count = stack->count;
	while (count > 1 && stack->frames[count - 1].system)
		count--;
	for (size_t i = 0; i < count; i++) {
		const struct frame *frame = &stack->frames[i];
		line(page, frame == site ? LOOK_PLAIN : LOOK_DIM, frame,
		     arena_printf(page->memory, "%s %s", frame == site ? "  >" : "   ",
				  words_place(page->memory, frame, false)));
		if (frame == site)
			quote(page, frame, "    ");
	}
	gap(page);
}

static int compare(const void *a, const void *b)
{
	const struct watch_socket *left = *(const struct watch_socket *const *)a,
				  *right = *(const struct watch_socket *const *)b;

	if (!left->finding != !right->finding)
		return left->finding ? -1 : 1;
	if (left->half_closed != right->half_closed)
		return left->half_closed ? -1 : 1;
	if (left->opened_ns != right->opened_ns)
		return left->opened_ns < right->opened_ns ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

static const char *age_of(struct page *page, uint64_t moment)
{
	uint64_t now = page->model->analysed_ns;

	return words_age(page->memory, !moment	      ? MS_UNKNOWN
				       : moment > now ? 0
						      : (now - moment) / 1000000u);
}

static void socket_line(struct page *page, const struct watch_socket *socket)
{
	const char *state = socket->state ? socket->state : socket->family,
		   *unread = socket->recv_q_known ? words_short(page->memory, socket->recv_q) : "-";

	line(page,
	     !socket->finding					       ? LOOK_PLAIN
	     : rules[socket->finding->rule].severity == SEVERITY_ERROR ? LOOK_BAD
								       : LOOK_CAREFUL,
	     socket->finding ? finding_site(socket->finding) : NULL,
	     arena_printf(page->memory, "%7" PRIu32 " %5d %-11s %5s %6s %6s %-14s %s", socket->pid,
			  socket->fd, state, unread, age_of(page, socket->opened_ns),
			  socket->used_ns ? age_of(page, socket->used_ns) : "never",
			  socket->finding ? rules[socket->finding->rule].name : "",
			  socket->peer ? socket->peer : "-"));
}

static void sockets(struct page *page)
{
	const struct watch_socket **rows = arena_array(page->memory, page->model->socket_count + 1,
						       sizeof(const struct watch_socket *));
	size_t count = 0;

	for (size_t i = 0; i < page->model->socket_count; i++)
		if (page->model->sockets[i].site == page->site)
			rows[count++] = &page->model->sockets[i];
	if (count)
		qsort(rows, count, sizeof(*rows), compare);
	line(page, LOOK_PLACE, NULL,
	     arena_printf(page->memory, "%7s %5s %-11s %5s %6s %6s %-14s %s", "PID", "FD", "STATE",
			  "RECVQ", "AGE", "USED", "FINDING", "PEER"));
	for (size_t i = 0; i < count; i++)
		socket_line(page, rows[i]);
	if (!count)
		line(page, LOOK_DIM, NULL, "  none is open");
}

void page_make(struct watch_view *view, const struct watch_model *model)
{
	struct page page = {
		.view = view, .model = model, .memory = &view->page_memory, .site = view->selected
	};
	int lines, columns;

	terminal_size(&lines, &columns);
	page.columns = (size_t)columns;
	arena_free(&view->page_memory);
	findings(&page);
	for (size_t i = 0; i < model->stack_count; i++)
		if (model->stacks[i].site == page.site)
			stack_lines(&page, &model->stacks[i]);
	sockets(&page);
	view->page_lines = page.lines;
	view->lines.count = page.count;
	view->page_analyses = model->analyses + 1;
}
