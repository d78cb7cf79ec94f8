/* SPDX-License-Identifier: MIT */
/* Behind libc's back: one socket is opened by a raw system call (the balance names it as not
 * explained), and one is closed by a raw one, whose number then lives again (drift). No finding but
 * the one of the second life. */
/* TEST drift=1 unexplained=1 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/syscall.h>

static long raw(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
			 x2 __asm__("x2") = c;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
#endif
}

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0);
	must((int)raw(SYS_close, fd, 0, 0));

	client = peer_connect(stage_port(listener));
	int again = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */
	expect(again == fd);
	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */

	must((int)raw(SYS_socket, AF_INET, SOCK_STREAM, 0));
	stage_ready();
	return 0;
}
