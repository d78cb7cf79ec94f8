/* SPDX-License-Identifier: MIT */
#include "run_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LIBRARY "libsockaudit.so"

extern char **environ;

static bool is_there(const char *path)
{
	return !access(path, R_OK);
}

/* Beside this program, in the lib of its prefix, or where the dynamic linker looks. */
static const char *library_find(struct arena *arena)
{
	static const char *const near[] = { "/" LIBRARY, "/../lib/" LIBRARY,
					    "/../lib/x86_64-linux-gnu/" LIBRARY,
					    "/../lib/aarch64-linux-gnu/" LIBRARY,
					    "/../lib64/" LIBRARY };
	static const char *const system[] = { "/usr/local/lib/" LIBRARY,
					      "/usr/lib/" LIBRARY,
					      "/usr/lib/x86_64-linux-gnu/" LIBRARY,
					      "/usr/lib/aarch64-linux-gnu/" LIBRARY,
					      "/usr/lib64/" LIBRARY,
					      "/lib/" LIBRARY };
	char self[PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = 0;
		*strrchr(self, '/') = 0;
		for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++)
			if (realpath(arena_printf(arena, "%s%s", self, near[i]), real))
				return arena_copy(arena, real);
	}
	for (size_t i = 0; i < sizeof(system) / sizeof(*system); i++)
		if (is_there(system[i]))
			return system[i];
	return NULL;
}

/* What a suite of some thousand processes needs: a container has 64 MiB of shared memory, and its
 * programs want some of it, too. */
#define ROOM_WANTED (512ull << 20)

static uint64_t room_in(const char *place)
{
	struct statvfs system;

	if (access(place, W_OK) || statvfs(place, &system))
		return 0;
	/* A tmpfs without a limit says so with zeros. */
	return system.f_blocks ? (uint64_t)system.f_bavail * system.f_frsize : UINT64_MAX;
}

/* In shared memory, where a ledger never waits for a disk, if there is room enough; else where
 * there is most. */
static int folder_make(struct arena *arena, const char *wish, const char **folder,
		       const char **trouble)
{
	const char *own = getenv("TMPDIR");
	const char *places[] = { "/dev/shm", "/tmp",
				 own && *own == '/' && !strchr(own, ':') ? own : NULL };
	uint64_t rooms[3];
	int error = 0;

	if (wish) {
		char real[PATH_MAX];
		if ((mkdir(wish, 0700) && errno != EEXIST) || !realpath(wish, real)) {
			error = -errno;
			*trouble = arena_printf(arena, "cannot make the folder '%s': %s", wish,
						strerror(-error));
			return error;
		}
		*folder = arena_copy(arena, real);
		return 0;
	}
	for (size_t i = 0; i < 3; i++)
		rooms[i] = places[i] ? room_in(places[i]) : 0;
	for (size_t tried = 0; tried < 3; tried++) {
		size_t best = 0;
		for (size_t i = 1; i < 3; i++)
			if (!places[best] ||
			    (places[i] && rooms[best] < ROOM_WANTED && rooms[i] > rooms[best]))
				best = i;
		const char *place = places[best];
		places[best] = NULL;
		char *path = arena_printf(arena, "%s/sockaudit-run-XXXXXX", place ? place : ".");
		if (place && strlen(path) < PATH_MAX && mkdtemp(path)) {
			*folder = path;
			/* As root, a command may become other users, each with a folder of its own
			 * in here. */
			if (!geteuid())
				chmod(path, 01777);
			return 0;
		}
		error = -errno;
	}
	*trouble = arena_printf(arena,
				"cannot make a folder for the ledgers in /dev/shm or /tmp (%s); "
				"name one with --keep=FOLDER",
				strerror(-error));
	return error;
}

static char **variable_find(char **environment, const char *name)
{
	size_t size = strlen(name);

	for (; *environment; environment++)
		if (!strncmp(*environment, name, size) && (*environment)[size] == '=')
			return environment;
	return NULL;
}

/* Puts a value before (or behind) what the variable holds already. */
static void variable_join(struct arena *arena, char **environment, size_t *count, const char *name,
			  const char *value, bool before)
{
	char **there = variable_find(environment, name);
	const char *old = there ? *there + strlen(name) + 1 : "";
	char *joined = before ? arena_printf(arena, "%s=%s%s%s", name, value, *old ? ":" : "", old)
			      : arena_printf(arena, "%s=%s%s%s", name, old, *old ? ":" : "", value);

	if (there) {
		*there = joined;
		return;
	}
	environment[(*count)++] = joined;
	environment[*count] = NULL;
}

static void variable_set(struct arena *arena, char **environment, size_t *count, const char *name,
			 const char *value)
{
	char **there = variable_find(environment, name);

	if (!there)
		environment[*count + 1] = NULL;
	*(there ? there : &environment[(*count)++]) = arena_printf(arena, "%s=%s", name, value);
}

static char **environment_make(struct arena *arena, const struct run_stage *stage)
{
	size_t count = 0;

	while (environ[count])
		count++;
	char **environment = arena_array(arena, count + 6, sizeof(*environment));
	for (size_t i = 0; i < count; i++)
		environment[i] = environ[i];
	const char *preload = getenv("LD_PRELOAD");
	/* Twice in the list is twice in the way of whoever reads it. */
	if (!preload || !strstr(preload, LIBRARY))
		variable_join(arena, environment, &count, "LD_PRELOAD", stage->library, true);
	/* Behind what the user set, so that ours counts; the library's own line at exit is what the
	 * report says better. */
	variable_join(arena, environment, &count, "SOCKAUDIT_OPTIONS",
		      arena_printf(arena, "dir=%s:attendance=%s:marks=%s:summary=0:keep=4096",
				   stage->folder, stage->attendance, stage->marks),
		      false);
	variable_set(arena, environment, &count, "SOCKAUDIT_MARK", stage->marks);
	/* An ASan-built child refuses to start behind any preload. */
	variable_join(arena, environment, &count, "ASAN_OPTIONS", "verify_asan_link_order=0",
		      false);
	return environment;
}

/* Empty; `for_all`: every user may add to it. */
static int file_make(const char *path, bool for_all)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (for_all)
		fchmod(fd, 0622);
	/* Whatever fills the place, this can be written. */
	fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20);
	close(fd);
	return 0;
}

int run_stage_set(struct arena *arena, const struct run_wishes *wishes, struct run_stage *stage,
		  const char **trouble)
{
	memset(stage, 0, sizeof(*stage));
	stage->library = wishes->library ? wishes->library : library_find(arena);
	if (!stage->library || (strchr(stage->library, '/') && !is_there(stage->library))) {
		*trouble = stage->library ? arena_printf(arena, "cannot read the library '%s': %s",
							 stage->library, strerror(errno))
					  : "libsockaudit.so is neither beside this program nor "
					    "installed; name it with --library=FILE";
		return -ENOENT;
	}
	if (strpbrk(stage->library, ": ")) {
		*trouble = arena_printf(arena,
					"LD_PRELOAD can't hold the path '%s': it has a blank or a "
					"colon; copy the library elsewhere and name it with "
					"--library=FILE",
					stage->library);
		return -EINVAL;
	}
	int error = folder_make(arena, wishes->folder, &stage->folder, trouble);
	if (error)
		return error;
	if (strchr(stage->folder, ':')) {
		*trouble = arena_printf(
			arena, "SOCKAUDIT_OPTIONS can't hold the folder '%s': it has a colon",
			stage->folder);
		return -EINVAL;
	}
	stage->attendance = arena_printf(arena, "%s/attendance", stage->folder);
	stage->marks = arena_printf(arena, "%s/marks", stage->folder);
	bool for_all = !geteuid() && !wishes->folder;
	error = file_make(stage->attendance, for_all);
	if (!error)
		error = file_make(stage->marks, for_all);
	if (error) {
		*trouble = arena_printf(arena, "cannot write in the folder '%s': %s", stage->folder,
					strerror(-error));
		return error;
	}
	stage->environment = environment_make(arena, stage);
	return 0;
}

/* Two levels: the ledgers, and those of other users in folders of theirs. */
static void folder_empty(int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(fd, entry->d_name, 0) && depth) {
			folder_empty(fd, entry->d_name, depth - 1);
			unlinkat(fd, entry->d_name, AT_REMOVEDIR);
		}
	}
	if (stream)
		closedir(stream);
}

void run_stage_strike(const struct run_stage *stage)
{
	if (!stage->folder)
		return;
	/* What goes on behind the command may make its ledger just now. */
	for (int tries = 0; tries < 100; tries++) {
		folder_empty(AT_FDCWD, stage->folder, 1);
		if (!rmdir(stage->folder) || (errno != ENOTEMPTY && errno != EEXIST))
			break;
	}
}
