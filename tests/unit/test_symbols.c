/* SPDX-License-Identifier: MIT */
/*
 * Symbols of programs that the test compiles as it runs: each prints the ELF addresses to which its
 * calls of probe() return, and the test asks for these. Needs gcc, g++, objcopy and strip.
 */
#include "../../report/demangle.h"
#include "../../report/object.h"
#include "../../report/symbols.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sockaudit-symbols-XXXXXX";

/* Prints what the caller will return to, as an address of the ELF file, and the file. */
static const char probe_c[] =
	"#define _GNU_SOURCE\n#include <link.h>\n#include <stdio.h>\n#include <unistd.h>\n#include "
	"<limits.h>\n"
	"static unsigned long address;\n"
	"static int visit(struct dl_phdr_info *info, size_t size, void *label) {\n"
	"  for (int i = 0; i < info->dlpi_phnum; i++) {\n"
	"    unsigned long start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;\n"
	"    if (info->dlpi_phdr[i].p_type == PT_LOAD && address - start < "
	"info->dlpi_phdr[i].p_memsz) {\n"
	"      printf(\"%s %lx\\n\", (char *)label, address - info->dlpi_addr); return 1; } }\n"
	"  return (void)size, 0; }\n"
	"__attribute__((noinline)) void probe(const char *label) { address = (unsigned "
	"long)__builtin_return_address(0);\n"
	"  dl_iterate_phdr(visit, (void *)label); __asm__ volatile(\"\"); }\n";

static const char program_c[] =
	"extern void probe(const char *label);\n"			  /* 1 */
	"static inline __attribute__((always_inline)) void inner(void)\n" /* 2 */
	"{\n"								  /* 3 */
	"\tprobe(\"inner\");\n"						  /* 4 */
	"}\n"								  /* 5 */
	"__attribute__((noinline)) void middle(void)\n"			  /* 6 */
	"{\n"								  /* 7 */
	"\tinner();\n"							  /* 8 */
	"\t__asm__ volatile(\"\");\n"					  /* 9 */
	"}\n"								  /* 10 */
	"int main(void)\n"						  /* 11 */
	"{\n"								  /* 12 */
	"\tmiddle();\n"							  /* 13 */
	"\tprobe(\"main\");\n"						  /* 14 */
	"\treturn 0;\n"							  /* 15 */
	"}\n";

/* A probe() in a library of its own, as libc is: it prints label0, label1 and so on. */
static const char walk_c[] =
	"#define probe single\n#include \"probe.c\"\n#undef probe\n#include <execinfo.h>\n"
	"void probe(const char *label) { void *found[8]; int count = backtrace(found, 8);\n"
	"  for (int i = 1; i < count && i < 5; i++) { char name[64];\n"
	"    snprintf(name, sizeof(name), \"%s%d\", label, i - 1);\n"
	"    address = (unsigned long)found[i]; dl_iterate_phdr(visit, name); } }\n";
/* All but stay() end in a call, which becomes a jump. */
static const char jumps_c[] =
	"#define APART __attribute__((noinline))\n"					/* 1 */
	"extern void probe(const char *label);\n"					/* 2 */
	"static APART void take(const char *label)\n"					/* 3 */
	"{\n"										/* 4 */
	"\tprobe(label);\n"								/* 5 */
	"}\n"										/* 6 */
	"static APART void pass(const char *label)\n"					/* 7 */
	"{\n"										/* 8 */
	"\ttake(label);\n"								/* 9 */
	"}\n"										/* 10 */
	"volatile int which;\n"								/* 11 */
	"static APART void doubtful(const char *label)\n"				/* 12 */
	"{\n"										/* 13 */
	"\tif (which) { which = 2; pass(label); } else { which = 3; take(label); }\n"	/* 14 */
	"}\n"										/* 15 */
	"static APART void stay(const char *label)\n"					/* 16 */
	"{\n"										/* 17 */
	"\tprobe(label);\n"								/* 18 */
	"\t__asm__ volatile(\"\");\n"							/* 19 */
	"}\n"										/* 20 */
	"static inline __attribute__((always_inline)) void within(const char *label)\n" /* 21 */
	"{\n"										/* 22 */
	"\tstay(label);\n"								/* 23 */
	"}\n"										/* 24 */
	"static APART void lead(const char *label)\n"					/* 25 */
	"{\n"										/* 26 */
	"\twithin(label);\n"								/* 27 */
	"}\n"										/* 28 */
	"static APART void again(const char *label, int count);\n"			/* 29 */
	"static APART void turn(const char *label, int count)\n"			/* 30 */
	"{\n"										/* 31 */
	"\twhich++; again(label, count - 1);\n"						/* 32 */
	"}\n"										/* 33 */
	"static APART void again(const char *label, int count)\n"			/* 34 */
	"{\n"										/* 35 */
	"\tif (count) turn(label, count); else probe(label);\n"				/* 36 */
	"}\n"										/* 37 */
	"void elsewhere(const char *label);\n"						/* 38 */
	"int main(void)\n"								/* 39 */
	"{\n"										/* 40 */
	"\ttake(\"one\");\n"								/* 41 */
	"\tpass(\"two\");\n"								/* 42 */
	"\tdoubtful(\"doubt\");\n"							/* 43 */
	"\tlead(\"inner\");\n"								/* 44 */
	"\tstay(\"stays\");\n"								/* 45 */
	"\telsewhere(\"unit\");\n"							/* 46 */
	"\tagain(\"round\", 2);\n"							/* 47 */
	"\tprobe(\"outer\");\n"								/* 48 */
	"\treturn 0;\n"									/* 49 */
	"}\n";
static const char elsewhere_c[] =
	"extern void probe(const char *label);\nextern volatile int which;\n"
	"__attribute__((noinline)) void elsewhere(const char *label)\n{\n"
	"\twhich = 9; probe(label);\n}\n";

static const char plugin_c[] = "void plugin(void (*probe)(const char *));\n"
			       "void plugin(void (*probe)(const char "
			       "*))\n{\n\tprobe(\"plugin\");\n\t__asm__ volatile(\"\");\n}\n";
static const char loader_c[] =
	"#include <dlfcn.h>\n#include <stdio.h>\nextern void probe(const char *);\n"
	"int main(int count, char **names) { void *library = dlopen(names[count - 1], RTLD_NOW);\n"
	"  void (*plugin)(void (*)(const char *)) = library ? dlsym(library, \"plugin\") : 0;\n"
	"  if (!plugin) return 1; plugin(probe); return 0; }\n";

static const char names_cc[] =
	"extern \"C\" void probe(const char *);\n"
	"namespace net { template <class T> struct Client {\n"
	"  __attribute__((noinline)) void fetch(T, int) { probe(\"fetch\"); __asm__ "
	"volatile(\"\"); } }; }\n"
	"namespace { __attribute__((noinline)) void hidden() { probe(\"hidden\"); __asm__ "
	"volatile(\"\"); } }\n"
	"int main() { net::Client<int> client; client.fetch(1, 2); hidden(); return 0; }\n";

static const char wrapped_c[] =
	"#include <bits/wrap.h>\nint main(void)\n{\n\twrapped();\n\treturn 0;\n}\n";
static const char wrap_h[] =
	"extern void probe(const char *);\n"
	"static inline __attribute__((always_inline)) void wrapped(void) { probe(\"wrapped\"); }\n";

static char *path_of(const char *name)
{
	char *path;
	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void write_text(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* A shell command in the test's folder. */
__attribute__((format(printf, 1, 2))) static bool shell(const char *format, ...)
{
	char command[2048];
	int used = snprintf(command, sizeof(command), "cd %s && ", folder);
	va_list list;
	va_start(list, format);
	vsnprintf(command + used, sizeof(command) - (size_t)used, format, list);
	va_end(list);
	return system(command) == 0;
}

/* Where the call of probe(label) returns to, as the program says. */
static uint64_t probed(const char *command, const char *label)
{
	char line[256], name[64];
	uint64_t address = 0, found = 0;
	char *whole;
	assert_true(asprintf(&whole, "cd %s && %s", folder, command) > 0);
	FILE *pipe = popen(whole, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		if (sscanf(line, "%63s %" SCNx64, name, &address) == 2 && !strcmp(name, label))
			found = address;
	}
	assert_int_equal(pclose(pipe), 0);
	free(whole);
	assert_true(found > 0);
	return found;
}

static unsigned build_id_of(const char *name, uint8_t *bytes, unsigned size)
{
	char command[512], text[256];
	unsigned count = 0;
	snprintf(command, sizeof(command), "readelf -n %s/%s | awk '/Build ID/ { print $3 }'",
		 folder, name);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	if (!fgets(text, sizeof(text), pipe))
		text[0] = '\0';
	pclose(pipe);
	while (count < size && sscanf(text + 2 * count, "%2hhx", &bytes[count]) == 1)
		count++;
	return count;
}

static struct stack ask_in(struct symbols *symbols, const char *root, const char *path,
			   const uint8_t *build_id, unsigned build_id_size, uint64_t address)
{
	struct code_address asked = { .path = path,
				      .root = root,
				      .build_id = build_id,
				      .build_id_size = build_id_size,
				      .offset = address };
	struct stack stack = { 0 };
	assert_int_equal(symbols_stack(symbols, &asked, 1, &stack), 0);
	assert_true(stack.count >= 1);
	for (size_t i = 0; i < stack.count; i++)
		assert_int_equal(stack.frames[i].offset, address - 1);
	return stack;
}

static struct stack ask(struct symbols *symbols, const char *name, uint64_t address)
{
	char *path = path_of(name);
	struct stack stack = ask_in(symbols, "", path, NULL, 0, address);
	free(path);
	return stack;
}

static void assert_frame(const struct stack *stack, size_t index, const char *function,
			 const char *file, unsigned line, bool inlined)
{
	assert_true(index < stack->count);
	const struct frame *frame = &stack->frames[index];
	if (!function)
		assert_null(frame->function);
	else
		assert_string_equal(frame->function ? frame->function : "(null)", function);
	if (!file) {
		assert_null(frame->file);
	} else {
		const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;
		assert_string_equal(slash ? slash + 1 : "(null)", file);
	}
	assert_int_equal(frame->line, line);
	assert_int_equal(frame->inlined, inlined);
	assert_non_null(frame->module);
}

static void assert_program(struct symbols *symbols, const char *name)
{
	char *run;
	assert_true(asprintf(&run, "./%s", name) > 0);
	struct stack stack = ask(symbols, name, probed(run, "inner"));
	assert_int_equal(stack.count, 2);
	assert_frame(&stack, 0, "inner", "program.c", 4, true);
	assert_frame(&stack, 1, "middle", "program.c", 8, false);
	stack = ask(symbols, name, probed(run, "main"));
	assert_int_equal(stack.count, 1);
	assert_frame(&stack, 0, "main", "program.c", 14, false);
	assert_false(stack.frames[0].system);
	assert_null(stack.frames[0].note);
	free(run);
}

static void debug_information_of_every_kind(void **state)
{
	(void)state;
	static const char *const compilers[] = {
		"gcc -O2 -g -fPIE -pie",
		"gcc -O2 -g -no-pie -fno-pie",
		"gcc -O2 -gdwarf-4",
		"gcc -O2 -g -gz",
		"gcc -O2 -g -gsplit-dwarf",
		"gcc -O2 -g -flto",
		"gcc -O2 -g -fdebug-types-section",
		"gcc -O2 -g1",
		"clang-14 -O2 -g",
		"clang-14 -O2 -gdwarf-4 -no-pie",
		"clang-14 -O2 -gline-tables-only",
	};
	struct symbols *symbols = symbols_new();
	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		char name[16];
		snprintf(name, sizeof(name), "kind%zu", i);
		if (compilers[i][0] == 'c' && !shell("command -v clang-14 >/dev/null"))
			continue;
		print_message("%s\n", compilers[i]);
		assert_true(shell("%s -o %s program.c probe.c", compilers[i], name));
		assert_program(symbols, name);
	}
	symbols_free(symbols);
}

static void without_debug_information_the_function_remains(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell("gcc -O2 -o plain program.c probe.c && strip -o stripped plain"));
	uint64_t address = probed("./plain", "inner");
	struct stack stack = ask(symbols, "plain", address);
	assert_int_equal(stack.count, 1);
	assert_frame(&stack, 0, "middle", NULL, 0, false);
	stack = ask(symbols, "stripped", address);
	assert_int_equal(stack.count, 1);
	assert_frame(&stack, 0, NULL, NULL, 0, false);
	symbols_free(symbols);
}

static void exported_functions_of_a_stripped_library(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell(
		"gcc -O2 -g -shared -fPIC -o plugin.so plugin.c && strip -o bare.so plugin.so &&"
		"gcc -o loader loader.c probe.c"));
	uint64_t address = probed("./loader ./plugin.so", "plugin");
	struct stack stack = ask(symbols, "plugin.so", address);
	assert_frame(&stack, 0, "plugin", "plugin.c", 4, false);
	stack = ask(symbols, "bare.so", address);
	assert_frame(&stack, 0, "plugin", NULL, 0, false);
	assert_false(stack.frames[0].system);
	symbols_free(symbols);
}

static void separate_debug_file_by_link(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell(
		"gcc -O2 -g -Wl,--build-id=none -o linked program.c probe.c && mkdir -p .debug &&"
		"objcopy --only-keep-debug linked .debug/linked.debug &&"
		"strip --add-gnu-debuglink=.debug/linked.debug linked 2>/dev/null ||"
		"(strip linked && objcopy --add-gnu-debuglink=.debug/linked.debug linked)"));
	assert_true(shell(
		"objcopy --add-gnu-debuglink=.debug/linked.debug linked 2>/dev/null || true"));
	assert_program(symbols, "linked");
	symbols_free(symbols);

	/* Another build's debug file bears the same name: the checksum gives it away. */
	symbols = symbols_new();
	assert_true(shell("printf x >> .debug/linked.debug"));
	struct stack stack = ask(symbols, "linked", probed("./linked", "main"));
	assert_frame(&stack, 0, NULL, NULL, 0, false);
	symbols_free(symbols);
}

static void separate_debug_file_by_build_id_under_a_root(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	uint8_t build_id[64];
	assert_true(shell("gcc -O2 -g -Wl,--build-id=sha1 -o split program.c probe.c && strip -o "
			  "bare split"));
	unsigned size = build_id_of("split", build_id, sizeof(build_id));
	assert_int_equal(size, 20);
	char hex[64] = "";
	for (unsigned i = 1; i < size; i++)
		sprintf(hex + strlen(hex), "%02x", build_id[i]);
	assert_true(
		shell("d=root/usr/lib/debug/.build-id/%02x && mkdir -p $d root/bin && cp bare "
		      "root/bin/app &&"
		      "objcopy --only-keep-debug split $d/%s.debug && ln -sf /bin/app root/link",
		      build_id[0], hex));
	uint64_t address = probed("./split", "inner");
	char *root = path_of("root");
	struct stack stack = ask_in(symbols, root, "/bin/app", build_id, size, address);
	assert_int_equal(stack.count, 2);
	assert_frame(&stack, 0, "inner", "program.c", 4, true);
	assert_int_equal(strlen(stack.frames[0].build_id), 40);
	/* An absolute link stays inside its root. */
	stack = ask_in(symbols, root, "/link", build_id, size, address);
	assert_frame(&stack, 0, "inner", "program.c", 4, true);
	stack = ask_in(symbols, root, "/../../../../../../bin/app", build_id, size, address);
	assert_frame(&stack, 0, "inner", "program.c", 4, true);
	free(root);
	symbols_free(symbols);
}

/* What dwz moves to a common file, found by the path in .gnu_debugaltlink. */
static void shared_debug_information(void **state)
{
	(void)state;
	if (!shell("command -v dwz >/dev/null")) {
		print_message("dwz is not installed\n");
		skip();
	}
	struct symbols *symbols = symbols_new();
	assert_true(shell("gcc -O2 -g -o one program.c probe.c && gcc -O2 -g -DTWO -o two "
			  "program.c probe.c &&"
			  "dwz -l none -L none -m common.dwz one two"));
	assert_true(shell("readelf -SW one | grep -q gnu_debugaltlink"));
	assert_program(symbols, "one");
	assert_program(symbols, "two");
	symbols_free(symbols);

	/* A common file that is gone costs names at most. */
	symbols = symbols_new();
	assert_true(shell("rm common.dwz"));
	struct stack stack = ask(symbols, "one", probed("./one", "main"));
	assert_int_equal(stack.frames[0].line, 14);
	symbols_free(symbols);
}

static void replaced_or_gone_is_said(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	uint8_t build_id[64];
	assert_true(shell("gcc -O2 -g -Wl,--build-id=sha1 -o old program.c probe.c"));
	unsigned size = build_id_of("old", build_id, sizeof(build_id));
	uint64_t address = probed("./old", "main");
	char *path = path_of("old"), *deleted;
	struct stack stack = ask_in(symbols, "", path, build_id, size, address);
	assert_frame(&stack, 0, "main", "program.c", 14, false);
	symbols_free(symbols);

	symbols = symbols_new();
	assert_true(shell("rm old && gcc -O1 -g -Wl,--build-id=sha1 -o old program.c probe.c"));
	stack = ask_in(symbols, "", path, build_id, size, address);
	assert_frame(&stack, 0, NULL, NULL, 0, false);
	assert_string_equal(stack.frames[0].note, "file replaced since: build-id differs");
	assert_true(asprintf(&deleted, "%s (deleted)", path) > 0);
	stack = ask_in(symbols, "", deleted, build_id, size, address);
	assert_string_equal(stack.frames[0].note, "file replaced since: build-id differs");
	assert_string_equal(stack.frames[0].module, path);
	stack = ask_in(symbols, "", deleted, NULL, 0, address);
	assert_null(stack.frames[0].function);
	assert_non_null(stack.frames[0].note);
	symbols_free(symbols);

	symbols = symbols_new();
	assert_true(shell("rm old"));
	stack = ask_in(symbols, "", path, build_id, size, address);
	assert_string_equal(stack.frames[0].note, "file gone");
	stack = ask_in(symbols, "", NULL, NULL, 0, address);
	assert_null(stack.frames[0].module);
	assert_non_null(stack.frames[0].note);
	free(deleted);
	free(path);
	symbols_free(symbols);
}

static void cpp_names_are_demangled(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell("gcc -c -o probe.o probe.c && g++ -O2 -g -o named names.cc probe.o && "
			  "strip -g -o named2 named"));
	uint64_t fetch = probed("./named", "fetch"), hidden = probed("./named", "hidden");
	struct stack stack = ask(symbols, "named", fetch);
	assert_frame(&stack, 0, "net::Client<int>::fetch", "names.cc", 3, false);
	stack = ask(symbols, "named", hidden);
	assert_frame(&stack, 0, "(anonymous namespace)::hidden", "names.cc", 4, false);
	stack = ask(symbols, "named2", fetch);
	assert_frame(&stack, 0, "net::Client<int>::fetch", NULL, 0, false);
	symbols_free(symbols);
}

/* The stack of probe(label) in a program of jumps.c, which has `count` frames. */
static struct stack ask_walk(struct symbols *symbols, const char *name, const char *label,
			     size_t count)
{
	struct code_address addresses[4];
	char *path = path_of(name), *run, numbered[32];
	struct stack stack = { 0 };
	assert_true(asprintf(&run, "./%s", name) > 0);
	for (size_t i = 0; i < count; i++) {
		snprintf(numbered, sizeof(numbered), "%s%zu", label, i);
		addresses[i] =
			(struct code_address){ .path = path, .offset = probed(run, numbered) };
	}
	assert_int_equal(symbols_stack(symbols, addresses, count, &stack), 0);
	assert_int_equal(stack.frames[stack.count - 1].offset, addresses[count - 1].offset - 1);
	free(run);
	free(path);
	return stack;
}

static void assert_jump(const struct stack *stack, size_t index, const char *function,
			const char *file, unsigned line)
{
	assert_frame(stack, index, function, file, line, false);
	assert_string_equal(stack->frames[index].note, "tail call");
	assert_ptr_equal(stack->frames[index].module, stack->frames[index + 1].module);
	assert_int_not_equal(stack->frames[index].offset, stack->frames[index + 1].offset);
}

static bool make_jumps(const char *compiler, const char *name)
{
	print_message("%s\n", compiler);
	if (compiler[0] == 'c' && !shell("command -v clang-14 >/dev/null"))
		return false;
	assert_true(shell("gcc -O1 -shared -fPIC -o libwalk.so walk.c && %s -o %s jumps.c "
			  "elsewhere.c -L. -lwalk -Wl,-rpath,%s",
			  compiler, name, folder));
	return true;
}

static void tail_calls_are_put_back(void **state)
{
	(void)state;
	static const char *const compilers[] = {
		"gcc -O2 -g",
		"gcc -O2 -gdwarf-4 -no-pie",
		"gcc -O2 -g -gsplit-dwarf",
		"gcc -O2 -g -flto",
		"clang-14 -O2 -g",
		"clang-14 -O2 -g -glldb",
		"clang-14 -O2 -gdwarf-4",
	};
	struct symbols *symbols = symbols_new();
	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		char name[16];
		snprintf(name, sizeof(name), "jumps%zu", i);
		if (!make_jumps(compilers[i], name))
			continue;
		struct stack stack = ask_walk(symbols, name, "one", 1);
		assert_int_equal(stack.count, 2);
		assert_jump(&stack, 0, "take", "jumps.c", 5);
		assert_frame(&stack, 1, "main", "jumps.c", 41, false);
		assert_null(stack.frames[1].note);
		stack = ask_walk(symbols, name, "two", 1);
		assert_int_equal(stack.count, 3);
		assert_jump(&stack, 0, "take", "jumps.c", 5);
		assert_jump(&stack, 1, "pass", "jumps.c", 9);
		assert_frame(&stack, 2, "main", "jumps.c", 42, false);
		/* By one way or another: nothing is said. */
		stack = ask_walk(symbols, name, "doubt", 1);
		assert_int_equal(stack.count, 1);
		assert_frame(&stack, 0, "main", "jumps.c", 43, false);
		stack = ask_walk(symbols, name, "inner", 2);
		assert_int_equal(stack.count, 4);
		assert_frame(&stack, 0, "stay", "jumps.c", 18, false);
		assert_null(stack.frames[0].note);
		assert_frame(&stack, 1, "within", "jumps.c", 23, true);
		assert_string_equal(stack.frames[1].note, "tail call");
		assert_jump(&stack, 2, "lead", "jumps.c", 27);
		assert_frame(&stack, 3, "main", "jumps.c", 44, false);
		stack = ask_walk(symbols, name, "stays", 2);
		assert_int_equal(stack.count, 2);
		assert_frame(&stack, 1, "main", "jumps.c", 45, false);
		stack = ask_walk(symbols, name, "outer", 1);
		assert_int_equal(stack.count, 1);
		assert_frame(&stack, 0, "main", "jumps.c", 48, false);
		stack = ask_walk(symbols, name, "unit", 1);
		assert_int_equal(stack.count, 2);
		assert_jump(&stack, 0, "elsewhere", "elsewhere.c", 5);
		assert_frame(&stack, 1, "main", "jumps.c", 46, false);
		stack = ask_walk(symbols, name, "round", 1);
		assert_true(stack.count <= 3);
	}
	symbols_free(symbols);
}

static void without_tail_calls_none_is_put_back(void **state)
{
	(void)state;
	static const char *const compilers[] = { "gcc -O0 -g", "clang-14 -O0 -g",
						 "gcc -O2 -g -fno-optimize-sibling-calls" };
	struct symbols *symbols = symbols_new();
	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		char name[16];
		snprintf(name, sizeof(name), "calls%zu", i);
		if (!make_jumps(compilers[i], name))
			continue;
		struct stack stack = ask_walk(symbols, name, "two", 3);
		assert_int_equal(stack.count, 3);
		assert_frame(&stack, 0, "take", "jumps.c", 5, false);
		assert_frame(&stack, 1, "pass", "jumps.c", 9, false);
		assert_frame(&stack, 2, "main", "jumps.c", 42, false);
		for (size_t k = 0; k < stack.count; k++)
			assert_null(stack.frames[k].note);
	}
	symbols_free(symbols);
}

static void demangler_knows_its_languages(void **state)
{
	(void)state;
	static const char *const names[][2] = {
		{ "main", "main" },
		{ "_ZN3net6Client5fetchERKSs", "net::Client::fetch" },
		{ "_ZN3net6Client5fetchERKSs.constprop.0", "net::Client::fetch" },
		{ "fetch.isra.0.cold", "fetch" },
		{ "fetch.part.12", "fetch" },
		{ "fetch@@APP_1.0", "fetch" },
		{ "main.go", "main.go" },
		{ "_ZN7mycrate3net5fetch17h0123456789abcdefE", "mycrate::net::fetch" },
		{ "_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$"
		  "closure$u7d$$u7d$$GT$17h0123456789abcdefE",
		  "core::ptr::drop_in_place<std::rt::lang_start<()>::{{closure}}>" },
		{ "_RNvCs1234_7mycrate5fetch", "mycrate::fetch" },
		{ "_RNvMNtCs1234_7mycrate3netNtB2_6Client5fetch", "<mycrate::net::Client>::fetch" },
		{ "_RNCNvCs1234_7mycrate4main0B3_", "mycrate::main::{closure#0}" },
		{ "_Znonsense", "_Znonsense" },
		{ "_R", "_R" },
		{ "_", "_" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *readable = demangle(names[i][0]);
		assert_string_equal(readable, names[i][1]);
		free(readable);
	}
	/* Nested a hundred thousand deep. */
	char *deep = malloc(100001);
	memset(deep, 'P', 100000);
	memcpy(deep, "_Z1f", 4);
	deep[100000] = '\0';
	free(demangle(deep));
	deep[8000] = '\0';
	free(demangle(deep));
	free(deep);
}

static void libc_is_left_out_at_the_top_only(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell("mkdir -p include/bits && mv wrap.h include/bits && gcc -O2 -g -Iinclude "
			  "-o wrapped wrapped.c probe.c"));
	struct stack stack = ask(symbols, "wrapped", probed("./wrapped", "wrapped"));
	assert_int_equal(stack.count, 1);
	assert_frame(&stack, 0, "main", "wrapped.c", 4, false);

	char *path = path_of("wrapped");
	uint64_t address = probed("./wrapped", "wrapped");
	struct code_address addresses[] = {
		{ .path = "/x/libsockaudit.so", .offset = 0x1000 },
		{ .path = "/usr/lib/x86_64-linux-gnu/libc.so.6", .offset = 0x9 },
		{ .path = "/usr/lib/x86_64-linux-gnu/libgone.so.1", .offset = 0x1000 },
		{ .path = path, .offset = address },
		{ .path = "/lib64/ld-linux-x86-64.so.2", .offset = 0x9 },
	};
	assert_int_equal(symbols_stack(symbols, addresses, 5, &stack), 0);
	assert_int_equal(stack.count, 4);
	assert_string_equal(stack.frames[0].module, "/usr/lib/x86_64-linux-gnu/libgone.so.1");
	assert_true(stack.frames[0].system);
	assert_false(stack.frames[1].inlined && stack.frames[1].system);
	assert_true(stack.frames[3].system);
	const struct frame *site = stack_site(&stack);
	assert_ptr_equal(site->module, stack.frames[2].module);
	/* Nothing but libc: better than nothing. */
	assert_int_equal(symbols_stack(symbols, addresses + 1, 1, &stack), 0);
	assert_int_equal(stack.count, 1);
	assert_int_equal(symbols_stack(symbols, NULL, 0, &stack), 0);
	assert_int_equal(stack.count, 0);
	assert_null(stack_site(&stack));
	free(path);
	symbols_free(symbols);
}

static void no_regular_file_is_refused(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell(
		"mkfifo fifo.so && mkdir -p folder.so && printf text > text.so && : > empty.so"));
	static const char *const names[] = { "fifo.so", "folder.so", "text.so", "empty.so" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct stack stack = ask(symbols, names[i], 0x1000);
		assert_null(stack.frames[0].function);
		assert_string_equal(stack.frames[0].note, "file is no ELF file");
	}
	struct stack stack = ask_in(symbols, "", "/dev/zero", NULL, 0, 0x1000);
	assert_string_equal(stack.frames[0].note, "file is no ELF file");
	stack = ask_in(symbols, "", "[vdso]", NULL, 0, 0x1000);
	assert_true(stack.frames[0].system);
	stack = ask_in(symbols, "", "relative/path", NULL, 0, 0x1000);
	assert_null(stack.frames[0].function);
	symbols_free(symbols);
}

static char *slurp(const char *name, size_t *size)
{
	char *path = path_of(name), *bytes;
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	free(path);
	return bytes;
}

static void spill(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* In a child of ours, for a crash of the parser is its worker's alone: here we only want to know
 * that nothing leaks out, and that an answer comes for every file. */
static void damage(const char *name, uint64_t address)
{
	size_t size;
	char *good = slurp(name, &size), *path = path_of("damaged");
	char *bytes = malloc(size);
	unsigned seed = 1;
	for (unsigned round = 0; round < 150; round++) {
		struct symbols *symbols = symbols_new();
		memcpy(bytes, good, size);
		size_t kept = round < 30 ? size * round / 30 : size;
		for (unsigned i = 0; round >= 30 && i < 1 + round % 20; i++) {
			size_t at = (size_t)rand_r(&seed) % (round % 2 ? size : 1024);
			bytes[round % 3 ? at : size - 1 - at] ^= (char)(1 << rand_r(&seed) % 8);
		}
		spill(path, bytes, kept);
		struct code_address asked = { .path = path, .offset = address };
		struct stack stack = { 0 };
		assert_int_equal(symbols_stack(symbols, &asked, 1, &stack), 0);
		assert_true(stack.count >= 1 && stack.count < 600);
		symbols_free(symbols);
	}
	free(bytes);
	free(good);
	free(path);
}

static void damaged_files_do_no_harm(void **state)
{
	(void)state;
	assert_true(shell("gcc -O2 -g -o target program.c probe.c"));
	damage("target", probed("./target", "inner"));
	assert_true(make_jumps("gcc -O2 -g", "target"));
	damage("target", probed("./target", "two0"));
}

static pid_t only_child(void)
{
	char path[64];
	int pid = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	assert_true(pid > 1);
	return pid;
}

/* The parser is gone in the middle of it: the next question is answered all the same. */
static void a_dead_worker_is_replaced(void **state)
{
	(void)state;
	struct symbols *symbols = symbols_new();
	assert_true(shell("gcc -O2 -g -o target program.c probe.c"));
	uint64_t inner = probed("./target", "inner"), other = probed("./target", "main");
	struct stack stack = ask(symbols, "target", inner);
	assert_frame(&stack, 0, "inner", "program.c", 4, true);
	kill(only_child(), SIGKILL);
	stack = ask(symbols, "target", other);
	assert_frame(&stack, 0, "main", NULL, 0, false);
	assert_string_equal(stack.frames[0].note, "debug information damaged");
	symbols_free(symbols);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	write_text("probe.c", probe_c);
	write_text("program.c", program_c);
	write_text("walk.c", walk_c);
	write_text("jumps.c", jumps_c);
	write_text("elsewhere.c", elsewhere_c);
	write_text("plugin.c", plugin_c);
	write_text("loader.c", loader_c);
	write_text("names.cc", names_cc);
	write_text("wrapped.c", wrapped_c);
	write_text("wrap.h", wrap_h);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return shell("rm -r %s", folder) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debug_information_of_every_kind),
		cmocka_unit_test(without_debug_information_the_function_remains),
		cmocka_unit_test(exported_functions_of_a_stripped_library),
		cmocka_unit_test(separate_debug_file_by_link),
		cmocka_unit_test(separate_debug_file_by_build_id_under_a_root),
		cmocka_unit_test(shared_debug_information),
		cmocka_unit_test(replaced_or_gone_is_said),
		cmocka_unit_test(cpp_names_are_demangled),
		cmocka_unit_test(tail_calls_are_put_back),
		cmocka_unit_test(without_tail_calls_none_is_put_back),
		cmocka_unit_test(demangler_knows_its_languages),
		cmocka_unit_test(libc_is_left_out_at_the_top_only),
		cmocka_unit_test(no_regular_file_is_refused),
		cmocka_unit_test(damaged_files_do_no_harm),
		cmocka_unit_test(a_dead_worker_is_replaced),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
