/* SPDX-License-Identifier: MIT */
/*
 * A child of the reporter that runs libdw. Executables and their debug information come from
 * whoever is audited, while the reporter may be root's: a file made to crash a parser, to loop in
 * it or to unpack into terabytes costs its own module's names and nothing else. Questions and
 * answers are length-prefixed buffers over a socket pair.
 */
#include "symbols_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SECONDS 30 /* a gigabyte of DWARF from a cold disk takes ten */
#define MEMORY_LIMIT   (UINT64_C(4) << 30)
#define TEXT_LIMIT     4096u
#define POSITION_LIMIT 512u
#define MODULE_LIMIT   65536u

struct symbols_worker {
	pid_t pid; /* 0: none runs */
	int fd;
};

struct question {
	uint64_t address, inner;
	uint32_t module, path_size, root_size, build_id_size, symbols_only;
};

struct answer_header {
	uint32_t trouble, library, count;
};

struct answer_position {
	uint64_t address;
	uint32_t line, inlined, tail_call, function_size, file_size; /* sizes: 0 unknown */
};

static bool send_all(int fd, const void *bytes, size_t size)
{
	const char *next = bytes;
	while (size) {
		ssize_t sent = send(fd, next, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		next += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool receive_all(int fd, void *bytes, size_t size)
{
	char *next = bytes;
	while (size) {
		ssize_t got = recv(fd, next, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		next += got;
		size -= (size_t)got;
	}
	return true;
}

/* malloc'd and terminated; NULL for size 0 and on failure, which *good tells. */
static char *receive_text(int fd, uint32_t size, uint32_t limit, bool *good)
{
	if (!size || !*good)
		return NULL;
	char *text = size <= limit ? malloc((size_t)size + 1) : NULL;
	if (!text || !receive_all(fd, text, size)) {
		free(text);
		*good = false;
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* The child's side. */

struct opened {
	struct object *object;
	enum object_trouble trouble;
	bool tried;
};

static struct opened *opened_find(uint32_t module, const struct object_request *request)
{
	static struct opened *all;
	static uint32_t count;
	if (module >= MODULE_LIMIT)
		return NULL;
	if (module >= count) {
		struct opened *more = reallocarray(all, module + 1, sizeof(*all));
		if (!more)
			return NULL;
		memset(more + count, 0, (module + 1 - count) * sizeof(*more));
		all = more;
		count = module + 1;
	}
	struct opened *opened = &all[module];
	if (!opened->tried) {
		opened->tried = true;
		opened->object = object_open(request, &opened->trouble);
	}
	return opened;
}

static uint32_t text_size(const char *text)
{
	return text ? (uint32_t)strnlen(text, TEXT_LIMIT) : 0;
}

static bool give_answer(int fd, const struct opened *opened, const struct question *question)
{
	struct position *positions = NULL;
	size_t count = 0;
	struct answer_header header = { .trouble = opened->trouble };
	if (opened->object) {
		header.library = object_is_library(opened->object);
		if (object_positions(opened->object, question->address, question->inner, &positions,
				     &count))
			return false;
	}
	header.count = (uint32_t)(count < POSITION_LIMIT ? count : POSITION_LIMIT);
	bool good = send_all(fd, &header, sizeof(header));
	for (uint32_t i = 0; i < header.count && good; i++) {
		const struct position *position = &positions[i];
		struct answer_position wire = {
			.line = position->line,
			.address = position->address,
			.inlined = position->inlined,
			.tail_call = position->tail_call,
			.function_size = text_size(position->function),
			.file_size = text_size(position->file),
		};
		good = send_all(fd, &wire, sizeof(wire)) &&
		       send_all(fd, position->function, wire.function_size) &&
		       send_all(fd, position->file, wire.file_size);
	}
	positions_free(positions, count);
	return good;
}

static bool serve(int fd)
{
	struct question question;
	bool good = receive_all(fd, &question, sizeof(question));
	if (!good)
		return false;
	char *path = receive_text(fd, question.path_size, UINT32_MAX - 1, &good);
	char *root = receive_text(fd, question.root_size, UINT32_MAX - 1, &good);
	char *build_id = receive_text(fd, question.build_id_size, UINT32_MAX - 1, &good);
	struct object_request request = {
		.path = path,
		.root = root,
		.build_id = (const uint8_t *)build_id,
		.build_id_size = question.build_id_size,
		.symbols_only = question.symbols_only,
	};
	if (good && path) {
		struct opened *opened = opened_find(question.module, &request);
		good = opened && give_answer(fd, opened, &question);
	}
	free(path);
	free(root);
	free(build_id);
	return good;
}

static void limit_memory(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	rlim_t limit = pages * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY_LIMIT;
	struct rlimit now;
	if (!getrlimit(RLIMIT_AS, &now) && now.rlim_max > limit)
		setrlimit(RLIMIT_AS, &(struct rlimit){ limit, limit });
}

static void child_main(int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != parent)
		_exit(0);
	/* A crash here is expected of bad files: it must not run the reporter's handlers nor leave
	 * a core. */
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		signal(crashes[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	limit_memory();
	/* libdw itself would ask debuginfod's servers. */
	unsetenv("DEBUGINFOD_URLS");
	while (serve(fd)) {
	}
	_exit(0);
}

/* The parent's side. */

struct symbols_worker *symbols_worker_new(void)
{
	return calloc(1, sizeof(struct symbols_worker));
}

static void stop(struct symbols_worker *worker, bool at_once)
{
	if (!worker->pid)
		return;
	close(worker->fd);
	if (at_once)
		kill(worker->pid, SIGKILL);
	while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	worker->pid = 0;
}

void symbols_worker_free(struct symbols_worker *worker)
{
	if (!worker)
		return;
	stop(worker, false);
	free(worker);
}

static int start(struct symbols_worker *worker)
{
	int pair[2];
	if (worker->pid)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		child_main(pair[1], self);
	}
	int error = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return -error;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = ANSWER_SECONDS },
		   sizeof(struct timeval));
	worker->pid = pid;
	worker->fd = pair[0];
	return 0;
}

static bool put_question(int fd, unsigned module, const struct object_request *request,
			 uint64_t address, uint64_t inner)
{
	struct question question = {
		.address = address,
		.inner = inner,
		.module = module,
		.path_size = (uint32_t)strlen(request->path),
		.root_size = request->root ? (uint32_t)strlen(request->root) : 0,
		.build_id_size = (uint32_t)request->build_id_size,
		.symbols_only = request->symbols_only,
	};
	return send_all(fd, &question, sizeof(question)) &&
	       send_all(fd, request->path, question.path_size) &&
	       send_all(fd, request->root, question.root_size) &&
	       send_all(fd, request->build_id, question.build_id_size);
}

/* A worker that a file has taken over may answer anything: nothing but lengths is trusted here, and
 * they are bounded. */
static bool take_answer(int fd, struct symbols_answer *answer)
{
	struct answer_header header;
	if (!receive_all(fd, &header, sizeof(header)) || header.trouble >= OBJECT_TROUBLES ||
	    header.count > POSITION_LIMIT)
		return false;
	struct position *positions = calloc(header.count + 1, sizeof(*positions));
	bool good = positions;
	for (uint32_t i = 0; i < header.count && good; i++) {
		struct answer_position wire;
		good = receive_all(fd, &wire, sizeof(wire));
		if (!good)
			break;
		positions[i].line = wire.line;
		positions[i].address = wire.address;
		positions[i].inlined = wire.inlined;
		positions[i].tail_call = wire.tail_call;
		positions[i].function = receive_text(fd, wire.function_size, TEXT_LIMIT, &good);
		positions[i].file = receive_text(fd, wire.file_size, TEXT_LIMIT, &good);
	}
	if (!good) {
		if (positions)
			positions_free(positions, header.count);
		return false;
	}
	*answer = (struct symbols_answer){
		.trouble = header.trouble,
		.library = header.library,
		.positions = positions,
		.count = header.count,
	};
	return true;
}

int symbols_worker_ask(struct symbols_worker *worker, unsigned module,
		       const struct object_request *request, uint64_t address, uint64_t inner,
		       struct symbols_answer *answer)
{
	int error = start(worker);
	if (error)
		return error;
	if (put_question(worker->fd, module, request, address, inner) &&
	    take_answer(worker->fd, answer))
		return 0;
	stop(worker, true);
	return -EPIPE;
}
