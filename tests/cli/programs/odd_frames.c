/* SPDX-License-Identifier: MIT */
/* TEST cflags=-O3 -fomit-frame-pointer */
/*
 * odd_frames: sockets opened beneath functions that no unwinder can pass, written by hand without
 * unwind information, and with the frame pointer as any other register. What they are called from
 * is lost; the site itself is not, and one site is never taken for the other.
 */
#include "talk.h"
#include <stdint.h>
#include <sys/socket.h>

enum { EACH = 10 };
static unsigned opened, closed;

#ifdef __x86_64__
/* Frames of 24 and 264 bytes, so that the caller's place is another, and rubbish in %rbp. */
#define PLAIN(name, room)                                                                          \
	void name(void (*work)(void));                                                             \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                \
		"push %rbp\npush %rbx\nmov $1, %ebp\nmov %rsp, %rbx\nsub $" #room ", %rsp\n"       \
		"and $-16, %rsp\ncall *%rdi\nmov %rbx, %rsp\npop %rbx\npop %rbp\nret\n"            \
		".size " #name ", .-" #name "\n")
PLAIN(without_cfi, 8);
PLAIN(without_cfi_and_large, 248);

/* Calls socketpair() itself: the site has no unwind information. */
int opens_without_cfi(int family, int type, int protocol, int pair[2]);
__asm__(".text\n.globl opens_without_cfi\n.type opens_without_cfi, @function\nopens_without_cfi:\n"
	"push %rbp\nmov $-8, %rbp\ncall socketpair@PLT\npop %rbp\nret\n"
	".size opens_without_cfi, .-opens_without_cfi\n");
#else
static void without_cfi(void (*work)(void))
{
	work();
}
#define without_cfi_and_large without_cfi
static int opens_without_cfi(int family, int type, int protocol, int pair[2])
{
	return socketpair(family, type, protocol, pair);
}
#endif

static void left_at_its_end(int fd)
{
	NEED(fd >= 0 && shutdown(fd, SHUT_RDWR) == 0);
}

/* Each leaves one and closes one of its own. */
#define SITE(name)                                                                                 \
	__attribute__((noinline)) static void name(void)                                           \
	{                                                                                          \
		int pair[2];                                                                       \
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);                              \
		NEED(close(pair[1]) == 0);                                                         \
		left_at_its_end(pair[0]);                                                          \
		opened += 2;                                                                       \
		closed++;                                                                          \
	}
SITE(first_site)
SITE(second_site)

__attribute__((noinline)) static void deep(int depth, void (*through)(void (*)(void)),
					   void (*work)(void))
{
	if (depth)
		deep(depth - 1, through, work);
	else
		through(work);
	__asm__ volatile(""); /* no tail call */
}

int main(void)
{
	for (int i = 0; i < EACH; i++) {
		deep(i % 4, without_cfi, first_site);
		deep(i % 4, without_cfi, second_site);
		deep(i % 4, without_cfi_and_large, second_site);
	}
	for (int i = 0; i < EACH; i++) {
		int pair[2];
		NEED(opens_without_cfi(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
		left_at_its_end(pair[0]);
		opened += 2;
		closed++;
	}
	printf("# opened %u closed %u\n", opened, closed);
	return 6;
}
