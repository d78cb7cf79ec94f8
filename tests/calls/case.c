/* SPDX-License-Identifier: MIT */
/* Inside the process of a case: what it tells, its ledger, its sockets. */
#include "case.h"
#include "raw.h"
#include "report.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

const char *case_program, *case_report_path;
static struct report *report;
static bool audited;

bool case_audited(void)
{
	return audited;
}

void case_begin(const char *program, const char *path, bool under_library)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	case_program = program;
	case_report_path = path;
	audited = under_library;
	report = fd < 0 ? MAP_FAILED
			: mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (report == MAP_FAILED)
		_exit(120);
	close(fd);
}

static void add(char *text, size_t room, const char *format, va_list list)
{
	size_t used = strlen(text);

	/* What is cut off would be the same both times, whatever it was. */
	if (vsnprintf(text + used, room - used, format, list) >= (int)(room - used) &&
	    !report->trouble[0])
		strcpy(report->trouble, "the report has no room for all that this case tells\n");
}

void case_tell(const char *format, ...)
{
	int saved = errno;
	va_list list;

	va_start(list, format);
	add(report->told, sizeof report->told, format, list);
	va_end(list);
	errno = saved;
}

static void trouble(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	add(report->trouble, sizeof report->trouble, format, list);
	va_end(list);
}

long case_step(const char *call, long result, int error)
{
	if (result == -1)
		report->failures++;
	else
		report->successes++;
	if (error == ERRNO_BEFORE)
		case_tell("%s = %ld, errno kept\n", call, result);
	else
		case_tell("%s = %ld, errno %d %s\n", call, result, error, strerrorname_np(error));
	errno = error;
	return result;
}

void case_check(bool condition, const char *text, const char *file, int line)
{
	report->checks++;
	if (!condition)
		trouble("%s:%d: the ledger does not say: %s\n", file, line, text);
}

void case_need(bool condition, const char *text, const char *file, int line)
{
	if (!condition)
		trouble("%s:%d: not so (%s): %s\n", file, line, strerrorname_np(errno), text);
}

void case_expect(enum ledger_state state, int exit_status)
{
	report->expects_end = 1;
	report->expected_state = state;
	report->expected_status = exit_status;
}

void case_tell_arguments(char **argv, char **environment)
{
	for (int i = 0; argv[i]; i++)
		case_tell("argument %d: %s\n", i, argv[i]);
	for (int i = 0; environment[i]; i++)
		if (strncmp(environment[i], "CALLS_", 6) == 0)
			case_tell("environment: %s\n", environment[i]);
}

/* By calls that no hook sees: a number that is opened and closed here must not disturb what is
 * tested. */
static bool maps_read(char *text, size_t room)
{
	size_t used = 0;
	long got = 1, fd = raw_call(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY, 0, 0);

	for (; fd >= 0 && got > 0 && used < room - 1; used += (size_t)(got > 0 ? got : 0))
		got = raw_call(SYS_read, fd, (long)(text + used), (long)(room - 1 - used), 0, 0);
	text[used] = 0;
	if (fd >= 0)
		raw_call(SYS_close, fd, 0, 0, 0, 0);
	return used > 0;
}

/* Calls `seen` with each mapping of this process's own ledger: a child's mappings hold its parent's
 * too. */
static void ledger_mappings(void (*seen)(unsigned long start, unsigned long end,
					 unsigned long offset, void *with),
			    void *with)
{
	static char maps[65536];
	char own[32];

	if (!maps_read(maps, sizeof maps))
		return;
	snprintf(own, sizeof own, "/%d.", (int)getpid());
	for (char *line = strtok(maps, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long start, end, offset;
		const char *name = strrchr(line, '/');

		if (name && strstr(name, ".ledger") && strncmp(name, own, strlen(own)) == 0 &&
		    sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3)
			seen(start, end, offset, with);
	}
}

static void first_seen(unsigned long start, unsigned long end, unsigned long offset, void *with)
{
	(void)end;
	if (offset == 0)
		*(const struct ledger_header **)with = (const struct ledger_header *)start;
}

static const struct ledger_header *ledger_find(void)
{
	const struct ledger_header *found = NULL;

	ledger_mappings(first_seen, &found);
	return found;
}

static void size_seen(unsigned long start, unsigned long end, unsigned long offset, void *with)
{
	(void)offset;
	*(unsigned long *)with += end - start;
}

unsigned long case_ledger_mapped(void)
{
	unsigned long size = 0;

	ledger_mappings(size_seen, &size);
	return size;
}

bool case_has_ledger(void)
{
	return case_ledger()->pid != 0;
}

/* Large enough for any record that a case looks at. */
static const union {
	struct ledger_header header;
	char bytes[1 << 18];
} nothing;

const struct ledger_header *case_ledger(void)
{
	static const struct ledger_header *found;
	static pid_t found_by;
	int saved = errno;

	if (audited && (!found || found_by != getpid())) {
		found = ledger_find();
		found_by = getpid();
	}
	errno = saved;
	return found ? found : &nothing.header;
}

unsigned case_snapshots_of(const struct ledger_header *header)
{
	const struct ledger_section *section = &header->sections[SECTION_SNAPSHOTS];
	const struct ledger_snapshot *snapshots =
		(const void *)((const char *)header + section->offset);
	unsigned count = 0;

	for (uint32_t i = 0; i < section->used; i++)
		count += snapshots[i].valid && snapshots[i].life;
	return count;
}

const void *case_section(enum ledger_section_id section)
{
	return (const char *)case_ledger() + case_ledger()->sections[section].offset;
}

const struct ledger_slot *case_slot(int fd)
{
	return (const struct ledger_slot *)case_section(SECTION_SLOTS) + (fd < 0 ? 0 : fd);
}

enum ledger_phase case_phase(int fd)
{
	return LIFE_PHASE(case_slot(fd)->life);
}

bool case_call_is(uint8_t call, const char *name)
{
	return call && strcmp(case_ledger()->calls[call], name) == 0;
}

uint32_t case_used(enum ledger_section_id section)
{
	return case_ledger()->sections[section].used;
}

uint32_t case_misuses(void)
{
	return case_used(SECTION_MISUSES) - 1;
}

const struct ledger_misuse *case_last_misuse(void)
{
	const struct ledger_misuse *misuses = case_section(SECTION_MISUSES);

	return misuses + (case_used(SECTION_MISUSES) ? case_misuses() : 0);
}

/* The folder where ledgers of this process and its children are, as the driver gave it. */
static const char *ledger_folder(void)
{
	static char folder[4096];
	const char *options = getenv("SOCKAUDIT_OPTIONS");

	if (!options || sscanf(options, "dir=%4095[^:]", folder) != 1)
		return "";
	return folder;
}

const struct ledger_header *case_ledger_of(pid_t pid)
{
	char prefix[32], path[8192] = "";

	snprintf(prefix, sizeof prefix, "%d.", (int)pid);
	DIR *list = audited ? opendir(ledger_folder()) : NULL;
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    strstr(entry->d_name, ".0.ledger"))
			snprintf(path, sizeof path, "%s/%s", ledger_folder(), entry->d_name);
	if (list)
		closedir(list);
	long fd = path[0] ? raw_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY, 0, 0) : -1;
	off_t size = fd >= 0 ? lseek((int)fd, 0, SEEK_END) : 0;
	void *map =
		size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, (int)fd, 0) : MAP_FAILED;
	if (fd >= 0)
		raw_call(SYS_close, fd, 0, 0, 0, 0);
	return map == MAP_FAILED ? &nothing.header : map;
}

int case_apart(void (*run)(void))
{
	int status = -1;
	pid_t child = fork();

	/* Each has the time that the driver gives to one case. */
	alarm(10);
	if (child == 0) {
		run();
		_exit(0);
	}
	NEED(child > 0 && waitpid(child, &status, 0) == child);
	return status;
}

int case_listener(struct sockaddr_storage *address, socklen_t *size)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*size = sizeof *address;
	NEED(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0 && listen(fd, 8) == 0 &&
	     getsockname(fd, (struct sockaddr *)address, size) == 0);
	return fd;
}

void case_tcp_pair(int fds[2])
{
	struct sockaddr_storage address;
	socklen_t size;
	int listener = case_listener(&address, &size);

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	NEED(connect(fds[0], (struct sockaddr *)&address, size) == 0);
	fds[1] = accept(listener, NULL, NULL);
	NEED(fds[1] >= 0 && close(listener) == 0);
}

void case_udp_pair(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in any = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		NEED(fds[i] >= 0 && bind(fds[i], (struct sockaddr *)&any, sizeof any) == 0);
	}
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in other;
		socklen_t size = sizeof other;

		NEED(getsockname(fds[!i], (struct sockaddr *)&other, &size) == 0 &&
		     connect(fds[i], (struct sockaddr *)&other, size) == 0);
	}
}

void case_wait_for(int fd, short events)
{
	struct pollfd one = { .fd = fd, .events = events };
	struct timespec patience = { .tv_sec = 5 };

	NEED(raw_call(SYS_ppoll, (long)&one, 1, (long)&patience, 0, 0) == 1);
}

void case_wait_readable(int fd)
{
	case_wait_for(fd, POLLIN | POLLRDHUP);
}

void case_reset(int fd, int peer)
{
	struct linger abort_it = { .l_onoff = 1, .l_linger = 0 };

	NEED(setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it) == 0 &&
	     close(peer) == 0);
	case_wait_readable(fd);
}
