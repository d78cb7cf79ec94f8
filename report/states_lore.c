/* SPDX-License-Identifier: MIT */
/*
 * What is to be said of each state, whatever the numbers: who waits for whom, from how many on that
 * is too many, what helps, and which advice that goes round is wrong. Facts as in Linux's
 * ip-sysctl.rst and tcp(7), and as its source has them; the claims as old posts make them.
 */
#include "states_model.h"

#define THIS_SIDE "this side: "
#define PEER	  "the peer or the network: "

const enum tcp_state states_in_order[] = {
	STATE_LISTEN,	  STATE_SYN_SENT,  STATE_SYN_RECV, STATE_ESTABLISHED,
	STATE_FIN_WAIT1,  STATE_FIN_WAIT2, STATE_CLOSING,  STATE_TIME_WAIT,
	STATE_CLOSE_WAIT, STATE_LAST_ACK,  STATE_CLOSE,	   STATE_NONE,
};

#define KEEPALIVE_SETTINGS SETTING_KEEPALIVE_TIME, SETTING_KEEPALIVE_INTVL, SETTING_KEEPALIVE_PROBES
#define SETTINGS(...)                                                                              \
	.settings = { __VA_ARGS__ },                                                               \
	.setting_count = sizeof((enum setting[]){ __VA_ARGS__ }) / sizeof(enum setting)

const struct state_lore state_lore[STATE_COUNT] = {
	[STATE_LISTEN] = {
		.name = "LISTEN",
		.too_many = 1,
		.of_which = "listeners whose accept queue is full",
		.means = "a server waits for connections; full: finished handshakes find no place "
			 "until the program calls accept()",
		.side = THIS_SIDE "the program calls accept() too seldom",
		.helps = "accept() in a loop, more workers; for bursts a larger backlog in listen()",
		.useless = "somaxconn alone: the queue holds the smaller of it and listen()'s backlog",
		.waits = "the program, in accept(), for a client's SYN",
		.moves = "any client",
		.segment = "a SYN makes a SYN_RECV beside it; the listener itself stays",
		SETTINGS(SETTING_SOMAXCONN),
	},
	[STATE_SYN_SENT] = {
		.name = "SYN_SENT",
		.too_many = 50,
		.means = "connect() sent a SYN and nothing came back, neither SYN+ACK nor RST",
		.side = PEER "down, unreachable, a firewall that drops, or its accept queue is full",
		.helps = "repairing the way to the peer; a timeout for connect() of the program's own",
		.useless = "tcp_syn_retries makes it fail sooner, not succeed",
		.waits = "this side for the answer to its SYN, sending it again each time later",
		.moves = "the peer; else this side gives up after tcp_syn_retries (ETIMEDOUT)",
		.segment = "SYN+ACK makes it ESTABLISHED, RST ends it (ECONNREFUSED)",
		SETTINGS(SETTING_SYN_RETRIES, SETTING_PORT_RANGE),
	},
	[STATE_SYN_RECV] = {
		.name = "SYN_RECV",
		.too_many = 128,
		.means = "a SYN came and was answered; the client's ACK, the third segment, is missing",
		.side = PEER "clients that never answer (a SYN flood, forged addresses), lost answers; "
			"or this side's accept queue is full",
		.helps = "tcp_syncookies=1 (it holds when the queue is full); a filter before the host; "
			 "a return route; accept() sooner where the queue is full",
		.useless = "netdev_max_backlog: that queue is between the network card and TCP",
		.waits = "this side for the ACK of its SYN+ACK; no program knows of it yet",
		.moves = "the client; else the kernel drops it after tcp_synack_retries",
		.segment = "ACK makes it ESTABLISHED and puts it into the listener's accept queue",
		.wrong = {
			{ "raise tcp_max_syn_backlog",
			  "with tcp_syncookies on, the queue's limit is listen()'s backlog, cut to "
			  "somaxconn; tcp_max_syn_backlog counts only with it off" },
		},
		SETTINGS(SETTING_SYNCOOKIES, SETTING_SYNACK_RETRIES, SETTING_MAX_SYN_BACKLOG,
			 SETTING_SOMAXCONN, SETTING_NETDEV_MAX_BACKLOG),
	},
	[STATE_ESTABLISHED] = {
		.name = "ESTABLISHED",
		.too_many = 128,
		.of_which = "that no process has accepted",
		.means = "open both ways; as many as there are conversations and idle pools",
		.side = THIS_SIDE "the program calls accept() too seldom",
		.helps = "accept() in a loop, more workers",
		.useless = "somaxconn: a longer queue only waits longer",
		.waits = "nobody, or either program for data",
		.moves = "either side: the first close() or shutdown() sends a FIN",
		.segment = "a FIN sent makes it FIN_WAIT1, a FIN received CLOSE_WAIT, RST ends it",
		.wrong = {
			{ "HTTP keep-alive keeps TCP's connections checked",
			  "HTTP keep-alive reuses a connection for the next request; TCP keepalive "
			  "probes an idle peer, and only with SO_KEEPALIVE" },
		},
		SETTINGS(KEEPALIVE_SETTINGS, SETTING_SOMAXCONN),
	},
	[STATE_FIN_WAIT1] = {
		.name = "FIN_WAIT1",
		.too_many = 100,
		.means = "this side closed; its FIN, or data before it, isn't acknowledged",
		.side = PEER "clients that went away, or don't read (a zero window); a lossy path",
		.helps = "nothing is to be freed by the program; the kernel ends them after "
			 "tcp_orphan_retries; write less to those who don't read",
		.useless = "tcp_fin_timeout: it is for FIN_WAIT2; a low tcp_max_orphans resets "
			   "healthy clients too",
		.waits = "the kernel for the ACK of its FIN, sending it again; the program is done",
		.moves = "the peer's kernel; no program has to do anything",
		.segment = "ACK of the FIN makes it FIN_WAIT2, a FIN without it CLOSING, both TIME_WAIT",
		SETTINGS(SETTING_ORPHAN_RETRIES, SETTING_MAX_ORPHANS),
	},
	[STATE_FIN_WAIT2] = {
		.name = "FIN_WAIT2",
		.too_many = 1000,
		.or_when = "or 100 that are shut down but still open",
		.means = "this side ended its half and was acknowledged; the peer has not closed",
		.side = "the peer: its program holds the connection in CLOSE_WAIT; where the socket "
			"is still open here, this side too",
		.helps = "the missing close() in the peer's program; here close() instead of "
			 "shutdown(SHUT_WR) without a timeout",
		.useless = "tcp_fin_timeout ends closed ones, never those that are still open",
		.waits = "this side for the peer's FIN",
		.moves = "the peer's program, by close()",
		.segment = "FIN makes it TIME_WAIT",
		.wrong = {
			{ "FIN_WAIT2 ends by itself after tcp_fin_timeout",
			  "only where the program has closed (an orphan); shut down but still open, "
			  "it stays until the peer's FIN or close()" },
		},
		SETTINGS(SETTING_FIN_TIMEOUT, SETTING_MAX_ORPHANS),
	},
	[STATE_CLOSING] = {
		.name = "CLOSING",
		.too_many = 20,
		.means = "both sides closed at once; the peer's FIN came, the ACK of ours did not",
		.side = PEER "the ACK of our FIN is lost, or the peer went away",
		.helps = "nothing is to be done: it ends by the ACK, or after tcp_orphan_retries",
		.useless = "any timeout setting: it is a matter of a round trip where packets arrive",
		.waits = "the kernel for the ACK of its FIN",
		.moves = "the peer's kernel; no program has to do anything",
		.segment = "ACK of the FIN makes it TIME_WAIT",
		SETTINGS(SETTING_ORPHAN_RETRIES),
	},
	[STATE_TIME_WAIT] = {
		.name = "TIME_WAIT",
		.too_many = 10000,
		.or_when = "or half of the ports toward one destination",
		.note = true,
		.means = "this side closed first; the kernel keeps the address pair for 60 s so that "
			 "late segments hurt nobody",
		.side = "nobody's, until ports toward one destination run out: then this side opens a "
			"connection for each request",
		.helps = "fewer connections: HTTP keep-alive, a pool; let the client close first; "
			 "for those who connect: a wider ip_local_port_range, tcp_tw_reuse=1",
		.useless = "descriptor limits and keepalive settings: no descriptor belongs to it",
		.waits = "the kernel for 60 s (TCP_TIMEWAIT_LEN, fixed when Linux is built)",
		.moves = "nobody: the clock",
		.segment = "none; a new SYN of the same pair with later numbers opens it anew",
		.wrong = {
			{ "set tcp_tw_recycle=1",
			  "it left Linux in 4.12; before, it dropped clients behind one NAT" },
			{ "lower tcp_fin_timeout",
			  "it does not shorten TIME_WAIT; it is for orphans in FIN_WAIT2" },
			{ "it lasts 240 s",
			  "60 s on Linux: 1,000 a second stand at 60,000, not at 240,000" },
			{ "it uses up file descriptors",
			  "it has none; it uses up ports toward one destination, where this side "
			  "connected" },
			{ "tcp_tw_reuse=1 on a server",
			  "it helps those who connect, not those who accept" },
			{ "a low tcp_max_tw_buckets",
			  "TIME_WAIT is then cut short: late segments may reach a new connection" },
		},
		SETTINGS(SETTING_TW_REUSE, SETTING_PORT_RANGE, SETTING_MAX_TW_BUCKETS,
			 SETTING_FIN_TIMEOUT),
	},
	[STATE_CLOSE_WAIT] = {
		.name = "CLOSE_WAIT",
		.too_many = 10,
		.means = "the peer has closed; the program on this side has not called close()",
		.side = THIS_SIDE "the program; each holds a descriptor until \"Too many open files\"",
		.helps = "close() where the program reads 0 or gives up a connection; until then, "
			 "restarting it",
		.useless = "every sysctl: no timer ends it; a higher RLIMIT_NOFILE only postpones",
		.waits = "the kernel for this side's program; the peer has said all it will say",
		.moves = "this side's program, by close()",
		.segment = "our FIN, which close() sends, makes it LAST_ACK",
		.wrong = {
			{ "keepalive settings free it",
			  "no descriptor is freed; at best it moves to CLOSE, where netstat no longer "
			  "shows it while it still leaks" },
			{ "it ends after two hours",
			  "only with SO_KEEPALIVE, and then the state ends, not the leak of the descriptor" },
			{ "a FIN makes recv() fail",
			  "recv() returns 0; who tests for -1 alone never closes" },
			{ "tcp_tw_reuse, tcp_tw_recycle or tcp_fin_timeout",
			  "they are about other states" },
			{ "it is HTTP keep-alive's fault",
			  "HTTP keep-alive is not TCP keepalive; a pool must drop what its server "
			  "has closed" },
		},
		SETTINGS(KEEPALIVE_SETTINGS, SETTING_NOFILE, SETTING_NR_OPEN),
	},
	[STATE_LAST_ACK] = {
		.name = "LAST_ACK",
		.too_many = 50,
		.means = "the peer closed, then we did; the last ACK, of our FIN, is missing",
		.side = PEER "clients that went away after closing, or a firewall that forgot them",
		.helps = "nothing is to be freed by the program; the kernel ends them after "
			 "tcp_orphan_retries",
		.useless = "tcp_fin_timeout: it is for FIN_WAIT2",
		.waits = "the kernel for the ACK of its FIN, sending it again; the program is done",
		.moves = "the peer's kernel; no program has to do anything",
		.segment = "ACK ends it, without TIME_WAIT on this side",
		SETTINGS(SETTING_ORPHAN_RETRIES, SETTING_MAX_ORPHANS),
	},
	[STATE_CLOSE] = {
		.name = "CLOSE",
		.too_many = 10,
		.means = "a descriptor whose connection is over (reset, or shut down by both) or "
			 "never began; no table lists it",
		.side = THIS_SIDE "the program has not called close()",
		.helps = "close() after an error, after shutdown(), after a failed connect()",
		.useless = "every sysctl: there is no connection left, only the descriptor",
		.waits = "nobody: for TCP it is over",
		.moves = "this side's program, by close()",
		.segment = "none",
		.wrong = {
			{ "netstat shows all sockets",
			  "none of netstat, ss and /proc/net/tcp lists CLOSE; only /proc/PID/fd does" },
			{ "shutdown() is close()", "the descriptor stays open until close()" },
		},
		SETTINGS(SETTING_NOFILE, SETTING_NR_OPEN),
	},
};
