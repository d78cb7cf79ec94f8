/* SPDX-License-Identifier: MIT */
/*
 * What the live view shows, as data: made by watch_books.c and watch_sockets.c, read by drawing and
 * keys, which see no ledger. Texts that came from a program are as hostile here as they were there:
 * watch_terminal.h escapes.
 */
#ifndef WATCH_MODEL_H
#define WATCH_MODEL_H

#include "model.h"

#define WATCH_SAMPLES 61 /* one a tick: a minute, where ticks are a second apart */

struct watch_sample {
	uint64_t opened, live;
};

/* A place that opens sockets. */
struct watch_site {
	uint32_t number;	   /* code_site(); 0: nobody knows where */
	const struct frame *frame; /* NULL: that one */
	uint64_t opened, live;
	uint64_t half_closed; /* one way has ended, and the descriptor is open */
	uint64_t leaked;      /* in findings of severity error */
	uint64_t oldest_ns;   /* CLOCK_MONOTONIC of its opening; 0 unknown */
	double per_second, growth_per_minute;
	bool rate_known, growth_known;

	/* How `live` comes about. */
	uint64_t counted;  /* by the running processes' counters */
	int64_t uncounted; /* what the last analysis found beside them: adopted, gone unseen */
	uint64_t met;	   /* its first tick */
	struct watch_sample samples[WATCH_SAMPLES];
};

/* A stack that opens sockets, in all processes together. */
struct watch_stack {
	uint32_t code; /* code_stack() */
	const struct stack *stack;
	uint32_t site;		 /* index */
	uint64_t opened, closed; /* now; `ended`: the part of ended processes */
	uint64_t ended_opened, ended_closed;
};

/* An open socket, as the last analysis saw it. */
struct watch_socket {
	uint32_t site; /* index */
	uint32_t code; /* code_stack() of its opening */
	uint32_t pid;
	int fd;
	const char *family;
	const char *state; /* TCP's; NULL */
	const char *peer;  /* NULL unknown */
	bool half_closed, recv_q_known;
	uint32_t recv_q;
	uint64_t opened_ns, used_ns;   /* CLOCK_MONOTONIC; 0 unknown, never */
	const char *last_call;	       /* NULL: never used */
	const struct finding *finding; /* NULL: none */
};

/* A program of a process. */
struct watch_process {
	uint32_t pid;
	const char *comm;
	const char *unaudited; /* why it is not audited; NULL: it is, or has no socket yet */
	bool has_ledger, ended, exit_known, killed;
	int exit_status;
};

struct watch_model {
	struct watch_site *sites;
	size_t site_count;
	struct watch_stack *stacks;
	size_t stack_count;
	struct watch_process *processes;
	size_t process_count;
	const struct watch_process *head; /* the one that was named; NULL: everybody is watched */
	size_t running, ended;		  /* of them */
	uint64_t opened, closed;	  /* sockets born in them, and gone */
	uint64_t now_ns;		  /* CLOCK_MONOTONIC of the last look */

	/* The last analysis: made when there was one, `analysed_end`: when all had ended. */
	bool analysed, analysed_end;
	uint64_t analysed_ns, analyses; /* when, and how many there were */
	const struct report *report;	/* until the next one is made */
	struct watch_socket *sockets;	/* by process and descriptor */
	size_t socket_count;
};

#endif
