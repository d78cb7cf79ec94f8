/* SPDX-License-Identifier: MIT */
/* The kernel's TCP sockets by /proc/PID/net/tcp{,6}: no cookies and no ages, but no netlink either.
 */
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TIMER_KEEPALIVE 2
#define STATE_LISTEN	10

/* "0100007F:1F90": the address in words of host order, the port as a number. */
static bool address_parse(const char *text, uint8_t ip[16], uint16_t *port)
{
	size_t digits = strcspn(text, ":");
	char *end;

	if (digits != 8 && digits != 32)
		return false;
	for (size_t i = 0; i < digits / 8; i++) {
		char word[9];
		memcpy(word, text + i * 8, 8);
		word[8] = 0;
		uint32_t value = (uint32_t)strtoul(word, &end, 16);
		if (*end)
			return false;
		memcpy(ip + i * 4, &value, 4);
	}
	*port = (uint16_t)strtoul(text + digits + 1, NULL, 16);
	return text[digits] == ':';
}

static void line_take(struct arena *arena, const char *line, uint8_t family,
		      struct kernel_census *census)
{
	char local[48], peer[48];
	unsigned state, timer;
	uint32_t send_q, recv_q;
	uint64_t inode;
	struct kernel_socket found = { .family = family,
				       .protocol = IPPROTO_TCP,
				       .type = SOCK_STREAM };

	if (sscanf(line,
		   " %*[^:]: %47s %47s %x %" SCNx32 ":%" SCNx32 " %x:%*x %*x %*u %*u %" SCNu64,
		   local, peer, &state, &send_q, &recv_q, &timer, &inode) != 7)
		return;
	if (!address_parse(local, found.local, &found.local_port) ||
	    !address_parse(peer, found.peer, &found.peer_port))
		return;
	found.state = (uint8_t)state;
	found.inode = inode;
	found.send_q = send_q;
	found.recv_q = recv_q;
	found.keepalive = timer == TIMER_KEEPALIVE;
	found.listening_queue = state == STATE_LISTEN;
	*kernel_socket_add(arena, census) = found;
}

static int file_dump(struct arena *arena, uint32_t pid, const char *name, uint8_t family,
		     struct kernel_census *census)
{
	char path[64], *line = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/net/%s", pid, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0)
		line_take(arena, line, family,
			  census); /* the heading has no numbers, so it is passed over */
	int error = ferror(file) ? -EIO : 0;
	free(line);
	fclose(file);
	return error;
}

int kernel_proc_dump(struct arena *arena, uint32_t pid, struct kernel_census *census)
{
	int error = file_dump(arena, pid, "tcp", AF_INET, census);

	if (error)
		return error;
	error = file_dump(arena, pid, "tcp6", AF_INET6, census);
	return error == -ENOENT ? 0 : error;
}
