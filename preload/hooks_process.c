/* SPDX-License-Identifier: MIT */
/* What happens to the whole process: fork and other children, exec, exit, and unloaded code. */
#include "attendance.h"
#include "children.h"
#include "observe.h"
#include "process.h"
#include "real.h"
#include "stacks.h"
#include <sockaudit/cycles.h>
#include <stdarg.h>

static __attribute__((noinline)) pid_t fork_told(pid_t (*real)(void), enum call call)
{
	struct parent parent;

	OBSERVE(parent = parent_take(call, HERE));
	pid_t child = real();
	if (child == 0)
		OBSERVE(process_forked(&parent));
	else if (child > 0 && parent.header)
		OBSERVE(children_note((uint32_t)child, call, parent.stack, parent.at));
	return child;
}

EXPORT pid_t fork(void)
{
	return fork_told(REAL(fork), CALL_fork);
}

EXPORT pid_t __fork(void)
{
	return fork_told(REAL(__fork), CALL___fork);
}

EXPORT pid_t _Fork(void)
{
	return fork_told(REAL(_Fork), CALL__Fork);
}

/* Forks inside libc, where its parent ends without a hook: told before, taken back if it failed. */
EXPORT int daemon(int keep_folder, int keep_streams)
{
	struct parent parent;

	OBSERVE(parent = parent_take(CALL_daemon, HERE); process_before_daemon());
	int result = REAL(daemon)(keep_folder, keep_streams);
	OBSERVE(process_after_daemon(&parent));
	return result;
}

/* Children that libc makes on memory that it shares with us: they call no hook before their exec,
 * and inherit what is not close-on-exec. */
static void told_child(pid_t pid, uint64_t at, enum call call, void *frame)
{
	if (ledger->slots && process_is_ours())
		children_note((uint32_t)pid, call, stacks_capture(frame), at);
}

#define SPAWN(name)                                                                                \
	EXPORT int name(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,   \
			const posix_spawnattr_t *attributes, char *const argv[],                   \
			char *const envp[])                                                        \
	{                                                                                          \
		uint64_t at = children_now();                                                      \
		int error = REAL(name)(pid, path, actions, attributes, argv, envp);                \
		if (!error)                                                                        \
			OBSERVE(told_child(pid ? *pid : 0, at, CALL_##name, HERE);                 \
				attendance_spawned(pid ? (uint32_t)*pid : 0, path));               \
		return error;                                                                      \
	}
SPAWN(posix_spawn)
SPAWN(posix_spawnp)

/* Told before: it returns when its child has ended. */
EXPORT int system(const char *command)
{
	if (command)
		OBSERVE(told_child(0, children_now(), CALL_system, HERE));
	return REAL(system)(command);
}

#define POPEN(name)                                                                                \
	EXPORT FILE *name(const char *command, const char *mode)                                   \
	{                                                                                          \
		uint64_t at = children_now();                                                      \
		FILE *stream = REAL(name)(command, mode);                                          \
		if (stream)                                                                        \
			OBSERVE(told_child(0, at, CALL_##name, HERE));                             \
		return stream;                                                                     \
	}
POPEN(popen)
POPEN(_IO_popen)

/* An exec that succeeds does not come back. */
#define EXEC(path, call)                                                                           \
	({                                                                                         \
		OBSERVE(process_exec(true, path));                                                 \
		int result_ = call;                                                                \
		OBSERVE(process_exec(false, NULL));                                                \
		result_;                                                                           \
	})

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	return EXEC(path, REAL(execve)(path, argv, envp));
}

EXPORT int execv(const char *path, char *const argv[])
{
	return EXEC(path, REAL(execv)(path, argv));
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return EXEC(file, REAL(execvp)(file, argv));
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return EXEC(file, REAL(execvpe)(file, argv, envp));
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	return EXEC(NULL, REAL(fexecve)(fd, argv, envp));
}

EXPORT int execveat(int folder, const char *path, char *const argv[], char *const envp[], int flags)
{
	return EXEC(path, REAL(execveat)(folder, path, argv, envp, flags));
}

/* The forms with a list are turned into those with an array, on the stack, as libc does. */
static size_t list_count(va_list list)
{
	size_t count = 1;

	while (va_arg(list, char *))
		count++;
	return count;
}

#define LIST_TO_ARRAY(argv, first, list)                                                           \
	va_start(list, first);                                                                     \
	size_t count_ = list_count(list) + 1;                                                      \
	va_end(list);                                                                              \
	char *argv[count_];                                                                        \
	argv[0] = (char *)(uintptr_t)first;                                                        \
	va_start(list, first);                                                                     \
	for (size_t i_ = 1; i_ < count_; i_++)                                                     \
	argv[i_] = va_arg(list, char *)

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list list;

	LIST_TO_ARRAY(argv, first, list);
	va_end(list);
	return EXEC(path, REAL(execv)(path, argv));
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	va_list list;

	LIST_TO_ARRAY(argv, first, list);
	va_end(list);
	return EXEC(file, REAL(execvp)(file, argv));
}

EXPORT int execle(const char *path, const char *first, ...)
{
	va_list list;

	LIST_TO_ARRAY(argv, first, list);
	char **envp = va_arg(list, char **);
	va_end(list);
	return EXEC(path, REAL(execve)(path, argv, envp));
}

EXPORT void _exit(int status)
{
	OBSERVE(status = process_ends(status));
	REAL(_exit)(status);
	__builtin_unreachable();
}

EXPORT void _Exit(int status)
{
	OBSERVE(status = process_ends(status));
	REAL(_Exit)(status);
	__builtin_unreachable();
}

EXPORT void quick_exit(int status)
{
	process_quick_status = status;
	REAL(quick_exit)(status);
	__builtin_unreachable();
}

EXPORT int dlclose(void *handle)
{
	/* Twice: another thread may walk while the code goes. */
	OBSERVE(stacks_code_changed());
	int result = REAL(dlclose)(handle);
	OBSERVE(stacks_code_changed());
	return result;
}
