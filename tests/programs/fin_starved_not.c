/* SPDX-License-Identifier: MIT */
/* The twin of fin_starved: the thread waited for its lock, too, but got it, and reads to the end.
 * The second connection's thread is not stuck: it left this one and went on with another, so its
 * bytes are unread for another reason. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>

static pthread_mutex_t database = PTHREAD_MUTEX_INITIALIZER;
static int taken[2], listener;

static void *work(void *of)
{
	char part[4];
	int fd = *(int *)of;

	expect(recv(fd, part, sizeof(part), 0) == 4);
	must(write(taken[1], "t", 1));
	pthread_mutex_lock(&database);
	while (must(recv(fd, part, sizeof(part), 0)) > 0)
		;
	must(close(fd));
	pthread_mutex_unlock(&database);
	return of;
}

static void *go_on(void *of)
{
	char part[4];

	expect(recv(*(int *)of, part, sizeof(part), 0) == 4);
	int client = peer_connect(stage_port(listener)),
	    fd = must(accept4(listener, NULL, NULL, 0));
	peer_send(client, 4);
	expect(recv(fd, part, sizeof(part), 0) == 4);
	must(write(taken[1], "t", 1));
	pthread_mutex_lock(&database);
	return of;
}

int main(void)
{
	pthread_t thread;
	char byte;

	listener = stage_listen();
	int client = peer_connect(stage_port(listener)),
	    fd = must(accept4(listener, NULL, NULL, 0));
	must(pipe(taken));
	pthread_mutex_lock(&database);
	peer_send(client, 12);
	expect(!pthread_create(&thread, NULL, work, &fd));
	must(read(taken[0], &byte, 1));
	peer_finish(client);
	pthread_mutex_unlock(&database);
	expect(!pthread_join(thread, NULL));

	pthread_mutex_lock(&database);
	client = peer_connect(stage_port(listener));
	/* EXPECT fin-unread opened class=D says=went */
	/* EXPECT fin-unread fact reason=unread-data unread_bytes=8 */
	fd = must(accept(listener, NULL, NULL));
	peer_send(client, 12);
	expect(!pthread_create(&thread, NULL, go_on, &fd));
	must(read(taken[0], &byte, 1));
	peer_finish(client);
	stage_ready();
	return 0;
}
