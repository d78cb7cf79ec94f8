/* SPDX-License-Identifier: MIT */
/* Children of every kind: what stays as it was, and what their parent's ledger tells of them. */
#include "bodies.h"
#include "raw.h"
#include "report.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* The latest record of a ring; all zeros while there is none. */
static const struct ledger_fork *last_fork(void)
{
	const struct ledger_fork *forks = case_section(SECTION_FORKS);
	uint32_t used = case_used(SECTION_FORKS);

	return forks + (used ? used - 1 : 0);
}

static const struct ledger_closed *last_closed(void)
{
	const struct ledger_closed *closed = case_section(SECTION_CLOSED);
	uint32_t used = case_used(SECTION_CLOSED);

	return closed + (used ? used - 1 : 0);
}

/* The ring has one record more than `before`, of this child; its stack counts it. */
static bool noted(uint32_t before, pid_t child, const char *name)
{
	const struct ledger_fork *record = last_fork();
	const struct ledger_stack *stacks = case_section(SECTION_STACKS);

	return case_used(SECTION_FORKS) == before + 1 && record->pid == (uint32_t)child &&
	       record->at && case_call_is(record->call, name) && record->stack &&
	       stacks[record->stack].forks == 1;
}

/* Of what is closed from now on, a child may hold what was open when it was made, and nothing that
 * was opened since. */
static void may_be_held(int before_child)
{
	uint32_t used = case_used(SECTION_CLOSED);
	struct ledger_slot slot = *case_slot(before_child);
	int since = socket(AF_INET, SOCK_STREAM, 0);

	NEED(close(since) == 0);
	CHECK(case_used(SECTION_CLOSED) == used);
	NEED(close(before_child) == 0);
	CHECK(case_used(SECTION_CLOSED) == used + 1);
	const struct ledger_closed *closed = last_closed();
	CHECK(closed->closed_at && closed->fd == before_child && closed->cookie == slot.cookie);
	CHECK(case_call_is(closed->closed_call, "close") && closed->closed_stack);
	CHECK(closed->opened_at == slot.opened_at && closed->opened_call == slot.opened_call &&
	      closed->opened_stack == slot.opened_stack);
	CHECK(closed->family == AF_INET && closed->type == SOCK_STREAM &&
	      closed->flags == slot.flags && closed->origin == slot.origin &&
	      closed->peer.port == slot.peer.port);
}

/* In the child of a fork that a hook saw. */
static void child_looks(int fd, pid_t parent, const char *name)
{
	CHECK(!case_has_ledger()); /* it used no socket yet */
	NEED(write(fd, "x", 1) == 1);
	CHECK(case_has_ledger() && case_ledger()->pid == (uint32_t)getpid());
	CHECK(case_ledger()->fork_pid == (uint32_t)parent && case_ledger()->fork_stack);
	CHECK(case_ledger()->fork_at && case_call_is((uint8_t)case_ledger()->fork_call, name));
	CHECK(case_slot(fd)->origin == ORIGIN_INHERITED && case_slot(fd)->sent == 1);
	CHECK(case_slot(fd)->flags & SOCKET_INHERITED);
	CHECK(case_ledger()->totals.inherited == 1 && case_ledger()->totals.opened == 0);
	CHECK(case_used(SECTION_FORKS) == 0);
}

void body_forks(const char *name, pid_t (*via)(void))
{
	int fds[2], status = -1;
	pid_t parent = getpid();

	case_tcp_pair(fds);
	uint64_t sent = case_slot(fds[0])->sent, inherited = case_ledger()->totals.inherited;
	errno = ERRNO_BEFORE;
	pid_t child = via();
	if (child == 0) {
		TELL("child: errno %s\n", errno == ERRNO_BEFORE ? "kept" : "changed");
		child_looks(fds[0], parent, name);
		_exit(33);
	}
	int error = errno;
	NEED(waitpid(child, &status, 0) == child); /* first, so that it is told in one order */
	case_step("fork()", child > 0 ? 1 : -1, error);
	TELL("child's status %x\n", status);
	CHECK(noted(0, child, name));
	CHECK(case_slot(fds[0])->sent == sent && case_phase(fds[0]) == PHASE_OPEN);
	CHECK(case_ledger()->totals.inherited == inherited);
	may_be_held(fds[1]);
	case_tcp_pair(fds);
	raw_refuse_clone();
	STEP(via()); /* EAGAIN */
	CHECK(case_used(SECTION_FORKS) == 1);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
}

void case_fork(void)
{
	body_forks("fork", fork);
}

void case___fork(void)
{
	body_forks("__fork", __fork);
}

void case__Fork(void)
{
	body_forks("_Fork", _Fork);
}

/* A child that shares the parent's memory closes what the parent has open: the parent's book must
 * not hear of it. */
static void vforks(pid_t (*via)(void))
{
	static int fds[2];
	int status = -1;

	case_tcp_pair(fds);
	uint64_t closed = case_ledger()->totals.closed;
	errno = ERRNO_BEFORE;
	volatile pid_t child = via();
	if (child == 0) {
		close(fds[0]);
		_exit(errno == ERRNO_BEFORE ? 33 : 34);
	}
	int error = errno;
	NEED(waitpid(child, &status, 0) == child);
	case_step("vfork()", child > 0 ? 1 : -1, error);
	TELL("child's status %x\n", status);
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_ledger()->totals.closed == closed);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
	raw_refuse_clone();
	STEP(via()); /* EAGAIN */
}

void case_vfork(void)
{
	vforks(vfork);
}

void case___vfork(void)
{
	vforks(__vfork);
}

static int close_and_end(void *fd)
{
	close(*(int *)fd);
	_exit(33);
}

static void clones(int (*via)(int (*start)(void *), void *stack, int flags, void *argument, ...))
{
	static char stack[65536] __attribute__((aligned(16)));
	static int fds[2];
	int status = -1, flags = CLONE_VM | CLONE_VFORK | SIGCHLD;

	case_tcp_pair(fds);
	uint64_t closed = case_ledger()->totals.closed;
	errno = ERRNO_BEFORE;
	int child = via(close_and_end, stack + sizeof stack, flags, &fds[0]);
	int error = errno;
	NEED(waitpid(child, &status, 0) == child);
	case_step("clone()", child > 0 ? 1 : -1, error);
	TELL("child's status %x\n", status);
	CHECK(case_phase(fds[0]) == PHASE_OPEN && case_ledger()->totals.closed == closed);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
	STEP(via(NULL, NULL, flags, NULL)); /* EINVAL */
}

void case_clone(void)
{
	clones(clone);
}

void case___clone(void)
{
	clones(__clone);
}

/* The parent ends inside libc; what is left of the program is its child. */
static void daemon_begins(int done)
{
	int fds[2];
	pid_t parent = getpid();

	case_tcp_pair(fds);
	STEP(daemon(1, 1));
	TELL("another process: %d\n", getpid() != parent);
	child_looks(fds[0], parent, "daemon");
	NEED(write(done, "x", 1) == 1);
	_exit(44);
}

/* None begins: everything is as it was. */
static void daemon_fails(void)
{
	int fds[2];

	case_tcp_pair(fds);
	raw_refuse_clone();
	STEP(daemon(1, 1));
	CHECK(case_ledger()->state == LEDGER_RUNNING && !case_ledger()->ended_at);
	CHECK(!case_ledger()->snapshots_taken && case_used(SECTION_FORKS) == 0);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1 && case_phase(fds[1]) == PHASE_OPEN);
	NEED(close(fds[1]) == 0);
	CHECK(case_ledger()->totals.closed == 2);
	_exit(5);
}

void case_daemon(void)
{
	int pipes[2], status = -1;
	char done = 0;

	NEED(pipe(pipes) == 0);
	pid_t parent = fork();
	if (parent == 0)
		daemon_begins(pipes[1]);
	/* First, so that it is told in one order. */
	NEED(close(pipes[1]) == 0 && read(pipes[0], &done, 1) == 1);
	NEED(waitpid(parent, &status, 0) == parent);
	TELL("status of who called it %x\n", status);
	const struct ledger_header *header = case_ledger_of(parent);
	CHECK(header->pid == (uint32_t)parent && header->state == LEDGER_DAEMON);
	CHECK(header->exit_status == 0 && header->ended_at && !header->snapshots_taken);
	CHECK(header->totals.opened == 3 && header->totals.closed == 1);
	pid_t fails = fork();
	if (fails == 0)
		daemon_fails();
	NEED(waitpid(fails, &status, 0) == fails);
	TELL("status after the failure %x\n", status);
	header = case_ledger_of(fails);
	CHECK(header->state == LEDGER_EXITED && header->exit_status == 5 &&
	      header->snapshots_taken);
	CHECK(case_snapshots_of(header) == 1);
	/* Without a socket there is nothing to tell, before or after. */
	raw_refuse_clone();
	STEP(daemon(1, 1));
	CHECK(!case_has_ledger());
}

typedef int spawner(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

extern char **environ;

/* It answers with the error, not with -1. */
static int spawn(spawner *via, pid_t *pid, const char *path, char *script)
{
	char *arguments[] = { (char[]){ "sh" }, (char[]){ "-c" }, script, NULL };
	int error = via(pid, path, NULL, NULL, arguments, environ);

	TELL("error %d\n", error);
	return error ? -1 : 0;
}

static void spawns(const char *name, const char *shell, spawner *via)
{
	int fds[2], status = -1;
	pid_t child = -1;

	STEP(spawn(via, &child, shell, (char[]){ "exit 33" })); /* before there is a ledger */
	NEED(waitpid(child, &status, 0) == child);
	TELL("status %x\n", status);
	CHECK(!case_has_ledger());
	case_tcp_pair(fds);
	STEP(spawn(via, &child, shell, (char[]){ "exit 33" }));
	NEED(waitpid(child, &status, 0) == child);
	TELL("status %x\n", status);
	CHECK(noted(0, child, name));
	may_be_held(fds[1]);
	STEP(spawn(via, NULL, shell, (char[]){ "exit 33" }));
	NEED(waitpid(-1, &status, 0) > 0);
	CHECK(noted(1, 0, name));
	STEP(spawn(via, &child, "/nonexistent/program", (char[]){ "" }));
	STEP(spawn(via, &child, "/etc/passwd", (char[]){ "" }));
	raw_refuse_clone();
	STEP(spawn(via, &child, shell, (char[]){ "" })); /* EAGAIN */
	CHECK(case_used(SECTION_FORKS) == 2);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
}

void case_posix_spawn(void)
{
	spawns("posix_spawn", "/bin/sh", posix_spawn);
}

void case_posix_spawnp(void)
{
	spawns("posix_spawnp", "sh", posix_spawnp);
}

void case_system(void)
{
	int fds[2];

	STEP(system("exit 33"));
	CHECK(!case_has_ledger());
	case_tcp_pair(fds);
	STEP(system(NULL));
	CHECK(case_used(SECTION_FORKS) == 0);
	STEP(system("exit 33"));
	CHECK(noted(0, 0, "system"));
	may_be_held(fds[1]);
	raw_refuse_clone();
	STEP(system("exit 33") == 127 << 8 ? -1 : 0); /* EAGAIN */
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
}

static void popens(const char *name, FILE *(*via)(const char *command, const char *mode))
{
	char line[32] = "";
	int fds[2];

	FILE *stream = STEP_POINTER(via("echo hello; exit 3", "r"));
	NEED(stream && fgets(line, sizeof line, stream));
	TELL("said %s", line);
	STEP(pclose(stream));
	CHECK(!case_has_ledger());
	case_tcp_pair(fds);
	STEP_POINTER(via("exit 3", "surely not a mode"));
	CHECK(case_used(SECTION_FORKS) == 0);
	stream = STEP_POINTER(via("read line; test \"$line\" = hello", "w"));
	CHECK(noted(0, 0, name));
	NEED(stream && fputs("hello\n", stream) >= 0);
	STEP(pclose(stream));
	may_be_held(fds[1]);
	raw_refuse_clone();
	STEP_POINTER(via("exit 3", "r")); /* EAGAIN */
	CHECK(case_used(SECTION_FORKS) == 1);
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == 1);
}

void case_popen(void)
{
	popens("popen", popen);
}

void case__IO_popen(void)
{
	popens("_IO_popen", _IO_popen);
}
