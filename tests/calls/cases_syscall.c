/* SPDX-License-Identifier: MIT */
/*
 * syscall(): each number that has a teller (preload/hooks_syscall.c) does what the hook of that
 * name does, so it goes through that hook's body, in a process of its own.
 */
#include "bodies.h"
#include "raw.h"
#include "report.h"
#include <linux/seccomp.h>
#include <sys/wait.h>

/* What these bring besides bytes. */
static int right_recvmsg(int fd, struct mmsghdr *one, int flags)
{
	return (int)syscall(SYS_recvmsg, fd, &one->msg_hdr, flags);
}

static int right_recvmmsg(int fd, struct mmsghdr *one, int flags)
{
	return (int)syscall(SYS_recvmmsg, fd, one, 1, flags, NULL);
}

static ssize_t file_sendfile(int to, int from, off_t *offset, size_t size)
{
	return syscall(SYS_sendfile, to, from, offset, size);
}

#define READ_ROW(number, call, more)                                                               \
	static ssize_t via_##number(int fd, void *buffer, size_t size)                             \
	{                                                                                          \
		struct iovec part = { buffer, size };                                              \
		struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };     \
		(void)message;                                                                     \
		return call;                                                                       \
	}                                                                                          \
	static void row_##number(void)                                                             \
	{                                                                                          \
		body_reads("syscall", via_##number);                                               \
		more;                                                                              \
	}
READ_ROW(read, syscall(SYS_read, fd, buffer, size), (void)0)
READ_ROW(readv, syscall(SYS_readv, fd, &part, 1), (void)0)
READ_ROW(preadv2, syscall(SYS_preadv2, fd, &part, 1, -1L, -1L, 0), (void)0)
READ_ROW(recvfrom, syscall(SYS_recvfrom, fd, buffer, size, 0, NULL, NULL), (void)0)
READ_ROW(recvmsg, syscall(SYS_recvmsg, fd, &message.msg_hdr, 0),
	 body_receives_rights("syscall", right_recvmsg))
READ_ROW(recvmmsg,
	 syscall(SYS_recvmmsg, fd, &message, 1, 0, NULL) < 0 ? -1 : (ssize_t)message.msg_len,
	 body_receives_rights("syscall", right_recvmmsg))

#define WRITE_ROW(number, call, more)                                                              \
	static ssize_t via_##number(int fd, const void *buffer, size_t size)                       \
	{                                                                                          \
		struct iovec part = { (void *)(uintptr_t)buffer, size };                           \
		struct mmsghdr message = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };     \
		(void)message;                                                                     \
		return call;                                                                       \
	}                                                                                          \
	static void row_##number(void)                                                             \
	{                                                                                          \
		body_writes("syscall", via_##number);                                              \
		more;                                                                              \
	}
WRITE_ROW(write, syscall(SYS_write, fd, buffer, size), (void)0)
WRITE_ROW(writev, syscall(SYS_writev, fd, &part, 1), (void)0)
WRITE_ROW(pwritev2, syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, 0), (void)0)
WRITE_ROW(sendto, syscall(SYS_sendto, fd, buffer, size, 0, NULL, 0), (void)0)
WRITE_ROW(sendmsg, syscall(SYS_sendmsg, fd, &message.msg_hdr, 0), (void)0)
WRITE_ROW(sendmmsg, syscall(SYS_sendmmsg, fd, &message, 1, 0) < 0 ? -1 : (ssize_t)message.msg_len,
	  (void)0)
WRITE_ROW(sendfile,
	  syscall(SYS_sendfile, fd, body_source(buffer, size),
		  buffer == (void *)8 ? (void *)8 : NULL, size),
	  body_file_ends(file_sendfile))

/* A number whose arguments are those of the function of its name. */
#define ROW(number, parameters, arguments, body)                                                   \
	static int via_##number parameters                                                         \
	{                                                                                          \
		return (int)syscall arguments;                                                     \
	}                                                                                          \
	static void row_##number(void)                                                             \
	{                                                                                          \
		body;                                                                              \
	}
ROW(socket, (int family, int type, int protocol), (SYS_socket, family, type, protocol),
    body_socket("syscall", via_socket))
ROW(socketpair, (int family, int type, int protocol, int fds[2]),
    (SYS_socketpair, family, type, protocol, fds), body_socketpair("syscall", via_socketpair))
ROW(bind, (int fd, const struct sockaddr *address, socklen_t size), (SYS_bind, fd, address, size),
    body_bind(via_bind))
ROW(listen, (int fd, int backlog), (SYS_listen, fd, backlog), body_listen(via_listen))
ROW(accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
    (SYS_accept4, fd, address, size, flags),
    body_accepts("syscall", via_accept4, SOCK_CLOEXEC | SOCK_NONBLOCK))
ROW(connect, (int fd, const struct sockaddr *address, socklen_t size),
    (SYS_connect, fd, address, size), body_connects("syscall", via_connect))
ROW(getsockopt, (int fd, int level, int option, void *value, socklen_t *size),
    (SYS_getsockopt, fd, level, option, value, size), body_getsockopt("syscall", via_getsockopt))
ROW(setsockopt, (int fd, int level, int option, const void *value, socklen_t size),
    (SYS_setsockopt, fd, level, option, value, size), body_setsockopt(via_setsockopt))
ROW(shutdown, (int fd, int how), (SYS_shutdown, fd, how), body_shutdown("syscall", via_shutdown))
ROW(close, (int fd), (SYS_close, fd), body_closes("syscall", via_close))
ROW(close_range, (unsigned first, unsigned last, int flags), (SYS_close_range, first, last, flags),
    body_close_range(via_close_range))
ROW(dup, (int fd), (SYS_dup, fd), body_dup("syscall", via_dup))
ROW(dup3, (int from, int to, int flags), (SYS_dup3, from, to, flags),
    body_dup3("syscall", via_dup3))
ROW(fcntl, (int fd, int command, void *argument), (SYS_fcntl, fd, command, argument),
    body_fcntl("syscall", via_fcntl))
ROW(pidfd_getfd, (int process, int fd, unsigned flags), (SYS_pidfd_getfd, process, fd, flags),
    body_pidfd_getfd("syscall", via_pidfd_getfd))
ROW(epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event),
    (SYS_epoll_ctl, epoll, operation, fd, event), body_epoll_ctl("syscall", via_epoll_ctl))
ROW(epoll_pwait, (int epoll, struct epoll_event *events, int room, int timeout),
    (SYS_epoll_pwait, epoll, events, room, timeout, NULL, 8),
    body_epolls("syscall", via_epoll_pwait))
ROW(epoll_pwait2, (int epoll, struct epoll_event *events, int room, int timeout),
    (SYS_epoll_pwait2, epoll, events, room, &(struct timespec){ .tv_nsec = timeout }, NULL, 8),
    body_epolls("syscall", via_epoll_pwait2))
ROW(ppoll, (struct pollfd * polled, nfds_t count, int timeout),
    (SYS_ppoll, polled, count, &(struct timespec){ .tv_nsec = timeout }, NULL, 8),
    body_polls("syscall", via_ppoll))

#if defined(__x86_64__)
ROW(accept, (int fd, struct sockaddr *address, socklen_t *size, int flags __attribute__((unused))),
    (SYS_accept, fd, address, size), body_accepts("syscall", via_accept, 0))
ROW(dup2, (int from, int to), (SYS_dup2, from, to), body_dup2s("syscall", via_dup2))
ROW(epoll_wait, (int epoll, struct epoll_event *events, int room, int timeout),
    (SYS_epoll_wait, epoll, events, room, timeout), body_epolls("syscall", via_epoll_wait))
ROW(poll, (struct pollfd * polled, nfds_t count, int timeout), (SYS_poll, polled, count, timeout),
    body_polls("syscall", via_poll))
ROW(fork, (void), (SYS_fork), body_forks("syscall", via_fork))
#endif

static void row_ioctl(void)
{
	int fds[2], waiting = -1;

	case_tcp_pair(fds);
	STEP(syscall(SYS_ioctl, fds[0], FIOCLEX));
	CHECK(case_slot(fds[0])->flags & SOCKET_CLOEXEC);
	STEP(syscall(SYS_ioctl, fds[0], FIONCLEX));
	CHECK(!(case_slot(fds[0])->flags & SOCKET_CLOEXEC));
	STEP(syscall(SYS_ioctl, fds[0], FIONREAD, &waiting));
	TELL("waiting %d\n", waiting);
	STEP(syscall(SYS_ioctl, 999, FIOCLEX));
}

static void row_splice(void)
{
	int fds[2], pipes[2];

	case_tcp_pair(fds);
	NEED(pipe(pipes) == 0 && write(fds[1], "hello", 5) == 5);
	STEP(syscall(SYS_splice, fds[0], NULL, pipes[1], NULL, 5, 0));
	CHECK(case_slot(fds[0])->received == 5);
	STEP(syscall(SYS_splice, pipes[0], NULL, fds[0], NULL, 5, 0));
	CHECK(case_slot(fds[0])->sent == 5);
	NEED(close(fds[1]) == 0);
	STEP(syscall(SYS_splice, 999, NULL, pipes[1], NULL, 5, 0));
}

static void row_epoll_create1(void)
{
	int fds[2];
	struct epoll_event event = { .events = EPOLLIN };

	case_tcp_pair(fds);
	int epoll = (int)STEP(syscall(SYS_epoll_create1, EPOLL_CLOEXEC));
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) == 0);
	CHECK(case_slot(fds[0])->epoll_fd == epoll + 1);
	/* The number is another epoll's after a close that no hook saw. */
	raw_call(SYS_close, epoll, 0, 0, 0, 0);
	NEED(STEP(syscall(SYS_epoll_create1, 0)) == epoll);
	CHECK(case_slot(fds[0])->epoll_fd == 0);
	STEP(syscall(SYS_epoll_create1, 0x55));
}

/* After these we may do less: the ledger is there before the first socket. */
#define LOSES(number, works, fails)                                                                \
	static void row_##number(void)                                                             \
	{                                                                                          \
		CHECK(!case_has_ledger());                                                         \
		STEP(syscall works);                                                               \
		CHECK(case_has_ledger() && case_ledger()->totals.opened == 0);                     \
		body_drop_rights();                                                                \
		STEP(syscall fails);                                                               \
	}
LOSES(chroot, (SYS_chroot, "/"), (SYS_chroot, "/nonexistent"))
LOSES(setuid, (SYS_setuid, getuid()), (SYS_setuid, 1))
LOSES(setreuid, (SYS_setreuid, -1, -1), (SYS_setreuid, 1, 1))
LOSES(setresuid, (SYS_setresuid, -1, -1, -1), (SYS_setresuid, 1, 1, 1))
LOSES(setgid, (SYS_setgid, getgid()), (SYS_setgid, 1))
LOSES(setregid, (SYS_setregid, -1, -1), (SYS_setregid, 1, 1))
LOSES(setresgid, (SYS_setresgid, -1, -1, -1), (SYS_setresgid, 1, 1, 1))
LOSES(setgroups, (SYS_setgroups, 1, (gid_t[]){ 1 }), (SYS_setgroups, 1, (gid_t[]){ 1 }))

static void row_unshare(void)
{
	CHECK(!case_has_ledger());
	STEP(syscall(SYS_unshare, 0));
	CHECK(case_has_ledger() && case_ledger()->lost[LOST_TABLES] == 0);
	STEP(syscall(SYS_unshare, CLONE_FILES));
	CHECK(case_ledger()->lost[LOST_TABLES] == 1);
	STEP(syscall(SYS_unshare, 1));
	int before = socket(AF_INET, SOCK_STREAM, 0);
	STEP(syscall(SYS_unshare, CLONE_NEWNET)); /* root's right */
	int after = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!case_slot(before)->net_ns && (geteuid() != 0 || case_slot(after)->net_ns));
	CHECK(case_ledger()->lost[LOST_TABLES] == 1);
}

static void row_setns(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY);

	CHECK(!case_has_ledger());
	STEP(syscall(SYS_setns, -1, CLONE_NEWNET));
	CHECK(case_has_ledger() && case_ledger()->totals.opened == 0);
	int before = socket(AF_INET, SOCK_STREAM, 0);
	/* Another name space, which a hook saw being made by nobody. */
	long made = raw_call(SYS_unshare, CLONE_NEWNET, 0, 0, 0, 0);
	int other = open("/proc/self/ns/net", O_RDONLY);
	STEP(syscall(SYS_setns, own, CLONE_NEWNET)); /* root's right */
	STEP(syscall(SYS_setns, other, CLONE_NEWNET));
	int after = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!case_slot(before)->net_ns && (made != 0 || case_slot(after)->net_ns));
}

static struct sock_filter allow_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
static struct sock_fprog allowing = { 1, allow_all };

/* Runs in a process that ends by it; what its ledger says afterwards. */
static const struct ledger_header *ended(void (*run)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		run();
		_exit(0);
	}
	NEED(child > 0 && waitpid(child, &status, 0) == child);
	TELL("status %x\n", (unsigned)status);
	return case_ledger_of(child);
}

/* Strict mode kills for whatever we might do: nothing is told after it, and the process ends by
 * what it allows. */
static void strict_by(long number, long first, long second)
{
	NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	syscall(number, first, second, 0);
	raw_call(SYS_exit, 7, 0, 0, 0, 0);
}

static void strict_seccomp(void)
{
	strict_by(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0);
}

static void strict_prctl(void)
{
	strict_by(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
}

static void stops_by(void (*run)(void))
{
	const struct ledger_header *header = ended(run);

	CHECK(header->state == LEDGER_RUNNING && header->filtered == LEDGER_FILTERED_STOPPED);
}

static void row_seccomp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	STEP(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x4000, &allowing));
	STEP(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(uint32_t){ SECCOMP_RET_TRAP }));
	CHECK(case_ledger()->filtered == LEDGER_NOT_FILTERED && case_slot(fd)->cookie);
	NEED(raw_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	stops_by(strict_seccomp);
	STEP(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &allowing));
	body_filtered();
}

static void row_prctl(void)
{
	char name[16] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	STEP(syscall(SYS_prctl, PR_SET_NAME, "given", 0, 0, 0));
	STEP(syscall(SYS_prctl, PR_GET_NAME, name, 0, 0, 0));
	TELL("name '%s'\n", name);
	STEP(syscall(SYS_prctl, 9999, 1, 2, 3, 4));
	STEP(syscall(SYS_prctl, PR_SET_SECCOMP, 99, &allowing));
	CHECK(case_ledger()->filtered == LEDGER_NOT_FILTERED && case_slot(fd)->cookie);
	NEED(raw_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	stops_by(strict_prctl);
	STEP(syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &allowing));
	body_filtered();
}

static void exits(void)
{
	NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	case_step("exit_group", 0, ERRNO_BEFORE);
	syscall(SYS_exit_group, 0x177);
	NEED(!"came back");
}

static char *arguments[] = { (char[]){ "zeroth" }, (char[]){ CASE_TELL_ARGUMENTS }, NULL, NULL };
static char *some_environment[] = { (char[]){ "CALLS_GIVEN=by exec" }, NULL };

/* Between two looks at the clock the teller has come by: it takes a pair before the exec and one
 * after it. */
static void exec_by(long (*via)(const char *path))
{
	arguments[2] = (char *)(uintptr_t)case_report_path;
	NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	uint64_t seen = case_ledger()->clock_last.cycles;
	STEP(via("/nonexistent/program"));
	CHECK(case_ledger()->clock_last.cycles > seen);
	CHECK(case_ledger()->state == LEDGER_RUNNING && !case_ledger()->ended_at);
	STEP(via("/etc/passwd"));
	CHECK(case_ledger()->state == LEDGER_RUNNING && !case_ledger()->ended_at);
	case_step("exec", 0, ERRNO_BEFORE);
	via(case_program);
	NEED(!"came back");
}

static long via_execve(const char *path)
{
	return syscall(SYS_execve, path, arguments, some_environment);
}

static long via_execveat(const char *path)
{
	return syscall(SYS_execveat, AT_FDCWD, path, arguments, some_environment, 0);
}

static void execs(void)
{
	exec_by(via_execve);
}

static void execs_at(void)
{
	exec_by(via_execveat);
}

static void row_exit_group(void)
{
	const struct ledger_header *header = ended(exits);

	CHECK(header->state == LEDGER_EXITED && header->exit_status == 0x177);
	CHECK(header->snapshots_taken && case_snapshots_of(header) == 1);
}

static void row_execve(void)
{
	const struct ledger_header *header = ended(execs);

	CHECK(header->state == LEDGER_EXEC && header->ended_at);
}

static void row_execveat(void)
{
	const struct ledger_header *header = ended(execs_at);

	CHECK(header->state == LEDGER_EXEC && header->ended_at);
}

/* A number without a teller is libc's own affair, with all its arguments. */
static void others(void)
{
	STEP(syscall(SYS_getpid) == getpid());
	long page = syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TELL("mapped: %d\n", page > 0);
	STEP(syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 999, 0));
	STEP(syscall(511, 1, 2, 3));
	STEP(syscall(512, 1, 2, 3));
	STEP(syscall(99999, 1, 2, 3));
	STEP(syscall(-1, 1, 2, 3));
}

#define CASE(number)                                                                               \
	{                                                                                          \
#number, row_##number                                                              \
	}
static const struct row {
	const char *name;
	void (*run)(void);
} rows[] = {
	CASE(read),	     CASE(readv),	 CASE(preadv2),	    CASE(recvfrom),
	CASE(recvmsg),	     CASE(recvmmsg),	 CASE(write),	    CASE(writev),
	CASE(pwritev2),	     CASE(sendto),	 CASE(sendmsg),	    CASE(sendmmsg),
	CASE(sendfile),	     CASE(socket),	 CASE(socketpair),  CASE(bind),
	CASE(listen),	     CASE(accept4),	 CASE(connect),	    CASE(getsockopt),   CASE(setsockopt),
	CASE(shutdown),	     CASE(close),	 CASE(close_range), CASE(dup),
	CASE(dup3),	     CASE(fcntl),	 CASE(pidfd_getfd), CASE(epoll_ctl),
	CASE(epoll_pwait),   CASE(epoll_pwait2), CASE(ppoll),	    CASE(exit_group),
	CASE(execve),	     CASE(execveat),	 CASE(seccomp),	    CASE(prctl),
	CASE(chroot),	     CASE(setuid),	 CASE(setreuid),    CASE(setresuid),
	CASE(setgid),	     CASE(setregid),	 CASE(setresgid),   CASE(setgroups),
	CASE(unshare),	     CASE(setns),	 CASE(ioctl),	    CASE(splice),
	CASE(epoll_create1),
#if defined(__x86_64__)
	CASE(accept),	     CASE(dup2),	 CASE(epoll_wait),  CASE(poll),
	CASE(fork),
#endif
};

void case_syscall(void)
{
	others();
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		TELL("-- %s\n", rows[i].name);
		int status = case_apart(rows[i].run);
		TELL("status %x\n", (unsigned)status);
		NEED(status == 0);
	}
}
