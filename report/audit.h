/* SPDX-License-Identifier: MIT */
/*
 * The two books side by side: every open socket of the selected processes, with each descriptor's
 * slot and the kernel's word. join.c fills it, classify.c judges it, group.c and balance.c read it.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "join_index.h"
#include "kernel_view.h"
#include "model.h"
#include "processes.h"
#include <sockaudit/verdict.h>

/* A descriptor of a socket, in one ledger. */
struct socket_ref {
	uint32_t member; /* index */
	int fd;
	const struct ledger_slot *slot;
	bool holds; /* it is open, or was when its process ended; else it only bears witness */
};

/* What the kernel knew of a socket, now or at its process's end. */
struct socket_kernel {
	bool known;
	uint8_t tcp_state; /* 0: no TCP socket */
	bool queues_known, ages_known, keepalive, listening_queue;
	uint32_t recv_q, send_q, last_data_sent_ms, last_data_recv_ms, last_ack_recv_ms;
	uint64_t at;	   /* cycles; the answer is of then or of a moment before */
	uint32_t slack_ms; /* of so long before at most */
	bool addresses_known;
	uint16_t family, local_port, peer_port;
	uint8_t local[16], peer[16];
	uint32_t scope;		/* the interface of link-local addresses, there */
	const char *interface;	/* what it is called there; NULL */
	uint8_t protocol, type; /* IPPROTO_TCP, SOCK_STREAM; 0 */
	const char *unix_name;	/* NULL: none */
};

/* Who keeps a socket open that was closed elsewhere, and the fork that gave it to them. */
struct held_by_child {
	struct holder child;	     /* the first of them */
	const struct member *forker; /* whose ledger knows the fork; NULL: nobody's */
	stack_id fork_stack;
	const char *fork_call;
	bool used_after_fork; /* by whom closed it, so it was that one's own */
	bool traffic_known;
};

/* classify.c's word. */
struct judgement {
	struct verdict verdict;
	struct ledger_slot merged; /* what all its descriptors saw together */
	const struct socket_ref *opened, *connected, *evidence,
		*last_use;		  /* whose stacks to show; NULL none */
	const struct socket_ref *told;	  /* whom poll or epoll told of the end */
	const struct socket_ref *closed;  /* whose closed_stack; NULL: it is no matter of a close */
	const struct held_by_child *held; /* NULL: it is no matter of a child */
	uint64_t end;			  /* now, or when its process ended; cycles */
	bool ripe;			  /* past its grace */
	bool exit_rules; /* by the rules for the end of a process: one ripe one takes along its
			    finding */
	bool found;	 /* part of a finding (group.c) */
};

struct audited_socket {
	uint64_t cookie, inode, boot;
	struct socket_ref *refs;
	size_t ref_count, ref_room;
	struct socket_ref only; /* the first one; most sockets have no other */
	bool live;		/* held by a running process */
	bool elsewhere;		/* closed here, and none of the members holds it */
	bool unlisted;		/* the kernel's lists, which were to be had, lacked it */
	bool left; /* by its test, as its marks tell; closed only while the program ended */
	struct socket_kernel kernel;
	struct holder *holders;
	size_t holder_count, holder_room;
	struct holder only_holder;   /* as above */
	struct judgement *judgement; /* NULL: nothing to say of it */
};

/* A socket that a running process holds, by /proc; or one that an ended process left and that its
 * ledger has no life of. */
struct held_socket {
	int fd;
	uint64_t inode;
	uint8_t tcp_state;
	struct audited_socket *socket; /* NULL: no ledger knows it */
	bool is_stranger;	       /* and it is there all the same */
	const char *unexplained;       /* how it can have come, when it is a stranger; else NULL */
	bool peer_gone;		       /* AF_UNIX, and it wasn't us who shut its reading */
	bool known_elsewhere;	       /* no stranger: a ledger of its family knows its cookie */
	uint64_t cookie;	       /* TCP; 0 unknown, as these two */
	uint16_t local_port;
	struct socket_kernel *kernel; /* CLOSE_WAIT, in a process that is not audited; else NULL */
	bool first; /* the first descriptor of this socket in this process: one socket counts once
		     */
	bool first_of_all; /* and in all processes */
	uint16_t family;   /* of one that an ended process left; 0 unknown, as the type */
	uint8_t type;
};

struct audited_process {
	uint64_t boot; /* index_boot() of its ledger; 0: it has none */
	struct held_socket *held;
	size_t held_count;
	size_t open_files;
	bool files_known, io_uring;
	bool unix_known; /* the kernel told which AF_UNIX streams have lost their peer */
	uint64_t drift;	 /* slots whose descriptor is gone though nobody saw its close */
};

struct audit_census {
	struct kernel_census *kernel; /* indexed: stays where it is */
	bool failed;		      /* nobody would tell: it is empty, and says why */
	bool of_member;		      /* else of ourselves alone, for what the ended left */
};

struct samples; /* join_samples.h */
struct marks;	/* marks.h */
/* A TIME_WAIT of the kernel's that is the rest of a connection in a member's ring of endings. */
struct time_wait {
	uint32_t member, ending; /* indexes */
	uint8_t local[16], peer[16];
	uint16_t family, peer_port;
	uint16_t ports; /* ephemeral ones of its namespace; 0 unknown */
	int tw_reuse;	/* of it; -1 unknown */
};

/* What join_time_wait.c found. */
struct time_waits {
	bool known;
	uint64_t kernel;	 /* all in the members' namespaces */
	uint64_t explained;	 /* of those: the rest of a socket that some ledger knows */
	struct time_wait *items; /* those that somebody closed */
	size_t count, room;
};

struct audit {
	struct arena *arena;
	struct members *members;
	const struct marks *marks;	   /* NULL: none were set */
	const struct samples *samples;	   /* what was asked while they ran; NULL: nobody did */
	struct audited_process *processes; /* one for each member */
	struct audited_socket **sockets;   /* in order of member and descriptor */
	size_t socket_count, socket_room;
	struct socket_index cookies, inodes; /* of those */
	/* The namespaces of the running members, each as it was when they were joined. */
	struct audit_census *censuses;
	size_t census_count, census_room;
	bool kernel_known; /* somebody's kernel states are in it */
	uint64_t states[TCP_STATE_COUNT];
	struct time_waits time_waits;
	struct kernel_view view; /* of the members that run */
	struct owners *owners;	 /* audit_owners() */
	bool owners_again;	 /* read anew, all of them */
	const char **remarks;	 /* NULL-terminated */
	size_t remark_count, remark_room;
	bool grace_given; /* --grace; set by audit_classify() */
	uint64_t grace_ms;
};

/* Once each; NULL ends the list. */
void audit_remark(struct audit *audit, const char *remark);

/* Joins the members' ledgers with the kernel. 0 or -errno. */
int audit_join(struct arena *arena, struct members *members, const struct samples *samples,
	       const struct marks *marks, struct audit *audit);
/* The census of a member's namespace; taken now when nobody has asked for it before. */
struct audit_census *audit_census_of(struct audit *audit, const struct member *member);
/* The kernel's word on every namespace that the members' censuses were taken of; before
 * audit_release (join_namespace.c). */
void audit_namespaces(struct audit *audit, struct report *report);
/* The census of our own namespace, where ended members may have lived. */
struct audit_census *audit_census_here(struct audit *audit);
/* Who holds what, in all processes; looked up at the first question, but for the members, of which
 * it is what was joined. */
const struct owners *audit_owners(struct audit *audit);
/* The same before the question, perhaps by another thread: memory is `arena`'s, which will be the
 * audit's. */
void audit_owners_look(struct audit *audit, struct arena *arena);
/* The first holder of a socket by pid and descriptor; NULL: none that we may look at. */
const struct owner *audit_owner_of(struct audit *audit, uint64_t inode);
/* Gives back what is not the arena's. */
void audit_release(struct audit *audit);

#endif
