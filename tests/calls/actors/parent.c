/* SPDX-License-Identifier: MIT */
/*
 * parent REPORT: has sockets, then children of every kind that close, copy, open and fail to exec.
 * After each, its own ledger must be what it was, byte for byte, but for what it writes itself of
 * having made them; only LOST_CHILDREN counts what vfork children did. Run under the library; says
 * what is wrong.
 */
#include "../case.h"
#include "../raw.h"
#include "../report.h"
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int fds[2], pair[2], highest;

/* What the ledger holds: the header and the records in use. Without what the parent itself writes
 * of having made a child: the ring of forks, and their count by stack. */
struct copy {
	char *bytes;
	size_t size;
};

static void keep(struct copy *copy, const void *from, size_t size)
{
	copy->bytes = realloc(copy->bytes, copy->size + size);
	memcpy(copy->bytes + copy->size, from, size);
	copy->size += size;
}

static struct copy ledger_copy(void)
{
	struct ledger_header header = *case_ledger();
	struct copy copy = { NULL, 0 };

	header.lost[LOST_CHILDREN] = 0;
	header.sections[SECTION_FORKS].used = 0;
	keep(&copy, &header, sizeof header);
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		uint32_t records = i == SECTION_SLOTS ? header.max_fd + 1 : header.sections[i].used;

		size_t at = copy.size;

		keep(&copy, case_section(i), (size_t)records * header.sections[i].record_size);
		for (uint32_t n = 0; i == SECTION_STACKS && n < records; n++)
			((struct ledger_stack *)(copy.bytes + at))[n].forks = 0;
	}
	return copy;
}

static void ledger_same(const struct copy *before, const char *after_what)
{
	struct copy now = ledger_copy();
	size_t at = 0;

	while (at < now.size && at < before->size && now.bytes[at] == before->bytes[at])
		at++;
	if (now.size != before->size || at < now.size) {
		printf("%s: the parent's ledger differs at byte %zu of %zu (%zu before)\n",
		       after_what, at, now.size, before->size);
		if (at < sizeof(struct ledger_header))
			printf("  (header: totals at %zu, lost at %zu)\n",
			       offsetof(struct ledger_header, totals),
			       offsetof(struct ledger_header, lost));
		else
			printf("  (slot %zu, its byte %zu)\n",
			       (at - sizeof(struct ledger_header)) / 256,
			       (at - sizeof(struct ledger_header)) % 256);
	}
	free(now.bytes);
	/* The number is watched as before, by the parent. */
	uint64_t sent = case_slot(fds[0])->sent;
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == sent + 1);
}

/* What a child does between vfork() and its end. None of it is the parent's. */
static void child_closes(void)
{
	close(fds[0]);
	close(fds[0]);
	close(999);
}

static void child_copies(void)
{
	dup2(fds[1], 0);
	dup2(0, pair[0]);
	dup3(pair[1], fds[0], O_CLOEXEC);
	fcntl(pair[1], F_DUPFD, 70);
	fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	dup(fds[1]);
}

static void child_sweeps(void)
{
	for (int fd = 3; fd < 60; fd++)
		close(fd);
	closefrom(3);
}

static void child_ranges(void)
{
	close_range(3, ~0u, 0x4 /* CLOSE_RANGE_CLOEXEC */);
	close_range(3, 50, 0);
}

static void child_opens(void)
{
	int more[2], fd = socket(AF_INET, SOCK_STREAM, 0);

	socketpair(AF_UNIX, SOCK_STREAM, 0, more);
	listen(fd, 1);
	close(more[0]);
}

static void child_raw_close(void)
{
	syscall(SYS_close, fds[0]);
}

static void child_tables(void)
{
	unshare(CLONE_FILES);
	close(fds[0]);
}

static void child_rights(void)
{
	setuid(getuid());
	setgroups(0, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static const struct doing {
	const char *name;
	void (*run)(void);
} doings[] = {
	{ "close", child_closes },
	{ "copy", child_copies },
	{ "sweep", child_sweeps },
	{ "range", child_ranges },
	{ "syscall close", child_raw_close },
	{ "unshare", child_tables },
	{ "give up rights", child_rights },
};

enum ending { BY_EXEC, BY_FAILED_EXEC, BY_EXIT, ENDINGS };
static const char *const endings[] = { "exec", "failed exec", "_exit" };

static void child_ends(enum ending ending)
{
	if (ending == BY_EXEC)
		execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL);
	if (ending == BY_FAILED_EXEC)
		execl("/nonexistent/program", "a", (char *)NULL);
	_exit(3);
}

static void vforks(void)
{
	char what[64];

	for (unsigned i = 0; i < sizeof doings / sizeof doings[0]; i++)
		for (enum ending ending = 0; ending < ENDINGS; ending++) {
			struct copy before = ledger_copy();
			/* Volatile: this frame is used by two. */
			volatile int status = 0;

			snprintf(what, sizeof what, "vfork, %s, %s", doings[i].name,
				 endings[ending]);
			pid_t child = vfork();
			if (child == 0) {
				doings[i].run();
				child_ends(ending);
			}
			waitpid(child, (int *)&status, 0);
			if (WEXITSTATUS(status) != 3)
				printf("%s: status %x\n", what, status);
			ledger_same(&before, what);
			free(before.bytes);
		}
	/* They are counted, or this proves nothing: the hooks did run in the children. */
	CHECK(case_ledger()->lost[LOST_CHILDREN] > 0);
}

/* What such a child opens must not hurt what the parent has or opens next, and must leave the sums
 * even. */
static void vfork_opens(void)
{
	volatile int status = 0;
	uint64_t cookie = case_slot(fds[1])->cookie;
	pid_t child = vfork();

	if (child == 0) {
		child_opens();
		_exit(3);
	}
	waitpid(child, (int *)&status, 0);
	CHECK(case_phase(fds[1]) == PHASE_OPEN && case_slot(fds[1])->cookie == cookie);
	int more[4];
	case_tcp_pair(more);
	case_tcp_pair(more + 2);
	for (int i = 0; i < 4; i++) {
		CHECK(case_phase(more[i]) == PHASE_OPEN && case_slot(more[i])->cookie);
		NEED(write(more[i], "x", 1) == 1);
		CHECK(case_slot(more[i])->sent == 1);
		NEED(close(more[i]) == 0);
	}
	/* All are gone but the parent's four. */
	CHECK(case_ledger()->totals.opened == case_ledger()->totals.closed + 4);
}

/* One place, or each would be a stack of its own in the parent's ledger. */
static __attribute__((noinline)) pid_t child_make(bool raw)
{
	pid_t child = raw ? (pid_t)raw_call(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();

	return child;
}

/* fork and, where no hook sees it, the system call: the child closes, uses and opens; it keeps its
 * own book. */
static void forks(bool raw)
{
	const char *what = raw ? "raw clone" : "fork";
	struct copy before;
	int status = 0;
	pid_t child;

	/* The parent itself keeps the place of a fork. So the first one is for that, and the second
	 * must add nothing. */
	for (volatile int turn = 0; turn < 2;
	     turn++) { /* volatile: or the compiler makes two places of it */
		before = ledger_copy();
		child = child_make(raw);
		if (turn == 0 && child == 0)
			_exit(0);
		if (turn == 0) {
			waitpid(child, &status, 0);
			free(before.bytes);
		}
	}

	if (child == 0) {
		close(fds[0]);
		NEED(write(pair[0], "child", 5) == 5);
		CHECK(case_has_ledger() && case_slot(pair[0])->sent == 5);
		CHECK(case_slot(pair[0])->origin == ORIGIN_INHERITED);
		CHECK(!case_ledger()->fork_pid == raw);
		child_opens();
		child_copies();
		child_sweeps();
		CHECK(case_ledger()->totals.opened == 3 && case_ledger()->totals.closed == 3);
		_exit(3);
	}
	NEED(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
	ledger_same(&before, what);
	free(before.bytes);
}

/* Children that libc makes: each from one place, of which the first leaves a stack. */
static void libc_makes(const char *what, void (*make)(void))
{
	for (volatile int turn = 0; turn < 2; turn++) {
		uint32_t made = case_used(SECTION_FORKS);
		struct copy before = ledger_copy();

		make();
		CHECK(case_used(SECTION_FORKS) == made + 1);
		if (turn > 0)
			ledger_same(&before, what);
		free(before.bytes);
	}
}

static char *shell[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "exit 3" }, NULL };

static void make_spawn(void)
{
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t child = 0;

	NEED(posix_spawn_file_actions_init(&actions) == 0);
	NEED(posix_spawn_file_actions_addclose(&actions, fds[0]) == 0);
	NEED(posix_spawn_file_actions_adddup2(&actions, fds[1], 0) == 0);
	NEED(posix_spawn_file_actions_adddup2(&actions, 2, pair[0]) == 0);
	NEED(posix_spawn_file_actions_addopen(&actions, pair[1], "/dev/null", O_RDONLY, 0) == 0);
	NEED(posix_spawn_file_actions_addclosefrom_np(&actions, 20) == 0);
	NEED(posix_spawn(&child, "/bin/sh", &actions, NULL, shell, environ) == 0);
	NEED(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
	NEED(posix_spawn(&child, "/nonexistent/program", &actions, NULL, shell, environ) == ENOENT);
	NEED(posix_spawn_file_actions_destroy(&actions) == 0);
}

static void make_system(void)
{
	NEED(WEXITSTATUS(system("exec 3<&- 4<&- 5<&- 6<&-; exit 3")) == 3);
}

static void make_popen(void)
{
	char line[32] = "";
	FILE *stream = popen("exec 3<&- 4<&- 5<&- 6<&-; echo piped", "r");

	NEED(stream && fgets(line, sizeof line, stream) && strcmp(line, "piped\n") == 0);
	NEED(pclose(stream) == 0);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	case_begin(argv[0], argv[1], true);
	case_tcp_pair(fds);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	highest = pair[1];
	/* The sending of ledger_same() shall not fill a buffer, nor the looking itself change
	 * anything. */
	NEED(write(fds[0], "x", 1) == 1 && highest < 20);
	struct copy before = ledger_copy();
	ledger_same(&before, "nothing at all");
	free(before.bytes);
	vforks();
	vfork_opens();
	forks(false);
	forks(true);
	libc_makes("posix_spawn", make_spawn);
	libc_makes("system", make_system);
	libc_makes("popen", make_popen);
	NEED(close(fds[0]) == 0 && close(fds[1]) == 0 && close(pair[0]) == 0 &&
	     close(pair[1]) == 0);
	CHECK(case_ledger()->totals.closed == case_ledger()->totals.opened);
	CHECK(case_ledger()->totals.copied == 0);
	return 0;
}
