/* SPDX-License-Identifier: MIT */
/* Taking a census and counting it; see states.h. */
#include "states.h"

#include "states_advice.h"
#include "states_groups.h"
#include "states_holders.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct states_socket *states_socket_add(struct arena *arena, struct states_sockets *sockets)
{
	sockets->items = arena_more(arena, sockets->items, sockets->count, &sockets->room,
				    sizeof(*sockets->items));
	struct states_socket *socket = &sockets->items[sockets->count++];
	memset(socket, 0, sizeof(*socket));
	return socket;
}

void states_remark(struct arena *arena, struct states *census, const char *remark)
{
	size_t count = 0;

	while (census->remarks && census->remarks[count])
		count++;
	const char **grown = arena_array(arena, count + 2, sizeof(*grown));
	for (size_t i = 0; i < count; i++)
		grown[i] = census->remarks[i];
	grown[count] = remark;
	census->remarks = grown;
}

static void count(const struct states_sockets *sockets, struct states *census)
{
	for (size_t i = 0; i < sockets->count; i++) {
		const struct states_socket *socket = &sockets->items[i];
		struct state_count *state = &census->count[socket->state];
		state->all++;
		state->ipv4 += socket->family == AF_INET;
		state->ipv6 += socket->family == AF_INET6;
		state->without_owner += !socket->inode;
		state->keepalive += socket->keepalive;
		if (socket->net_ns < census->namespace_count) {
			census->namespaces[socket->net_ns].all++;
			census->namespaces[socket->net_ns].states[socket->state]++;
		}
	}
	for (int i = 1; i < STATE_COUNT; i++)
		census->all += census->count[i].all;
}

static void unseen_tell(struct arena *arena, struct states *census,
			const struct states_sockets *sockets)
{
	size_t unseen = 0;

	/* hidepid= hides whole processes: what is left are sockets that nobody seems to hold. */
	for (size_t i = 0; i < sockets->count; i++)
		unseen += sockets->items[i].inode && !sockets->items[i].pid;
	if (census->processes_refused)
		census->unseen = arena_printf(
			arena,
			"the descriptors of %" PRIu64
			" %s are not ours to see: their sockets are counted without a "
			"name, those in CLOSE not at all%s",
			census->processes_refused,
			census->processes_refused == 1 ? "process" : "processes",
			geteuid() ? "; root sees all" : "");
	else if (unseen && geteuid())
		census->unseen =
			arena_printf(arena,
				     "the processes of %zu sockets are not ours to see, those in "
				     "CLOSE not counted for them; root sees all",
				     unseen);
	if (!census->unseen)
		return;
	census->close_known = false;
	census->close_at_least = true;
	states_remark(arena, census, census->unseen);
}

static int kernel_ask(struct arena *arena, const struct states_options *options,
		      struct states *census, struct states_sockets *sockets, const char **trouble)
{
	states_namespaces_find(arena, options->all_namespaces, census);
	struct holders_search *search = holders_begin(arena);
	int error = states_kernel_take(arena, census, sockets, false, trouble);
	struct holders holders = holders_end(search);
	if (!error)
		states_owners_find(arena, &holders, census, sockets);
	holders_free(&holders);
	if (error)
		return error;
	census->families_known = census->keepalive_known = true;
	for (size_t i = 0; i < census->namespace_count; i++) {
		const struct states_namespace *where = &census->namespaces[i];
		if (!where->trouble)
			continue;
		states_remark(arena, census,
			      census->namespace_count > 1
				      ? arena_printf(arena, "network namespace of %s: %s",
						     where->name, where->trouble)
				      : where->trouble);
	}
	unseen_tell(arena, census, sockets);
	return 0;
}

/* Whether the text knows what --by asks for. */
static int by_check(struct arena *arena, const struct states_options *options,
		    const struct states_sockets *sockets, const char **trouble)
{
	bool pids = false, addresses = false;

	for (size_t i = 0; i < sockets->count; i++) {
		pids |= sockets->items[i].pid != 0;
		addresses |= sockets->items[i].addressed;
	}
	if (!options->by || (options->by == BY_PROCESS ? pids : addresses))
		return 0;
	*trouble = arena_printf(arena, "--by %s: the text tells no %s; %s",
				states_by_names[options->by - 1],
				options->by == BY_PROCESS ? "processes" : "addresses in numbers",
				options->by == BY_PROCESS ? "netstat -antp and ss -tanp do, as root"
							  : "netstat -ant and ss -tan do");
	return -EINVAL;
}

int states_take(struct arena *arena, const struct states_options *options, struct states *census,
		const char **trouble)
{
	struct states_sockets sockets = { .items = NULL };
	struct timespec now;
	struct utsname host;
	int error;

	*census = (struct states){ .from = options->from, .by = options->by };
	clock_gettime(CLOCK_REALTIME, &now);
	census->realtime_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (!uname(&host)) {
		census->host = arena_copy(arena, host.nodename);
		census->kernel = arena_copy(arena, host.release);
	}
	if (options->from) {
		error = states_from_read(arena, options->from, census, &sockets, trouble);
		if (!error)
			error = by_check(arena, options, &sockets, trouble);
		if (!error)
			states_remark(
				arena, census,
				"text from elsewhere: the settings of this host are not those of "
				"that one, so none is shown");
	} else {
		error = kernel_ask(arena, options, census, &sockets, trouble);
	}
	if (error)
		return error;
	count(&sockets, census);
	if (options->from && !census->close_known && !census->count[STATE_CLOSE].all)
		states_remark(arena, census,
			      "sockets in CLOSE stand in no table, so the text can't tell of them");
	if (options->by)
		census->rows = states_rows_make(arena, census, &sockets, options->by, STATE_NONE,
						&census->row_count);
	states_advise(arena, &sockets, census);
	return 0;
}
