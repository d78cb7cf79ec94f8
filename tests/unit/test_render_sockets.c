/* SPDX-License-Identifier: MIT */
/* The list of all sockets, other ends and holders, as text and as JSON, of reports made by hand. */
#include "../../report/escape.h"
#include "../../report/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static struct frame frames[] = {
	{ .function = "serve", .file = "/src/net.c", .line = 12, .module = "/bin/app" }
};
static struct stack stack = { frames, 1 };
static struct frame hang_up_frames[] = {
	{ .function = "hang_up", .file = "/src/client.c", .line = 44, .module = "/bin/client" }
};
static struct stack hang_up = { hang_up_frames, 1 };

#define NEVER                                                                                      \
	.opened_ms = MS_UNKNOWN, .used_ms = MS_UNKNOWN, .eof_ms = MS_UNKNOWN,                      \
	.error_ms = MS_UNKNOWN, .shutdown_ms = MS_UNKNOWN, .closed_ms = MS_UNKNOWN,                \
	.fin_least_ms = MS_UNKNOWN, .fin_most_ms = MS_UNKNOWN

static struct holder several[] = { { 812, "app", 5 },
				   { 815, "work\x1b[31mer", 5 },
				   { 816, "worker", 5 } };
static struct holder one_holder[] = { { 812, "app", 6 } };
static struct holder client[] = { { 900, "client\n", 9 } };

static struct peer_process held, closed, queued;
static struct socket_row rows[3];
static struct listed_socket sockets[4];
static struct finding finding;
static struct process process;
static struct report report;

static struct socket_row row(int fd, const char *state, struct peer_process *peer)
{
	return (struct socket_row){ .pid = 812,
				    .fd = fd,
				    .family = "inet",
				    .type = "stream",
				    .protocol = "tcp",
				    .local = "127.0.0.1:80",
				    .peer = "127.0.0.1:5555",
				    .inode = 77,
				    .tcp_state = state,
				    .age_ms = 12000,
				    .since_ms = 4000,
				    .last_use_ms = MS_UNKNOWN,
				    .holders = one_holder,
				    .holder_count = 1,
				    .peer_process = peer };
}

static int begin(void **state)
{
	(void)state;
	static const struct socket_life never = { NEVER };
	held = (struct peer_process){ .pid = 900,
				      .comm = "client\n",
				      .fd = 9,
				      .tcp_state = "FIN_WAIT2",
				      .opened = { "socket", 0, &hang_up },
				      .holders = client,
				      .holder_count = 1,
				      .life = never };
	held.life.booked = true;
	held.life.opened_ms = 11000;
	held.life.tcp_state = "FIN_WAIT2";
	closed = (struct peer_process){ .pid = 901,
					.comm = "client",
					.fd = 3,
					.closed = { "close", 0, &hang_up },
					.note = "closed by its process",
					.life = never };
	queued = (struct peer_process){
		.fd = -1,
		.tcp_state = "CLOSE_WAIT",
		.note = "in the accept queue of [::]:80, no process has it yet",
		.life = never
	};
	rows[0] = row(5, "CLOSE_WAIT", &held);
	rows[0].holders = several;
	rows[0].holder_count = 3;
	rows[1] = row(6, "CLOSE_WAIT", &closed);
	rows[2] = row(7, "FIN_WAIT2", &held);
	finding = (struct finding){ .rule = RULE_EOF,
				    .count = 2,
				    .opened = { "accept", 0, &stack },
				    .evidence = { "recv", 0, &stack },
				    .last_use_ms = MS_UNKNOWN,
				    .sockets = rows,
				    .socket_count = 2 };
	memset(sockets, 0, sizeof(sockets));
	for (int i = 0; i < 3; i++) {
		sockets[i].row = rows[i];
		sockets[i].opened = (struct place){ "accept", 0, &stack };
		sockets[i].life = never;
		sockets[i].life.booked = true;
		sockets[i].life.opened_ms = 12000;
		sockets[i].life.used_ms = 5000;
		sockets[i].life.used_call = "recv";
		sockets[i].life.tcp_state = rows[i].tcp_state;
	}
	sockets[0].rule = "eof-not-closed";
	sockets[0].life.fin = true;
	sockets[0].life.fin_most_ms = 4000;
	sockets[0].life.fin_least_ms = 3000;
	sockets[3].row = row(8, NULL, &queued);
	sockets[3].row.family = sockets[3].row.protocol = "unix";
	sockets[3].row.local = "@\x1b]0;title\a";
	sockets[3].unexplained = "opened behind libc";
	sockets[3].life = never;
	process = (struct process){ .pid = 812, .comm = "app", .audited = true };
	report = (struct report){ .live = true,
				  .processes = &process,
				  .process_count = 1,
				  .findings = &finding,
				  .finding_count = 1,
				  .sockets_listed = true,
				  .sockets = sockets,
				  .socket_count = 4 };
	return 0;
}

/* free() it. */
static char *rendered(const char *name, struct render_settings settings)
{
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);

	assert_int_equal(renderer_find(name)->render(&report, &settings, out), 0);
	fclose(out);
	return made;
}

/* The text without the breaks of its lines. */
static char *flat(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if ((*from != ' ' && *from != '\n') || (to > text && to[-1] != ' '))
			*to++ = *from == '\n' ? ' ' : *from;
	*to = 0;
	return text;
}

static void says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no \"%s\" in %s", wanted, text);
}

static void both_ends_are_told(void **state)
{
	(void)state;
	char *text = flat(rendered("text", (struct render_settings){ .width = 100 }));
	says(text, "other end pid 900 client\\n, fd 9, FIN_WAIT2, opened at client.c:44 hang_up()");
	says(text, "pid 901 client closed it at client.c:44 hang_up()");
	says(text, "fd 5 tcp CLOSE_WAIT 127.0.0.1:80 -> 127.0.0.1:5555, inode 77, eof-not-closed "
		   "accept() at net.c:12 serve() opened 12 s ago, last use recv() 5 s ago, FIN <= "
		   "4 s ago, "
		   "EOF -, now CLOSE_WAIT");
	says(text, "waits for the peer: pid 900 client\\n, fd 9 must close()");
	says(text, "peer: pid 900 client\\n, fd 9, opened 11 s ago at client.c:44 hang_up(), never "
		   "used, FIN "
		   "-, EOF -, now "
		   "FIN_WAIT2");
	says(text, "peer: in the accept queue of [::]:80, no process has it yet, CLOSE_WAIT");
	says(text,
	     "fd 8 unix stream @\\x1b]0;title\\x07 -> 127.0.0.1:5555, inode 77 opened behind libc");
	assert_non_null(strstr(text, "4 sockets: 1 FIN_WAIT2, 2 CLOSE_WAIT, 1 unix"));
	free(text);
}

static void all_holders_are_told(void **state)
{
	(void)state;
	char *text = flat(rendered("text", (struct render_settings){ .width = 100 }));
	says(text, "held by pid 812 app: fd 5-6 pid 815 work\\x1b[31mer: fd 5 pid 816 worker: fd 5 "
		   "1 is held by several "
		   "processes: the end of one of them frees nothing");
	says(text, "also held by pid 815 work\\x1b[31mer, fd 5; pid 816 worker, fd 5: the end of "
		   "one of them frees "
		   "nothing");
	free(text);
	/* One process with a copy is no second one. */
	several[1].pid = several[2].pid = 812;
	text = flat(rendered("text", (struct render_settings){ .width = 100 }));
	assert_null(strstr(text, "frees nothing"));
	several[1].pid = 815;
	several[2].pid = 816;
	free(text);
}

static void every_line_fits(void **state)
{
	(void)state;
	for (unsigned width = 60; width <= 100; width += 20) {
		char *text = rendered("text", (struct render_settings){ .width = width });
		assert_null(strchr(text, '\033'));
		assert_null(strchr(text, '\a'));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			if (escape_columns(line) > width)
				fail_msg("%u columns for %u: %s", escape_columns(line), width,
					 line);
		free(text);
	}
}

static void json_has_all_of_it(void **state)
{
	(void)state;
	char *text = rendered("json", (struct render_settings){ .width = 100 });
	json_t *value = json_loads(text, 0, NULL), *listed = json_object_get(value, "sockets"),
	       *first = json_array_get(listed, 0), *peer = json_object_get(first, "peer_process"),
	       *last = json_array_get(listed, 3);
	assert_int_equal(json_array_size(listed), 4);
	assert_int_equal(json_integer_value(json_object_get(peer, "pid")), 900);
	assert_string_equal(json_string_value(json_object_get(peer, "comm")), "client\n");
	assert_int_equal(json_integer_value(json_object_get(first, "fin_ms")), 4000);
	assert_true(json_is_null(json_object_get(first, "unexplained")));
	assert_true(json_is_null(json_object_get(last, "opened")));
	assert_true(json_is_null(json_object_get(json_object_get(last, "peer_process"), "pid")));
	assert_true(json_is_null(json_object_get(json_object_get(last, "peer_process"), "fd")));
	assert_string_equal(json_string_value(json_object_get(last, "unexplained")),
			    "opened behind libc");
	json_decref(value);
	free(text);
	report.sockets_listed = false;
	text = rendered("json", (struct render_settings){ .width = 100 });
	value = json_loads(text, 0, NULL);
	assert_null(json_object_get(value, "sockets"));
	json_decref(value);
	free(text);
}

/* How an end stands at this moment differs from run to run, and so does whether the kernel still
 * lists it. */
static void reproducible_tells_nothing_of_the_moment(void **state)
{
	(void)state;
	const struct render_settings settings = { .width = 100, .reproducible = true };
	char *text = flat(rendered("text", settings));
	assert_null(strstr(text, "pid "));
	assert_null(strstr(text, "ago"));
	assert_null(strstr(text, "inode"));
	assert_null(strstr(text, "accept queue"));
	says(text, "client\\n, fd 9, opened at client.c:44");
	free(text);
	text = rendered("json", settings);
	json_t *value = json_loads(text, 0, NULL), *listed = json_object_get(value, "sockets"),
	       *peer = json_object_get(json_array_get(listed, 0), "peer_process");
	assert_true(json_is_null(json_object_get(peer, "tcp_state")));
	assert_true(json_is_null(json_object_get(json_array_get(listed, 3), "peer_process")));
	json_decref(value);
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(both_ends_are_told),
		TEST(all_holders_are_told),
		TEST(every_line_fits),
		TEST(json_has_all_of_it),
		TEST(reproducible_tells_nothing_of_the_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
