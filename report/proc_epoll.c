/* SPDX-License-Identifier: MIT */
#include "proc_epoll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool proc_epoll_events(uint32_t pid, int epoll, int fd, uint32_t *events)
{
	char path[64], *line = NULL;
	size_t room = 0;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo/%d", pid, epoll);
	FILE *file = fopen(path, "re");
	while (file && !found && getline(&line, &room, file) >= 0) {
		int target;
		uint32_t waits_for;
		if (sscanf(line, "tfd: %d events: %" SCNx32, &target, &waits_for) == 2 &&
		    target == fd) {
			*events = waits_for;
			found = true;
		}
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}
