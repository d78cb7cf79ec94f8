/* SPDX-License-Identifier: MIT */
/* connect() is refused and the function returns without closing: three times, and one that was
 * closed. */
#include "stage/peer.h"
#include "stage/stage.h"

static int dial(int port, int close_it)
{
	/* EXPECT connect-failed-not-closed opened count=3 */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	/* EXPECT connect-failed-not-closed evidence call=connect errno=ECONNREFUSED */
	if (connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) < 0) {
		if (close_it)
			must(close(fd)); /* EXPECT connect-failed-not-closed sibling count=1 */
		return -1;
	}
	return fd;
}

int main(void)
{
	int port = peer_reserve();

	for (int i = 0; i < 4; i++)
		expect(dial(port, i == 2) == -1);
	stage_ready();
	return 0;
}
