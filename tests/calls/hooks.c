/* SPDX-License-Identifier: MIT */
/*
 * Every hook of hooks.def, once: it runs, and result and errno are libc's. Each case (case.h) runs
 * in a process of its own, bare and under the library, and both must tell the same.
 *
 *     hooks [NAME]...            all, or those named; -v shows what the cases tell
 *     hooks_missing [NAME]...    each case under a library that lacks this one hook: the case must
 * fail, or it proves nothing
 */
#include "report.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sockaudit/ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

static const struct hook {
	const char *name;
	void (*run)(void);
} hooks[] = {
#define HOOK(name) { #name, case_##name },
#include "../../preload/hooks.def"
#undef HOOK
};
#define HOOKS (sizeof hooks / sizeof hooks[0])

/* What cannot fail, or can succeed for root only. */
static const char *const never_fails[] = { "_exit", "_Exit", "quick_exit", "closefrom", NULL };
static const char *const root_only[] = { "chroot", "setgroups", "initgroups", "setns", NULL };

static char self[PATH_MAX], library[PATH_MAX], folder[PATH_MAX], report_path[PATH_MAX];
static bool verbose;

static bool listed(const char *const *list, const char *name)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

static void die(const char *what)
{
	fprintf(stderr, "hooks: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void text(char *to, size_t room, const char *first, const char *second)
{
	if (snprintf(to, room, "%s%s", first, second) >= (int)room) {
		errno = ENAMETOOLONG;
		die(first);
	}
}

/* What one process of a case came to. */
struct outcome {
	struct report report;
	int status;
	char end[200]; /* what is wrong with the ledger that it left; empty if nothing */
};

static void ledger_judge(pid_t child, const struct report *report, char *problem, size_t room)
{
	char ledgers[PATH_MAX], prefix[32], name[NAME_MAX + 1] = "", path[PATH_MAX + NAME_MAX];
	struct ledger_header header;

	text(ledgers, sizeof ledgers, folder, "/ledgers");
	snprintf(prefix, sizeof prefix, "%d.", (int)child);
	DIR *list = opendir(ledgers);
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    strstr(entry->d_name, ".0.ledger"))
			strcpy(name, entry->d_name);
	if (list)
		closedir(list);
	snprintf(path, sizeof path, "%s/%s", ledgers, name);
	FILE *file = name[0] ? fopen(path, "r") : NULL;
	size_t got = file ? fread(&header, sizeof header, 1, file) : 0;
	if (file)
		fclose(file);
	if (!got)
		snprintf(problem, room, "it left no ledger");
	else if (header.state != report->expected_state ||
		 header.exit_status != report->expected_status)
		snprintf(problem, room, "its ledger says state %u, status %d instead of %u, %d",
			 header.state, header.exit_status, report->expected_state,
			 report->expected_status);
}

static void remove_ledgers(void)
{
	char ledgers[PATH_MAX], path[PATH_MAX + NAME_MAX];

	text(ledgers, sizeof ledgers, folder, "/ledgers");
	DIR *list = opendir(ledgers);
	for (struct dirent *entry; list && (entry = readdir(list));) {
		snprintf(path, sizeof path, "%s/%s", ledgers, entry->d_name);
		unlink(path);
	}
	if (list)
		closedir(list);
	rmdir(ledgers);
}

static void become_case(const char *name, const char *preload)
{
	char options[PATH_MAX + 64];

	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	if (preload) {
		snprintf(options, sizeof options, "dir=%s/ledgers:summary=0", folder);
		setenv("SOCKAUDIT_OPTIONS", options, 1);
		setenv("LD_PRELOAD", preload, 1);
	}
	signal(SIGPIPE, SIG_IGN);
	alarm(10);
	execl(self, self, "--case", name, report_path, preload ? "audited" : "bare", (char *)NULL);
	_exit(121);
}

static void case_run(const char *name, const char *preload, struct outcome *outcome)
{
	int fd = open(report_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || fchmod(fd, 0666) || ftruncate(fd, sizeof outcome->report))
		die(report_path);
	pid_t child = fork();
	if (child == 0)
		become_case(name, preload);
	if (child < 0 || waitpid(child, &outcome->status, 0) != child ||
	    pread(fd, &outcome->report, sizeof outcome->report, 0) != sizeof outcome->report)
		die(name);
	close(fd);
	outcome->end[0] = 0;
	if (preload && outcome->report.expects_end)
		ledger_judge(child, &outcome->report, outcome->end, sizeof outcome->end);
	remove_ledgers();
}

static void differences_show(const char *bare, const char *audited)
{
	while (*bare || *audited) {
		size_t one = strcspn(bare, "\n"), other = strcspn(audited, "\n");

		if (one != other || strncmp(bare, audited, one) != 0)
			printf("  libc:    %.*s\n  library: %.*s\n", (int)one, bare, (int)other,
			       audited);
		bare += one + (bare[one] == '\n');
		audited += other + (audited[other] == '\n');
	}
}

/* The number of things that are wrong; `show` says which. */
static int judge(const char *name, const struct outcome *bare, const struct outcome *audited,
		 bool show)
{
	const struct report *report = &audited->report;
	int problems = 0;
#define PROBLEM(condition, ...)                                                                    \
	do {                                                                                       \
		if (condition) {                                                                   \
			problems++;                                                                \
			if (show)                                                                  \
				printf(__VA_ARGS__);                                               \
		}                                                                                  \
	} while (0)

	PROBLEM(bare->status != audited->status, "%s: wait status %x bare, %x under the library\n",
		name, bare->status, audited->status);
	PROBLEM(WIFSIGNALED(bare->status),
		"%s: ended by signal %d, bare too: it hangs, or the case is wrong\n", name,
		WTERMSIG(bare->status));
	PROBLEM(strcmp(bare->report.told, report->told) != 0, "%s: result or errno is not libc's\n",
		name);
	if (show && problems)
		differences_show(bare->report.told, report->told);
	PROBLEM(bare->report.trouble[0], "%s: bare: %s", name, bare->report.trouble);
	PROBLEM(report->trouble[0], "%s: %s", name, report->trouble);
	PROBLEM(audited->end[0], "%s: %s\n", name, audited->end);
	PROBLEM(!report->checks, "%s: the case looks at no ledger\n", name);
	PROBLEM(!report->successes && (geteuid() == 0 || !listed(root_only, name)),
		"%s: the case has no call that succeeds\n", name);
	PROBLEM(!report->failures && !listed(never_fails, name),
		"%s: the case has no call that fails\n", name);
	if (verbose)
		printf("-- %s: %u steps succeed, %u fail, %u checks\n%s", name, report->successes,
		       report->failures, report->checks, report->told);
	return problems;
}

static int hook_test(const struct hook *hook)
{
	static struct outcome bare, audited;

	case_run(hook->name, NULL, &bare);
	case_run(hook->name, library, &audited);
	return judge(hook->name, &bare, &audited, true);
}

/* A copy of the library in which one export is none: ld.so passes over a symbol without a value. */
static void library_without(const char *name, const char *path)
{
	struct stat file;
	int fd = open(library, O_RDONLY | O_CLOEXEC), out;
	bool found = false;

	if (fd < 0 || fstat(fd, &file))
		die(library);
	char *image = mmap(NULL, (size_t)file.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		die(library);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + header->e_shoff);
	for (unsigned i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type != SHT_DYNSYM)
			continue;
		Elf64_Sym *symbols = (Elf64_Sym *)(image + sections[i].sh_offset);
		const char *strings = image + sections[sections[i].sh_link].sh_offset;

		for (size_t n = 0; n < sections[i].sh_size / sizeof *symbols; n++) {
			if (strcmp(strings + symbols[n].st_name, name) != 0 || !symbols[n].st_value)
				continue;
			symbols[n].st_value = 0;
			symbols[n].st_shndx = SHN_UNDEF;
			found = true;
		}
	}
	unlink(path);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (!found || out < 0 || write(out, image, (size_t)file.st_size) != file.st_size ||
	    close(out))
		die(path);
	munmap(image, (size_t)file.st_size);
}

static int hook_test_fails_without(const struct hook *hook)
{
	static struct outcome bare, audited;
	char lacking[PATH_MAX];

	text(lacking, sizeof lacking, folder, "/lacking.so");
	library_without(hook->name, lacking);
	case_run(hook->name, NULL, &bare);
	case_run(hook->name, lacking, &audited);
	unlink(lacking);
	/* It must be the ledger that tells, not a crash. */
	bool told = audited.report.trouble[0] || audited.end[0];
	if (!told || bare.status != audited.status)
		printf("%s: its test does not notice that the hook is missing (%d problems, wait "
		       "status %x)\n",
		       hook->name, judge(hook->name, &bare, &audited, false), audited.status);
	return !told || bare.status != audited.status;
}

static void places_find(void)
{
	const char *given = getenv("LIBSOCKAUDIT"), *place = getenv("SOCKAUDIT_TEST_DIR");
	char actors[PATH_MAX], *slash;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length < 0)
		die("/proc/self/exe");
	self[length] = 0;
	text(actors, sizeof actors, self, "");
	slash = strrchr(actors, '/');
	strcpy(slash, "/actors");
	setenv("CALLS_ACTORS", actors, 1);
	/* build/tests/calls/hooks; build/libsockaudit.so */
	*slash = 0;
	text(library, sizeof library, given ? given : actors,
	     given ? "" : "/../../libsockaudit.so");
	text(folder, sizeof folder, place ? place : "/tmp", "/hooks-XXXXXX");
	if (!mkdtemp(folder))
		die(folder);
	text(report_path, sizeof report_path, folder, "/report");
	/* Cases drop their rights, and must still reach their report. */
	chmod(folder, 0711);
	unsetenv("LD_PRELOAD");
	unsetenv("SOCKAUDIT_OPTIONS");
}

static int hooks_run(char **names, int (*test)(const struct hook *hook))
{
	int failed = 0, tested = 0;

	for (unsigned i = 0; i < HOOKS; i++) {
		if (*names && !listed((const char *const *)names, hooks[i].name))
			continue;
		tested++;
		failed += test(&hooks[i]) != 0;
		fflush(stdout);
	}
	unlink(report_path);
	rmdir(folder);
	printf("%d of %d hooks failed\n", failed, tested);
	return failed || !tested;
}

static int case_main(char **argv)
{
	unsigned i = 0;

	while (i < HOOKS && strcmp(hooks[i].name, argv[2]) != 0)
		i++;
	if (i == HOOKS)
		return 122;
	case_begin(argv[0], argv[3], strcmp(argv[4], "audited") == 0);
	hooks[i].run();
	return 0;
}

int main(int argc, char **argv, char **environment)
{
	if (argc == 5 && strcmp(argv[1], "--case") == 0)
		return case_main(argv);
	if (argc >= 3 && strcmp(argv[1], CASE_TELL_ARGUMENTS) == 0) {
		case_begin(argv[0], argv[2], false);
		case_tell_arguments(argv, environment);
		return 9;
	}
	places_find();
	argv++;
	verbose = *argv && strcmp(*argv, "-v") == 0;
	argv += verbose;
	const char *name = strrchr(self, '/');
	return hooks_run(argv,
			 strcmp(name, "/hooks_missing") == 0 ? hook_test_fails_without : hook_test);
}
