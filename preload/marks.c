/* SPDX-License-Identifier: MIT */
#include "marks.h"
#include "ledger_file.h"
#include "process.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <sockaudit/cycles.h>
#include <string.h>

#define NAME_MOST 255

/* Of before there was a ledger: a process that opens no socket needs none. */
static struct {
	uint64_t at;
	char name[NAME_MOST + 1];
} waiting;
static uint64_t last;

static void name_keep(char name[NAME_MOST + 1], const char *from)
{
	size_t length = strnlen(from, NAME_MOST);

	memcpy(name, from, length);
	name[length] = 0;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < ' ')
			name[i] = ' ';
}

/* TIME, PID and NAME; see report/marks.h. */
static void line_write(const struct ledger_clock *now, const char *name)
{
	char line[NAME_MOST + 80] = "", fraction[24];
	const char *digits = complain_number(fraction, 1000000 + now->realtime_ns / 1000 % 1000000);
	int fd = process_is_filtered() ? -1
				       : sys_open(settings.marks,
						  O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
							  O_NOCTTY | O_NONBLOCK,
						  0);

	if (fd < 0)
		return;
	text_add_number(line, sizeof line, now->realtime_ns / 1000000000);
	text_add(line, sizeof line, ".");
	text_add(line, sizeof line, digits + 1);
	text_add(line, sizeof line, "\t");
	text_add_number(line, sizeof line, (unsigned long long)sys_getpid());
	text_add(line, sizeof line, "\t");
	text_add(line, sizeof line, name);
	text_add(line, sizeof line, "\n");
	sys_write(fd, line, strlen(line));
	sys_close(fd);
}

/* Names that the ledger needs more, modules' and addresses', have half of the room. */
static uint32_t name_intern(const char *name)
{
	const struct ledger_section *strings = &ledger->header->sections[SECTION_STRINGS];

	if (__atomic_load_n(&strings->used, __ATOMIC_RELAXED) <= strings->capacity / 2)
		return ledger_file_string(name);
	ledger_file_lost(LOST_STRINGS);
	return 0;
}

static void ledger_add(uint64_t at, const char *name)
{
	int64_t place = ledger_file_next(SECTION_MARKS);

	if (place < 0)
		return;
	struct ledger_mark *mark = &ledger->marks[place];
	/* Partner: the reader, which takes a record without a time for none. */
	__atomic_store_n(&mark->at, 0, __ATOMIC_RELEASE);
	mark->name = name_intern(name);
	__atomic_store_n(&mark->at, at, __ATOMIC_RELEASE);
}

void marks_add(const char *text)
{
	struct ledger_clock now = clock_pair_now();
	char name[NAME_MOST + 1];

	name_keep(name, text);
	last = now.cycles;
	if (settings.marks[0])
		line_write(&now, name);
	if (ledger->slots) {
		ledger_add(now.cycles, name);
	} else {
		waiting.at = now.cycles;
		memcpy(waiting.name, name, sizeof name);
	}
}

void marks_begin(void)
{
	if (waiting.at)
		ledger_add(waiting.at, waiting.name);
	waiting.at = 0;
}

uint64_t marks_last(void)
{
	return last;
}
