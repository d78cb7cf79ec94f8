/* SPDX-License-Identifier: MIT */
/* A plugin leaks and is unloaded before anyone asks; loaded again at perhaps another address it
 * leaks once more. */
/* TEST also=stage/plugin.c */
#include "stage/peer.h"
#include "stage/stage.h"
#include <dlfcn.h>
#include <limits.h>

int main(void)
{
	char path[PATH_MAX + 16];
	int listener = stage_listen();

	ssize_t size = must(readlink("/proc/self/exe", path, PATH_MAX));
	path[size] = 0;
	strcpy(strrchr(path, '/'), "/plugin.so");
	for (int i = 0; i < 2; i++) {
		void *plugin = dlopen(path, RTLD_NOW);
		expect(plugin != NULL);
		int (*accept_one)(int) = (int (*)(int))dlsym(plugin, "plugin_accept");
		int (*drain)(int) = (int (*)(int))dlsym(plugin, "plugin_drain");

		int client = peer_connect(stage_port(listener)), fd = must(accept_one(listener));
		peer_finish(client);
		expect(drain(fd) == 0);
		expect(dlclose(plugin) == 0);
	}
	stage_ready();
	return 0;
}
