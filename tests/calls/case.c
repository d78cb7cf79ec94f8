/* SPDX-License-Identifier: MIT */
/* Inside the process of a case: what it tells, its ledger, its sockets. */
#include "case.h"
#include "report.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
	report = fd < 0 ? MAP_FAILED :
			  mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (report == MAP_FAILED)
		_exit(120);
	close(fd);
}

static void add(char *text, size_t room, const char *format, va_list list)
{
	size_t used = strlen(text);

	vsnprintf(text + used, room - used, format, list);
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

/* A child's mappings hold its parent's ledger too; its own is named after it. */
static const struct ledger_header *ledger_find(void)
{
	char line[512], own[32];
	FILE *maps = fopen("/proc/self/maps", "re");
	const struct ledger_header *found = NULL;

	snprintf(own, sizeof own, "/%d.", (int)getpid());
	while (maps && !found && fgets(line, sizeof line, maps)) {
		unsigned long start, offset;
		char *name = strrchr(line, '/');

		if (name && strstr(line, ".ledger") && strncmp(name, own, strlen(own)) == 0 &&
		    sscanf(line, "%lx-%*x %*s %lx", &start, &offset) == 2 && offset == 0)
			found = (const struct ledger_header *)start;
	}
	if (maps)
		fclose(maps);
	return found;
}

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
	return found;
}

const void *case_section(enum ledger_section_id section)
{
	const struct ledger_header *header = case_ledger();

	return header ? (const char *)header + header->sections[section].offset : NULL;
}

const struct ledger_slot *case_slot(int fd)
{
	static const struct ledger_slot none;
	const struct ledger_slot *slots = case_section(SECTION_SLOTS);

	return slots && fd >= 0 ? slots + fd : &none;
}

enum ledger_phase case_phase(int fd)
{
	return LIFE_PHASE(case_slot(fd)->life);
}

bool case_call_is(uint8_t call, const char *name)
{
	const struct ledger_header *header = case_ledger();

	return header && call && strcmp(header->calls[call], name) == 0;
}

int case_listener(struct sockaddr_storage *address, socklen_t *size)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
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
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

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

void case_wait_readable(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN | POLLRDHUP };

	NEED(poll(&one, 1, 5000) == 1);
}

void case_reset(int fd, int peer)
{
	struct linger abort_it = { .l_onoff = 1, .l_linger = 0 };

	NEED(setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it) == 0 && close(peer) == 0);
	case_wait_readable(fd);
}
