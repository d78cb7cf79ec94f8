/* SPDX-License-Identifier: MIT */
/*
 * reload ONE TWO [ROUNDS]: loads a library, opens sockets in it, unloads it, loads another to the
 * same address and opens sockets in that. All stay open; where ROUNDS are given, those of the last
 * alone. Says whether the addresses were the same.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool stays = true;

static void *open_in(const char *path, const char *name)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*open_one)(int) = library ? (int (*)(int))dlsym(library, name) : NULL;

	if (!open_one) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	for (int i = 0; i < 5; i++) {
		int fd = open_one(i);
		if (!stays)
			close(fd);
	}
	dlclose(library);
	return (void *)open_one;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int rounds = argc > 3 ? atoi(argv[3]) : 3, closed = 0;
	for (int round = 0; round < rounds; round++) {
		stays = argc == 3 || round == rounds - 1;
		closed += stays ? 10 : 20;
		void *first = open_in(argv[1], "opened_by_one"),
		     *second = open_in(argv[2], "opened_by_two");

		if (!first || !second)
			return 2;
		printf("same address %d\n", first == second);
	}
	puts(dlerror() ? "an error is left" : "no error is left");
	printf("# opened %d closed %d\n", 20 * rounds, closed);
	return 0;
}
