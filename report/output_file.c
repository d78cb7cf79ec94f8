/* SPDX-License-Identifier: MIT */
/* A file that a report is written to; see output_file.h. */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rights that fopen() would have given, or those of the file that it replaces. */
static mode_t mode_wanted(const struct stat *present)
{
	if (present)
		return present->st_mode & 0777;
	mode_t mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* The descriptor that a name such as /dev/stdout stands for; -1: it is a file's own name. Opened by
 * name, what it leads to would be written from its beginning. */
static int named_descriptor(const char *path)
{
	static const char *const standard[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

	for (int fd = 1; fd <= 2; fd++)
		if (!strcmp(path, standard[fd]))
			return fd;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *number = path + strlen(folders[i]);
		if (!strncmp(path, folders[i], strlen(folders[i])) && *number &&
		    !number[strspn(number, "0123456789")] && strlen(number) < 9)
			return atoi(number);
	}
	return -1;
}

static int open_descriptor(struct output_file *file, int number)
{
	int fd = fcntl(number, F_DUPFD_CLOEXEC, 3);

	file->stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (file->stream)
		return 0;
	int error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

static int open_in_place(struct output_file *file)
{
	file->stream = fopen(file->path, "we");
	return file->stream ? 0 : -errno;
}

/* The folder takes no new files, or can't give this one to the old one's owner: as fopen() would,
 * but nothing is lost when it fails. */
static bool must_stay_in_place(int error)
{
	return error == EACCES || error == EPERM || error == EROFS;
}

static int open_beside(struct output_file *file, const struct stat *present)
{
	if (asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	int fd = mkostemp(file->temporary, O_CLOEXEC), error = fd < 0 ? -errno : 0;
	if (error) {
		free(file->temporary);
		file->temporary = NULL;
		return present && must_stay_in_place(-error) ? open_in_place(file) : error;
	}
	if (fchmod(fd, mode_wanted(present)) ||
	    (present && (present->st_uid != geteuid() || present->st_gid != getegid()) &&
	     fchown(fd, present->st_uid, present->st_gid)))
		error = -errno;
	file->stream = error ? NULL : fdopen(fd, "w");
	if (file->stream)
		return 0;
	error = error ? error : -errno;
	close(fd);
	unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
	return present && must_stay_in_place(-error) ? open_in_place(file) : error;
}

int output_file_open(struct output_file *file, const char *path)
{
	struct stat status;
	bool present = !stat(path, &status);
	int error = 0, number = named_descriptor(path);

	*file = (struct output_file){ 0 };
	/* A link stays a link: what it leads to is replaced. */
	file->path = present && S_ISREG(status.st_mode) ? realpath(path, NULL) : strdup(path);
	if (!file->path)
		error = -errno;
	else if (number >= 0)
		error = open_descriptor(file, number);
	else if (present && S_ISREG(status.st_mode) && access(path, W_OK))
		error = -errno;
	else if (present && !S_ISREG(status.st_mode))
		error = open_in_place(file);
	else
		error = open_beside(file, present ? &status : NULL);
	if (error)
		output_file_drop(file);
	return error;
}

int output_file_finish(struct output_file *file)
{
	int error = fflush(file->stream) ? -errno : 0;

	if (!error && ferror(file->stream))
		error = -EIO;
	if (fclose(file->stream) && !error)
		error = -errno;
	file->stream = NULL;
	return error;
}

int output_file_commit(struct output_file *file)
{
	if (file->temporary && rename(file->temporary, file->path))
		return -errno;
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

void output_file_drop(struct output_file *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	free(file->path);
	*file = (struct output_file){ 0 };
}
