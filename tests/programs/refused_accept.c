/* SPDX-License-Identifier: MIT */
/* A server without idle timeout, until accept() has no descriptor left: once for real, and then in
 * a loop, as event loops do it. */
#include "stage/limit.h"
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	limit_to_further(20);
	for (int i = 0; i < 20; i++) {
		peer_connect(stage_port(listener));
		/* EXPECT descriptors-running-out opened count=20 severity=warning */
		must(accept(listener, NULL, NULL));
	}
	peer_connect(stage_port(listener));
	for (int i = 0; i < 1000; i++) {
		/* EXPECT descriptors-running-out evidence says=1000 errno=EMFILE */
		int fd = accept(listener, NULL, NULL);
		expect(fd < 0 && errno == EMFILE);
	}
	stage_ready();
	return 0;
}
