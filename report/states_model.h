/* SPDX-License-Identifier: MIT */
/*
 * The census of TCP states, as data: what `sockaudit states` tells, in text and in JSON. Made by
 * states_*.c; renderers see this header alone. States are numbered as the kernel numbers them, and
 * SYN_RECV holds what it calls NEW_SYN_RECV too. Names that came from a program or a file are
 * hostile: escaping is the renderer's. Memory is the arena's.
 */
#ifndef STATES_MODEL_H
#define STATES_MODEL_H

#include "model.h"

enum tcp_state {
	STATE_NONE,
	STATE_ESTABLISHED,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_COUNT /* NEW_SYN_RECV, 12, is told as SYN_RECV */
};

/* What can be learnt of the kernel's settings, and what is said of each; states_settings.def. */
enum setting {
#define SETTING(name, key, path, today, posts) SETTING_##name,
#include "states_settings.def"
#undef SETTING
	SETTING_COUNT
};

struct setting_lore {
	const char *key;
	const char *path;  /* NULL: a process's own */
	const char *today; /* the default of today's kernels */
	const char *posts; /* what old posts say it is, or say to write there */
};
extern const struct setting_lore setting_lore[SETTING_COUNT]; /* states_settings.c */

/* The settings of one network namespace, as they stand; NULL: unknown. */
struct settings_now {
	const char *values[SETTING_COUNT];
};

/* Advice that goes round and is wrong. */
struct wrong_advice {
	const char *claim, *truth;
};

#define WRONG_MOST    7
#define SETTINGS_MOST 6
/* What is to be said of a state, whatever the numbers; states_lore.c. */
struct state_lore {
	const char *name;     /* "CLOSE_WAIT" */
	uint64_t too_many;    /* from so many on; 0: no number is too many */
	const char *of_which; /* what is counted for that, when it isn't all of the state; NULL */
	const char *or_when;  /* another reason for too many; NULL */
	bool note;	      /* too many is rarely a fault */
	const char *means;    /* one line */
	const char *side;     /* whose fault it is when there are too many: "this side: ..." */
	const char *helps, *useless;
	const char *waits, *moves, *segment;   /* --explain: who waits for what; who moves next; the
						  segment that ends it */
	struct wrong_advice wrong[WRONG_MOST]; /* ended by a NULL claim */
	enum setting settings[SETTINGS_MOST];
	unsigned setting_count;
};
extern const struct state_lore state_lore[STATE_COUNT]; /* [0] unused */
/* In the order of a connection's life: all eleven, then CLOSE; ended by STATE_NONE. */
extern const enum tcp_state states_in_order[];

struct state_count {
	uint64_t all;
	uint64_t ipv4, ipv6;	/* with families_known */
	uint64_t without_owner; /* with owners_known: no descriptor belongs to it */
	uint64_t keepalive;	/* with keepalive_known */
};

/* One line of --by, or the largest holder of a state. */
struct states_row {
	const char *name; /* "pid 812 nginx", "10.0.0.9", "port 80" */
	uint32_t pid;	  /* 0: none */
	const char *comm; /* NULL */
	uint64_t all, states[STATE_COUNT];
	uint64_t shared; /* of these, held by another process too */
};

/* A state that is too many, or one in order: what is to be said of it now. */
struct state_advice {
	enum tcp_state state;
	bool too_many;
	bool note;	    /* many, but no fault by itself */
	uint64_t counted;   /* what the threshold speaks of */
	const char **facts; /* of this census, NULL-terminated */
	const char *side;   /* whose fault, as far as this census can tell */
	const char *next;   /* a command, or NULL */
	const struct settings_now *settings;
	const char *settings_of;	/* which namespace, when there are several; NULL */
	const struct states_row *most;	/* the process with the most of them; NULL */
	uint64_t most_limit, most_open; /* its RLIMIT_NOFILE and descriptors in use; 0 unknown */
};

struct states_namespace {
	uint64_t inode;
	const char *name;    /* whose it is: "this one", "netns blue", "pid 812 nginx" */
	const char *door;    /* a path that leads there; NULL: we are there */
	uint32_t pid;	     /* of a process that is there; 0: none is known */
	const char *how;     /* "sock_diag", "/proc/812/net/tcp"; NULL: it wasn't told */
	const char *trouble; /* what could not be had, and why; NULL */
	uint64_t all, states[STATE_COUNT];
	struct settings_now settings;
};

enum states_by { BY_NOTHING, BY_PROCESS, BY_LOCAL_PORT, BY_PEER, BY_LISTENER, BY_DESTINATION };
extern const char *const states_by_names[]; /* "process", ...; of those that can be asked for */

struct states {
	const char *from; /* the file whose text this is; NULL: the kernel's */
	uint64_t realtime_ns;
	const char *host, *kernel;
	struct state_count count[STATE_COUNT];
	uint64_t all;
	bool families_known, owners_known, keepalive_known, close_known;
	uint64_t processes_refused; /* whose descriptors were not ours to see */
	bool close_at_least;	    /* those in CLOSE of hidden processes come to the count */
	const char *unseen;	    /* the remark about hidden processes, one of `remarks`; NULL */
	enum states_by by;
	struct states_row *rows; /* the largest first */
	size_t row_count;
	struct states_namespace *namespaces;
	size_t namespace_count;
	struct state_advice *advice; /* of states that there are: too many first, then in order */
	size_t advice_count, too_many;
	const char **remarks; /* NULL-terminated */
	/* --watch: the census before this one. */
	const struct states *before;
	double seconds; /* since then */
};

#endif
