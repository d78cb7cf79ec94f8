/* SPDX-License-Identifier: MIT */
/*
 * What a report says, as data: made by join.c, classify.c and find_all.c, completed by symbols.c,
 * read by every renderer. Renderers see only this header. All strings are owned by the report
 * (report_free) unless said otherwise; text that came from a program is as hostile here as it was
 * there: escaping is the renderer's.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

enum finding_rule {
#define FINDING(name, rule, severity, class, facts, line, help) RULE_##name,
#include "findings.def"
#undef FINDING
	RULE_COUNT
};

struct rule {
	const char *name; /* "eof-not-closed" */
	enum severity severity;
	char class; /* of causes, a letter: A EOF seen, B never read, C error path, E number kept, I
		       shutdown */
	const char *facts; /* the keys of what it tells beside its places: "live,opened" */
	const char *line, *help;
};
extern const struct rule rules[RULE_COUNT]; /* findings.c */

/* One source position of a stack; an address with inlined functions gives several, innermost first.
 */
struct frame {
	const char *function; /* demangled; NULL unknown */
	const char *file;     /* as in the debug information; NULL unknown */
	unsigned line;	      /* 0 unknown */
	const char *module;   /* path; NULL unknown */
	uint64_t offset;      /* ELF virtual address of the call: return address - 1 */
	const char *build_id; /* hex; NULL unknown */
	bool inlined;	      /* this function's code stands inside the next frame's */
	bool system;	      /* of a system library, libc or the dynamic linker: never the site */
	const char *note;     /* e.g. "file replaced since"; NULL */
	bool below_root;      /* file is relative to the source root, by --path-map or --redact,
				 whether or not it can be seen there */
};

struct stack {
	struct frame *frames;
	size_t count;
};

/* A place in the program: which call, from where, and with which errno. call NULL: no such place.
 */
struct place {
	const char *call; /* "accept4" */
	int error;	  /* errno; 0 none */
	struct stack
		*stack; /* shared between places; never NULL when call is set, may have no frames */
};

struct holder {
	uint32_t pid;
	const char *comm;
	int fd;
};

/* A milliseconds value that may be unknown. */
#define MS_UNKNOWN UINT64_MAX

/* How a socket's life went, as ages: before now or, where its process has ended, before that. */
struct socket_life {
	bool ended;
	bool booked; /* a ledger tells; else there is only the kernel's word */
	uint64_t opened_ms, used_ms, eof_ms, error_ms, shutdown_ms,
		closed_ms; /* MS_UNKNOWN: never */
	const char *used_call;
	int error; /* errno of error_ms */
	bool fin;  /* the peer's has come, so long ago at least and at most */
	uint64_t fin_least_ms, fin_most_ms; /* MS_UNKNOWN: no bound */
	const char *tcp_state;		    /* what became of it; NULL unknown or no TCP socket */
};

/* The other end of a conversation, where it is on this machine. */
struct peer_process {
	uint32_t pid; /* the first that holds it, else who closed it; 0: nobody is known */
	const char *comm;
	int fd;			     /* -1 unknown */
	const char *tcp_state;	     /* NULL unknown or no TCP socket */
	struct place opened, closed; /* by a ledger; no call: unknown, or still open */
	struct holder *holders;
	size_t holder_count;
	const char *note; /* what there is to say where nobody holds it; NULL */
	struct socket_life life;
};

struct audited_socket;

/* One socket of a finding, or of the whole report. */
struct socket_row {
	uint32_t pid;
	int fd;
	const char *family;	  /* "inet", "inet6", "unix", "netlink", ... */
	const char *local, *peer; /* "127.0.0.1:80", "[::1]:80", a path; NULL unknown */
	uint64_t cookie;	  /* 0 unknown */
	uint64_t inode;		  /* 0 unknown */
	const char *tcp_state;	  /* "CLOSE_WAIT"; NULL unknown or no TCP socket */
	bool queues_known;
	uint32_t recv_q, send_q;
	uint64_t age_ms;   /* since opened */
	uint64_t since_ms; /* since the evidence */
	bool since_at_least;
	bool traffic_known;
	uint32_t eof_reads;
	uint64_t received, sent;
	const char *last_call; /* NULL: never used */
	uint64_t last_use_ms;
	const char *mark_opened, *mark_evidence; /* tests; NULL: under none */
	struct holder *holders;
	size_t holder_count;
	const char *type;     /* "stream", "dgram", ...; NULL unknown */
	const char *protocol; /* "tcp", "udp", "unix", else the family */
	bool listening;	      /* its queues are connections: recv_q wait of at most send_q */
	struct peer_process *peer_process; /* NULL: on another machine, none, or unknown */
	const struct audited_socket *book; /* for the join; none of a renderer's business */
};

/* One socket of the list that was asked for, in a finding or not. */
struct listed_socket {
	struct socket_row row;
	struct place opened;	 /* no call: no ledger knows */
	struct place closed;	 /* of another descriptor of it, where that was not enough */
	const char *rule;	 /* of the finding that it is part of; NULL */
	const char *unexplained; /* why no ledger knows it; NULL */
	struct socket_life life;
};

struct sibling {
	struct place closed;
	uint64_t count;
};

/* What a rule tells beside its places; `key` is one of its row in findings.def. */
struct fact {
	const char *key;
	uint64_t value;
	const char *text; /* NULL: it is a number */
	bool passing;	  /* it differs from run to run */
};

enum finding_status { STATUS_NEW, STATUS_KNOWN, STATUS_SUPPRESSED };

struct finding {
	enum finding_rule rule;
	uint64_t count;	      /* sockets */
	char fingerprint[33]; /* hex */
	bool stable;
	enum finding_status status;
	bool gating;
	const char *suppressed_by; /* NULL */
	struct place opened, connected, evidence, closed, fork;
	struct place served; /* the fork of a child that served it and is done; of no group's key */
	const char *fix;     /* what to do, where the rule's own advice misses it; NULL */
	struct place
		told; /* the wait that told of the end to nobody's concern; of no group's key */
	const struct holder *child; /* who was forked there and holds the first; NULL: nobody */
	struct sibling
		*siblings; /* where others opened at the same place were closed; most first */
	size_t sibling_count;
	struct fact *facts; /* those that are known */
	size_t fact_count;
	const char *mark_opened, *mark_evidence; /* of most of its sockets; NULL: none */
	const char *last_call;
	uint64_t last_use_ms;
	char class;		    /* 0: no cause is told */
	const char *cause;	    /* one line for people; NULL */
	const char *cause_timeless; /* the same without times, so that two runs can be compared */
	struct socket_row *sockets;
	size_t socket_count;
};

/* A count with its reason. */
struct unexplained {
	const char *reason; /* "opened before the preload" */
	uint64_t count;
};

/* A connection in CLOSE_WAIT of a process without an auditor: what the kernel alone knows. */
struct unaudited_socket {
	int fd;
	uint64_t inode;
	const char *local, *peer; /* NULL unknown */
	uint32_t recv_q, send_q;
	uint64_t least_ms, most_ms; /* its peer ended so long ago; MS_UNKNOWN */
};

/* How the TCP connections of a process ended that it closed. */
struct process_endings {
	uint64_t first, by_peer; /* who sent its FIN first */
	uint64_t reset_unread; /* received bytes had not been read: the peer may lose the answer */
	uint64_t reset_linger; /* SO_LINGER with no time */
	uint64_t dead;	       /* reset, or given up, before */
	uint64_t unknown;
	struct place unread_at; /* the close() that reset the most with unread bytes */
};

/* The kernel's TIME_WAIT in the namespaces of the processes. */
struct time_wait_sum {
	bool known;
	uint64_t kernel, explained, unexplained; /* some ledger knows the socket that it was */
};

#define TCP_STATE_COUNT 13 /* indexed by the kernel's numbers; [0] unused, 12 is NEW_SYN_RECV */
extern const char *const tcp_state_names[TCP_STATE_COUNT]; /* "ESTABLISHED", ..., findings.c */

enum process_state {
	PROCESS_RUNNING,
	PROCESS_EXITED,
	PROCESS_KILLED,
	PROCESS_EXEC,
	PROCESS_UNSEEN /* running or killed: it is in a pid namespace that we don't see into */
};

struct lost_count {
	const char *what;
	uint64_t count;
};

struct process {
	uint32_t pid, ppid, uid;
	const char *comm, *exe;
	const char *ledger; /* its file's path; NULL */
	enum process_state state;
	uint64_t started_realtime_ns, ended_realtime_ns; /* 0 unknown */
	bool exit_known;
	int exit_code, exit_signal; /* signal 0: none */
	uint64_t net_ns;
	bool audited;
	const char *reason; /* why not audited; NULL */
	uint64_t nofile_limit, nofile_used;
	bool nofile_used_known;
	uint64_t lost_slots, lost_stacks;
	struct lost_count *lost; /* every counter that is not 0, for people */
	size_t lost_kinds;
	uint64_t opened, closed, open, drift, copied, inherited, received, adopted;
	/* How descriptors were found to have gone, copies and inherited ones too. */
	struct unexplained *drift_by;
	size_t drift_kinds;
	/* The balance: kernel = explained + the sum of unexplained. Known only with the kernel's
	 * word. */
	bool coverage_known;
	uint64_t kernel, explained;
	struct unexplained *unexplained;
	size_t unexplained_count;
	/* The same for CLOSE_WAIT alone: kernel's count = in findings + within grace + unexplained.
	 */
	uint64_t close_wait, close_wait_found, close_wait_grace, close_wait_unexplained;
	/* Why: these make close_wait_unexplained. */
	struct unexplained *close_wait_by;
	size_t close_wait_kinds;
	/* AF_UNIX streams whose peer has ended, of those that the ledger explains: the rest nobody
	 * has read to the end. No rule speaks of these: since when, the kernel doesn't say. */
	bool unix_known;
	uint64_t unix_ended, unix_ended_found, unix_ended_grace;
	/* Of one that is not audited, while coverage_known: its TCP sockets by state, and those
	 * that want a close(), by descriptor. */
	uint64_t states[TCP_STATE_COUNT];
	struct unaudited_socket *unaudited_sockets;
	size_t unaudited_socket_count;
	struct process_endings endings; /* of one that is audited */
};

/* The sums at one moment of a run. */
struct timeline_row {
	uint64_t realtime_ns;
	uint64_t processes, sockets;
	uint64_t states[TCP_STATE_COUNT];
};

/* A line of a suppression file, and what it was good for. */
struct suppression_use {
	const char *line;
	uint64_t used, sockets; /* findings; sockets in them */
	bool matches;		/* also when another line came first */
};

/* Why a namespace's socket is in no sum of a process of the report. */
#define NAMESPACE_OTHERS "of other processes"

/* Another process that holds some of a namespace's sockets. */
struct namespace_holder {
	uint32_t pid;
	const char *comm;
	uint64_t count;
};

/*
 * All of one network namespace: kernel's CLOSE_WAIT = in findings + within grace + the sum of
 * unexplained. A socket counts once, however many processes hold it.
 */
struct namespace_sum {
	uint64_t net_ns;
	bool known; /* false: the kernel didn't tell, and all of the rest is empty */
	uint64_t states[TCP_STATE_COUNT]; /* CLOSE: of the reported processes, no table lists it */
	uint64_t close_wait, found, grace;
	struct unexplained *unexplained;
	size_t unexplained_count;
	struct namespace_holder *others; /* of the sockets of processes beside the report */
	size_t other_count;
};

struct report {
	bool live; /* at least one process is running */
	uint64_t made_at_realtime_ns;
	uint64_t grace_ms;
	bool grace_exit_rules; /* no grace was given and the processes have ended: the exit
				  rules */
	const char *host, *boot_id, *kernel, *arch;
	const char **gate; /* rules that gate; NULL-terminated */
	struct suppression_use *suppressions;
	size_t suppression_count;
	const char **marks; /* tests that ran, each once, in their order */
	size_t mark_count;
	const char **fixed; /* lines of the baseline that were not found */
	size_t fixed_count;
	uint64_t present; /* under run: programs that had the library */
	const struct timeline_row *timeline;
	size_t timeline_count;
	struct process *processes;
	size_t process_count;
	uint64_t states[TCP_STATE_COUNT]; /* of the reported processes' sockets */
	bool states_known;
	struct finding *findings; /* sorted: severity, site, rule, count */
	size_t finding_count;
	uint64_t sockets_in_findings, gating;
	uint64_t close_wait_grace; /* sockets in CLOSE_WAIT and in no finding, whoever holds them */
	bool sockets_listed;
	const char *sockets_states;    /* as asked for; NULL: of all states */
	struct listed_socket *sockets; /* by pid and descriptor */
	size_t socket_count;
	const char **remarks; /* what could not be learnt and why, a line each; NULL-terminated */
	int exit_status;      /* of the command that writes it, once it is written */
	struct namespace_sum *namespaces; /* those of the running processes, by number */
	size_t namespace_count;
	struct time_wait_sum time_wait;
};

/* The library is loaded, but keeps no ledger, while the kernel shows ended connections. */
bool process_is_unrecorded(const struct process *process);
/* The first frame outside the system's libraries, else the innermost; NULL for an empty stack. */
const struct frame *stack_site(const struct stack *stack);
/* Beside `opened`, the place that tells a finding from others: the fork, the evidence, or the close
 * that was not enough. */
const struct place *finding_second_place(const struct finding *finding);
/* The site of a finding: where the missing close() is owed: the fork's, evidence's, else opened's.
 */
const struct frame *finding_site(const struct finding *finding);
/* What to do about it: its rule's help, or by its cause. */
const char *finding_help(const struct finding *finding);
/* The stack that it is the site of; NULL when there is none. */
const struct stack *finding_site_stack(const struct finding *finding);

#endif
