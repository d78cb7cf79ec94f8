/* SPDX-License-Identifier: MIT */
/* Ledgers made by hand: as the library would write them, field by field, without a program or a
 * kernel. One cycle is a nanosecond; the process starts at second 1. */
#ifndef BUILD_LEDGER_H
#define BUILD_LEDGER_H

#include <sockaudit/ledger.h>
#include <stddef.h>

#define BUILD_START 1000000000ull
/* A moment so many milliseconds after the start, in the ledger's cycles. */
#define BUILD_MS(ms) (BUILD_START + (ms)*1000000ull)

#define BUILD_CHILD 4242 /* the pid of a child that build_rings() made */

enum {
	CALL_NONE,
	CALL_SOCKET,
	CALL_ACCEPT,
	CALL_RECV,
	CALL_SEND,
	CALL_CLOSE,
	CALL_CONNECT,
	CALL_SHUTDOWN,
	CALL_DUP,
	CALL_FORK
};

struct build {
	unsigned char *bytes; /* the file */
	size_t size;
};

/* An exited process that lived for `lived_ms`; pid and start ticks as given. */
struct build build_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms);
/* The same with records of `extra` more bytes than we know of, as a newer library would write them.
 */
struct build build_wider_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms,
				uint32_t extra);
/* The same with room for 2,048 endings. */
struct build build_churning_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms);
/* The same with room for so many descriptors. */
struct build build_large_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms,
				uint32_t slots);
void build_free(struct build *build);

struct ledger_header *build_header(struct build *build);
void *build_record(struct build *build, enum ledger_section_id section, uint32_t index);
uint32_t build_take(struct build *build, enum ledger_section_id section, uint32_t count);

uint32_t build_string(struct build *build, const char *text);
/* A module with a build-id of that byte repeated. */
uint32_t build_module(struct build *build, const char *path, uint8_t build_id);
/* A stack of return addresses in one module, innermost first, ended by 0. */
stack_id build_stack(struct build *build, uint32_t module, ...);
/* A socket that was accepted after 10 ms, is connected and open. The cookie is 1000 + fd. */
struct ledger_slot *build_slot(struct build *build, int fd, stack_id opened);
/* It read EOF at that time. */
void build_eof(struct ledger_slot *slot, uint64_t at, stack_id stack);
/* What the kernel said of it at the exit. */
void build_snapshot(struct build *build, int fd, uint8_t tcp_state);
/* A thread of that tid, which has that number from so many milliseconds on. */
void build_thread(struct build *build, uint32_t tid, uint8_t number, uint64_t from_ms);
/* A child that was made after 20 ms, and the socket of a cookie that was closed after 40 ms, last
 * used after 30, opened after 10. */
struct ledger_closed *build_rings(struct build *build, uint64_t cookie, stack_id opened,
				  stack_id stack);
/* A connection accepted at `opened` that was closed first at `closed`, after one exchange; counted at
 * that stack. */
struct ledger_ending *build_ending(struct build *build, uint64_t cookie, uint64_t at,
				   stack_id opened, stack_id closed);
/* Writes the file; 0 or -1. */
int build_write(const struct build *build, const char *path);

#endif
