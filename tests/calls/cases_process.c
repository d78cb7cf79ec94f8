/* SPDX-License-Identifier: MIT */
/* exec, exit, dlclose. */
#include "../../preload/libc_decl.h"
#include "case.h"
#include "report.h"
#include <stdlib.h>
#include <string.h>

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
