/* SPDX-License-Identifier: MIT */
#include "ending.h"
#include "fdtable.h"
#include "ledger_create.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sockaudit/verdict.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

static bool peer_has_ended(uint8_t tcp_state)
{
	return tcp_state == TCP_CLOSE_WAIT || tcp_state == TCP_LAST_ACK || tcp_state == TCP_CLOSING;
}

static void kernel_ask(int fd, struct ledger_snapshot *snapshot, const struct ledger_slot *slot)
{
	uint64_t cookie = 0;
	unsigned size = sizeof cookie;
	int failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);

	snapshot->gone = failed == -EBADF || failed == -ENOTSOCK ||
			 (failed == 0 && slot->cookie && cookie != slot->cookie);
	if (failed || snapshot->gone)
		return;
	snapshot->valid = 1;
	if (slot->type != SOCK_STREAM || (slot->family != AF_INET && slot->family != AF_INET6))
		return;
	struct tcp_info info = { 0 };
	size = sizeof info;
	if (sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return; /* SCTP, MPTCP without its own TCP_INFO */
	snapshot->tcp_state = info.tcpi_state;
	snapshot->last_data_recv_ms = info.tcpi_last_data_recv;
	snapshot->last_ack_recv_ms = info.tcpi_last_ack_recv;
	int value = 0;
	if (sys_ioctl(fd, SIOCINQ, &value) == 0)
		/* inet_diag counts a FIN that waits behind data as one byte; SIOCINQ takes it off
		 * again. */
		snapshot->recv_q = (uint32_t)value + (value > 0 && peer_has_ended(info.tcpi_state));
	if (sys_ioctl(fd, SIOCOUTQ, &value) == 0)
		snapshot->send_q = (uint32_t)value;
	size = sizeof value;
	if (sys_getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0)
		snapshot->keepalive = value != 0;
}

static bool slot_is_open(const struct ledger_slot *slot)
{
	enum ledger_phase phase = LIFE_PHASE(slot->life);

	return phase == PHASE_OPEN || phase == PHASE_CLOSING;
}

/* Another descriptor of a lower number leads to the same socket: counted there. */
static bool counted_before(uint32_t fd, const struct ledger_slot *slot)
{
	for (uint32_t lower = 0; slot->group && lower < fd; lower++)
		if (fdtable_watch[lower] == WATCH_SOCKET &&
		    ledger->slots[lower].group == slot->group &&
		    slot_is_open(&ledger->slots[lower]))
			return true;
	return false;
}

void ending_snapshot(void)
{
	struct ledger_header *header = ledger->header;
	uint32_t used = 0;
	uint64_t open = 0;

	for (uint32_t fd = 0; fd <= header->max_fd; fd++) {
		/* A hole was never used; touching it would fill it. */
		struct ledger_slot *slot = fdtable_watch[fd] == WATCH_SOCKET
						   ? ledger->slots + fd
						   : fdtable_record((int)fd);

		if (!slot || !slot_is_open(slot))
			continue;
		if (!ledger_file_reserve(SECTION_SNAPSHOTS, used, 1))
			return;
		struct ledger_snapshot *snapshot = &ledger->snapshots[used];
		memset(snapshot, 0, sizeof *snapshot);
		snapshot->fd = (int32_t)fd;
		snapshot->life = slot->life;
		kernel_ask((int)fd, snapshot, slot);
		if (snapshot->gone) {
			fdtable_finish((int)fd, slot->life, LIFE_PHASE(slot->life) == PHASE_OPEN);
			fdtable_watch[fd] = WATCH_NOT;
			continue;
		}
		header->sections[SECTION_SNAPSHOTS].used = ++used;
		open += !(slot->flags & SOCKET_FOREIGN) && !counted_before(fd, slot);
	}
	header->snapshots_taken = 1;
	/* A handler that jumped out of a close() may have left it uncounted: the slots know better
	 * than the sum. */
	header->totals.closed = header->totals.opened - open;
}

/* A socket that breaks a rule, as far as grouping into findings needs it. */
struct suspect {
	uint32_t rule;
	stack_id opened, evidence;
	bool ripe;
};

static const char *const rule_names[] = {
	[VERDICT_CONNECT_FAILED] = "connect-failed-not-closed",
	[VERDICT_SHUTDOWN] = "shutdown-not-closed",
	[VERDICT_EOF] = "eof-not-closed",
	[VERDICT_ERROR] = "error-not-closed",
	[VERDICT_FIN_UNREAD] = "fin-unread",
};
#define RULES (sizeof rule_names / sizeof rule_names[0])

struct kernel_word {
	const struct ledger_snapshot *next, *end;
};

/* The snapshot of a slot; snapshots stand in the order of descriptors. */
static struct verdict_kernel kernel_of(struct kernel_word *word, uint32_t fd, uint32_t life,
				       uint64_t at)
{
	struct verdict_kernel kernel = { 0 };

	while (word->next < word->end && (uint32_t)word->next->fd < fd)
		word->next++;
	if (word->next < word->end && (uint32_t)word->next->fd == fd && word->next->life == life &&
	    word->next->valid)
		kernel =
			(struct verdict_kernel){ .tcp_state = word->next->tcp_state,
						 .has_ages = word->next->tcp_state != 0,
						 .last_ack_recv_ms = word->next->last_ack_recv_ms,
						 .last_data_recv_ms = word->next->last_data_recv_ms,
						 .keepalive = word->next->keepalive,
						 .at = at };
	return kernel;
}

static uint32_t suspects_find(struct suspect *suspects, uint32_t room)
{
	const struct ledger_header *header = ledger->header;
	struct kernel_word word = { ledger->snapshots,
				    ledger->snapshots + header->sections[SECTION_SNAPSHOTS].used };
	uint64_t now = cycles_now();
	double rate = clock_rate(&header->clock_start, &header->clock_last);
	uint32_t count = 0;

	for (uint32_t fd = 0; fd <= header->max_fd && count < room; fd++) {
		if (fdtable_watch[fd] != WATCH_SOCKET)
			continue;
		struct ledger_slot slot = ledger->slots[fd];
		if (!slot_is_open(&slot) || counted_before(fd, &slot))
			continue;
		struct verdict_kernel kernel = kernel_of(&word, fd, slot.life, now);
		struct verdict verdict = verdict_of(&slot, &kernel, rate);
		if (verdict.rule == VERDICT_NONE)
			continue;
		bool ripe = header->grace_given
				    ? cycles_to_ms(rate, verdict.since, now) >= header->grace_ms
				    : verdict_ripe_at_exit(&verdict, header->openings, now, rate);
		suspects[count++] = (struct suspect){ verdict.rule, slot.opened_stack,
						      verdict.evidence_stack, ripe };
	}
	return count;
}

static bool same_finding(const struct suspect *a, const struct suspect *b)
{
	return a->rule == b->rule && a->opened == b->opened && a->evidence == b->evidence;
}

/*
 * Without a given grace, one ripe socket takes along its whole finding. Few findings, many sockets:
 * the ripe ones' representatives are kept, so that ten thousand sockets are compared with a
 * handful.
 */
#define FINDINGS_MOST 64
static void suspects_ripen(struct suspect *suspects, uint32_t count)
{
	uint32_t ripe[FINDINGS_MOST], findings = 0;

	if (ledger->header->grace_given)
		return;
	for (uint32_t i = 0; i < count && findings < FINDINGS_MOST; i++) {
		bool known = !suspects[i].ripe;

		for (uint32_t j = 0; j < findings && !known; j++)
			known = same_finding(&suspects[i], &suspects[ripe[j]]);
		if (!known)
			ripe[findings++] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < findings && !suspects[i].ripe; j++)
			suspects[i].ripe = same_finding(&suspects[i], &suspects[ripe[j]]);
}

static uint32_t misuses_count(void)
{
	const struct ledger_section *section = &ledger->header->sections[SECTION_MISUSES];
	uint32_t used = section->used < section->capacity ? section->used : section->capacity,
		 count = 0;

	for (uint32_t i = 1; i < used; i++)
		count += ledger->misuses[i].kind == MISUSE_DOUBLE_CLOSE;
	return count;
}

static void line_add(char *line, size_t room, uint32_t count, const char *rule)
{
	if (!count)
		return;
	text_add(line, room, line[0] ? ", " : "");
	text_add_number(line, room, count);
	text_add(line, room, " ");
	text_add(line, room, rule);
}

uint32_t ending_summary(void)
{
	uint32_t sums[RULES] = { 0 }, total = 0, doubles = misuses_count();
	size_t size = ((size_t)ledger->header->max_fd + 1) * sizeof(struct suspect);
	long map = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (map > 0 || map <= -4096) {
		struct suspect *suspects = (struct suspect *)map;
		uint32_t count = suspects_find(suspects, ledger->header->max_fd + 1);

		suspects_ripen(suspects, count);
		for (uint32_t i = 0; i < count; i++) {
			sums[suspects[i].rule] += suspects[i].ripe;
			total += suspects[i].ripe;
		}
		sys_munmap(suspects, size);
	}
	total += doubles;
	ledger->header->verdict_sockets = total;
	if (!total || !settings.summary)
		return total;
	char line[256] = "", number[24];
	for (unsigned i = 1; i < RULES; i++)
		line_add(line, sizeof line, sums[i], rule_names[i]);
	line_add(line, sizeof line, doubles, "double-close");
	complain(complain_number(number, total), total == 1 ? " socket: " : " sockets: ", line,
		 "; run: sockaudit report ", ledger_create_path(), NULL);
	return total;
}
