/* SPDX-License-Identifier: MIT */
/* Where a thread stands; see proc_thread.h. */
#include "proc_thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Clocks of /proc tick 100 times a second. */
#define SLACK_MS 50u

struct wait {
	long call;
	const char *name;
	/* What wchan begins with, where the call itself is not ours to see; NULL: it tells nothing.
	 */
	const char *channel;
	enum thread_stand stand;
	bool on_descriptor;
	enum { FOR_ANY, FOR_DATA, HELD_UP } what;
};

static const struct wait waits[] = {
	{ SYS_futex, "waits for a lock or a condition (futex)", "futex", THREAD_BLOCKED, false,
	  FOR_ANY },
	{ SYS_nanosleep, "sleeps", "hrtimer_nanosleep", THREAD_BLOCKED, false, FOR_ANY },
	{ SYS_clock_nanosleep, "sleeps", "do_nanosleep", THREAD_BLOCKED, false, FOR_ANY },
	{ SYS_flock, "waits for a file's lock", "flock", THREAD_BLOCKED, false, HELD_UP },
	{ SYS_fcntl, "waits for a file's lock", "fcntl_setlk", THREAD_BLOCKED, false, HELD_UP },
	{ SYS_wait4, "waits for a child process", "do_wait", THREAD_BLOCKED, false, FOR_ANY },
	{ SYS_waitid, "waits for a child process", NULL, THREAD_BLOCKED, false, FOR_ANY },
	{ SYS_rt_sigtimedwait, "waits for a signal", "do_sigtimedwait", THREAD_BLOCKED, false,
	  FOR_ANY },
	{ SYS_read, "read()", "pipe_read", THREAD_BLOCKED, true, FOR_DATA },
	{ SYS_readv, "readv()", NULL, THREAD_BLOCKED, true, FOR_DATA },
	{ SYS_recvfrom, "recv()", "sk_wait_data", THREAD_BLOCKED, true, FOR_DATA },
	{ SYS_recvmsg, "recvmsg()", NULL, THREAD_BLOCKED, true, FOR_DATA },
	{ SYS_write, "write()", "pipe_write", THREAD_BLOCKED, true, HELD_UP },
	{ SYS_writev, "writev()", NULL, THREAD_BLOCKED, true, HELD_UP },
	{ SYS_sendto, "send()", "sk_stream_wait_memory", THREAD_BLOCKED, true, HELD_UP },
	{ SYS_sendmsg, "sendmsg()", NULL, THREAD_BLOCKED, true, HELD_UP },
	{ SYS_connect, "connect()", "inet_stream_connect", THREAD_BLOCKED, true, HELD_UP },
	{ SYS_fsync, "fsync()", NULL, THREAD_BLOCKED, true, HELD_UP },
	{ SYS_accept, "waits in accept()", "inet_csk_accept", THREAD_WAITS, false, FOR_ANY },
	{ SYS_accept4, "waits in accept4()", NULL, THREAD_WAITS, false, FOR_ANY },
	{ SYS_ppoll, "waits in poll()", "poll_schedule", THREAD_WAITS, false, FOR_ANY },
	{ SYS_pselect6, "waits in select()", NULL, THREAD_WAITS, false, FOR_ANY },
	{ SYS_epoll_pwait, "waits in epoll_wait()", "ep_poll", THREAD_WAITS, false, FOR_ANY },
	{ SYS_epoll_pwait2, "waits in epoll_wait()", "do_epoll_wait", THREAD_WAITS, false,
	  FOR_ANY },
#ifdef SYS_poll
	{ SYS_poll, "waits in poll()", "do_sys_poll", THREAD_WAITS, false, FOR_ANY },
	{ SYS_select, "waits in select()", "do_select", THREAD_WAITS, false, FOR_ANY },
	{ SYS_epoll_wait, "waits in epoll_wait()", NULL, THREAD_WAITS, false, FOR_ANY },
#endif
};
#define WAITS (sizeof(waits) / sizeof(*waits))

static bool task_text(uint32_t pid, uint32_t task, const char *name, char *text, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32 "/%s", pid, task, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	return n > 0;
}

/* Our number of the thread that has `tid` in its own namespace; 0: there is none. False: its
 * threads can't be looked at. */
static bool task_find(uint32_t pid, uint32_t tid, uint32_t *task)
{
	char path[64];
	uint32_t uid, inner;

	*task = tid;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32, pid, tid);
	if (!access(path, F_OK) && (proc_identity(tid, &uid, &inner) || inner == tid))
		return true;
	*task = 0;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task", pid);
	DIR *folder = opendir(path);
	if (!folder)
		return false;
	for (struct dirent *entry; !*task && (entry = readdir(folder));) {
		uint32_t one = (uint32_t)strtoul(entry->d_name, NULL, 10);
		if (one && !proc_identity(one, &uid, &inner) && inner == tid)
			*task = one;
	}
	closedir(folder);
	return true;
}

static const char *wait_text(struct arena *arena, const struct wait *wait, unsigned long descriptor)
{
	return !wait->on_descriptor ? wait->name
	       : descriptor <= INT32_MAX
		       ? arena_printf(arena, "waits in %s on fd %lu", wait->name, descriptor)
		       : arena_printf(arena, "waits in %s", wait->name);
}

static void place_take(struct arena *arena, const struct wait *wait, unsigned long descriptor,
		       struct thread_place *place)
{
	place->stand = wait->stand;
	place->doing = wait_text(arena, wait, descriptor);
	place->fd = wait->on_descriptor && descriptor <= INT32_MAX ? (int)descriptor : -1;
	place->reads = wait->what == FOR_DATA;
	place->is_held_up = wait->what == HELD_UP;
}

/* What a sleeping thread waits for. */
static void place_waiting(struct arena *arena, uint32_t pid, uint32_t task,
			  struct thread_place *place)
{
	char text[256];
	long call = -1;
	unsigned long first = ~0ul;

	if (task_text(pid, task, "syscall", text, sizeof(text)) &&
	    sscanf(text, "%ld %lx", &call, &first) == 2 && call >= 0)
		for (size_t i = 0; i < WAITS; i++)
			if (waits[i].call == call) {
				place_take(arena, &waits[i], first, place);
				return;
			}
	if (!task_text(pid, task, "wchan", text, sizeof(text)) || !strcmp(text, "0")) {
		if (call >= 0)
			place->doing = arena_printf(arena, "waits in system call %ld", call);
		return;
	}
	for (size_t i = 0; i < WAITS; i++)
		if (waits[i].channel &&
		    !strncmp(text, waits[i].channel, strlen(waits[i].channel))) {
			place_take(arena, &waits[i], ~0ul, place);
			return;
		}
	place->doing = arena_printf(arena, "waits in the kernel's %s", text);
}

struct thread_place proc_thread_place(struct arena *arena, uint32_t pid, uint32_t tid,
				      uint64_t age_ms)
{
	struct thread_place place = { .stand = THREAD_UNKNOWN, .fd = -1 };
	char text[1024], state = 0;
	unsigned long long started = 0;
	struct timespec now;
	uint32_t task;

	if (!task_find(pid, tid, &task))
		return place;
	if (!task || !task_text(pid, task, "stat", text, sizeof(text))) {
		struct proc process;
		if (!proc_read(pid, &process))
			place.stand = THREAD_ENDED;
		return place;
	}
	char *from = strchr(text, '('), *to = strrchr(text, ')');
	if (!from || !to || to < from ||
	    sscanf(to + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu",
		   &state, &started) != 2)
		return place;
	clock_gettime(CLOCK_BOOTTIME, &now);
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK),
		 now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
		 started_ms = started * 1000 / (ticks ? ticks : 100);
	if (started_ms + age_ms > now_ms + SLACK_MS || state == 'Z' || state == 'X') {
		place.stand = THREAD_ENDED;
		return place;
	}
	place.task = task;
	size_t length = (size_t)(to - from - 1);
	memcpy(place.comm, from + 1,
	       length < sizeof(place.comm) - 1 ? length : sizeof(place.comm) - 1);
	switch (state) {
	case 'R':
		place.stand = THREAD_RUNS;
		place.doing = "is running";
		break;
	case 'D':
		place.stand = THREAD_BLOCKED;
		place.is_held_up = true;
		place.doing = "waits for a disk or a driver (state D)";
		break;
	case 'T':
	case 't':
		place.stand = THREAD_BLOCKED;
		place.is_held_up = true;
		place.doing = "is stopped";
		break;
	default:
		place_waiting(arena, pid, task, &place);
	}
	return place;
}
