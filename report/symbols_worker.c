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
#define MESSAGE_LIMIT  (8u << 20) /* more than the longest answer, and than two paths */
#define MODULE_LIMIT   65536u

struct symbols_worker {
	pid_t pid; /* 0: none runs */
	int fd;
	struct wire message; /* sent or received last */
};

struct question {
	uint64_t address, inner;
	uint32_t module, path_size, root_size, build_id_size, symbols_only;
	uint32_t sources_only; /* rather than an answer, what it would be made from */
};

/* Begins a message: its size comes first. */
static void message_begin(struct wire *message)
{
	message->size = message->at = 0;
	message->bad = false;
	wire_put(message, &(uint32_t){ 0 }, sizeof(uint32_t));
}

static bool message_send(int fd, struct wire *message)
{
	uint32_t size = (uint32_t)message->size;
	if (message->bad || message->size > MESSAGE_LIMIT)
		return false;
	memcpy(message->bytes, &size, sizeof(size));
	for (const unsigned char *next = message->bytes; size;) {
		ssize_t sent = send(fd, next, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		next += sent;
		size -= (uint32_t)sent;
	}
	return true;
}

/* A question is answered before the next is put: what comes is one message. */
static bool message_receive(int fd, struct wire *message)
{
	size_t wanted = sizeof(uint32_t), got = 0;
	message->size = message->at = 0;
	message->bad = false;
	while (got < wanted) {
		size_t room = wanted > 65536 ? wanted : 65536;
		if (message->size < room && !wire_more(message, room - message->size))
			return false;
		ssize_t n = recv(fd, message->bytes + got, room - got, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
		if (wanted == sizeof(uint32_t) && got >= wanted) {
			uint32_t size;
			memcpy(&size, message->bytes, sizeof(size));
			if (size < sizeof(size) || size > MESSAGE_LIMIT)
				return false;
			wanted = size;
		}
	}
	message->size = wanted;
	message->at = sizeof(uint32_t);
	return true;
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

static bool put_answer(struct wire *message, const struct opened *opened,
		       const struct question *question)
{
	struct symbols_answer answer = { .trouble = opened->trouble };
	if (opened->object) {
		if (object_positions(opened->object, question->address, question->inner,
				     &answer.positions, &answer.count))
			return false;
		answer.library = object_is_library(opened->object);
		answer.passing = object_is_passing(opened->object);
	}
	wire_put_answer(message, &answer);
	positions_free(answer.positions, answer.count);
	return true;
}

static void put_sources(struct wire *message, const struct opened *opened)
{
	struct object_sources sources = { .file = { 0, 0 } };
	uint32_t trouble = opened->trouble;
	if (opened->object)
		object_sources(opened->object, &sources);
	wire_put(message, &trouble, sizeof(trouble));
	wire_put(message, &sources, sizeof(sources));
}

static bool serve(int fd)
{
	static struct wire message;
	struct question question;
	if (!message_receive(fd, &message))
		return false;
	wire_take(&message, &question, sizeof(question));
	char *path = wire_take_text(&message, question.path_size);
	char *root = wire_take_text(&message, question.root_size);
	char *build_id = wire_take_text(&message, question.build_id_size);
	struct object_request request = {
		.path = path,
		.root = root,
		.build_id = (const uint8_t *)build_id,
		.build_id_size = question.build_id_size,
		.symbols_only = question.symbols_only,
	};
	bool good = !message.bad && path;
	struct opened *opened = good ? opened_find(question.module, &request) : NULL;
	message_begin(&message);
	if (opened && question.sources_only)
		put_sources(&message, opened);
	else
		good = opened && put_answer(&message, opened, &question);
	free(path);
	free(root);
	free(build_id);
	return good && message_send(fd, &message);
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
	struct wire ready = { .bytes = NULL };
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
	/* Not among those who hold a socket, if we were given one. */
	if (fd > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
	message_begin(&ready);
	if (!message_send(fd, &ready))
		_exit(0);
	wire_free(&ready);
	/* libdw itself would ask debuginfod's servers. */
	unsetenv("DEBUGINFOD_URLS");
	while (serve(fd)) {
	}
	_exit(0);
}

/* The parent's side. */

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
	/* From then on it has no descriptor of ours. */
	message_receive(worker->fd, &worker->message);
	return 0;
}

struct symbols_worker *symbols_worker_new(void)
{
	struct symbols_worker *worker = calloc(1, sizeof(*worker));
	/* If it can't be started now, the first question tells. */
	if (worker)
		start(worker);
	return worker;
}

void symbols_worker_free(struct symbols_worker *worker)
{
	if (!worker)
		return;
	stop(worker, false);
	wire_free(&worker->message);
	free(worker);
}

/* 0 with the answer in worker->message; on -EPIPE the process is to be stopped. */
static int put_question(struct symbols_worker *worker, struct question *question,
			const struct object_request *request)
{
	struct wire *message = &worker->message;
	int error = start(worker);
	if (error)
		return error;
	question->path_size = (uint32_t)strlen(request->path);
	question->root_size = request->root ? (uint32_t)strlen(request->root) : 0;
	question->build_id_size = (uint32_t)request->build_id_size;
	question->symbols_only = request->symbols_only;
	message_begin(message);
	wire_put(message, question, sizeof(*question));
	wire_put(message, request->path, question->path_size);
	wire_put(message, request->root, question->root_size);
	wire_put(message, request->build_id, question->build_id_size);
	return message_send(worker->fd, message) && message_receive(worker->fd, message) ? 0
											 : -EPIPE;
}

int symbols_worker_ask(struct symbols_worker *worker, unsigned module,
		       const struct object_request *request, uint64_t address, uint64_t inner,
		       struct symbols_answer *answer)
{
	struct question question = { .address = address, .inner = inner, .module = module };
	int error = put_question(worker, &question, request);
	if (!error) {
		wire_take_answer(&worker->message, answer);
		error = worker->message.bad ? -EPIPE : 0;
	}
	if (error == -EPIPE)
		stop(worker, true);
	return error;
}

int symbols_worker_sources(struct symbols_worker *worker, unsigned module,
			   const struct object_request *request, enum object_trouble *trouble,
			   struct object_sources *sources)
{
	struct question question = { .module = module, .sources_only = true };
	uint32_t said = OBJECT_TROUBLES;
	int error = put_question(worker, &question, request);
	if (!error) {
		wire_take(&worker->message, &said, sizeof(said));
		wire_take(&worker->message, sources, sizeof(*sources));
		error = worker->message.bad || said >= OBJECT_TROUBLES ? -EPIPE : 0;
	}
	if (error == -EPIPE)
		stop(worker, true);
	else if (!error)
		*trouble = said;
	return error;
}
