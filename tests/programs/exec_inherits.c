/* SPDX-License-Identifier: MIT */
/* inetd: the child takes the connection as its standard streams and becomes cat; the parent closes.
 * And children made by system, popen and posix_spawn inherit what they never use. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void serve_by_cat(int listener)
{
	int client = peer_connect(stage_port(listener)), fd = must(accept(listener, NULL, NULL));
	pid_t child = must(fork());

	if (!child) {
		must(dup2(fd, 0));
		must(dup2(fd, 1));
		must(close(fd));
		must(close(listener));
		execl("/bin/cat", "cat", NULL);
		_exit(127);
	}
	must(close(fd));
	peer_send(client, 1000);
	peer_receive(client, 1000);
	peer_half_close(client);
	must(waitpid(child, NULL, 0));
	peer_expect_end(client);
}

int main(void)
{
	int listener = stage_listen(), status;
	char *arguments[] = { "true", NULL };
	pid_t pid;

	serve_by_cat(listener);
	serve_by_cat(listener);

	int client = peer_connect(stage_port(listener)), fd = must(accept(listener, NULL, NULL));
	expect(system("exit 5") == 5 << 8);
	FILE *pipe = popen("echo hello", "r");
	expect(pipe && fgetc(pipe) == 'h' && pclose(pipe) == 0);
	expect(!posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ));
	must(waitpid(pid, &status, 0));
	peer_send(client, 4);
	char buffer[4];
	expect(recv(fd, buffer, 4, MSG_WAITALL) == 4);
	must(close(fd));
	stage_ready();
	return 0;
}
