/* SPDX-License-Identifier: MIT */
/* Uses what the library's constructor opened. Says whether dlerror() had something to say, which it
 * must not. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern int early_pair[2], early_closed;

int main(void)
{
	const char *first = dlerror();
	char buffer[8];

	ssize_t sent = write(early_pair[0], "early", 5),
		got = read(early_pair[1], buffer, sizeof buffer);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const char *second = dlerror();
	/* What is pending for the program stays pending, whatever the hooks do meanwhile. */
	dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	const char *third = dlerror();
	printf("%d %d: closed %d, sent %zd, got %zd, dlerror %s, %s, %s\n", early_pair[0],
	       early_pair[1], early_closed, sent, got, first ? first : "none",
	       second ? second : "none",
	       third && strstr(third, "no_such_symbol_anywhere") ? "its own" : "lost");
	return 0;
}
