/* SPDX-License-Identifier: MIT */
/* What programs call by include/sockaudit/sockaudit.h. */
#include "ending.h"
#include "fdtable.h"
#include "marks.h"
#include "observe.h"
#include "process.h"
#include "track.h"
#include <sockaudit/sockaudit.h>

EXPORT void libsockaudit_mark(const char *name)
{
	if (name)
		OBSERVE(if (process_is_ours()) marks_add(name));
}

EXPORT unsigned libsockaudit_findings(void)
{
	unsigned count = 0;

	OBSERVE(count = ending_count());
	return count;
}

EXPORT void libsockaudit_checkpoint(void)
{
	OBSERVE(ending_checkpoint());
}

EXPORT void libsockaudit_ignore(int fd)
{
	if (fdtable_is_socket(fd))
		OBSERVE(track_ignore(fd));
}
