/* SPDX-License-Identifier: MIT */
/*
 * The ledger: one process's book of its sockets, a file mapped by libsockaudit.so while the process
 * lives and read by sockaudit at any moment, also after the process was killed.
 *
 * The file is a header followed by sections, each an array of records of one size. It is sparse: a
 * section reaches to its largest size from the start, but only records in use have pages.
 * Everything is fixed-width and in the machine's byte order; a reference is an index or an offset,
 * never a pointer; zero means absent, so that a page never written reads as "nothing here". Layout
 * changes append fields (a reader takes a record's size from its section, not from this header) or
 * raise LEDGER_VERSION.
 *
 * A reader believes nothing: sections may reach beyond the file, references beyond their section,
 * strings may lack their end, and a record may be half written (see ledger_slot.life).
 *
 * Times are cycle counter readings (cycles.h) unless the name ends in _ns; 0 is "never". The
 * header's clock pairs turn them into nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef SOCKAUDIT_LEDGER_H
#define SOCKAUDIT_LEDGER_H

#include <stdint.h>

#define LEDGER_MAGIC	  "SOCKAUD\n"
#define LEDGER_VERSION	  1u
#define LEDGER_BYTE_ORDER 0x01020304u

/* A socket's number may be as large as this; larger ones are counted in LOST_SLOTS and not
 * recorded. */
#define LEDGER_SLOTS_MAX  (1u << 20)
#define LEDGER_FRAMES_MAX 64 /* return addresses kept of one stack */
#define LEDGER_CALLS_MAX  256
#define LEDGER_CALL_NAME  24
#define LEDGER_CLOSERS	  4
#define LEDGER_SAMPLES	  15

/* A stack's number in its ledger; 0 is "no stack". Equal stacks have equal numbers. */
typedef uint32_t stack_id;

enum ledger_section_id {
	SECTION_SLOTS,	   /* struct ledger_slot, indexed by file descriptor */
	SECTION_STACKS,	   /* struct ledger_stack, indexed by stack_id; [0] is unused */
	SECTION_FRAMES,	   /* uint64_t, see FRAME_*; [0] is unused */
	SECTION_MODULES,   /* struct ledger_module; [0] is "unknown" */
	SECTION_STRINGS,   /* bytes: NUL-terminated strings, referenced by offset; offset 0 is "" */
	SECTION_MISUSES,   /* struct ledger_misuse: calls on numbers that were no longer open */
	SECTION_SNAPSHOTS, /* struct ledger_snapshot: the kernel's view of each open socket at exit
			    */
	SECTION_FORKS,	   /* struct ledger_fork: a ring, record n stands at n % capacity and `used`
			      counts all that ever were */
	SECTION_CLOSED,	   /* struct ledger_closed: a ring like it */
	SECTION_THREADS,   /* struct ledger_thread: a ring like it */
	SECTION_MARKS,	   /* struct ledger_mark: a ring like it */
	SECTION_ENDINGS,   /* struct ledger_ending: a ring like it */
	SECTION_COUNT,
	SECTION_ROOM = 16, /* entries in the header; the rest is for later */
};

struct ledger_section {
	uint64_t offset; /* from the start of the file */
	uint32_t record_size;
	uint32_t capacity; /* records */
	uint32_t used; /* records handed out, [0] included; may exceed capacity when some were lost
			*/
	uint32_t reserved;
};

enum ledger_state {
	LEDGER_RUNNING, /* or killed: nobody could write it down */
	LEDGER_EXITED,	/* exit(), _exit(), quick_exit() */
	LEDGER_EXEC,	/* replaced by another program */
	LEDGER_DAEMON,	/* ended by daemon(): its child goes on with all that it had */
};

/* Why something is not in the ledger; a count each. */
enum ledger_lost {
	LOST_SLOTS,   /* a number beyond the table, or no room to grow it */
	LOST_STACKS,  /* no room for another distinct stack */
	LOST_MODULES, /* no room for another module: frames are unresolvable addresses */
	LOST_STRINGS,
	LOST_MISUSES,
	LOST_COOKIES,  /* SO_COOKIE refused: joined by inode or not at all */
	LOST_FALLBACK, /* stacks unwound by libgcc_s because libunwind must not be used there */
	LOST_SHALLOW,  /* stacks of one frame: no unwinder, or too little stack left */
	LOST_TABLES,   /* a thread or child took its own descriptor table (CLONE_FILES unshared) */
	LOST_SECCOMP,  /* calls recorded without asking the kernel, after a seccomp filter */
	LOST_CHILDREN, /* vfork children's changes, which are not ours */
	LOST_RACES,    /* two threads met on one number; the later gave up */
	LOST_COUNT,
	LOST_ROOM = 32,
};

enum ledger_filtered {
	LEDGER_NOT_FILTERED,
	LEDGER_FILTERED,	 /* a seccomp filter was installed: no system call of ours since */
	LEDGER_FILTERED_STOPPED, /* and recording ended: the slots are not the present */
};

/* How a descriptor was found to have gone without a close that we saw; a count each. */
enum ledger_drift {
	DRIFT_NOT,
	DRIFT_NUMBER_MET,   /* the kernel gave its number to a new descriptor */
	DRIFT_OTHER_SOCKET, /* the number leads to another socket: its cookie differs */
	DRIFT_CLOSED,	    /* a call on it said EBADF or ENOTSOCK */
	DRIFT_AT_EXIT,	    /* found by the snapshot at exit */
	DRIFT_KINDS = 8,
};

struct ledger_clock {
	uint64_t cycles;
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
};

/* Sums over the process's life; updated by atomic additions, readable at any time. */
struct ledger_totals {
	uint64_t opened;	 /* born here: socket, accept, each end of a socketpair */
	uint64_t closed;	 /* of those: the last descriptor here is gone, however it went */
	uint64_t drift;		 /* of the closed: found gone without a close that we saw */
	uint64_t copied;	 /* descriptors made by dup and its kin */
	uint64_t inherited;	 /* sockets first met in a child after fork */
	uint64_t received;	 /* by SCM_RIGHTS */
	uint64_t adopted;	 /* found open after exec */
	uint64_t foreign_closed; /* inherited, received or adopted ones whose last descriptor here
				    is gone */
	uint64_t drift_by[DRIFT_KINDS]; /* every descriptor that drifted, copies and foreign ones
					   too: enum ledger_drift */
};

/* Calls that got no descriptor. Of the first and of ever rarer later ones it is told where. */
struct ledger_refusals {
	uint64_t count, first_at, last_at;
	stack_id stack;
	uint32_t call;
	uint64_t limit; /* RLIMIT_NOFILE then; 0 unknown */
};
enum { REFUSED_PROCESS, /* EMFILE */ REFUSED_SYSTEM, /* ENFILE */ REFUSED_KINDS };

struct ledger_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size;
	uint32_t byte_order;
	uint16_t machine; /* ELF e_machine */
	uint16_t word_size;
	uint64_t file_size;
	struct ledger_section sections[SECTION_ROOM];

	/* Who. comm may hold anything but NUL; exe is a string. */
	uint32_t pid, ppid, uid, sequence; /* sequence: the N of the file's name */
	uint64_t start_ticks;		   /* field 22 of /proc/PID/stat */
	uint64_t net_ns;		   /* inode of /proc/PID/ns/net at creation */
	uint64_t net_ns_cookie; /* SO_NETNS_COOKIE of the first socket; 0 before Linux 5.14 */
	uint32_t exe;		/* string: path of the program */
	uint32_t session, process_group;
	uint8_t exe_build_id_size, cycles_kind;
	uint16_t reserved_who;
	char comm[16];
	char boot_id[40];
	uint8_t exe_build_id[32];

	struct ledger_clock clock_start; /* taken at creation */
	struct ledger_clock
		clock_last; /* at the latest opening or the exit; torn by a kill at worst */

	/* How it was asked to audit. */
	uint32_t grace_ms;
	uint8_t grace_given; /* grace= was set: the exit rules of verdict.h don't apply */
	uint8_t frames_wanted;
	uint16_t reserved_how;
	uint64_t nofile_soft;

	/* How it ended. */
	uint32_t state;	     /* enum ledger_state, written last */
	int32_t exit_status; /* as given to exit() */
	uint64_t ended_at;
	uint32_t snapshots_taken; /* 1: SECTION_SNAPSHOTS is complete; 0: nobody asked the kernel */
	uint32_t verdict_sockets; /* sockets with findings of severity error, as counted at exit */
	uint32_t filtered;	  /* enum ledger_filtered */
	uint32_t max_fd;	  /* highest slot ever used */

	struct ledger_totals totals;
	uint64_t lost[LOST_ROOM];

	/* Times of the latest openings, in a ring; two newer than an evidence end its grace
	 * at exit. */
	uint64_t openings[8];

	/* The calls that records name by index; [0] is "". */
	char calls[LEDGER_CALLS_MAX][LEDGER_CALL_NAME];

	/* The fork that made this process, when it was seen: 0 otherwise. */
	uint32_t fork_stack;
	uint32_t fork_pid; /* the parent */
	uint64_t fork_at;
	uint64_t pid_ns; /* inode of /proc/PID/ns/pid: pid means nothing outside of it; 0 unknown */
	uint32_t fork_call;
	uint32_t suppressions_text; /* string: what __sockaudit_default_suppressions() returned */
	uint32_t suppressions_file; /* string: suppressions= */
	uint32_t mark;		    /* string: mark= */
	uint32_t reserved_end;

	struct ledger_refusals refusals[REFUSED_KINDS];
};

/* An address of a socket, in network byte order as in the sockaddr; `known` 0: never told. */
struct ledger_address {
	uint8_t ip[16]; /* IPv4 in the first four bytes */
	uint32_t extra; /* inet6: scope id; unix: string of the path, '@' first when abstract */
	uint16_t port;	/* host byte order */
	uint8_t known;
	uint8_t reserved;
};

/* Where a slot's life stands: ledger_slot.life is generation << 3 | phase. */
enum ledger_phase {
	PHASE_EMPTY,
	PHASE_FILLING, /* being written: don't read */
	PHASE_OPEN,
	PHASE_CLOSING, /* a close was called: gone, unless its thread was cancelled inside it */
	PHASE_GONE,    /* closed; the life's facts stay until the number is used again */
};
#define LIFE_PHASE(life)      ((life)&7u)
#define LIFE_GENERATION(life) ((life) >> 3)

enum ledger_origin {
	ORIGIN_NONE,
	ORIGIN_SOCKET,
	ORIGIN_ACCEPT,
	ORIGIN_PAIR,
	ORIGIN_COPY,	  /* dup, dup2, dup3, fcntl(F_DUPFD) */
	ORIGIN_INHERITED, /* from the parent process, at fork */
	ORIGIN_RECEIVED,  /* SCM_RIGHTS */
	ORIGIN_ADOPTED,	  /* from this process before exec */
};

enum ledger_flag {
	SOCKET_LISTENING = 1u << 0,
	SOCKET_CONNECTED = 1u << 1,  /* was connected at least once */
	SOCKET_CONNECTING = 1u << 2, /* connect() is under way, its result not yet known */
	SOCKET_CONNECT_FAILED = 1u << 3,
	SOCKET_SHUT_READ = 1u << 4,  /* by us */
	SOCKET_SHUT_WRITE = 1u << 5, /* by us */
	SOCKET_CLOEXEC = 1u << 6,
	SOCKET_STDIO = 1u << 7,	 /* fdopen'ed: read and written behind the hooks */
	SOCKET_COPIED = 1u << 8, /* shares its open file description with another slot */
	SOCKET_FOREIGN =
		1u << 9, /* not born here: inherited, received, adopted, or a copy of such a one */
	SOCKET_CONNECTOR = 1u << 10, /* we called connect(), the peer did not */
	SOCKET_INHERITED = 1u << 12, /* the parent's, by fork, perhaps with an exec since */
	SOCKET_IGNORED = 1u << 11,   /* the program asked not to be told about it */
	/* Another descriptor of the same socket was closed: closed_at, closed_stack and closed_call
	 * tell of that while this one is open. */
	SOCKET_COPY_CLOSED = 1u << 13,
	/* And that one was used after this copy was made, while this one never was: it was the one
	 * at work. */
	SOCKET_COPY_WORKED = 1u << 14,
	/* Of a copy or an inherited socket: a call that may wait for data has begun on it. */
	SOCKET_TOUCHED = 1u << 15,
	/* Its number was closed in a sweep over numbers, or was something else's since: another
	 * close() of it is not this socket's. */
	SOCKET_SUCCEEDED = 1u << 16,
	SOCKET_LINGER_0 = 1u << 17, /* SO_LINGER with no time: close() resets */
	SOCKET_NOT_TCP =
		1u << 18,      /* of a TCP family and type, but another protocol (MPTCP, SCTP) */
	SOCKET_ASK = 1u << 19, /* the flags may not know its options: they are asked at its close */
	SOCKET_COUNTED = 1u << 20, /* it owed a close() at the last sockaudit_checkpoint() */
};

/* How a TCP connection ended when its last descriptor here was closed. */
enum ledger_end {
	END_NOT,	  /* no connection, or other processes may go on with it */
	END_FIRST,	  /* we sent our FIN first, by close() or shutdown(): TIME_WAIT is ours */
	END_SECOND,	  /* the peer's FIN was there before */
	END_RESET_UNREAD, /* reset, since received bytes were not read */
	END_RESET_LINGER, /* reset by SO_LINGER with no time */
	END_DEAD,	  /* it had been reset, or given up, before */
	END_UNKNOWN,	  /* the kernel might not be asked */
};

/*
 * Who has written a slot's first EOF. Unasked: nobody has made sure yet that the number was still
 * that socket's, and what the kernel says of it now must do.
 */
enum ledger_eof { EOF_NOT, EOF_CLAIMED, EOF_UNASKED };

/*
 * One descriptor's life, indexed by its number. A reader copies the slot, then looks at `life`
 * again: if it changed, or says FILLING, the copy is torn. Evidence is written once in a life, its
 * time last, so that a time of 0 means that the rest of that evidence is not there yet. Its time is
 * that of the call's return: of an earlier life's, told late, it is before opened_at (verdict.h).
 */
struct ledger_slot {
	/* Written by every read and write, by plain stores; a line of its own. */
	uint64_t last_receive, last_send;
	uint64_t received, sent; /* bytes */
	uint32_t exchanges;	 /* changes of direction: a send after a receive or the reverse */
	uint32_t eof_reads;
	uint8_t last_receive_call, last_send_call;
	uint8_t direction; /* of the last byte: 0 none, 1 received, 2 sent */
	uint8_t thread;	   /* that moved it, or else that opened it: its number of that time in
			      SECTION_THREADS; 0 unknown */
	uint32_t epoll_interest; /* as given to epoll_ctl() */
	uint64_t epoll_since;	 /* of its last change: added, modified, removed */
	int32_t epoll_fd;	 /* + 1; 0 with epoll_since set: removed then */
	uint32_t life; /* generation and phase; here since every read and write reads it */

	/* Identity. */
	uint32_t net_ns; /* low half of SO_NETNS_COOKIE when it differs from the header's, else 0 */
	uint8_t type;	 /* SOCK_STREAM, ... */
	uint8_t origin;	 /* enum ledger_origin */
	uint16_t family;
	uint64_t cookie; /* SO_COOKIE; 0 unknown */
	uint64_t opened_at;
	stack_id opened_stack;
	uint8_t opened_call;
	uint8_t connect_call;
	int16_t connect_errno; /* of the last connect() or SO_ERROR that decided it */
	stack_id connect_stack;
	uint32_t flags; /* enum ledger_flag */
	uint64_t connect_at;
	/* Descriptors that share one open file description count themselves in one slot, their
	 * group's home. */
	uint32_t group;	     /* index of the home + 1; 0: the only descriptor */
	uint32_t group_refs; /* as a home: descriptors in the group; may outlive this slot's own
				life */
	uint64_t epoll_data; /* epoll_event.data as registered */

	/* Evidence. */
	uint64_t eof_at;
	stack_id eof_stack;
	uint8_t eof_call;
	uint8_t eof_claim; /* enum ledger_eof: somebody is writing, or has written, the first EOF */
	uint8_t error_claim;
	uint8_t told_call;
	uint64_t error_at;
	stack_id error_stack;
	int16_t error_errno;
	uint8_t error_call;
	uint8_t shutdown_call;
	uint64_t shutdown_at; /* of the call after which both ways were shut */
	stack_id shutdown_stack;
	stack_id told_stack; /* poll, select, epoll said HUP, RDHUP or ERR */
	uint64_t told_at;
	uint16_t told_events;
	uint8_t end;	  /* enum ledger_end, once its close has begun */
	uint8_t shut_end; /* END_FIRST or END_SECOND, once we shut our way; else END_NOT */
	uint32_t inode;	  /* asked for with the first EOF, error or shutdown; 0 before. The kernel's
			     are of 32 bits */

	/* Addresses and end. */
	struct ledger_address local, peer;
	uint64_t closed_at;
	stack_id closed_stack;
	uint8_t closed_call; /* 0: nobody's close() that we know of */
	/* A stack_id, low byte first (ASIDE_STACK): where the socket was last put aside, which is
	 * the epoll_ctl() since which nobody waits for its data; of a listener, the last accept(),
	 * whose time and call stand as last_receive. */
	uint8_t aside_stack[3];
};
#define ASIDE_STACK(slot)                                                                          \
	((stack_id)((slot)->aside_stack[0] | (uint32_t)(slot)->aside_stack[1] << 8 |               \
		    (uint32_t)(slot)->aside_stack[2] << 16))
#define ASIDE_STACKS_MAX (1u << 24)

/*
 * A thread that used or opened a socket. Its number is its own while it lives; another one may have
 * it afterwards, so who used a socket at some time is the latest of that number that began before.
 * `at` is written last.
 */
struct ledger_thread {
	uint64_t at;  /* of its first use of a socket */
	uint32_t tid; /* as the process itself sees it */
	uint8_t number;
	uint8_t reserved[3];
	char comm[16]; /* its name at that time; may hold anything but NUL */
};

/* A child process that was made here. `at` is written last. */
struct ledger_fork {
	uint64_t at;
	uint32_t pid; /* 0: libc does not tell (system, popen) */
	stack_id stack;
	uint8_t call;
	uint8_t reserved[7];
};

/*
 * A socket that was closed here while a child may hold it: it was open at a fork. Slots are used
 * again soon; this stays longer. `closed_at` is written last, after it was 0.
 */
struct ledger_closed {
	uint64_t closed_at, opened_at, cookie;
	uint64_t last_receive, last_send, connect_at;
	stack_id opened_stack, closed_stack, connect_stack;
	uint32_t flags; /* enum ledger_flag */
	int32_t fd;
	uint16_t family;
	uint8_t type, origin;
	uint8_t opened_call, closed_call, connect_call, last_receive_call, last_send_call;
	uint8_t reserved[3];
	struct ledger_address local, peer;
};

/* What the program said that it was beginning. `at` is written last. */
struct ledger_mark {
	uint64_t at;
	uint32_t name; /* string */
	uint32_t reserved;
};

/*
 * A TCP connection that this process ended: END_FIRST, END_RESET_* or END_UNKNOWN. The kernel's
 * TIME_WAIT has the cookie of the socket that it was. `closed_at` is written last, after it was 0.
 */
struct ledger_ending {
	uint64_t closed_at, cookie;
	uint8_t local_ip[16], peer_ip[16]; /* as in struct ledger_address */
	uint16_t local_port, peer_port;	   /* host byte order; 0 unknown */
	stack_id opened_stack, closed_stack;
	uint32_t exchanges; /* as in the slot */
	uint32_t flags;	    /* enum ledger_flag */
	uint8_t family;
	uint8_t end; /* enum ledger_end */
	uint8_t opened_call, closed_call;
};

struct ledger_closer {
	stack_id stack; /* where the descriptors opened here were closed */
	uint32_t call;
	uint64_t count;
};

/*
 * The live count of a stack's sockets over time: the lowest and the highest of each stretch, oldest
 * first, in one word (history.h), so that a reader never meets half of it. A stretch ends where the
 * next begins. When there is no room, two neighbours become one, those that are shortest for their
 * age: the past is told in proportion.
 */
struct ledger_history {
	uint32_t claimed;	 /* a thread begins a stretch, since then; 0: none does */
	uint16_t count;		 /* stretches */
	uint16_t most_exchanges; /* on one socket that was closed: requests with their answers */
	uint64_t samples[LEDGER_SAMPLES];
};

/* A distinct stack, with the books of the sockets opened there. Counters by atomic additions. */
struct ledger_stack {
	uint64_t hash;
	uint32_t frames; /* index of its first frame in SECTION_FRAMES, innermost first */
	uint16_t frame_count;
	uint8_t unwinder; /* enum ledger_unwinder */
	uint8_t complete; /* 1: the walk reached the end of the stack */
	uint64_t opened, closed;
	uint64_t closed_after_eof, closed_after_error, closed_by_us_first, drifted;
	uint32_t peak, reserved;
	struct ledger_closer closers[LEDGER_CLOSERS];
	uint64_t closed_elsewhere; /* at a fifth and further sites */
	uint64_t forks;
	struct ledger_history history;
	/* How the TCP connections ended that were closed *here*, wherever they were opened; with
	 * closed_by_us_first, one for each but END_NOT of enum ledger_end. */
	uint64_t closed_by_peer_first, resets_unread, resets_linger, ended_dead, ended_unknown;
	/* Requests with their answers, on those that were closed first: pairs of changes of
	 * direction. */
	uint64_t first_exchanges;
};

enum ledger_unwinder {
	UNWINDER_NONE, /* the hook's return address only */
	UNWINDER_LIBUNWIND,
	UNWINDER_LIBGCC,
};

/*
 * A frame: the module's index in the upper 16 bits, the ELF virtual address of the *return address*
 * in it in the lower 48 (so the call itself is at that less one, in signal frames too). Module 0: a
 * bare address.
 */
#define FRAME_MODULE(frame)	   ((uint32_t)((frame) >> 48))
#define FRAME_OFFSET(frame)	   ((frame)&0xffffffffffffull)
#define FRAME_MAKE(module, offset) ((uint64_t)(module) << 48 | ((offset)&0xffffffffffffull))

struct ledger_module {
	uint64_t start, end; /* mapped range when it was met */
	uint64_t bias;	     /* load address: run-time address less ELF virtual address */
	uint32_t path;	     /* string; the program's own path for the main program */
	uint32_t epoch;	     /* dlclose()s before it was met */
	uint8_t build_id_size;
	uint8_t flags; /* MODULE_* */
	uint8_t reserved[6];
	uint8_t build_id[32];
	uint64_t device, inode; /* of the file at that time, 0 unknown */
	uint64_t reserved_end[3];
};
#define MODULE_SELF 1u /* libsockaudit.so itself */
#define MODULE_MAIN 2u /* the program */
#define MODULE_VDSO 4u /* has no file */

enum ledger_misuse_kind {
	MISUSE_VOID, /* taken back: it was a sweep over numbers */
	MISUSE_DOUBLE_CLOSE,
	MISUSE_USE_AFTER_CLOSE,
};

/* A call on a number whose last owner was a socket that we saw closed. `at` is written last. */
struct ledger_misuse {
	uint32_t kind;
	int32_t fd;
	uint64_t at;
	stack_id stack; /* of the misuse */
	stack_id opened_stack, closed_stack;
	uint8_t call, opened_call, closed_call, type;
	int16_t error; /* EBADF */
	uint16_t family;
	uint32_t thread;
	uint64_t opened_at, closed_at, cookie;
	struct ledger_address local, peer;
};

/* What the kernel said of an open socket when the process exited. */
struct ledger_snapshot {
	int32_t fd;
	uint32_t life;	   /* of the slot it speaks of */
	uint8_t valid;	   /* 1: the cookie was still this socket's, and the following is known */
	uint8_t tcp_state; /* 0: not a TCP socket */
	uint8_t gone;	   /* 1: the number was closed or is another socket: drift */
	uint8_t keepalive;
	uint32_t recv_q, send_q;
	uint32_t last_data_recv_ms, last_ack_recv_ms; /* ages, tcp_info */
	uint32_t last_data_sent_ms;
	/*
	 * Of a socket that no hook made (life 0): opened behind libc, or, with `before`, there
	 * before the ledger was. Those of before stand here from the beginning (valid 0), and once
	 * more if they were open at exit (valid 1). Neither valid nor before: nothing.
	 */
	uint64_t cookie;
	uint16_t family;
	uint8_t type;
	uint8_t before;
	uint32_t reserved[3];
};

_Static_assert(sizeof(struct ledger_section) == 24, "ledger layout");
_Static_assert(sizeof(struct ledger_clock) == 24, "ledger layout");
_Static_assert(sizeof(struct ledger_totals) == 128, "ledger layout");
_Static_assert(sizeof(struct ledger_address) == 24, "ledger layout");
_Static_assert(sizeof(struct ledger_slot) == 256, "ledger layout");
_Static_assert(__builtin_offsetof(struct ledger_slot, life) == 60,
	       "the data path has a line of its own");
_Static_assert(__builtin_offsetof(struct ledger_slot, eof_at) == 128, "ledger layout");
_Static_assert(__builtin_offsetof(struct ledger_slot, local) == 192, "ledger layout");
_Static_assert(__builtin_offsetof(struct ledger_slot, thread) ==
		       __builtin_offsetof(struct ledger_slot, direction) + 1,
	       "the data path compares both at once");
_Static_assert(__builtin_offsetof(struct ledger_slot, direction) % 2 == 0, "ledger layout");
_Static_assert(__builtin_offsetof(struct ledger_slot, aside_stack) == 253, "ledger layout");
_Static_assert(sizeof(struct ledger_thread) == 32, "ledger layout");
_Static_assert(sizeof(struct ledger_closer) == 16, "ledger layout");
_Static_assert(sizeof(struct ledger_history) == 128, "ledger layout");
_Static_assert(sizeof(struct ledger_refusals) == 40, "ledger layout");
_Static_assert(sizeof(struct ledger_stack) == 328, "ledger layout");
_Static_assert(sizeof(struct ledger_module) == 112, "ledger layout");
_Static_assert(sizeof(struct ledger_misuse) == 112, "ledger layout");
_Static_assert(sizeof(struct ledger_snapshot) == 56, "ledger layout");
_Static_assert(sizeof(struct ledger_fork) == 24, "ledger layout");
_Static_assert(sizeof(struct ledger_closed) == 128, "ledger layout");
_Static_assert(sizeof(struct ledger_mark) == 16, "ledger layout");
_Static_assert(sizeof(struct ledger_ending) == 72, "ledger layout");
_Static_assert(sizeof(struct ledger_header) < 8192, "the header has two pages");

#endif
