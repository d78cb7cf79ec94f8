/* SPDX-License-Identifier: MIT */
/*
 * libunwind, kept on a short lead: our own address space, in which it finds unwind tables by
 * _dl_find_object and reads memory only through read_word(). So it opens no pipe, asks nothing of
 * the kernel (unwind_masks.c), and keeps nothing per thread. (Its local mode does all of
 * that, measured with 1.6.2: a pipe whose numbers outlive a daemon's closing sweep, 261 KiB at a
 * thread's first walk, a trace cache that can't be flushed.)
 *
 * Every word that read_word() hands out from the stack goes into the recall path: that is what the
 * outcome depends on.
 */
#include "unwind.h"

#include "sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <libunwind.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

/* As pointer encodings in .eh_frame_hdr; others are legal, but no linker makes them. */
#define TABLE_VERSION	    1
#define POINTER_RELATIVE_32 0x1b /* to its own place */
#define COUNT_ABSOLUTE_32   0x03
#define TABLE_RELATIVE_32   0x3b /* to the header */

#define OWN_FRAMES_MAX 16
#define STACK_MAX      ((uintptr_t)64 << 20) /* where nothing tells how far a stack reaches */
#define MAIN_GAP       ((uintptr_t)128 << 20) /* below the main stack, nothing else is mapped so near */
#define PAGE	       4096

/* Part of libunwind's interface for other unwinders, but in no header. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *,
					      unw_proc_info_t *, int, void *);

/* What we use of the library, by its exported names. */
static struct {
	__typeof__(&unw_create_addr_space) create_space;
	__typeof__(&unw_set_caching_policy) set_caching;
	__typeof__(&unw_flush_cache) flush;
	__typeof__(&unw_init_remote) start;
	__typeof__(&unw_step) step;
	__typeof__(&unw_get_reg) get_register;
	__typeof__(&UNW_OBJ(dwarf_search_unwind_table)) search_table;
} lib;

static unw_addr_space_t space;
static uintptr_t main_stack_end;
static bool on_valgrind;

/* A stretch of stack that may be read. */
struct stretch {
	uintptr_t low, high;
	bool proven; /* known to be mapped throughout */
};

struct walker {
	struct module_span tables; /* the object whose unwind tables are being read */
	struct stretch here,
		before; /* `before`: what a signal handler ran on, when one was passed */
	const struct processor_registers *registers;
	struct recall_path *path;
	uintptr_t probed; /* the page that was last found readable */
	bool noting;	  /* the hook's caller was reached */
	bool lost;	  /* no unwind information, or a word out of reach: the walk ends here */
	bool out_of_reach;
};

static bool is_within(const struct stretch *stretch, uintptr_t place)
{
	return place >= stretch->low && place < stretch->high &&
	       stretch->high - place >= sizeof(uintptr_t);
}

/* How far up a stack reaches from here, as far as can be known without asking the kernel. */
static struct stretch stretch_from(uintptr_t stack)
{
	uintptr_t thread = processor_thread_pointer();

	if (stack < main_stack_end && main_stack_end - stack < MAIN_GAP)
		return (struct stretch){ stack, main_stack_end + 2 * sizeof(uintptr_t), true };
	/* A thread's descriptor stands at the top of its stack. But coroutines' stacks lie below
	 * the descriptors of others, guard pages among them: what is there must be asked. */
	if (stack < thread && thread - stack < STACK_MAX)
		return (struct stretch){ stack, thread, false };
	return (struct stretch){ stack, stack + STACK_MAX, false };
}

/* Asks the kernel whether a page can be read: it copies a mask from there and then refuses what to
 * do with it. */
static bool probe(struct walker *walker, uintptr_t place)
{
	uintptr_t page = place & -(uintptr_t)PAGE;

	/* Memcheck would tell the program that it passes uninitialised bytes. */
	if (page == walker->probed || on_valgrind)
		return true;
	if (sys_call(SYS_rt_sigprocmask, 99, page, NULL, sizeof(uint64_t)) == -EFAULT)
		return false;
	walker->probed = page;
	return true;
}

__attribute__((no_sanitize("address", "thread"))) static int
read_word(unw_addr_space_t as, unw_word_t place, unw_word_t *word, int writing, void *argument)
{
	struct walker *walker = argument;
	(void)as;

	if (writing)
		return -UNW_EINVAL;
	if (place >= walker->tables.start && place < walker->tables.end) {
		*word = *(const unw_word_t *)place;
		return 0;
	}
	const struct stretch *stretch =
		is_within(&walker->here, place) ? &walker->here : &walker->before;
	/* Without unwind information libunwind goes on by guessing. */
	if (walker->lost || !is_within(stretch, place) ||
	    (!stretch->proven && !probe(walker, place))) {
		walker->out_of_reach |= !walker->lost;
		walker->lost = true;
		return -UNW_EINVAL;
	}
	*word = *(const unw_word_t *)place;
	if (walker->noting)
		recall_path_read(walker->path, place, *word);
	return 0;
}

static int read_register(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int writing,
			 void *argument)
{
	struct walker *walker = argument;
	(void)as;

	if (writing || number < 0 || number >= PROCESSOR_REGISTERS)
		return -UNW_EBADREG;
	*value = walker->registers->value[number];
	/* Still in its register since the hook's caller: not in any word of the stack. The frame
	 * pointer can't be one, as hooks have frames of their own. */
	if (walker->noting)
		recall_path_refuse(walker->path);
	return 0;
}

static int find_unwind_info(unw_addr_space_t as, unw_word_t address, unw_proc_info_t *info,
			    int needed, void *argument)
{
	struct walker *walker = argument;
	struct {
		uint8_t version, frame_encoding, count_encoding, table_encoding;
		int32_t frame;
		uint32_t count;
	} header;

	if (!modules_find(address, &walker->tables) || !walker->tables.unwind_header) {
		walker->lost = true;
		return -UNW_ENOINFO;
	}
	memcpy(&header, walker->tables.unwind_header, sizeof(header));
	if (header.version != TABLE_VERSION || header.frame_encoding != POINTER_RELATIVE_32 ||
	    header.count_encoding != COUNT_ABSOLUTE_32 ||
	    header.table_encoding != TABLE_RELATIVE_32) {
		walker->lost = true;
		return -UNW_ENOINFO;
	}
	unw_dyn_info_t table = {
		.start_ip = walker->tables.start,
		.end_ip = walker->tables.end,
		.format = UNW_INFO_FORMAT_REMOTE_TABLE,
		.u.rti = {
			.segbase = (unw_word_t)walker->tables.unwind_header,
			.table_len = header.count * 2 * sizeof(int32_t) / sizeof(unw_word_t),
			.table_data = (unw_word_t)walker->tables.unwind_header + sizeof(header),
		},
	};
	int found = lib.search_table(as, address, &table, info, needed, walker);
	if (found < 0)
		walker->lost = true;
	return found;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *argument)
{
	(void)as;
	(void)info;
	(void)argument;
}

static int no_dynamic_info(unw_addr_space_t as, unw_word_t *list, void *argument)
{
	(void)as;
	(void)list;
	(void)argument;
	return -UNW_ENOINFO;
}

static int no_float(unw_addr_space_t as, unw_regnum_t number, unw_fpreg_t *value, int writing,
		    void *argument)
{
	(void)as;
	(void)number;
	(void)value;
	(void)writing;
	(void)argument;
	return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *argument)
{
	(void)as;
	(void)cursor;
	(void)argument;
	return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t as, unw_word_t address, char *name, size_t size,
		   unw_word_t *offset, void *argument)
{
	(void)as;
	(void)address;
	(void)name;
	(void)size;
	(void)offset;
	(void)argument;
	return -UNW_ENOINFO;
}

static bool look_up(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

/*
 * The first use of libunwind opens a pipe, by which its local mode asks whether memory can be read.
 * Ours never uses it, but there it stands at the lowest free numbers, where the program expects its
 * own descriptors. So it is closed at once: told apart from any other by the numbers that a pipe
 * would have got before.
 */
static bool pipe_would_get(int ends[2])
{
	if (sys_call(SYS_pipe2, ends, O_CLOEXEC, 0, 0) != 0)
		return false;
	sys_close(ends[0]);
	sys_close(ends[1]);
	return true;
}

static void pipe_close(const int ends[2])
{
	struct stat read_end, write_end;

	if (sys_call(SYS_fstat, ends[0], &read_end, 0, 0) != 0 ||
	    sys_call(SYS_fstat, ends[1], &write_end, 0, 0) != 0 || !S_ISFIFO(read_end.st_mode) ||
	    read_end.st_dev != write_end.st_dev || read_end.st_ino != write_end.st_ino)
		return;
	sys_close(ends[0]);
	sys_close(ends[1]);
}

#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

bool unwind_libunwind_start(void)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_unwind_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = no_dynamic_info,
		.access_mem = read_word,
		.access_reg = read_register,
		.access_fpreg = no_float,
		.resume = no_resume,
		.get_proc_name = no_name,
	};
	const struct {
		const char *name;
		void *function;
	} wanted[] = {
		{ TEXT(unw_create_addr_space), &lib.create_space },
		{ TEXT(unw_set_caching_policy), &lib.set_caching },
		{ TEXT(unw_flush_cache), &lib.flush },
		{ TEXT(unw_init_remote), &lib.start },
		{ TEXT(unw_step), &lib.step },
		{ TEXT(unw_get_reg), &lib.get_register },
		{ TEXT(UNW_OBJ(dwarf_search_unwind_table)), &lib.search_table },
	};
	void *stack_end = dlsym(RTLD_DEFAULT, "__libc_stack_end");
	void *library = modules_known() ? dlopen(PROCESSOR_LIBUNWIND, RTLD_NOW | RTLD_LOCAL) : NULL;
	bool found = library != NULL;

	on_valgrind = processor_is_valgrind();
	if (stack_end)
		memcpy(&main_stack_end, stack_end, sizeof(main_stack_end));
	for (unsigned i = 0; found && i < sizeof(wanted) / sizeof(wanted[0]); i++)
		found = look_up(library, wanted[i].name, wanted[i].function);
	if (found)
		space = lib.create_space(&accessors, 0);
	int ends[2];
	bool known = space && pipe_would_get(ends);
	if (space)
		lib.set_caching(space, UNW_CACHE_GLOBAL);
	if (known)
		pipe_close(ends);
	struct module_span own;
	if (space && modules_find((uintptr_t)lib.step, &own))
		unwind_masks_start(&own);
	if (!space)
		dlerror(); /* or the program would be told of it */
	return space != NULL;
}

void unwind_libunwind_forget(void)
{
	if (space)
		lib.flush(space, 0, 0);
}

/* Is this where a signal handler returns to? Its code can be read, as it lies in a module. */
static bool is_signal_return(struct walker *walker, uintptr_t address)
{
	struct module_span *span = &walker->tables;

	if ((address < span->start || address >= span->end) && !modules_find(address, span))
		return false;
	return span->end - address >= 16 && processor_is_sigreturn((const void *)address);
}

/* Has the walk come from our own frames to the hook's caller? */
static bool is_caller(const struct unwind_walk *walk, uintptr_t address, uintptr_t stack)
{
	return address == walk->caller.return_address && stack == walk->caller.stack;
}

void unwind_libunwind(struct unwind_walk *walk, const struct processor_registers *registers,
		      struct recall_path *path)
{
	struct walker walker = { .registers = registers, .path = path };
	unw_cursor_t cursor;
	unw_word_t address = 0, stack = 0;
	unsigned own = 0;

	walk->count = 0;
	walk->complete = false;
	walker.here = stretch_from(registers->value[PROCESSOR_SP]);
	recall_path_start(path, &walk->caller);
	if (lib.start(&cursor, space, &walker) < 0)
		return;
	while (walk->count < walk->room && own < OWN_FRAMES_MAX) {
		bool interrupted = address && walker.noting && is_signal_return(&walker, address);
		int step = lib.step(&cursor);

		if (step <= 0) {
			walk->complete = step == 0 && !walker.lost;
			break;
		}
		if (lib.get_register(&cursor, UNW_REG_IP, &address) < 0 ||
		    lib.get_register(&cursor, UNW_REG_SP, &stack) < 0)
			break;
		if (address == 0) { /* as makecontext and others end a stack */
			walk->complete = true;
			break;
		}
		if (walker.noting)
			recall_path_code(path, address);
		if (interrupted) {
			/* The interrupted stack's depth stands in no verified place, and its frames
			 * may have been caught half built. */
			recall_path_refuse(path);
			walker.before = walker.here;
			walker.here = stretch_from(stack);
			walker.here.proven = false;
		}
		if (!walker.noting) {
			walker.noting = is_caller(walk, address, stack);
			own++;
		}
		if (walker.noting)
			walk->addresses[walk->count++] = address + interrupted;
	}
	/* Not the end of the stack, but of what could be read now: it may be otherwise next time.
	 */
	if (walker.out_of_reach) {
		recall_path_refuse(path);
		/* Another unwinder would read the same word, and not ask before. */
		if (walk->count == 0)
			walk->addresses[walk->count++] = walk->caller.return_address;
	}
}
