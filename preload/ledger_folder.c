/* SPDX-License-Identifier: MIT */
#include "ledger_folder.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <dirent.h>
#include <errno.h>
#include <sockaudit/ledger.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A file's contents as text; false when it can't be read. */
static bool file_read(const char *path, char *buffer, size_t room)
{
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);

	buffer[0] = 0;
	if (fd < 0)
		return false;
	long size = sys_read(fd, buffer, room - 1);
	sys_close(fd);
	buffer[size > 0 ? size : 0] = 0;
	return size > 0;
}

/* The fields of /proc/PID/stat after the name, which may itself hold blanks and brackets; NULL if
 * malformed. */
static const char *stat_fields(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}

static const char *stat_skip(const char *field, unsigned count)
{
	while (count-- && field) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	return field;
}

/* `fields` starts at field 3 of stat. 0 when there is no start time to be read. */
static uint64_t stat_start(const char *fields)
{
	const char *start = stat_skip(fields, 22 - 3);

	return start ? text_number(&start) : 0;
}

void identity_read(struct identity *identity)
{
	char stat[1024];

	memset(identity, 0, sizeof *identity);
	identity->pid = (uint32_t)sys_getpid();
	if (!file_read("/proc/self/stat", stat, sizeof stat))
		return;
	const char *name = strchr(stat, '('), *fields = stat_fields(stat);
	if (!name || !fields)
		return;
	size_t size = (size_t)(fields - 2 - (name + 1));
	memcpy(identity->comm, name + 1, size < 15 ? size : 15);
	const char *field = stat_skip(fields, 1);
	if (field) {
		identity->ppid = (uint32_t)text_number(&field);
		field++;
		identity->process_group = (uint32_t)text_number(&field);
		field++;
		identity->session = (uint32_t)text_number(&field);
	}
	identity->start_ticks = stat_start(fields);
}

/* The folder of a place: where the user said, or the first, second default. */
static bool place_name(unsigned place, char path[PATH_MAX])
{
	static const char *const defaults[] = { "/dev/shm", "/tmp" };

	path[0] = 0;
	if (settings.dir[0]) {
		if (place > 1)
			return false;
		text_add(path, PATH_MAX, settings.dir);
		if (place == 0)
			return true;
	} else {
		if (place > 1)
			return false;
		text_add(path, PATH_MAX, defaults[place]);
	}
	/* A folder of our own inside one that is not ours. */
	text_add(path, PATH_MAX, "/sockaudit-");
	text_add_number(path, PATH_MAX, (unsigned long long)sys_call(SYS_geteuid, 0, 0, 0, 0));
	return true;
}

/* Opens a folder that is ours alone; or -errno: -EPERM is "not ours or open to others". */
static int folder_open(const char *path, bool make)
{
	struct stat folder;
	int fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd == -ENOENT && make) {
		int made = (int)sys_call(SYS_mkdirat, AT_FDCWD, path, 0700, 0);

		if (made < 0 && made != -EEXIST)
			return made;
		/* The program's umask had its say. */
		if (made == 0)
			sys_call(SYS_fchmodat, AT_FDCWD, path, 0700, 0);
		fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	}
	if (fd < 0)
		return fd;
	int failed = (int)sys_call(SYS_fstat, fd, &folder, 0, 0);
	if (failed == 0 &&
	    (folder.st_uid != (uid_t)sys_call(SYS_geteuid, 0, 0, 0, 0) || (folder.st_mode & 077)))
		failed = -EPERM;
	if (failed) {
		sys_close(fd);
		return failed;
	}
	return fd;
}

static void ledger_name(char *path, size_t room, const struct identity *identity, uint32_t sequence)
{
	text_add_number(path, room, identity->pid);
	text_add(path, room, ".");
	text_add_number(path, room, identity->start_ticks);
	text_add(path, room, ".");
	text_add_number(path, room, sequence);
	text_add(path, room, ".ledger");
}

bool ledger_folder_path(unsigned place, const struct identity *identity, uint32_t sequence,
			char path[PATH_MAX])
{
	if (!place_name(place, path))
		return false;
	text_add(path, PATH_MAX, "/");
	ledger_name(path, PATH_MAX, identity, sequence);
	return true;
}

int ledger_folder_create(unsigned place, const struct identity *identity, char path[PATH_MAX],
			 uint32_t *sequence, bool *more)
{
	char name[64];

	*more = place_name(place + 1, path);
	place_name(place, path);
	/* A run made its own; when that is gone, so is the run, and nobody would remove another. */
	int folder = folder_open(path, place || !settings.attendance[0]);
	if (folder < 0)
		return folder;
	text_add(path, PATH_MAX, "/");
	size_t stem = strlen(path);
	int fd = -EEXIST;
	for (uint32_t n = 0; fd == -EEXIST && n < 100000; n++) {
		name[0] = 0;
		ledger_name(name, sizeof name, identity, n);
		*sequence = n;
		fd = sys_openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);
	}
	sys_close(folder);
	/* A daemon may have closed its standard descriptors, and still print. */
	if (fd >= 0 && fd <= 2) {
		int higher = (int)sys_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3, 0);

		sys_close(fd);
		fd = higher;
	}
	if (fd >= 0)
		sys_call(SYS_fchmod, fd, 0600, 0, 0);
	path[stem] = 0;
	text_add(path, PATH_MAX, name);
	return fd;
}

/* One ended ledger, as far as pruning must know it. */
struct ended {
	char name[56];
	bool clean;
	bool foreign; /* of another pid namespace, and not marked as ended: it may run */
	int64_t modified;
};

static bool process_runs(const char *name)
{
	char path[64] = "/proc/", stat[1024];
	const char *text = name;
	uint64_t pid = text_number(&text);

	text_add_number(path, sizeof path, pid);
	text_add(path, sizeof path, "/stat");
	if (*text++ != '.' || !file_read(path, stat, sizeof stat))
		return false;
	const char *fields = stat_fields(stat);
	return fields && fields[0] != 'Z' && stat_start(fields) == text_number(&text);
}

static bool name_is_ledger(const char *name)
{
	const char *text = name;

	for (int part = 0; part < 3; part++) {
		if (*text < '0' || *text > '9')
			return false;
		text_number(&text);
		if (*text++ != '.')
			return false;
	}
	return strcmp(text, "ledger") == 0 && strlen(name) < sizeof((struct ended *)0)->name;
}

static bool ended_look(int folder, const char *name, uint64_t pid_ns, struct ended *ended)
{
	static struct ledger_header header;
	struct stat file;
	int fd = sys_openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);

	if (fd < 0)
		return false;
	long size = sys_pread(fd, &header, sizeof header, 0);
	bool known = sys_call(SYS_fstat, fd, &file, 0, 0) == 0;
	sys_close(fd);
	if (!known)
		return false;
	ended->name[0] = 0;
	text_add(ended->name, sizeof ended->name, name);
	ended->modified = file.st_mtim.tv_sec * 1000000000ll + file.st_mtim.tv_nsec;
	/* The file system counts in ticks, in which several programs may end. */
	if (size == sizeof header && header.state != LEDGER_RUNNING)
		ended->modified = (int64_t)header.clock_last.realtime_ns;
	ended->foreign = size == sizeof header && pid_ns && header.pid_ns &&
			 header.pid_ns != pid_ns && header.state == LEDGER_RUNNING;
	ended->clean = size == sizeof header && !header.verdict_sockets &&
		       (header.state == LEDGER_EXITED || header.state == LEDGER_DAEMON);
	return true;
}

#define PRUNE_MOST                                                                                 \
	512 /* ended ledgers looked at in one go: 36 KiB of stack would be too much, so they are   \
	       mapped */

/* Calls `seen` with every ledger's name in the folder until it answers false. */
static void folder_each(int folder, bool (*seen)(int folder, const char *name, void *with),
			void *with)
{
	static char buffer[4096] __attribute__((aligned(8)));
	long size;

	while ((size = sys_call(SYS_getdents64, folder, buffer, sizeof buffer, 0)) > 0) {
		for (long at = 0; at < size;) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			at += entry->d_reclen;
			if (name_is_ledger(entry->d_name) && !seen(folder, entry->d_name, with))
				return;
		}
	}
}

static bool count_one(int folder, const char *name, void *with)
{
	(void)folder, (void)name;
	(*(unsigned *)with)++;
	return true;
}

struct ended_list {
	struct ended *items;
	unsigned count;
	uint64_t pid_ns;
};

static bool list_one(int folder, const char *name, void *with)
{
	struct ended_list *list = with;

	struct ended *item = &list->items[list->count];

	if (!process_runs(name) && ended_look(folder, name, list->pid_ns, item) && !item->foreign)
		list->count++;
	return list->count < PRUNE_MOST;
}

static bool goes_before(const struct ended *a, const struct ended *b)
{
	return a->clean != b->clean ? a->clean : a->modified < b->modified;
}

void ledger_folder_prune(const char *path, uint64_t pid_ns)
{
	static char name[PATH_MAX];
	unsigned all = 0;
	struct ended_list list = { NULL, 0, pid_ns };

	name[0] = 0;
	text_add(name, sizeof name, path);
	*strrchr(name, '/') = 0;
	int folder = folder_open(name, false);
	if (folder < 0)
		return;
	folder_each(folder, count_one, &all);
	/* Ours is among them and runs. Looking into each costs 10 us a file, so not for each of a
	 * server's children: a few more may stand there meanwhile. */
	if (all <= settings.keep + settings.keep / 4 + 1)
		goto close_folder;
	long map = sys_mmap(NULL, PRUNE_MOST * sizeof *list.items, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (map < 0 && map > -4096)
		goto close_folder;
	list.items = (struct ended *)map;
	sys_call(SYS_lseek, folder, 0, SEEK_SET, 0);
	folder_each(folder, list_one, &list);
	for (; list.count > settings.keep; list.count--) {
		struct ended *first = list.items;

		for (unsigned i = 1; i < list.count; i++)
			if (goes_before(&list.items[i], first))
				first = &list.items[i];
		sys_call(SYS_unlinkat, folder, first->name, 0, 0);
		*first = list.items[list.count - 1];
	}
	sys_munmap(list.items, PRUNE_MOST * sizeof *list.items);
close_folder:
	sys_close(folder);
}
