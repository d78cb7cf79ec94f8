/* SPDX-License-Identifier: MIT */
/* Asks whether seccomp filters are there, by one that is refused, as sandboxes and runtimes do at
 * their start; then 1000 sockets live and end at one place. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	int probe = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);

	printf("probe %d: %s\n", probe, strerror(errno));
	for (int i = 0; i < 1000; i++)
		close(socket(AF_INET, SOCK_STREAM, 0));
	printf("# opened 1000 closed 1000\n");
	return 0;
}
