/* SPDX-License-Identifier: MIT */
/*
 * Opening files whose names came from a program. The name is looked up with O_PATH, which opens
 * nothing: a FIFO would block us and some devices act on being opened. Only what turned out to be a
 * regular file is then opened, through the descriptor, so that nobody can swap it in between.
 */
#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int look_up(const char *root, const char *path)
{
	if (path[0] != '/')
		return -ENOENT;
	if (!root || !*root) {
		int fd = open(path, O_PATH | O_CLOEXEC);
		return fd >= 0 ? fd : -errno;
	}

	int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		/* An absolute link inside a container means a file of the container. */
		.resolve = RESOLVE_IN_ROOT,
	};
	int fd = (int)syscall(SYS_openat2, top, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		/* Before Linux 5.6, or under a container's seccomp filter. */
		path += strspn(path, "/");
		fd = openat(top, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	int error = errno;
	close(top);
	return fd >= 0 ? fd : -error;
}

int regular_file_open(const char *root, const char *path)
{
	int found = look_up(root, path);
	if (found < 0)
		return found;

	struct stat status;
	char name[32];
	int result = -EINVAL;
	if (fstat(found, &status))
		result = -errno;
	else if (S_ISREG(status.st_mode)) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
		result = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (result < 0)
			result = -errno;
	}
	close(found);
	return result;
}
