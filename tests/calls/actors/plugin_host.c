/* SPDX-License-Identifier: MIT */
/* plugin_host PLUGIN: a program in C that has sockets, and then loads a plugin in C++ whose
 * exceptions must work. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	int (*run)(void) = plugin ? (int (*)(void))dlsym(plugin, "plugin_throw") : NULL;

	if (!run)
		return 2;
	int caught = run();
	int second = socket(AF_INET, SOCK_STREAM, 0);
	printf("caught %d\n", caught);
	close(fd);
	close(second);
	return !caught;
}
