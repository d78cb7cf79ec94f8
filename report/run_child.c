/* SPDX-License-Identifier: MIT */
#include "run_child.h"

#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Stopping and going on is between the terminal and all of its process group, so not ours to pass
 * on; the last four are faults of our own. */
static const int not_watched[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT,	SIGKILL, SIGSTOP,
				   SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,	SIGABRT, SIGTRAP,
				   SIGSYS,  SIGPIPE, SIGPROF, SIGVTALRM };

static void child_become(char *const *command, char *const *environment, const sigset_t *mask,
			 int report)
{
	inherited_restore();
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvpe(command[0], command, environment);
	int error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

void run_child_prepare(struct run_child *child)
{
	*child = (struct run_child){ .pid = -1 };
	sigfillset(&child->watched);
	for (size_t i = 0; i < sizeof(not_watched) / sizeof(*not_watched); i++)
		sigdelset(&child->watched, not_watched[i]);
	sigprocmask(SIG_BLOCK, &child->watched, &child->mask_before);
}

int run_child_start(struct run_child *child, char *const *command, char *const *environment,
		    bool *exec_failed)
{
	int ends[2], error = 0;

	*exec_failed = false;
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	child->pid = fork();
	if (!child->pid)
		child_become(command, environment, &child->mask_before, ends[1]);
	if (child->pid < 0)
		error = errno;
	close(ends[1]);
	/* Nothing comes when the exec has closed the other end. */
	if (!error && read(ends[0], &error, sizeof(error)) == (ssize_t)sizeof(error)) {
		*exec_failed = true;
		waitpid(child->pid, NULL, 0);
	}
	close(ends[0]);
	return error;
}

/* What a terminal or the kernel sends reaches the child by itself: it is of our process group. */
static bool is_for_both(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL || info->si_pid == 0;
}

static bool stands_still(pid_t pid)
{
	char path[32], stat[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	if (fd >= 0)
		close(fd);
	const char *state = n > 0 ? strrchr(stat, ')') : NULL;
	return state && (state[2] == 'T' || state[2] == 't');
}

/* Whoever stopped the command alone makes it alone go on (a test of a watchdog), and nobody would
 * think of us: so a process of ours looks on meanwhile. */
static pid_t waker_start(pid_t child)
{
	const struct timespec moment = { 0, 20000000 };
	pid_t ours = getpid(), waker = fork();

	if (waker)
		return waker;
	while (getppid() == ours && stands_still(child))
		nanosleep(&moment, NULL);
	if (getppid() == ours)
		kill(ours, SIGCONT);
	_exit(0);
}

static void child_look(struct run_child *child)
{
	int status;

	while (waitpid(child->pid, &status, WNOHANG | WUNTRACED) == child->pid) {
		if (!WIFSTOPPED(status)) {
			child->ended = true;
			child->status = status;
			return;
		}
		/* Whoever waits for us is to see that it stands still. */
		pid_t waker = waker_start(child->pid);
		raise(SIGSTOP);
		if (waker > 0) {
			kill(waker, SIGKILL);
			waitpid(waker, NULL, 0);
		}
		kill(child->pid, SIGCONT);
	}
}

void run_child_wait(struct run_child *child, unsigned ms)
{
	struct timespec now, until, rest;
	siginfo_t info;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	for (child_look(child); !child->ended; child_look(child)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		int64_t left = ((int64_t)until.tv_sec - now.tv_sec) * 1000000000 + until.tv_nsec -
			       now.tv_nsec;
		if (left <= 0)
			return;
		rest = (struct timespec){ left / 1000000000, left % 1000000000 };
		int signal = sigtimedwait(&child->watched, &info, &rest);
		if (signal > 0 && signal != SIGCHLD && !is_for_both(&info))
			kill(child->pid, signal);
	}
}

static struct {
	void (*put_away)(void *with);
	void *with;
	sigset_t signals;
} interrupt;

static void die_by(int signal)
{
	sigset_t only;

	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	sigemptyset(&only);
	sigaddset(&only, signal);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	raise(signal);
}

static void *interrupt_watch(void *nothing)
{
	int signal;

	if (sigwait(&interrupt.signals, &signal))
		return nothing;
	interrupt.put_away(interrupt.with);
	die_by(signal);
	return nothing;
}

void run_child_interruptible(void (*put_away)(void *with), void *with)
{
	const struct timespec now = { 0, 0 };
	struct sigaction before;
	pthread_t thread;

	interrupt.put_away = put_away;
	interrupt.with = with;
	sigemptyset(&interrupt.signals);
	/* What ended the command may still stand before our door. Not SIGTERM: it often comes twice
	 * (timeout(1)), and the report is what it left us time for. */
	for (int i = 0; i < 2; i++) {
		int signal = i ? SIGQUIT : SIGINT;
		if (!sigaction(signal, NULL, &before) && before.sa_handler != SIG_IGN)
			sigaddset(&interrupt.signals, signal);
	}
	while (sigtimedwait(&interrupt.signals, NULL, &now) > 0)
		;
	if (!pthread_create(&thread, NULL, interrupt_watch, NULL))
		pthread_detach(thread);
}

int run_child_status(const struct run_child *child)
{
	struct rlimit none = { 0, 0 };

	if (WIFEXITED(child->status))
		return WEXITSTATUS(child->status);
	int signal = WTERMSIG(child->status);
	/* The core is the child's. */
	setrlimit(RLIMIT_CORE, &none);
	die_by(signal);
	return 128 + signal;
}
