/* SPDX-License-Identifier: MIT */
#include "ledger_create.h"
#include "attendance.h"
#include "ledger_folder.h"
#include "program.h"
#include "real.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sockaudit/cycles.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>

bool ledger_create_off, ledger_create_fixed, ledger_create_small;

static char own_path[PATH_MAX];

#define HEADER_SIZE 8192u
#define PAGE	    4096u

/* Records of each section: as many as could ever be wanted, and where mapping or filling that is
 * forbidden. */
static const uint32_t large[SECTION_COUNT] = {
	[SECTION_SLOTS] = LEDGER_SLOTS_MAX,
	[SECTION_STACKS] = 131072,
	[SECTION_FRAMES] = 131072 * 24,
	[SECTION_MODULES] = 4096,
	[SECTION_STRINGS] = 1u << 18,
	[SECTION_MISUSES] = 4096,
	[SECTION_SNAPSHOTS] = LEDGER_SLOTS_MAX,
	[SECTION_FORKS] = 1024,
	[SECTION_CLOSED] = 4096,
	[SECTION_THREADS] = 2048,
	[SECTION_MARKS] = 4096,
	/* Those of a minute, which is TIME_WAIT's, at 1,000 a second. */
	[SECTION_ENDINGS] = 65536,
};
static const uint32_t small[SECTION_COUNT] = {
	[SECTION_SLOTS] = 4096,	    [SECTION_STACKS] = 1024,   [SECTION_FRAMES] = 16384,
	[SECTION_MODULES] = 256,    [SECTION_STRINGS] = 32768, [SECTION_MISUSES] = 256,
	[SECTION_SNAPSHOTS] = 4096, [SECTION_FORKS] = 256,     [SECTION_CLOSED] = 512,
	[SECTION_THREADS] = 512,    [SECTION_MARKS] = 256,     [SECTION_ENDINGS] = 4096,
};
static const uint32_t record_sizes[SECTION_COUNT] = {
	[SECTION_SLOTS] = sizeof(struct ledger_slot),
	[SECTION_STACKS] = sizeof(struct ledger_stack),
	[SECTION_FRAMES] = sizeof(uint64_t),
	[SECTION_MODULES] = sizeof(struct ledger_module),
	[SECTION_STRINGS] = 1,
	[SECTION_MISUSES] = sizeof(struct ledger_misuse),
	[SECTION_SNAPSHOTS] = sizeof(struct ledger_snapshot),
	[SECTION_FORKS] = sizeof(struct ledger_fork),
	[SECTION_CLOSED] = sizeof(struct ledger_closed),
	[SECTION_THREADS] = sizeof(struct ledger_thread),
	[SECTION_MARKS] = sizeof(struct ledger_mark),
	[SECTION_ENDINGS] = sizeof(struct ledger_ending),
};

/* Index 0 is "none" where records refer to each other; not in the arrays by number and by order,
 * and in rings. */
static bool section_starts_at_0(unsigned section)
{
	return section == SECTION_SLOTS || section == SECTION_SNAPSHOTS ||
	       section == SECTION_FORKS || section == SECTION_CLOSED ||
	       section == SECTION_THREADS || section == SECTION_MARKS || section == SECTION_ENDINGS;
}

static uint64_t limit_soft(int resource, uint64_t *hard)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	sys_call(SYS_prlimit64, 0, resource, NULL, &limit);
	if (hard)
		*hard = limit.rlim_max;
	return limit.rlim_cur;
}

/* Fills the section table; the file's whole size. */
static uint64_t sections_lay(struct ledger_section sections[SECTION_ROOM], const uint32_t *records,
			     uint32_t slots)
{
	uint64_t offset = HEADER_SIZE;

	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		uint32_t capacity = records[i];

		if ((i == SECTION_SLOTS || i == SECTION_SNAPSHOTS) && slots < capacity)
			capacity = slots;
		uint64_t size = ((uint64_t)capacity * record_sizes[i] + 4 * PAGE - 1) &
				-(uint64_t)(4 * PAGE);
		uint32_t used = section_starts_at_0(i) ? 0 : 1;

		sections[i] = (struct ledger_section){ offset, record_sizes[i], capacity, used, 0 };
		offset += size;
	}
	return offset;
}

static uint64_t layout_choose(struct ledger_section sections[SECTION_ROOM], bool least)
{
	uint64_t hard, soft = limit_soft(RLIMIT_NOFILE, &hard);
	/* A program may raise its soft limit after its first socket; sparse records cost nothing.
	 */
	uint64_t slots = hard < 65536 ? hard : 65536;

	slots = soft > slots ? soft : slots;
	slots = slots < LEDGER_SLOTS_MAX ? slots : LEDGER_SLOTS_MAX;
	if (least || ledger_create_small || limit_soft(RLIMIT_AS, NULL) != RLIM_INFINITY)
		return sections_lay(sections, small, (uint32_t)slots);
	return sections_lay(sections, large, (uint32_t)slots);
}

static struct ledger_bases bases_of(uint8_t *base, const struct ledger_section *sections)
{
	return (struct ledger_bases){
		.header = (struct ledger_header *)base,
		.slots = (struct ledger_slot *)(base + sections[SECTION_SLOTS].offset),
		.stacks = (struct ledger_stack *)(base + sections[SECTION_STACKS].offset),
		.frames = (uint64_t *)(base + sections[SECTION_FRAMES].offset),
		.modules = (struct ledger_module *)(base + sections[SECTION_MODULES].offset),
		.strings = (char *)(base + sections[SECTION_STRINGS].offset),
		.misuses = (struct ledger_misuse *)(base + sections[SECTION_MISUSES].offset),
		.snapshots = (struct ledger_snapshot *)(base + sections[SECTION_SNAPSHOTS].offset),
		.forks = (struct ledger_fork *)(base + sections[SECTION_FORKS].offset),
		.closed = (struct ledger_closed *)(base + sections[SECTION_CLOSED].offset),
		.threads = (struct ledger_thread *)(base + sections[SECTION_THREADS].offset),
		.marks = (struct ledger_mark *)(base + sections[SECTION_MARKS].offset),
		.endings = (struct ledger_ending *)(base + sections[SECTION_ENDINGS].offset),
		.pid = (uint32_t)sys_getpid(),
	};
}

/* Gives the new file its size and pages for the header, and maps it. The base, or -errno. */
static long file_map(int fd, struct ledger_section sections[SECTION_ROOM], int64_t *room)
{
	struct statfs system;
	uint64_t most = limit_soft(RLIMIT_FSIZE, NULL), size = layout_choose(sections, false);

	/* Past this limit even ftruncate kills the process by SIGXFSZ. */
	if (size > most)
		size = layout_choose(sections, true);
	if (size > most)
		return -EFBIG;
	int failed = (int)sys_call(SYS_fstatfs, fd, &system, 0, 0);
	if (failed)
		return failed;
	*room = (int64_t)((uint64_t)system.f_bavail * (uint64_t)system.f_bsize / 4);
	if (system.f_blocks == 0)
		*room = INT64_MAX; /* a tmpfs without a limit says so with zeros */
	for (bool again = true;; again = false) {
		failed = (int)sys_call(SYS_ftruncate, fd, size, 0, 0);
		if (failed)
			return failed;
		long base = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		if (base < 0 && base > -4096)
			return base;
		sys_madvise((void *)base, size, MADV_DONTDUMP);
		failed = *room < (int64_t)HEADER_SIZE
				 ? -ENOSPC
				 : sys_madvise((void *)base, HEADER_SIZE, MADV_POPULATE_WRITE);
		if (failed == 0)
			return base;
		sys_munmap((void *)base, size);
		if (failed != -EINVAL || !again)
			return failed == -EFAULT ? -ENOSPC : failed;
		/* A kernel before 5.14: a small ledger, all of it allocated now. */
		size = layout_choose(sections, true);
		if ((int64_t)size > *room)
			return -ENOSPC;
		failed = (int)sys_call(SYS_fallocate, fd, 0, 0, size);
		if (failed)
			return failed;
		base = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		ledger_create_fixed = base > 0 || base <= -4096;
		return base;
	}
}

/* Of a link such as "net:[4026531840]"; 0 when it can't be read. */
static uint64_t namespace_inode(const char *path)
{
	char link[64] = "";
	long length = sys_readlink(path, link, sizeof link - 1);
	const char *number = length > 0 ? strchr(link, '[') : NULL;

	if (!number)
		return 0;
	number++;
	return text_number(&number);
}

static void header_fill(struct ledger_header *header, const struct identity *identity,
			uint32_t sequence)
{
	uint64_t nofile = limit_soft(RLIMIT_NOFILE, NULL);

	header->version = LEDGER_VERSION;
	header->header_size = HEADER_SIZE;
	header->byte_order = LEDGER_BYTE_ORDER;
	header->word_size = sizeof(void *);
#if defined(__x86_64__)
	header->machine = EM_X86_64;
#elif defined(__aarch64__)
	header->machine = EM_AARCH64;
#endif
	header->pid = identity->pid;
	header->ppid = identity->ppid;
	header->uid = (uint32_t)sys_call(SYS_geteuid, 0, 0, 0, 0);
	header->sequence = sequence;
	header->start_ticks = identity->start_ticks;
	header->session = identity->session;
	header->process_group = identity->process_group;
	memcpy(header->comm, identity->comm, sizeof header->comm);
	header->net_ns = namespace_inode("/proc/self/ns/net");
	header->pid_ns = namespace_inode("/proc/self/ns/pid");
	int fd = sys_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0) {
		sys_read(fd, header->boot_id, 36);
		sys_close(fd);
	}
	header->cycles_kind = CYCLES_KIND;
	header->clock_start = header->clock_last = clock_pair_now();
	header->grace_ms = settings.grace_ms;
	header->grace_given = settings.grace_given;
	header->frames_wanted = (uint8_t)settings.frames;
	header->nofile_soft = nofile;
	for (unsigned i = 0; i < CALL_count; i++)
		strncpy(header->calls[i], real_call_names[i], LEDGER_CALL_NAME - 1);
	/* Last, and after all the rest: a file without it is no ledger yet. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(header->magic, LEDGER_MAGIC, sizeof header->magic);
}

extern const char *strerrordesc_np(int error) __attribute__((weak)); /* musl lacks it */

/* This process, or the one that it was forked from, has had a ledger. */
static bool ever_made;

static void refuse(const char *path, int error)
{
	char number[24];
	const char *why = strerrordesc_np ? strerrordesc_np(error) : NULL;

	ledger_create_off = true;
	/* Under a run the report tells it; one that has ended took its folder along. */
	if (settings.attendance[0] && (error == ENOENT || attendance_unrecorded((unsigned)error)))
		return;
	/* A server that gave up its rights and forks for each connection would say it for each. */
	if (ever_made)
		return;
	complain("nothing is recorded: cannot make a ledger in '", path,
		 "': ", error == EPERM ? "it must be a folder of ours with mode 0700" : "",
		 error == EPERM ? "" : (why ? why : complain_number(number, (unsigned)error)),
		 "; name another with SOCKAUDIT_OPTIONS=dir=...", NULL);
}

bool ledger_create(struct ledger_bases *made, int64_t *room)
{
	static uint32_t serial;
	struct ledger_section sections[SECTION_ROOM] = { 0 };
	struct identity identity;
	/* Static, here and in ledger_folder.c: one thread at a time makes a ledger, perhaps on a 16
	 * KiB stack. */
	static char path[PATH_MAX], first[PATH_MAX];
	int failed = 0, first_failed = 0;
	bool more = true;

	first[0] = 0;
	identity_read(&identity);
	for (unsigned place = 0; more; place++) {
		uint32_t sequence;
		int fd = ledger_folder_create(place, &identity, path, &sequence, &more);
		long base = fd;

		if (fd >= 0) {
			base = file_map(fd, sections, room);
			if (base < 0 && base > -4096)
				sys_call(SYS_unlinkat, AT_FDCWD, path, 0, 0);
			sys_close(fd);
		}
		if (base < 0 && base > -4096) {
			failed = (int)-base;
			/* That the first is not ours alone is no trouble: the next is for that. */
			if (!first_failed || first_failed == EPERM) {
				first_failed = failed;
				first[0] = 0;
				text_add(first, sizeof first, path);
			}
			continue;
		}
		*room -= HEADER_SIZE;
		*made = bases_of((uint8_t *)base, sections);
		made->serial = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
		memcpy(made->header->sections, sections, sizeof sections);
		made->header->file_size = sections[SECTION_COUNT - 1].offset +
					  (uint64_t)sections[SECTION_COUNT - 1].capacity *
						  sections[SECTION_COUNT - 1].record_size;
		header_fill(made->header, &identity, sequence);
		memcpy(own_path, path, sizeof own_path);
		ledger_folder_prune(path, made->header->pid_ns);
		ever_made = true;
		return true;
	}
	/* No descriptor to be had now: perhaps at the next socket. */
	if (failed != EMFILE && failed != ENFILE)
		refuse(first, first_failed);
	return false;
}

/* The program's own build-id, from its program headers as the kernel handed them over. */
static void build_id_fill(struct ledger_header *header)
{
	extern unsigned long getauxval(unsigned long type);
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM);
	uintptr_t bias = 0;

	for (unsigned long i = 0; headers && i < count; i++)
		if (headers[i].p_type == PT_PHDR)
			bias = (uintptr_t)headers - headers[i].p_vaddr;
	for (unsigned long i = 0; headers && i < count; i++) {
		if (headers[i].p_type != PT_NOTE)
			continue;
		const char *note = (const char *)(bias + headers[i].p_vaddr),
			   *end = note + headers[i].p_memsz;

		while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *head = (const ElfW(Nhdr) *)note;
			uint64_t name = (head->n_namesz + 3u) & ~3ull,
				 data = (head->n_descsz + 3u) & ~3ull;

			if (name + data > (uint64_t)(end - note) - sizeof *head)
				break;
			if (head->n_type == NT_GNU_BUILD_ID && head->n_namesz == 4 &&
			    memcmp(head + 1, "GNU", 4) == 0 &&
			    head->n_descsz <= sizeof header->exe_build_id) {
				memcpy(header->exe_build_id, (const char *)(head + 1) + name,
				       head->n_descsz);
				header->exe_build_id_size = (uint8_t)head->n_descsz;
				return;
			}
			note += sizeof *head + name + data;
		}
	}
}

void ledger_create_filled(void)
{
	ledger->header->exe = ledger_file_string(program_path());
	ledger->header->suppressions_file = ledger_file_string(settings.suppressions);
	ledger->header->suppressions_text = ledger_file_string(program_suppressions);
	ledger->header->mark = ledger_file_string(settings.mark);
	build_id_fill(ledger->header);
}

const char *ledger_create_path(void)
{
	return ledger->header ? own_path : "";
}
