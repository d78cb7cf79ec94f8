/* SPDX-License-Identifier: MIT */
/*
 * A client of any server that answers one request with one reply of a known length:
 * `load PORT CONNECTIONS RATE keep|each|ended REQUEST`. RATE 0: each connection asks again as soon
 * as it is answered. Otherwise so many requests a second, by a schedule that a slow answer does not
 * hold up; a latency counts from when the request was due. keep: connections stay; each: one
 * request a connection, and we close; ended: the same, and the server closes.
 *
 * It works in slices, so that several servers can be driven by turns: each line of its standard
 * input is a slice's milliseconds, answered when its last reply has come by "REQUESTS SECONDS" and,
 * where there is a schedule, the median and the 99th percentile of the latencies, microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
	int fd;
	size_t received;
	bool busy;
	/* The schedule: how many of its requests are due, and which of them is asked or comes next.
	 */
	unsigned long due, asked;
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static const char *request;
static size_t reply_size;
static bool keep, ended;
static double rate;
static unsigned count;
static struct connection *connections;
static int epoll;

/* Of the slice. */
static uint64_t began;
static unsigned long answered, open_requests;
static bool over;

static uint32_t *latencies;
static size_t latency_count, latency_room;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* From many addresses by turns: the ports of one would be used up by its TIME_WAIT. */
static int dial(void)
{
	static unsigned dialled;
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + dialled++ % 200);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) ||
	    connect(fd, (struct sockaddr *)&server, sizeof server))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void watch(struct connection *connection)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event))
		fail("epoll_ctl");
}

/* How long a reply is, by one that is waited for: nothing more of it comes for 200 ms, or its end.
 */
static size_t measure_reply(void)
{
	char buffer[65536];
	struct timeval patience = { .tv_sec = 5 };
	size_t whole = 0;
	ssize_t size;
	int fd = dial();

	if (send(fd, request, strlen(request), 0) < 0)
		fail("send");
	do {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		size = recv(fd, buffer, sizeof buffer, 0);
		whole += size > 0 ? (size_t)size : 0;
		patience = (struct timeval){ .tv_usec = 200000 };
	} while (size > 0);
	if (!whole || (ended ? size < 0 : !size || errno != EAGAIN))
		fail("the server's reply");
	close(fd);
	return whole;
}

static void ask(struct connection *connection)
{
	size_t size = strlen(request);

	if (!keep) {
		connection->fd = dial();
		watch(connection);
	}
	if (send(connection->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail("send");
	connection->received = 0;
	connection->busy = true;
	open_requests++;
}

static void note_latency(uint64_t due)
{
	if (latency_count == latency_room) {
		latency_room = latency_room ? 2 * latency_room : 1 << 16;
		latencies = realloc(latencies, latency_room * sizeof *latencies);
		if (!latencies)
			fail("realloc");
	}
	latencies[latency_count++] = (uint32_t)(now_ns() - due);
}

static void finish(struct connection *connection)
{
	connection->busy = false;
	open_requests--;
	answered++;
	if (!keep && close(connection->fd))
		fail("close");
	if (rate > 0) {
		unsigned long nth =
			connection->asked++ * count + (unsigned long)(connection - connections);

		note_latency(began + (uint64_t)((double)nth * 1e9 / rate));
		if (connection->asked < connection->due)
			ask(connection);
	} else if (!over) {
		ask(connection);
	}
}

static void take(struct connection *connection)
{
	char buffer[65536];
	ssize_t size = recv(connection->fd, buffer, sizeof buffer, MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN)
		return;
	if (size < 0 || (!size && !(ended && connection->received == reply_size)))
		fail("recv: the connection has ended");
	connection->received += (size_t)size;
	if (ended ? !size : connection->received >= reply_size)
		finish(connection);
}

/* What is due by now goes out, on the connection whose turn it is, or waits for it. */
static void follow_schedule(unsigned long *next, uint64_t now)
{
	for (; began + (uint64_t)((double)*next * 1e9 / rate) <= now; ++*next) {
		struct connection *connection = &connections[*next % count];

		connection->due++;
		if (!connection->busy)
			ask(connection);
	}
}

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

static double percentile(double share)
{
	return latency_count ? latencies[(size_t)(share * (double)(latency_count - 1))] / 1e3 : 0;
}

static void slice(double milliseconds)
{
	struct epoll_event events[512];
	unsigned long next = 0;
	uint64_t now = began = now_ns(), end = began + (uint64_t)(milliseconds * 1e6);

	answered = latency_count = 0;
	over = false;
	for (unsigned i = 0; i < count; i++) {
		connections[i].due = connections[i].asked = 0;
		if (rate <= 0)
			ask(&connections[i]);
	}
	while (!over || open_requests) {
		if (rate > 0 && !over)
			follow_schedule(&next, now);
		/* It does not sleep while it has a schedule to keep. */
		int ready = epoll_wait(epoll, events, 512, rate > 0 ? 0 : 1000);
		for (int i = 0; i < ready; i++)
			take(events[i].data.ptr);
		now = now_ns();
		over = now >= end;
		if (now > end + 60000000000u)
			fail("no reply for a minute");
	}
	double seconds = (double)(now_ns() - began) / 1e9;
	qsort(latencies, latency_count, sizeof *latencies, compare);
	printf("%lu %.9f %.2f %.2f\n", answered, seconds, percentile(.5), percentile(.99));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[64];
	struct rlimit limit;

	if (argc != 6)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	server.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	count = (unsigned)atoi(argv[2]);
	rate = atof(argv[3]);
	keep = !strcmp(argv[4], "keep");
	ended = !strcmp(argv[4], "ended");
	request = argv[5];
	reply_size = measure_reply();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc(count, sizeof *connections);
	for (unsigned i = 0; keep && i < count; i++) {
		connections[i].fd = dial();
		watch(&connections[i]);
	}
	while (fgets(line, sizeof line, stdin))
		slice(atof(line));
	return 0;
}
