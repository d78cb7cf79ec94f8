/* SPDX-License-Identifier: MIT */
/*
 * odd_addresses accept FIRST LAST | connect: addresses as the kernel takes them and a reader of
 * them must not: room of FIRST to LAST bytes for the address of an accept(), where the memory ends,
 * and pointers and sizes for connect() that it refuses.
 */
#include "loopback.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The last `size` bytes before memory that may not be touched. */
static void *at_the_edge(size_t size)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || munmap(pages + 4096, 4096))
		_exit(3);
	return pages + 4096 - size;
}

static void accept_into(int listener, struct sockaddr *to, socklen_t to_size, socklen_t room)
{
	socklen_t size = room;
	void *edge = at_the_edge(room);
	int client = socket(to->sa_family, SOCK_STREAM, 0);

	if (connect(client, to, to_size))
		_exit(4);
	int server = accept(listener, edge, &size);
	printf("family %d, room for %u: %s, %u told\n", to->sa_family, room,
	       server >= 0 ? "accepted" : strerror(errno), size);
	close(server);
	close(client);
}

/* A listener at the loopback of a family, and how to connect to it; -1 without that family. */
static int listener_of(int family, struct sockaddr_storage *address, socklen_t *size)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(family, SOCK_STREAM, 0);

	*size = sizeof(sa_family_t); /* AF_UNIX: the kernel chooses a name */
	*address = (struct sockaddr_storage){ .ss_family = (sa_family_t)family };
	if (family == AF_INET6)
		memcpy(address, &six, *size = sizeof six);
	if (family == AF_INET)
		*(struct sockaddr_in *)address = loopback_address(0), *size = 16;
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *size) || listen(fd, 8))
		return -1;
	*size = sizeof *address;
	getsockname(fd, (struct sockaddr *)address, size);
	return fd;
}

/* Rooms from `first` to `last` bytes. */
static int accepting(socklen_t first, socklen_t last)
{
	static const int families[] = { AF_INET6, AF_INET, AF_UNIX };

	for (int i = 0; i < 3; i++) {
		struct sockaddr_storage address;
		socklen_t size;
		int listener = listener_of(families[i], &address, &size);

		if (listener < 0) {
			printf("family %d isn't here\n", families[i]);
			continue;
		}
		for (socklen_t room = first; room <= last; room++)
			accept_into(listener, (struct sockaddr *)&address, size, room);
	}
	return 0;
}

static int connecting(void)
{
	static const socklen_t sizes[] = { 0, 1, 2, 8, 16, 28, 110, 128, 129, 200, 1u << 31, -1u };

	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int result = connect(fd, (struct sockaddr *)16, sizes[i]);

		printf("nowhere, %u: %d %s\n", sizes[i], result, strerror(errno));
		/* Memory for the family, and no more. */
		struct sockaddr *edge = at_the_edge(sizeof edge->sa_family);
		edge->sa_family = AF_INET;
		result = connect(fd, edge, sizes[i]);
		printf("the edge, %u: %d %s\n", sizes[i], result, strerror(errno));
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "accept"))
		return accepting((socklen_t)atoi(argv[2]), (socklen_t)atoi(argv[3]));
	return connecting();
}
