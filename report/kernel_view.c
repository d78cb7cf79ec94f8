/* SPDX-License-Identifier: MIT */
/* What the kernel shows of the members that run; see kernel_view.h. */
#include "kernel_view.h"

#include <pthread.h>
#include <unistd.h>

/* Of a member, whose own record others may write to meanwhile. */
struct asked {
	uint32_t index, pid, net_pid;
	bool booked; /* it has a ledger */
};

struct kernel_question {
	struct arena arena; /* the thread's alone, until it has ended */
	struct kernel_view view;
	struct asked *asked;
	size_t count;
	pthread_t thread;
	bool started;
};

uint32_t member_net_pid(const struct member *member)
{
	/* We may not look, but its ledger says that it began where we are. */
	return member->ledger && !proc_namespace(member->pid, "net") &&
			       member->ledger->header.net_ns == proc_namespace(0, "net")
		       ? 0
		       : member->pid;
}

static void census_ask(struct kernel_question *question, uint32_t pid)
{
	struct kernel_view *view = &question->view;
	uint64_t net_ns = proc_namespace(pid, "net");

	for (size_t i = 0; i < view->census_count; i++)
		if (view->censuses[i].kernel->net_ns == net_ns)
			return;
	/* Whether two are one namespace can't be told then: each is asked about when it is joined.
	 */
	if (!net_ns)
		return;
	view->censuses = arena_more(&question->arena, view->censuses, view->census_count,
				    &view->census_room, sizeof(*view->censuses));
	struct kernel_view_census *census = &view->censuses[view->census_count++];
	census->kernel = arena_alloc(&question->arena, sizeof(*census->kernel));
	census->failed = kernel_census_take(&question->arena, pid ? pid : (uint32_t)getpid(),
					    census->kernel) != 0;
}

static void *ask(void *data)
{
	struct kernel_question *question = data;

	for (size_t i = 0; i < question->count; i++) {
		const struct asked *asked = &question->asked[i];
		struct kernel_view_process *process = &question->view.processes[asked->index];
		process->asked = true;
		process->net_ns = proc_namespace(asked->net_pid, "net");
		process->error = proc_files(&question->arena, asked->pid, &process->files);
	}
	for (size_t i = 0; i < question->count; i++)
		if (question->asked[i].booked)
			census_ask(question, question->asked[i].net_pid);
	return NULL;
}

struct kernel_question *kernel_view_begin(const struct members *members)
{
	struct arena arena = { NULL };
	struct kernel_question *question = arena_alloc(&arena, sizeof(*question));

	question->view.processes =
		arena_array(&arena, members->count + 1, sizeof(*question->view.processes));
	question->view.process_count = members->count;
	question->asked = arena_array(&arena, members->count + 1, sizeof(*question->asked));
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (member_is_live(member))
			question->asked[question->count++] =
				(struct asked){ .index = (uint32_t)i,
						.pid = member->pid,
						.net_pid = member_net_pid(member),
						.booked = member->ledger != NULL };
	}
	question->arena = arena;
	/* Where no thread is to be had, kernel_view_end() asks. */
	question->started =
		question->count && !pthread_create(&question->thread, NULL, ask, question);
	return question;
}

void kernel_view_end(struct kernel_question *question, struct arena *arena,
		     struct kernel_view *view)
{
	if (question->started)
		pthread_join(question->thread, NULL);
	else
		ask(question);
	*view = question->view;
	arena_take(arena, &question->arena);
}

void kernel_view_drop(struct kernel_question *question)
{
	struct arena arena = { NULL };

	if (question->started)
		pthread_join(question->thread, NULL);
	arena_take(&arena, &question->arena);
	arena_free(&arena);
}
