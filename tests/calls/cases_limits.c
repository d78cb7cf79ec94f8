/* SPDX-License-Identifier: MIT */
/* Calls after which we may do less. The proof that such a hook ran: the ledger is there before the
 * first socket. */
#include "bodies.h"
#include "raw.h"
#include "report.h"

#define NOBODY 65534

void body_drop_rights(void)
{
	if (geteuid() == 0)
		NEED(raw_call(SYS_setresuid, NOBODY, NOBODY, NOBODY, 0, 0) == 0);
}

/* `works` succeeds (for root at least), `fails` does not for nobody. */
#define LOSES(name, works, fails)                                                                  \
	void case_##name(void)                                                                     \
	{                                                                                          \
		CHECK(!case_has_ledger());                                                         \
		STEP(works);                                                                       \
		CHECK(case_has_ledger() && case_ledger()->totals.opened == 0);                     \
		int fd = socket(AF_INET, SOCK_STREAM, 0);                                          \
		CHECK(case_phase(fd) == PHASE_OPEN);                                               \
		body_drop_rights();                                                                \
		STEP(fails);                                                                       \
		NEED(close(fd) == 0);                                                              \
		CHECK(case_phase(fd) == PHASE_GONE);                                               \
	}

LOSES(chroot, chroot("/"), chroot("/nonexistent"))
LOSES(setuid, setuid(getuid()), setuid(1))
LOSES(seteuid, seteuid(geteuid()), seteuid(1))
LOSES(setreuid, setreuid(-1, -1), setreuid(1, 1))
LOSES(setresuid, setresuid(-1, -1, -1), setresuid(1, 1, 1))
LOSES(setgid, setgid(getgid()), setgid(1))
LOSES(setegid, setegid(getegid()), setegid(1))
LOSES(setregid, setregid(-1, -1), setregid(1, 1))
LOSES(setresgid, setresgid(-1, -1, -1), setresgid(1, 1, 1))
LOSES(setgroups, setgroups(1, (gid_t[]){ 1 }), setgroups(1, (gid_t[]){ 1 }))
LOSES(initgroups, initgroups("root", 0), initgroups("root", 0))
/* These two answer with the previous id, and with the present one when they fail. */
LOSES(setfsuid, setfsuid(-1), setfsuid(1) == NOBODY ? -1 : 0)
LOSES(setfsgid, setfsgid(-1), setfsgid(1) == (int)getgid() ? -1 : 0)

void case_unshare(void)
{
	CHECK(!case_has_ledger());
	STEP(unshare(0));
	CHECK(case_has_ledger() && case_ledger()->lost[LOST_TABLES] == 0);
	STEP(unshare(CLONE_FILES));
	CHECK(case_ledger()->lost[LOST_TABLES] == 1);
	STEP(unshare(0x1));
	int before = socket(AF_INET, SOCK_STREAM, 0);
	STEP(unshare(CLONE_NEWNET)); /* root's right */
	int after = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!case_slot(before)->net_ns && (geteuid() != 0 || case_slot(after)->net_ns));
	CHECK(case_ledger()->lost[LOST_TABLES] == 1);
	body_drop_rights();
	STEP(unshare(CLONE_NEWNET));
}

void case_setns(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY);

	CHECK(!case_has_ledger());
	STEP(setns(own, CLONE_NEWNET));
	CHECK(case_has_ledger() && case_ledger()->totals.opened == 0);
	STEP(setns(-1, CLONE_NEWNET));
	STEP(setns(0, 0));
	body_drop_rights();
	STEP(setns(own, CLONE_NEWNET));
}

static struct sock_filter allow_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
static struct sock_fprog allowing = { 1, allow_all };

void body_filtered(void)
{
	CHECK(case_ledger()->filtered == 1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(case_phase(fd) == PHASE_OPEN && !case_slot(fd)->cookie);
	CHECK(case_ledger()->lost[LOST_SECCOMP] == 1);
	NEED(close(fd) == 0);
	CHECK(case_phase(fd) == PHASE_GONE);
}

void case_prctl(void)
{
	char name[16] = "";

	STEP(prctl(PR_SET_NAME, "given", 0, 0, 0));
	STEP(prctl(PR_GET_NAME, name, 0, 0, 0));
	TELL("name '%s'\n", name);
	STEP(prctl(PR_GET_DUMPABLE));
	STEP(prctl(9999, 1, 2, 3, 4));
	CHECK(!case_has_ledger());
	STEP(prctl(PR_SET_SECCOMP, 99, &allowing));
	CHECK(!case_has_ledger() || !case_ledger()->filtered);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(case_slot(fd)->cookie && case_ledger()->lost[LOST_SECCOMP] == 0);
	STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	STEP(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &allowing));
	STEP(prctl(PR_GET_SECCOMP));
	body_filtered();
}

void case_mlockall(void)
{
	int fds[2];

	case_tcp_pair(fds);
	unsigned long before = case_ledger_mapped();
	STEP(mlockall(0));
	STEP(mlockall(0x40));
	STEP(mlockall(MCL_CURRENT | MCL_FUTURE));
	CHECK(case_ledger_mapped() < before && case_ledger_mapped() < 4u << 20);
	int again[2];
	case_tcp_pair(again);
	CHECK(case_phase(again[0]) == PHASE_OPEN);
}
