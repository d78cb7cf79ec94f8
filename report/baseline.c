/* SPDX-License-Identifier: MIT */
#include "baseline.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TITLE	    "# sockaudit baseline 1"
#define FINGERPRINT 32

static bool is_fingerprint(const char *text)
{
	for (int i = 0; i < FINGERPRINT; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return text[FINGERPRINT] == ' ' || !text[FINGERPRINT];
}

static bool finding_is_known(struct report *report, const char *fingerprint)
{
	bool known = false;

	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = &report->findings[i];
		if (strncmp(finding->fingerprint, fingerprint, FINGERPRINT))
			continue;
		known = true;
		if (finding->status == STATUS_NEW)
			finding->status = STATUS_KNOWN;
	}
	return known;
}

static int line_take(struct arena *arena, const char *path, size_t number, char *line,
		     struct report *report, size_t *room, const char **trouble)
{
	line[strcspn(line, "\r\n")] = 0;
	if (!*line || *line == '#')
		return 0;
	if (!is_fingerprint(line)) {
		*trouble = arena_printf(arena,
					"baseline '%s', line %zu: it begins with no fingerprint; "
					"make it anew with --update-baseline",
					path, number);
		return -EINVAL;
	}
	if (finding_is_known(report, line))
		return 0;
	report->fixed =
		arena_more(arena, report->fixed, report->fixed_count, room, sizeof(*report->fixed));
	report->fixed[report->fixed_count++] = arena_copy(arena, line);
	return 0;
}

int baseline_apply(struct arena *arena, const char *path, struct report *report,
		   const char **trouble)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, room = 0;
	int error = file ? 0 : -errno;

	for (size_t number = 1; !error && getline(&line, &size, file) >= 0; number++) {
		if (number == 1 && strncmp(line, TITLE, strlen(TITLE))) {
			*trouble = arena_printf(arena,
						"'%s' is no baseline: its first line is not '%s'",
						path, TITLE);
			error = -EINVAL;
			break;
		}
		error = line_take(arena, path, number, line, report, &room, trouble);
	}
	if (file && !error && ferror(file))
		error = -EIO;
	if (file)
		fclose(file);
	free(line);
	if (error && !*trouble)
		*trouble = arena_printf(arena, "cannot read the baseline '%s': %s%s", path,
					strerror(-error),
					error == -ENOENT ? "; --update-baseline makes it" : "");
	return error;
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names come from the program: nothing in them may end the line. */
static const char *site_name(struct arena *arena, const struct finding *finding)
{
	const struct frame *site = finding_site(finding);
	char *name = arena_copy(arena, !site		? "?"
				       : site->function ? site->function
				       : site->module	? site->module
							: "?");

	for (char *at = name; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
	return name;
}

static int lines_write(struct arena *arena, const char *path, const char **lines, size_t count)
{
	char *fresh = arena_printf(arena, "%s.XXXXXX", path);
	struct stat old;
	int fd = mkstemp(fresh), error = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, stat(path, &old) ? 0666 & ~mask : old.st_mode & 0777);
	fprintf(file,
		"%s\n# Findings that were there before and don't gate; made by "
		"--update-baseline, sorted, for version control.\n",
		TITLE);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(lines[i], lines[i - 1]))
			fprintf(file, "%s\n", lines[i]);
	if (ferror(file))
		error = -EIO;
	if (fclose(file) && !error)
		error = -errno;
	if (!error && rename(fresh, path))
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}

int baseline_write(struct arena *arena, const char *path, const struct report *report,
		   const char **trouble)
{
	const char **lines = arena_array(arena, report->finding_count + 1, sizeof(*lines));
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		if (finding->status != STATUS_SUPPRESSED)
			lines[count++] =
				arena_printf(arena, "%s %s %s", finding->fingerprint,
					     rules[finding->rule].name, site_name(arena, finding));
	}
	if (count)
		qsort(lines, count, sizeof(*lines), line_compare);
	int error = lines_write(arena, path, lines, count);
	if (error)
		*trouble = arena_printf(arena, "cannot write the baseline '%s': %s", path,
					strerror(-error));
	return error;
}
