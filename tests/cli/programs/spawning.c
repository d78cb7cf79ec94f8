/* SPDX-License-Identifier: MIT */
/*
 * spawning CHILDREN: four threads start children by posix_spawn and by vfork, which share this
 * process's memory until they exec, while two others open, copy and close sockets. Every child gets
 * a socket as its standard input, moved there in the child.
 */
#include "talk.h"
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SPAWNERS = 4, WORKERS = 2 };

static atomic_uint opened, closed, wrong, children;
static atomic_int over;
static int most;
extern char **environ;

static void life(void)
{
	int pair[2];
	char byte = 'x';

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	int copy = dup(pair[0]);
	wrong += send(copy, &byte, 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1;
	wrong += close(pair[0]) != 0 || close(copy) != 0;
	/* Its end comes when the child that was made meanwhile has exec'ed. */
	wrong += recv(pair[1], &byte, 1, 0) > 0 || close(pair[1]) != 0;
	opened += 2;
	closed += 2;
}

static pid_t spawned(int fd)
{
	posix_spawn_file_actions_t actions;
	char *arguments[] = { "true", NULL };
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_addclose(&actions, fd);
	wrong += posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ) != 0;
	posix_spawn_file_actions_destroy(&actions);
	return child;
}

static pid_t vforked(int fd)
{
	pid_t child = vfork();

	if (child == 0) {
		dup2(fd, 0);
		close(fd);
		execl("/bin/true", "true", NULL);
		_exit(99);
	}
	return child;
}

static void *spawns(void *unused)
{
	int pair[2], status;

	for (unsigned i; (i = children++) < (unsigned)most;) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
		pid_t child = i % 2 ? spawned(pair[0]) : vforked(pair[0]);
		wrong += waitpid(child, &status, 0) != child || status != 0;
		wrong += close(pair[0]) != 0 || close(pair[1]) != 0;
		opened += 2;
		closed += 2;
	}
	return unused;
}

static void *works(void *unused)
{
	while (!over)
		life();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[SPAWNERS + WORKERS];

	most = argc > 1 ? atoi(argv[1]) : 1000;
	for (int i = 0; i < SPAWNERS + WORKERS; i++)
		NEED(!pthread_create(&threads[i], NULL, i < SPAWNERS ? spawns : works, NULL));
	for (int i = 0; i < SPAWNERS; i++)
		pthread_join(threads[i], NULL);
	over = 1;
	for (int i = SPAWNERS; i < SPAWNERS + WORKERS; i++)
		pthread_join(threads[i], NULL);
	printf("wrong %u\n", wrong);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
