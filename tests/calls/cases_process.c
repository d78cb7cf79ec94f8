/* SPDX-License-Identifier: MIT */
/* fork, exec, exit, dlclose. */
#include "../../preload/libc_decl.h"
#include "case.h"
#include "raw.h"
#include "report.h"
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void forks(pid_t (*via)(void))
{
	int fds[2], status = -1;
	pid_t parent = getpid();

	case_tcp_pair(fds);
	uint64_t sent = case_slot(fds[0])->sent, inherited = case_ledger()->totals.inherited;
	errno = ERRNO_BEFORE;
	pid_t child = via();
	if (child == 0) {
		TELL("child: errno %s\n", errno == ERRNO_BEFORE ? "kept" : "changed");
		CHECK(!case_has_ledger()); /* it used no socket yet */
		NEED(write(fds[0], "x", 1) == 1);
		CHECK(case_has_ledger() && case_ledger()->pid == (uint32_t)getpid());
		CHECK(case_ledger()->fork_pid == (uint32_t)parent && case_ledger()->fork_stack);
		CHECK(case_slot(fds[0])->origin == ORIGIN_INHERITED &&
		      case_slot(fds[0])->sent == 1);
		CHECK(case_ledger()->totals.inherited == 1 && case_ledger()->totals.opened == 0);
		_exit(33);
	}
	int error = errno;
	NEED(waitpid(child, &status, 0) == child); /* first, so that it is told in one order */
	case_step("fork()", child > 0 ? 1 : -1, error);
	TELL("child's status %x\n", status);
	CHECK(case_slot(fds[0])->sent == sent && case_phase(fds[0]) == PHASE_OPEN);
	CHECK(case_ledger()->totals.inherited == inherited);
	raw_refuse_clone();
	STEP(via()); /* EAGAIN */
	NEED(write(fds[0], "x", 1) == 1);
	CHECK(case_slot(fds[0])->sent == sent + 1);
}

void case_fork(void)
{
	forks(fork);
}

void case___fork(void)
{
	forks(__fork);
}

void case__Fork(void)
{
	forks(_Fork);
}

/* A child that shares the parent's memory closes what the parent has open: the parent's book must not hear of it. */
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

/* All of the exec forms: the same failures first, then this program once more, which tells what it
 * was given. */
static char *arguments[] = { (char[]){ "zeroth" },
			     (char[]){ CASE_TELL_ARGUMENTS },
			     NULL,
			     (char[]){ "three" },
			     (char[]){ "" },
			     (char[]){ "five" },
			     NULL };
static char *some_environment[] = { (char[]){ "CALLS_GIVEN=by exec" }, NULL };

static void exec_prepare(void)
{
	int fds[2];

	arguments[2] = (char *)(uintptr_t)case_report_path;
	case_tcp_pair(fds);
}

/* A failed exec leaves the ledger of a running process. */
static void exec_failed(void)
{
	CHECK(case_ledger()->state == LEDGER_RUNNING && case_ledger()->ended_at == 0);
}

/* Between two looks at the clock the hook has come by: it takes a pair before the exec and one
 * after it. */
static uint64_t clock_seen(void)
{
	return case_ledger()->clock_last.cycles;
}

#define EXECS(name, missing, forbidden, real)                                                      \
	void case_##name(void)                                                                     \
	{                                                                                          \
		exec_prepare();                                                                    \
		uint64_t seen = clock_seen();                                                      \
		STEP(missing);                                                                     \
		CHECK(case_ledger()->clock_last.cycles > seen);                                    \
		exec_failed();                                                                     \
		STEP(forbidden);                                                                   \
		exec_failed();                                                                     \
		case_expect(LEDGER_EXEC, 0);                                                       \
		case_step("exec", 0, ERRNO_BEFORE);                                                \
		real;                                                                              \
		NEED(!"came back");                                                                \
	}

#define NOWHERE	  "/nonexistent/program"
#define FORBIDDEN "/etc/passwd"

EXECS(execve, execve(NOWHERE, arguments, some_environment),
      execve(FORBIDDEN, arguments, some_environment),
      execve(case_program, arguments, some_environment))
EXECS(execv, execv(NOWHERE, arguments), execv(FORBIDDEN, arguments), execv(case_program, arguments))
EXECS(execvp, execvp("surely-no-such-program", arguments), execvp(FORBIDDEN, arguments),
      execvp(case_program, arguments))
EXECS(execvpe, execvpe("surely-no-such-program", arguments, some_environment),
      execvpe(FORBIDDEN, arguments, some_environment),
      execvpe(case_program, arguments, some_environment))
EXECS(execl, execl(NOWHERE, "a", "b", "c", (char *)NULL), execl(FORBIDDEN, "a", (char *)NULL),
      execl(case_program, "zeroth", CASE_TELL_ARGUMENTS, case_report_path, "three", "", "five",
	    "six", "seven", "eight", (char *)NULL))
EXECS(execlp, execlp("surely-no-such-program", "a", "b", (char *)NULL),
      execlp(FORBIDDEN, "a", (char *)NULL),
      execlp(case_program, "zeroth", CASE_TELL_ARGUMENTS, case_report_path, "three", "", "five",
	     "six", "seven", "eight", (char *)NULL))
EXECS(execle, execle(NOWHERE, "a", "b", (char *)NULL, some_environment),
      execle(FORBIDDEN, "a", (char *)NULL, some_environment),
      execle(case_program, "zeroth", CASE_TELL_ARGUMENTS, case_report_path, "three", "", "five",
	     "six", "seven", "eight", (char *)NULL, some_environment))
EXECS(fexecve, fexecve(999, arguments, some_environment),
      fexecve(open(FORBIDDEN, O_RDONLY), arguments, some_environment),
      fexecve(open(case_program, O_RDONLY), arguments, some_environment))
EXECS(execveat, execveat(AT_FDCWD, NOWHERE, arguments, some_environment, 0),
      execveat(AT_FDCWD, FORBIDDEN, arguments, some_environment, 0x4000),
      execveat(open("/", O_RDONLY), case_program + 1, arguments, some_environment, 0))

static void handler_at_exit(void)
{
	TELL("atexit handler ran\n");
}

static void handler_at_quick_exit(void)
{
	TELL("at_quick_exit handler ran\n");
}

/* Ended by the call: the state and the status stand in the ledger, the kernel's view was taken. */
static void ends(void (*via)(int status))
{
	int fds[2];

	NEED(atexit(handler_at_exit) == 0 && at_quick_exit(handler_at_quick_exit) == 0);
	case_tcp_pair(fds);
	CHECK(case_ledger()->state == LEDGER_RUNNING);
	case_expect(LEDGER_EXITED, 0x177);
	case_step("exit", 0, ERRNO_BEFORE);
	via(0x177); /* the kernel keeps the low byte */
}

void case__exit(void)
{
	ends(_exit);
}

void case__Exit(void)
{
	ends(_Exit);
}

void case_quick_exit(void)
{
	ends(quick_exit);
}

/* A number is made by the plugin's code: the module of the stack's innermost frame. */
static uint32_t plugin_module(int fd)
{
	const struct ledger_stack *stacks = case_section(SECTION_STACKS);
	const uint64_t *frames = case_section(SECTION_FRAMES);

	return FRAME_MODULE(frames[stacks[case_slot(fd)->opened_stack].frames]);
}

static const char *plugin_path(int number)
{
	static char path[4096];
	const char *folder = getenv("CALLS_ACTORS");

	snprintf(path, sizeof path, "%s/socket_plugin%d.so", folder ? folder : ".", number);
	return path;
}

/* Opens a socket from within a plugin, then unloads it. */
static int plugin_socket(int number)
{
	void *plugin = dlopen(plugin_path(number), RTLD_NOW);
	NEED(plugin);
	int (*open_socket)(void) = plugin ? (int (*)(void))dlsym(plugin, "plugin_open") : NULL;
	NEED(open_socket);
	int fd = open_socket ? open_socket() : -1;
	STEP(dlclose(plugin));
	TELL("unloaded: %d\n", !dlopen(plugin_path(number), RTLD_NOW | RTLD_NOLOAD));
	return fd;
}

void case_dlclose(void)
{
	int first = plugin_socket(1), second = plugin_socket(2);
	const struct ledger_module *modules = case_section(SECTION_MODULES);

	/* dlclose() begins an epoch: a stack in the one plugin is none in what was loaded in its
	 * place. */
	CHECK(plugin_module(first) && plugin_module(second) &&
	      plugin_module(first) != plugin_module(second));
	CHECK(modules[plugin_module(first)].epoch < modules[plugin_module(second)].epoch);
	void *twice = dlopen(plugin_path(1), RTLD_NOW);
	NEED(twice && dlopen(plugin_path(1), RTLD_NOW) == twice);
	STEP(dlclose(twice)); /* one handle is left */
	TELL("still there: %d\n", dlopen(plugin_path(1), RTLD_NOW | RTLD_NOLOAD) != NULL);
	static char no_handle[4096];
	STEP(dlclose(no_handle)); /* -1, and dlerror() says so */
	TELL("dlerror: %d\n", dlerror() != NULL);
}
