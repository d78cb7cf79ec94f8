/* SPDX-License-Identifier: MIT */
/* Both ends of a conversation by their ledgers alone, after everybody has ended; and the names of
 * TCP states. */
#include "build_analysis.h"

#include <setjmp.h>
#include <state_names.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct build server, client;
static stack_id server_opened, client_opened, client_closed;

static struct ledger_slot *connected(struct build *build, int fd, uint16_t port)
{
	struct ledger_slot *slot = build_slot(build, fd, client_opened);

	slot->origin = ORIGIN_SOCKET;
	slot->opened_call = CALL_SOCKET;
	slot->flags |= SOCKET_CONNECTOR;
	slot->connect_at = BUILD_MS(10);
	slot->local.port = port;
	slot->peer.port = 80;
	return slot;
}

static void closed(struct ledger_slot *slot, unsigned at)
{
	slot->life = 1u << 3 | PHASE_GONE;
	slot->closed_at = BUILD_MS(at);
	slot->closed_call = CALL_CLOSE;
	slot->closed_stack = client_closed;
}

static int begin(void **state)
{
	(void)state;
	server = build_ledger(10, 100, 5000);
	client = build_ledger(20, 200, 5000);
	uint32_t module = build_module(&server, "/bin/server", 1),
		 other = build_module(&client, "/bin/client", 2);
	server_opened = build_stack(&server, module, 0x1000, 0);
	client_opened = build_stack(&client, other, 0x2000, 0);
	client_closed = build_stack(&client, other, 0x3000, 0);
	build_eof(build_slot(&server, 5, server_opened), BUILD_MS(100), server_opened);
	build_snapshot(&server, 5, 8);
	return 0;
}

static int end(void **state)
{
	(void)state;
	build_free(&server);
	build_free(&client);
	return 0;
}

/* The other end of the server's one finding; analysis_free() after use. */
static const struct peer_process *peer_of_finding(struct analysis *analysis)
{
	const struct build builds[] = { server, client };

	assert_int_equal(build_analysis(builds, 2, 0, analysis), 0);
	const struct finding *finding = build_finding(analysis, RULE_EOF);
	assert_non_null(finding);
	assert_int_equal(finding->socket_count, 1);
	return finding->sockets[0].peer_process;
}

static void other_end_is_named(void **state)
{
	(void)state;
	struct analysis analysis;
	connected(&client, 7, 5555);
	const struct peer_process *peer = peer_of_finding(&analysis);
	assert_non_null(peer);
	assert_int_equal(peer->pid, 20);
	assert_int_equal(peer->fd, 7);
	assert_string_equal(peer->opened.call, "socket");
	assert_int_equal(peer->opened.stack->frames[0].offset, 0x2000 - 1);
	assert_int_equal(peer->holder_count, 1);
	assert_null(peer->closed.call);
	analysis_free(&analysis);
}

static void who_closed_it_is_named(void **state)
{
	(void)state;
	struct analysis analysis;
	closed(connected(&client, 7, 5555), 90);
	const struct peer_process *peer = peer_of_finding(&analysis);
	assert_non_null(peer);
	assert_int_equal(peer->pid, 20);
	assert_int_equal(peer->holder_count, 0);
	assert_string_equal(peer->closed.call, "close");
	assert_int_equal(peer->closed.stack->frames[0].offset, 0x3000 - 1);
	analysis_free(&analysis);
}

/* A client of IPv4, and the same address as its server, which listens on ::, has it. */
static void mapped_address_is_the_same(void **state)
{
	(void)state;
	struct analysis analysis;
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	struct ledger_slot *slot = build_record(&server, SECTION_SLOTS, 5);
	slot->family = 10;
	memcpy(slot->local.ip, mapped, 16);
	memcpy(slot->peer.ip, mapped, 16);
	connected(&client, 7, 5555);
	const struct peer_process *peer = peer_of_finding(&analysis);
	assert_non_null(peer);
	assert_int_equal(peer->fd, 7);
	analysis_free(&analysis);
}

static void another_port_is_another_conversation(void **state)
{
	(void)state;
	struct analysis analysis;
	connected(&client, 7, 5556);
	assert_null(peer_of_finding(&analysis));
	analysis_free(&analysis);
}

/* Other namespaces have the same loopback. */
static void another_namespace_is_another_conversation(void **state)
{
	(void)state;
	struct analysis analysis;
	connected(&client, 7, 5555);
	build_header(&server)->net_ns = 1;
	build_header(&client)->net_ns = 2;
	assert_null(peer_of_finding(&analysis));
	analysis_free(&analysis);
}

/* A port is used again: of two that had it, the one of that time. */
static void later_conversation_is_not_meant(void **state)
{
	(void)state;
	struct analysis analysis;
	closed(connected(&client, 7, 5555), 20);
	struct ledger_slot *later = connected(&client, 8, 5555);
	later->opened_at = later->connect_at = BUILD_MS(6000);
	build_header(&client)->ended_at = BUILD_MS(7000);
	const struct peer_process *peer = peer_of_finding(&analysis);
	assert_non_null(peer);
	assert_int_equal(peer->fd, 7);
	assert_string_equal(peer->closed.call, "close");
	analysis_free(&analysis);
}

/* It waited to be accepted for a moment; what was closed long before was another. */
static void earlier_conversation_is_not_meant(void **state)
{
	(void)state;
	static const unsigned closed_at[] = { 20, 2500 };

	for (size_t i = 0; i < 2; i++) {
		struct analysis analysis;
		struct ledger_slot *late = build_slot(&server, 5, server_opened);
		late->opened_at = BUILD_MS(3000);
		build_eof(late, BUILD_MS(3100), server_opened);
		closed(connected(&client, 7, 5555), closed_at[i]);
		const struct peer_process *peer = peer_of_finding(&analysis);
		assert_int_equal(peer != NULL, i);
		analysis_free(&analysis);
	}
}

static void states_in_every_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int state;
	} known[] = { { "ESTAB", 1 },	   { "established", 1 },  { "syn-sent", 2 },
		      { "SYN_RECV", 3 },   { "SYN-RECEIVED", 3 }, { "FIN-WAIT-1", 4 },
		      { "FIN_WAIT1", 4 },  { "fin_wait_2", 5 },	  { "FinWait2", 5 },
		      { "TIME-WAIT", 6 },  { "closed", 7 },	  { "CLOSE", 7 },
		      { "close-wait", 8 }, { "CLOSE_WAIT", 8 },	  { "last-ack", 9 },
		      { "LISTENING", 10 }, { "listen", 10 },	  { "CLOSING", 11 } };
	bool states[TCP_STATE_COUNT];
	const char *unknown;
	int length;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_true(state_names_parse(known[i].text, states, &unknown, &length));
		for (int j = 0; j < TCP_STATE_COUNT; j++)
			assert_int_equal(states[j], j == known[i].state);
	}
	assert_true(state_names_parse("CLOSE_WAIT,fin-wait-2", states, &unknown, &length));
	assert_true(states[8] && states[5] && !states[1]);
	assert_false(state_names_parse("CLOSE_WAIT,waiting", states, &unknown, &length));
	assert_int_equal(length, 7);
	assert_memory_equal(unknown, "waiting", 7);
	assert_false(state_names_parse(",", states, &unknown, &length));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(other_end_is_named),
		TEST(who_closed_it_is_named),
		TEST(mapped_address_is_the_same),
		TEST(another_port_is_another_conversation),
		TEST(another_namespace_is_another_conversation),
		TEST(later_conversation_is_not_meant),
		TEST(earlier_conversation_is_not_meant),
		cmocka_unit_test(states_in_every_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
