/* SPDX-License-Identifier: MIT */
/* What /proc tells of processes; see proc.h. */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

static int proc_text(uint32_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, size - 1);
	int error = n < 0 ? -errno : 0;
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	/* A process that ends between open and read answers ESRCH. */
	return error == -ESRCH ? -ENOENT : error;
}

int proc_read(uint32_t pid, struct proc *proc)
{
	char text[1024];
	struct proc found = { .pid = pid };
	int error = proc_text(pid, "stat", text, sizeof(text));

	if (error)
		return error;
	/* The name may hold anything, parentheses too: it ends at the last one. */
	char *from = strchr(text, '('), *to = strrchr(text, ')');
	if (!from || !to || to < from)
		return -EPROTO;
	size_t length = (size_t)(to - from - 1);
	if (length > sizeof(found.comm) - 1)
		length = sizeof(found.comm) - 1;
	memcpy(found.comm, from + 1, length);
	unsigned threads;
	if (sscanf(to + 1,
		   " %c %" SCNu32
		   " %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u %*d %" SCNu64,
		   &found.state, &found.ppid, &threads, &found.start_ticks) != 4)
		return -EPROTO;
	/* Its main thread has ended by pthread_exit(); the process lives on. */
	if (found.state == 'Z' && threads > 1)
		found.state = 'S';
	*proc = found;
	return 0;
}

/*
 * Where the process's descriptors and memory can be seen: /proc/PID, or, when its main thread has
 * ended and others live, the folder of one of those.
 */
static uint32_t window_of(uint32_t pid)
{
	/* Many descriptors are asked about, one process after another. */
	static _Thread_local uint32_t asked, answer;
	char path[64], text[512];

	if (pid && pid == asked)
		return answer;
	asked = answer = pid;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task", pid);
	const char *state = proc_text(pid, "stat", text, sizeof(text)) ? NULL : strrchr(text, ')');
	DIR *folder = state && state[1] == ' ' && state[2] == 'Z' ? opendir(path) : NULL;
	if (!folder)
		return pid;
	for (struct dirent *entry; answer == pid && (entry = readdir(folder));) {
		uint32_t thread = (uint32_t)strtoul(entry->d_name, NULL, 10);
		if (thread && thread != pid && !proc_text(thread, "stat", text, sizeof(text)) &&
		    (state = strrchr(text, ')')) && state[1] == ' ' && state[2] != 'Z')
			answer = thread;
	}
	closedir(folder);
	return answer;
}

static int proc_compare(const void *a, const void *b)
{
	const struct proc *left = a, *right = b;

	return left->pid < right->pid ? -1 : left->pid > right->pid;
}

struct proc *proc_list(struct arena *arena, size_t *count)
{
	struct proc *procs = NULL;
	size_t room = 0;
	DIR *folder = opendir("/proc");

	*count = 0;
	if (!folder)
		return NULL;
	for (struct dirent *entry; (entry = readdir(folder));) {
		struct proc proc;
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    proc_read((uint32_t)strtoul(entry->d_name, NULL, 10), &proc))
			continue;
		procs = arena_more(arena, procs, *count, &room, sizeof(*procs));
		procs[(*count)++] = proc;
	}
	closedir(folder);
	if (*count)
		qsort(procs, *count, sizeof(*procs), proc_compare);
	return procs;
}

int proc_identity(uint32_t pid, uint32_t *uid, uint32_t *inner_pid)
{
	char text[4096];
	int error = proc_text(pid, "status", text, sizeof(text));

	if (error)
		return error;
	const char *line = strstr(text, "\nUid:");
	*uid = line ? (uint32_t)strtoul(line + 5, NULL, 10) : UINT32_MAX;
	*inner_pid = pid;
	line = strstr(text, "\nNSpid:");
	if (line) {
		const char *end = strchr(line + 1, '\n');
		char *next;
		line += 7;
		for (unsigned long n;
		     n = strtoul(line, &next, 10), next != line && (!end || next <= end);
		     line = next)
			*inner_pid = (uint32_t)n;
	}
	return 0;
}

bool proc_user_differs(uint32_t pid)
{
	char text[4096];
	uint32_t real, effective;

	if (proc_text(pid, "status", text, sizeof(text)))
		return false;
	const char *line = strstr(text, "\nUid:");
	return line && sscanf(line + 5, "%" SCNu32 " %" SCNu32, &real, &effective) == 2 &&
	       real != effective;
}

uint64_t proc_namespace(uint32_t pid, const char *kind)
{
	char path[64];
	struct stat stat_buffer;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/%s", window_of(pid), kind);
	else
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	return stat(path, &stat_buffer) ? 0 : stat_buffer.st_ino;
}

/* The kernel's own numbers for the namespaces that it starts with. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

bool proc_is_foreign(uint64_t pid_ns)
{
	static uint64_t ours;

	if (!ours)
		ours = proc_namespace(0, "pid");
	return pid_ns && ours && pid_ns != ours;
}

bool proc_shows_all(void)
{
	return !geteuid() && proc_namespace(0, "pid") == FIRST_PID_NAMESPACE;
}

bool proc_hides(uint32_t pid)
{
	struct proc proc;

	return proc_read(pid, &proc) && (!kill((pid_t)pid, 0) || errno == EPERM);
}

const char *proc_root(struct arena *arena, uint32_t pid)
{
	char path[64], target[8];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root", window_of(pid));
	ssize_t n = readlink(path, target, sizeof(target));
	/* The same root for both: plain paths read better, and need no right to look into the
	 * process. */
	if (n < 0 ||
	    (n == 1 && target[0] == '/' && proc_namespace(pid, "mnt") == proc_namespace(0, "mnt")))
		return "";
	return arena_copy(arena, path);
}

static int socket_compare(const void *a, const void *b)
{
	const struct proc_socket *left = a, *right = b;

	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

int proc_files(struct arena *arena, uint32_t pid, struct proc_files *files)
{
	char path[64];
	size_t room = 0;

	memset(files, 0, sizeof(*files));
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", window_of(pid));
	DIR *folder = opendir(path);
	if (!folder)
		return -errno;
	for (struct dirent *entry; (entry = readdir(folder));) {
		char target[64];
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		files->open++;
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
		/* A process of our user that has more rights than we: their numbers may be seen,
		 * and not what they are. */
		if (n < 0 && (errno == EACCES || errno == EPERM)) {
			int error = -errno;
			closedir(folder);
			*files = (struct proc_files){ .open = 0 };
			return error;
		}
		if (n <= 0)
			continue;
		target[n] = 0;
		if (!strcmp(target, "anon_inode:[io_uring]"))
			files->io_uring = true;
		if (strncmp(target, "socket:[", 8))
			continue;
		files->sockets = arena_more(arena, files->sockets, files->socket_count, &room,
					    sizeof(*files->sockets));
		files->sockets[files->socket_count++] =
			(struct proc_socket){ .fd = (int)strtoul(entry->d_name, NULL, 10),
					      .inode = strtoull(target + 8, NULL, 10) };
	}
	closedir(folder);
	if (files->socket_count)
		qsort(files->sockets, files->socket_count, sizeof(*files->sockets), socket_compare);
	return 0;
}

int proc_files_folder(uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", window_of(pid));
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -errno : folder;
}

uint64_t proc_socket_inode(uint32_t pid, int fd)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd/%d", window_of(pid), fd);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n <= 8)
		return 0;
	target[n] = 0;
	return strncmp(target, "socket:[", 8) ? 0 : strtoull(target + 8, NULL, 10);
}

bool proc_socket_is_tcp(uint32_t pid, int fd)
{
	char path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd/%d", window_of(pid), fd);
	ssize_t n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);
	if (n < 0)
		return true;
	name[n] = 0;
	return !strcmp(name, "TCP") || !strcmp(name, "TCPv6");
}

int proc_socket_tcp_family(uint32_t pid, int fd)
{
	char path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd/%d", window_of(pid), fd);
	ssize_t n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = 0;
	return !strcmp(name, "TCP") ? AF_INET : !strcmp(name, "TCPv6") ? AF_INET6 : 0;
}

bool proc_closes_on_exec(uint32_t pid, int fd)
{
	char name[32], text[512];

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (proc_text(pid, name, text, sizeof(text)))
		return false;
	const char *line = strstr(text, "flags:");
	return line && strtoul(line + 6, NULL, 8) & O_CLOEXEC;
}

int proc_environment_has(uint32_t pid, const char *wanted)
{
	char path[64], text[32768];
	size_t kept = 0, length = strlen(wanted);
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (ssize_t n; !found && (n = read(fd, text + kept, sizeof(text) - kept)) > 0;) {
		size_t size = kept + (size_t)n;
		found = memmem(text, size, wanted, length) != NULL;
		kept = size < length ? size : length; /* it may stand across two reads */
		memmove(text, text + size - kept, kept);
	}
	close(fd);
	return found;
}

int proc_ledgers(struct arena *arena, uint32_t pid, struct proc_ledger **ledgers, size_t *count,
		 bool *library)
{
	static const char suffix[] = ".ledger", gone[] = " (deleted)";
	char path[64], *line = NULL;
	size_t size = 0, room = 0;

	*ledgers = NULL;
	*count = 0;
	*library = false;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", window_of(pid));
	FILE *maps = fopen(path, "re");
	if (!maps)
		return -errno;
	for (ssize_t n; (n = getline(&line, &size, maps)) > 0;) {
		struct proc_ledger found = { .path = NULL };
		int at = 0;
		if (line[n - 1] == '\n')
			line[--n] = 0;
		if (sscanf(line, "%39s %*s %*s %*s %" SCNu64 " %n", found.range, &found.inode,
			   &at) < 2 ||
		    !at)
			continue;
		char *name = line + at;
		size_t length = strlen(name);
		if (length >= 15 && strstr(name, "/libsockaudit.so"))
			*library = true;
		if (length > sizeof(gone) && !strcmp(name + length - (sizeof(gone) - 1), gone)) {
			found.deleted = true;
			length -= sizeof(gone) - 1;
			name[length] = 0;
		}
		if (length < sizeof(suffix) || strcmp(name + length - (sizeof(suffix) - 1), suffix))
			continue;
		/* One mapping may stand in several lines, split by madvise. */
		if (*count && (*ledgers)[*count - 1].inode == found.inode)
			continue;
		found.path = arena_copy(arena, name);
		*ledgers = arena_more(arena, *ledgers, *count, &room, sizeof(**ledgers));
		(*ledgers)[(*count)++] = found;
	}
	free(line);
	fclose(maps);
	return 0;
}

uint64_t proc_nofile_limit(uint32_t pid)
{
	char text[4096];

	if (proc_text(pid, "limits", text, sizeof(text)))
		return 0;
	const char *line = strstr(text, "\nMax open files");
	return line ? strtoull(line + 15, NULL, 10) : 0;
}

const char *proc_exe(struct arena *arena, uint32_t pid)
{
	char path[64], target[4096];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", window_of(pid));
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return NULL;
	target[n] = 0;
	return arena_copy(arena, target);
}

const char *proc_boot_id(struct arena *arena)
{
	char text[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n < 0 ? 0 : n] = 0;
	}
	text[strcspn(text, "\n")] = 0;
	return arena_copy(arena, text);
}

bool proc_system_files(uint64_t *used, uint64_t *most)
{
	uint64_t free_ones;
	FILE *file = fopen("/proc/sys/fs/file-nr", "re");
	bool told = file &&
		    fscanf(file, "%" SCNu64 " %" SCNu64 " %" SCNu64, used, &free_ones, most) == 3;

	if (file)
		fclose(file);
	return told;
}
