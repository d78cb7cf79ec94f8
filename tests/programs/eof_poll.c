/* SPDX-License-Identifier: MIT */
/* A poll server marks a client that ended as free in its table, without closing it. */
#include "stage/peer.h"
#include "stage/stage.h"

#define CLIENTS 4

static struct pollfd table[1 + CLIENTS];

static void serve(struct pollfd *client)
{
	char buffer[64];

	/* EXPECT eof-not-closed evidence call=read */
	if (read(client->fd, buffer, sizeof(buffer)) == 0)
		client->fd = -1;
}

static void welcome(struct pollfd *free_entry)
{
	/* EXPECT eof-not-closed opened count=4 */
	free_entry->fd = must(accept(table[0].fd, NULL, NULL));
	free_entry->events = POLLIN;
}

int main(void)
{
	int handles[CLIENTS];

	table[0] = (struct pollfd){ .fd = stage_listen(), .events = POLLIN };
	for (int i = 0; i < CLIENTS; i++) {
		handles[i] = peer_connect(stage_port(table[0].fd));
		must(poll(table, (nfds_t)i + 1, -1));
		welcome(&table[1 + i]);
	}
	for (int i = 0; i < CLIENTS; i++) {
		peer_finish(handles[i]);
		must(poll(table, 1 + CLIENTS, -1));
		for (int j = 1; j <= CLIENTS; j++)
			if (table[j].fd >= 0 && table[j].revents)
				serve(&table[j]);
	}
	stage_ready();
	return 0;
}
