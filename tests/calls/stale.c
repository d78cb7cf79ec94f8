/* SPDX-License-Identifier: MIT */
/* What every call on the number of a closed socket has in common. */
#include "bodies.h"
#include "raw.h"

static bool used_after_close(int fd, uint64_t cookie, const char *name)
{
	const struct ledger_misuse *misuse = case_last_misuse();

	return misuse->at && misuse->fd == fd && misuse->kind == MISUSE_USE_AFTER_CLOSE &&
	       misuse->stack && misuse->error == EBADF && misuse->cookie == cookie &&
	       misuse->closed_stack && case_call_is(misuse->call, name) &&
	       case_call_is(misuse->closed_call, "close");
}

void body_stale(const char *name, user *use, void *with, bool tells)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fds[2];

	case_tcp_pair(fds);
	uint32_t before = case_misuses();
	uint64_t cookie = case_slot(fds[0])->cookie;
	NEED(close(fds[0]) == 0);
	STEP(use(fds[0], with));
	CHECK(case_misuses() == before + 1 && used_after_close(fds[0], cookie, name));
	STEP(use(fds[0], with));
	CHECK(case_misuses() == before + 1);
	/* Before the number is a file's, which is opened behind every hook, as open() is. */
	case_tcp_pair(fds);
	NEED(close(fds[0]) == 0 && raw_call(SYS_dup3, 0, fds[0], 0, 0, 0) == fds[0]);
	STEP(use(fds[0], with));
	CHECK(case_misuses() == before + 1);
	NEED((tells ? (int)raw_call(SYS_close, fds[0], 0, 0, 0, 0) : close(fds[0])) == 0);
	NEED(close(fds[0]) == -1);
	CHECK(case_misuses() == before + 1);
	int listener = case_listener(&address, &size);
	NEED(close(listener) == 0);
	STEP(use(listener, with));
	CHECK(case_misuses() == before + 1);
}
