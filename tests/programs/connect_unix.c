/* SPDX-License-Identifier: MIT */
/* A unix stream socket whose name nobody listens on: a failed connect like any other. */
#include "stage/stage.h"
#include <sys/un.h>

int main(void)
{
	struct sockaddr_un nobody = { .sun_family = AF_UNIX,
				      .sun_path = "/nonexistent/sockaudit.sock" };
	/* EXPECT connect-failed-not-closed opened */
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));

	/* EXPECT connect-failed-not-closed evidence errno=ENOENT */
	expect(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) == -1 && errno == ENOENT);

	fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	expect(connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) == -1);
	must(close(fd));
	stage_ready();
	return 0;
}
