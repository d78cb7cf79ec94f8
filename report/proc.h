/* SPDX-License-Identifier: MIT */
/* What /proc tells of processes. Everything may change or vanish between two calls. */
#ifndef PROC_H
#define PROC_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

struct proc {
	uint32_t pid, ppid;
	uint64_t start_ticks;
	char state; /* 'Z': it has ended */
	char comm[16];
};

/* A descriptor that is a socket. */
struct proc_socket {
	int fd;
	uint64_t inode;
};

struct proc_files {
	struct proc_socket *sockets; /* by descriptor */
	size_t socket_count;
	size_t open;   /* all descriptors */
	bool io_uring; /* it has a ring, so sockets may come and go without any call */
};

/* A ledger that a process has mapped. `path` is as the process sees it; `range` names it in
 * map_files. */
struct proc_ledger {
	const char *path;
	char range[40];
	uint64_t inode;
	bool deleted;
};

/* 0 or -errno (-ENOENT: there is no such process). */
int proc_read(uint32_t pid, struct proc *proc);
/* All processes, by pid. */
struct proc *proc_list(struct arena *arena, size_t *count);
/* Its owner and its pid in its own pid namespace. */
int proc_identity(uint32_t pid, uint32_t *uid, uint32_t *inner_pid);
/* Whether it acts as another user than the one who started it. */
bool proc_user_differs(uint32_t pid);
/* Inode of /proc/PID/ns/KIND, pid 0: our own; 0 when it can't be learnt. */
uint64_t proc_namespace(uint32_t pid, const char *kind);
/* Whether a pid namespace, by its inode, is not the one of our /proc; false for 0. */
bool proc_is_foreign(uint64_t pid_ns);
/* Whether every process of this machine stands in our /proc. */
bool proc_shows_all(void);
/* It runs, and /proc denies it: mounted with hidepid. */
bool proc_hides(uint32_t pid);
/* Under what its paths stand for us: "" or "/proc/PID/root". */
const char *proc_root(struct arena *arena, uint32_t pid);
/* Its descriptors. -EACCES: not ours to see. */
int proc_files(struct arena *arena, uint32_t pid, struct proc_files *files);
/* A descriptor of the folder of its descriptors, or -errno; any thread may ask. */
int proc_files_folder(uint32_t pid);
/* The inode of the socket that a descriptor is at this moment; 0: no socket, or gone. */
uint64_t proc_socket_inode(uint32_t pid, int fd);
/* Whether a descriptor's protocol is TCP; true also when the kernel doesn't tell. */
bool proc_socket_is_tcp(uint32_t pid, int fd);
/* AF_INET or AF_INET6 of a descriptor that is a TCP socket; 0: it is none, or the kernel doesn't
 * tell. */
int proc_socket_tcp_family(uint32_t pid, int fd);
/* Whether a descriptor closes at an exec(); false also when the kernel doesn't tell. */
bool proc_closes_on_exec(uint32_t pid, int fd);
/* Whether the environment that it was started with holds a text. 0, 1, or -1: unknown. */
int proc_environment_has(uint32_t pid, const char *wanted);
/* The ledgers that it has mapped, and whether the library is there at all. */
int proc_ledgers(struct arena *arena, uint32_t pid, struct proc_ledger **ledgers, size_t *count,
		 bool *library);
/* Soft RLIMIT_NOFILE; 0 unknown. */
uint64_t proc_nofile_limit(uint32_t pid);
/* Path of its program; NULL unknown. */
const char *proc_exe(struct arena *arena, uint32_t pid);
/* This boot's id; "" unknown. */
const char *proc_boot_id(struct arena *arena);

/* Open files of the whole system, and how many it allows (fs.file-max). False: not told. */
bool proc_system_files(uint64_t *used, uint64_t *most);

#endif
