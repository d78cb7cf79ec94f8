/* SPDX-License-Identifier: MIT */
#include "peer.h"
#include "stage.h"
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>

static int orders = -1, answers = -1;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Before main(), so that the peer inherits no socket of ours. */
__attribute__((constructor)) static void peer_start(void)
{
	char path[PATH_MAX], *slash, *arguments[] = { (char *)"peer", NULL },
				     *environment[] = { NULL };
	int to[2], from[2];
	pid_t pid;

	ssize_t size = must(readlink("/proc/self/exe", path, sizeof(path) - 8));
	path[size] = 0;
	slash = strrchr(path, '/');
	strcpy(slash, "/peer");
	must(pipe2(to, O_CLOEXEC));
	must(pipe2(from, O_CLOEXEC));

	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	must(-posix_spawn(&pid, path, &actions, NULL, arguments, environment));
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	/* Out of the way: programs here reason about low numbers. */
	orders = must(fcntl(to[1], F_DUPFD_CLOEXEC, 200));
	answers = must(fcntl(from[0], F_DUPFD_CLOEXEC, 200));
	close(to[1]);
	close(from[0]);
}

int peer_do(enum peer_verb verb, int a, int b)
{
	struct peer_order order = { (int)verb, a, b };
	int answer = -1;

	pthread_mutex_lock(&one_at_a_time);
	expect(write(orders, &order, sizeof(order)) == sizeof(order));
	expect(read(answers, &answer, sizeof(answer)) == sizeof(answer));
	pthread_mutex_unlock(&one_at_a_time);
	return stage_must(answer, "peer", (int)verb);
}
