/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors driven directly, with more of them than RLIMIT_NOFILE gives: `table_cost
 * NUMBERS`. The ledger is one in memory, of the same records. Prints the bytes of memory that
 * NUMBERS open descriptors take, ns for each opening and closing, and the bytes more after each
 * number has been given out and closed ten times.
 */
#include "fake_ledger.h"
#include "fdtable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static long resident(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[128];
	long kilobytes = -1;

	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "Rss: %ld", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

static void open_all(int numbers)
{
	static uint64_t cookie;

	for (int fd = 0; fd < numbers; fd++) {
		uint32_t begun;
		struct ledger_slot *slot = fdtable_begin(fd, &begun);

		if (!slot)
			exit(2);
		slot->family = AF_INET;
		slot->type = SOCK_STREAM;
		slot->origin = ORIGIN_SOCKET;
		slot->cookie = ++cookie;
		fdtable_publish(fd, slot, begun);
	}
}

static void close_all(int numbers)
{
	for (int fd = 0; fd < numbers; fd++)
		if (!fdtable_finish(fd, fdtable_retire(fd, CALL_close, 0), DRIFT_NOT))
			exit(2);
}

int main(int argc, char **argv)
{
	int numbers = argc > 1 ? atoi(argv[1]) : 0;

	if (numbers < 1 || numbers > (int)LEDGER_SLOTS_MAX || !ledger_file_open())
		return 2;
	resident(); /* what stdio needs */
	long before = resident();
	open_all(numbers);
	long open = resident();
	close_all(numbers);
	double began = now();
	for (int turn = 0; turn < 9; turn++) {
		open_all(numbers);
		close_all(numbers);
	}
	double each = (now() - began) / 9 / numbers;
	const struct ledger_totals *totals = &ledger->header->totals;
	if (totals->opened != 10ull * (unsigned)numbers || totals->closed != totals->opened)
		return 3;
	printf("%ld %.1f %ld\n", open - before, each, resident() - open);
	return 0;
}
