/* SPDX-License-Identifier: MIT */
/* Every number is the one that the program gets without the library: the runner compares the
 * output. */
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/wait.h>

static void show(const char *what, int fd)
{
	printf("%s %d\n", what, fd);
	fflush(stdout);
}

int main(void)
{
	int pair[2];

	/* What the runner left open is not ours to count. */
	closefrom(3);
	int listener = stage_listen();
	show("listener", listener);
	for (int i = 0; i < 3; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		show("socket", fd);
		must(connect(fd, stage_address(stage_port(listener)), STAGE_ADDRESS_SIZE));
		int served = must(accept(listener, NULL, NULL));
		show("accept", served);
		int file = must(open("/dev/null", O_RDONLY));
		show("open", file);
		must(close(fd));
		must(close(served));
		must(close(file));
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		show("pair", pair[0]);
		show("pair", pair[1]);
		show("dup", must(dup(pair[0])));
		pid_t child = must(fork());
		if (!child) {
			show("in the child", must(socket(AF_INET, SOCK_STREAM, 0)));
			_exit(0);
		}
		must(waitpid(child, NULL, 0));
		closefrom(listener + 1);
	}
	stage_ready();
	return 0;
}
