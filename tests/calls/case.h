/* SPDX-License-Identifier: MIT */
/*
 * What the test of one hook is written with. A case is a function that runs in a process of its
 * own, twice: bare, and under the library. What it tells with STEP must be the same both times:
 * results and errno are libc's. What it tells with CHECK is looked up in the process's own ledger,
 * under the library only: the hook ran.
 */
#ifndef CASE_H
#define CASE_H

#include <errno.h>
#include <sockaudit/ledger.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* errno before each step: a success must leave it alone. */
#define ERRNO_BEFORE 7777

/* Tells a call's result and errno; the value is the result. A result of -1 is a failure. */
#define STEP(call)                                                                                 \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		long result_ = (long)(call);                                                       \
		int errno_ = errno;                                                                \
		case_step(#call, result_, errno_);                                                 \
	})
/* The same for a call that answers with a pointer: only whether it is NULL is told. */
#define STEP_POINTER(call)                                                                         \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		__typeof__(call) pointer_ = (call);                                                \
		int errno_ = errno;                                                                \
		case_step(#call, pointer_ ? 0 : -1, errno_);                                       \
		pointer_;                                                                          \
	})
/* The same for a call that answers nothing. */
#define STEP_VOID(call)                                                                            \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		call;                                                                              \
		case_step(#call, 0, errno);                                                        \
	})
/* Something else that must be the same both times. */
#define TELL(...) case_tell(__VA_ARGS__)

/* Must be true under the library; bare, it is not looked at. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (case_audited())                                                                \
			case_check(condition, #condition, __FILE__, __LINE__);                     \
	} while (0)
/* Must be true both times: the case itself could not do its work otherwise. */
#define NEED(condition) case_need(condition, #condition, __FILE__, __LINE__)

long case_step(const char *call, long result, int error);
void case_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void case_check(bool condition, const char *text, const char *file, int line);
void case_need(bool condition, const char *text, const char *file, int line);
bool case_audited(void);

/* The case ends by a call that does not return, or is replaced: how its ledger must look
 * afterwards. */
void case_expect(enum ledger_state state, int exit_status);
/* The command line that makes this program tell its arguments and environment, and exit with
 * status 9. */
#define CASE_TELL_ARGUMENTS "tell-arguments"
extern const char *case_program, *case_report_path;

/* This process's own ledger, through its mapping; all zeros, its sections too, while there is none.
 */
const struct ledger_header *case_ledger(void);
bool case_has_ledger(void);
/* Bytes of it that are mapped. */
unsigned long case_ledger_mapped(void);
/* The slot of a number. */
const struct ledger_slot *case_slot(int fd);
enum ledger_phase case_phase(int fd);
/* Is `call` in a record the call of this name? */
bool case_call_is(uint8_t call, const char *name);
/* The section's records. */
const void *case_section(enum ledger_section_id section);
uint32_t case_used(enum ledger_section_id section);
/* Records of misuse, and the latest of them. */
uint32_t case_misuses(void);
const struct ledger_misuse *case_last_misuse(void);
/* The first ledger of a process that has ended; all zeros when there is none. And what it knows of
 * open sockets. */
const struct ledger_header *case_ledger_of(pid_t pid);
unsigned case_snapshots_of(const struct ledger_header *header);

/* Sockets on loopback; numbers are the lowest free ones, so the same both times. */
void case_tcp_pair(int fds[2]); /* [0] called connect(), [1] came from accept() */
void case_udp_pair(int fds[2]);
int case_listener(struct sockaddr_storage *address, socklen_t *size);
/* The other end closes so that this end is reset. */
void case_reset(int fd, int peer);
/* Has arrived: data, FIN or RST. By a wait that no hook sees. */
void case_wait_readable(int fd);
/* The same, whatever poll(2) may say. */
void case_wait_for(int fd, short events);
/* Runs in a child of its own, without a ledger so far; its status. */
int case_apart(void (*run)(void));

#endif
