/* SPDX-License-Identifier: MIT */
/*
 * filtered_children parent: a process with a seccomp filter that allows everything, whose vfork
 * child closes the parent's sockets before its exec. filtered_children fork|vfork prctl|syscall: a
 * launcher of sandboxes, whose child installs a filter that kills at the calls that only a library
 * of ours would make, and execs; the parent goes on without a filter.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL(number)                                                                               \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static struct sock_filter kills[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	KILL(SYS_getpid),
	KILL(SYS_fcntl),
	KILL(SYS_getsockopt),
	KILL(SYS_readlinkat),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static struct sock_filter allows[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
static struct sock_fprog killing = { sizeof kills / sizeof kills[0], kills };
static struct sock_fprog allowing = { 1, allows };

static char *true_arguments[] = { "true", NULL }, *no_environment[] = { NULL };

static int in_the_parent(void)
{
	char byte;
	int pair[2], status;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	close(pair[1]);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &allowing))
		return 77;
	pid_t child = vfork();
	if (!child) {
		close(pair[0]);
		execve("/bin/true", true_arguments, no_environment);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %d, read %zd\n", status, read(pair[0], &byte, 1));
	return 0;
}

static int in_the_child(bool shares, bool by_prctl)
{
	int status, fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t child = shares ? vfork() : fork();

	if (!child) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &killing)
			     : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &killing))
			_exit(77);
		close(fd);
		execve("/bin/true", true_arguments, no_environment);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %x\n", status);
	for (int i = 0; i < 10; i++)
		close(socket(AF_INET, SOCK_STREAM, 0));
	printf("close %d\n", close(fd));
	printf("# opened 11 closed 11\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return in_the_parent();
	return in_the_child(!strcmp(argv[1], "vfork"), !strcmp(argv[2], "prctl"));
}
