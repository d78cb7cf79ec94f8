/* SPDX-License-Identifier: MIT */
/* Both ends of a conversation in the kernel's book, made by hand: which row is the other end of
 * which. */
#include <kernel_pairs.h>
#include <socket_row.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { ESTABLISHED = 1, TIME_WAIT = 6, CLOSE_WAIT = 8, LISTEN = 10 };

static struct arena arena;
static struct kernel_census here, there, elsewhere;
static const struct kernel_census *const censuses[] = { &here, &there, &elsewhere };
static struct kernel_pairs *pairs;

static void address_set(uint8_t family, const char *text, uint8_t to[16])
{
	assert_int_equal(inet_pton(family, text, to), 1);
}

/* Rows may move until the pairs are made: they are named by their number. */
static size_t row(struct kernel_census *census, uint8_t family, const char *local,
		  uint16_t local_port, const char *peer, uint16_t peer_port)
{
	struct kernel_socket *socket = kernel_socket_add(&arena, census);

	socket->family = family;
	socket->protocol = IPPROTO_TCP;
	socket->state = peer_port ? ESTABLISHED : LISTEN;
	socket->listening_queue = !peer_port;
	socket->inode = 1000 + census->count;
	socket->local_port = local_port;
	socket->peer_port = peer_port;
	address_set(family, local, socket->local);
	address_set(family, peer, socket->peer);
	return census->count - 1;
}

static const struct kernel_socket *other(const struct kernel_census *census, size_t number)
{
	return kernel_other_end(pairs, census, &census->sockets[number]);
}

static int begin(void **state)
{
	(void)state;
	here = there = elsewhere = (struct kernel_census){ .count = 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	kernel_pairs_free(pairs);
	arena_free(&arena);
	return 0;
}

static void pairs_make(void)
{
	pairs = kernel_pairs_new(&arena, censuses, 3);
}

static void addresses_the_other_way_round(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET, "127.0.0.1", 80, "127.0.0.1", 5555),
	       client = row(&here, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 80),
	       stranger = row(&here, AF_INET, "127.0.0.1", 80, "127.0.0.1", 5556);
	pairs_make();
	assert_ptr_equal(other(&here, server), &here.sockets[client]);
	assert_ptr_equal(other(&here, client), &here.sockets[server]);
	assert_null(other(&here, stranger));
}

/* What a listener on :: accepts from an IPv4 client. */
static void mapped_address_is_the_same(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET6, "::ffff:10.0.0.1", 80, "::ffff:10.0.0.2", 5555),
	       client = row(&here, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80),
	       six = row(&here, AF_INET6, "2001:db8::1", 80, "2001:db8::2", 5555),
	       six_client = row(&here, AF_INET6, "2001:db8::2", 5555, "2001:db8::1", 80);
	pairs_make();
	assert_ptr_equal(other(&here, server), &here.sockets[client]);
	assert_ptr_equal(other(&here, client), &here.sockets[server]);
	assert_ptr_equal(other(&here, six), &here.sockets[six_client]);
}

static void loopback_is_each_namespaces_own(void **state)
{
	(void)state;
	size_t four = row(&here, AF_INET, "127.0.0.1", 80, "127.0.0.1", 5555),
	       six = row(&here, AF_INET6, "::1", 80, "::1", 5555),
	       mapped = row(&here, AF_INET6, "::ffff:127.0.0.1", 81, "::ffff:127.0.0.1", 5555);
	row(&there, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 80);
	row(&there, AF_INET6, "::1", 5555, "::1", 80);
	row(&there, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 81);
	pairs_make();
	assert_null(other(&here, four));
	assert_null(other(&here, six));
	assert_null(other(&here, mapped));
}

static void another_namespace_has_it_alone_or_nobody(void **state)
{
	(void)state;
	size_t one = row(&here, AF_INET, "10.0.0.1", 80, "10.0.0.2", 5555),
	       two = row(&here, AF_INET, "10.0.0.1", 80, "10.0.0.2", 5556),
	       client = row(&there, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80);
	/* Two networks with the same addresses: which of them it is, nobody can tell. */
	row(&there, AF_INET, "10.0.0.2", 5556, "10.0.0.1", 80);
	row(&elsewhere, AF_INET, "10.0.0.2", 5556, "10.0.0.1", 80);
	pairs_make();
	assert_ptr_equal(other(&here, one), &there.sockets[client]);
	assert_null(other(&here, two));
}

static void own_namespace_comes_first(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET, "10.0.0.1", 80, "10.0.0.2", 5555),
	       client = row(&here, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80);
	row(&there, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80);
	pairs_make();
	assert_ptr_equal(other(&here, server), &here.sockets[client]);
}

static void remembered_one_gives_way(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET, "10.0.0.1", 80, "10.0.0.2", 5555),
	       old = row(&here, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80),
	       present = row(&here, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 80);
	here.sockets[old].state = TIME_WAIT;
	pairs_make();
	assert_ptr_equal(other(&here, server), &here.sockets[present]);
}

static void udp_is_no_tcp(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET, "10.0.0.1", 53, "10.0.0.2", 5555);
	here.sockets[row(&here, AF_INET, "10.0.0.2", 5555, "10.0.0.1", 53)].protocol = IPPROTO_UDP;
	pairs_make();
	assert_null(other(&here, server));
}

/* A server of datagrams has no peer, and is one. */
static void datagrams_go_to_who_is_bound_there(void **state)
{
	(void)state;
	size_t client = row(&here, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 53),
	       server = row(&here, AF_INET, "127.0.0.1", 53, "0.0.0.0", 0),
	       any = row(&here, AF_INET6, "::", 54, "::", 0),
	       other_client = row(&here, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 54),
	       shared_client = row(&here, AF_INET, "127.0.0.1", 5555, "127.0.0.1", 55);
	row(&here, AF_INET, "127.0.0.1", 55, "0.0.0.0", 0);
	row(&here, AF_INET, "127.0.0.1", 55, "0.0.0.0",
	    0); /* SO_REUSEPORT: who gets it, nobody can tell */
	row(&there, AF_INET, "127.0.0.1", 53, "0.0.0.0", 0);
	for (size_t i = 0; i < here.count; i++) {
		here.sockets[i].protocol = IPPROTO_UDP;
		here.sockets[i].listening_queue = false;
	}
	pairs_make();
	assert_ptr_equal(other(&here, client), &here.sockets[server]);
	assert_ptr_equal(other(&here, other_client), &here.sockets[any]);
	assert_null(other(&here, shared_client));
	assert_null(other(&here, server));
}

static void interfaces_tell_link_local_apart(void **state)
{
	(void)state;
	size_t server = row(&here, AF_INET6, "fe80::1", 80, "fe80::2", 5555),
	       wrong = row(&here, AF_INET6, "fe80::2", 5555, "fe80::1", 80),
	       right = row(&here, AF_INET6, "fe80::2", 5555, "fe80::1", 80);
	here.sockets[server].scope = here.sockets[right].scope = 3;
	here.sockets[wrong].scope = 2;
	pairs_make();
	assert_ptr_equal(other(&here, server), &here.sockets[right]);
}

static void queue_is_the_listeners(void **state)
{
	(void)state;
	size_t any = row(&here, AF_INET6, "::", 80, "::", 0),
	       one = row(&here, AF_INET, "10.0.0.1", 81, "0.0.0.0", 0),
	       waiting = row(&here, AF_INET6, "::ffff:10.0.0.1", 80, "::ffff:10.0.0.2", 5555),
	       second = row(&here, AF_INET, "10.0.0.1", 81, "10.0.0.2", 5555),
	       accepted = row(&here, AF_INET, "10.0.0.1", 81, "10.0.0.2", 5556),
	       nobodys = row(&here, AF_INET, "10.0.0.9", 81, "10.0.0.2", 5557);
	here.sockets[waiting].inode = here.sockets[second].inode = here.sockets[nobodys].inode = 0;
	pairs_make();
	assert_ptr_equal(kernel_queue_of(pairs, &here.sockets[waiting]), &here.sockets[any]);
	assert_ptr_equal(kernel_queue_of(pairs, &here.sockets[second]), &here.sockets[one]);
	assert_null(kernel_queue_of(pairs, &here.sockets[accepted]));
	assert_null(kernel_queue_of(pairs, &here.sockets[nobodys]));
}

static void unix_peer_is_an_inode(void **state)
{
	(void)state;
	struct kernel_socket *first = kernel_socket_add(&arena, &here);
	first->family = AF_UNIX;
	first->inode = 7;
	first->peer_inode = 8;
	struct kernel_socket *second = kernel_socket_add(&arena, &there);
	second->family = AF_UNIX;
	second->inode = 8;
	kernel_census_index(&arena, &there);
	pairs_make();
	assert_ptr_equal(other(&here, 0), second);
	assert_null(other(&there, 0));
}

static void addresses_as_people_write_them(void **state)
{
	(void)state;
	uint8_t ip[16];
	address_set(AF_INET6, "fe80::1", ip);
	assert_string_equal(internet_text_on(&arena, AF_INET6, ip, 80, 3, "eth0"),
			    "[fe80::1%eth0]:80");
	assert_string_equal(internet_text_on(&arena, AF_INET6, ip, 80, 3, NULL), "[fe80::1%3]:80");
	assert_string_equal(internet_text_on(&arena, AF_INET6, ip, 80, 0, NULL), "[fe80::1]:80");
	address_set(AF_INET6, "2001:db8::1", ip);
	assert_string_equal(internet_text_on(&arena, AF_INET6, ip, 80, 3, "eth0"),
			    "[2001:db8::1]:80");
	address_set(AF_INET6, "::ffff:1.2.3.4", ip);
	assert_string_equal(internet_text_on(&arena, AF_INET6, ip, 80, 0, NULL),
			    "[::ffff:1.2.3.4]:80");
	pairs_make();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(addresses_the_other_way_round),
		TEST(mapped_address_is_the_same),
		TEST(loopback_is_each_namespaces_own),
		TEST(another_namespace_has_it_alone_or_nobody),
		TEST(own_namespace_comes_first),
		TEST(remembered_one_gives_way),
		TEST(udp_is_no_tcp),
		TEST(datagrams_go_to_who_is_bound_there),
		TEST(interfaces_tell_link_local_apart),
		TEST(queue_is_the_listeners),
		TEST(unix_peer_is_an_inode),
		TEST(addresses_as_people_write_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
