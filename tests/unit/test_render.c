/* SPDX-License-Identifier: MIT */
/*
 * The output formats on reports made by hand: golden text and JSON, hostile names, and what must be
 * true of every report. Golden files stand in tests/golden/ (or $SOCKAUDIT_GOLDEN);
 * SOCKAUDIT_GOLDEN_UPDATE=1 writes them anew.
 */
#include "../../report/escape.h"
#include "../../report/options.h"
#include "../../report/render.h"
#include "../../report/source_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define ENDED_AT UINT64_C(1767225600000000000) /* 2026-01-01T00:00:00Z */

#define FRAMES(name, ...)                                                                          \
	static struct frame name##_frames[] = { __VA_ARGS__ };                                     \
	static struct stack name = { name##_frames, sizeof(name##_frames) / sizeof(struct frame) }

#define APP .module = "/usr/local/bin/app", .build_id = "0badc0de"

FRAMES(evidence_stack,
       { .function = "fetch", .file = "/src/app/client.c", .line = 212, .offset = 0x1212, APP },
       { .function = "poll_all",
	 .file = "/src/app/client.c",
	 .line = 300,
	 .offset = 0x1300,
	 APP,
	 .inlined = true },
       { .function = "run", .file = "/src/app/main.c", .line = 88, .offset = 0x1300, APP },
       { .function = "main", .file = "/src/app/main.c", .line = 120, .offset = 0x1400, APP },
       { .function = "__libc_start_call_main",
	 .module = "/usr/lib/x86_64-linux-gnu/libc.so.6",
	 .offset = 0x27249,
	 .system = true });
FRAMES(other_stack,
       { .function = "fetch", .file = "/src/app/client.c", .line = 212, .offset = 0x1212, APP },
       { .function = "retry", .file = "/src/app/retry.c", .line = 17, .offset = 0x1700, APP });
FRAMES(opened_stack,
       { .function = "dial", .file = "/src/app/client.c", .line = 180, .offset = 0x1180, APP },
       { .function = "fetch", .file = "/src/app/client.c", .line = 205, .offset = 0x1205, APP });
FRAMES(closed_stack,
       { .function = "finish", .file = "/src/app/client.c", .line = 240, .offset = 0x1240, APP });
FRAMES(curl_stack,
       { .function = "Curl_socket",
	 .module = "/usr/lib/x86_64-linux-gnu/libcurl.so.4",
	 .offset = 0x2f000,
	 .system = true },
       { .function = "curl_easy_perform",
	 .module = "/usr/lib/x86_64-linux-gnu/libcurl.so.4",
	 .offset = 0x30000,
	 .system = true },
       { .function = "download", .module = "/usr/local/bin/app", .offset = 0x1900 });
FRAMES(stripped_stack, { .module = "/opt/vendor/agent",
			 .offset = 0x4567,
			 .note = "file replaced since: build-id differs" });

static struct holder holder = { 812, "app", 5 };
static struct socket_row rows[] = {
	{ .pid = 812,
	  .fd = 5,
	  .family = "inet",
	  .local = "127.0.0.1:40001",
	  .peer = "127.0.0.1:80",
	  .cookie = 0x1a2b,
	  .inode = 77,
	  .tcp_state = "CLOSE_WAIT",
	  .queues_known = true,
	  .recv_q = 1,
	  .age_ms = 200000,
	  .since_ms = 180000,
	  .traffic_known = true,
	  .eof_reads = 1,
	  .received = 512,
	  .sent = 64,
	  .last_call = "recv",
	  .last_use_ms = 180000,
	  .holders = &holder,
	  .holder_count = 1 },
	{ .pid = 812,
	  .fd = 6,
	  .family = "inet",
	  .local = "127.0.0.1:40002",
	  .peer = "127.0.0.1:80",
	  .tcp_state = "CLOSE_WAIT",
	  .age_ms = 62000,
	  .since_ms = 61000,
	  .since_at_least = true },
	{ .pid = 812,
	  .fd = 7,
	  .family = "inet6",
	  .local = "[::1]:40003",
	  .peer = "[::1]:80",
	  .tcp_state = "CLOSE_WAIT",
	  .age_ms = 62000,
	  .since_ms = MS_UNKNOWN },
	{ .pid = 812,
	  .fd = 9,
	  .family = "unix",
	  .peer = "/run/app.sock",
	  .age_ms = MS_UNKNOWN,
	  .since_ms = MS_UNKNOWN },
};
static struct sibling siblings[] = { { { "close", 0, &closed_stack }, 958 },
				     { { NULL, 0, NULL }, 2 } };

static const struct holder child = { 815, "worker", 5 };
static struct finding findings[] = {
	{ .rule = RULE_EOF,
	  .count = 84,
	  .fingerprint = "00112233445566778899aabbccddeeff",
	  .stable = true,
	  .gating = true,
	  .opened = { "socket", 0, &opened_stack },
	  .connected = { "connect", 0, &opened_stack },
	  .evidence = { "recv", 0, &evidence_stack },
	  .siblings = siblings,
	  .sibling_count = 2,
	  .last_call = "recv",
	  .last_use_ms = 200000,
	  .class = 'A',
	  .cause = "the error path returned 5 s ago before the close()",
	  .cause_timeless = "the error path returned before the close()",
	  .sockets = rows,
	  .socket_count = 4 },
	{ .rule = RULE_EOF,
	  .count = 6,
	  .stable = true,
	  .opened = { "socket", 0, &opened_stack },
	  .evidence = { "recv", 0, &other_stack },
	  .sockets = rows,
	  .socket_count = 1 },
	{ .rule = RULE_ERROR,
	  .count = 1,
	  .stable = true,
	  .opened = { "socket", 0, &opened_stack },
	  .evidence = { "send", EPIPE, &other_stack },
	  .last_use_ms = MS_UNKNOWN,
	  .sockets = rows,
	  .socket_count = 1 },
	{ .rule = RULE_FIN_UNREAD,
	  .count = 3,
	  .opened = { "socket", 0, &curl_stack },
	  .class = 'B',
	  .sockets = rows + 1,
	  .socket_count = 1 },
	{ .rule = RULE_CONNECT_FAILED,
	  .count = 2,
	  .opened = { "socket", 0, &stripped_stack },
	  .evidence = { "connect", ECONNREFUSED, &stripped_stack },
	  .sockets = rows + 2,
	  .socket_count = 1 },
	{ .rule = RULE_DOUBLE_CLOSE,
	  .count = 4,
	  .evidence = { "close", EBADF, &closed_stack },
	  .closed = { "close", 0, &evidence_stack },
	  .sockets = rows,
	  .socket_count = 1 },
	{ .rule = RULE_HELD_BY_CHILD,
	  .count = 1,
	  .stable = true,
	  .opened = { "accept4", 0, &opened_stack },
	  .fork = { "fork", 0, &closed_stack },
	  .child = &child,
	  .closed = { "close", 0, &evidence_stack },
	  .last_use_ms = MS_UNKNOWN,
	  .class = 'F',
	  .cause = "used here after the fork, then closed up to 5 s ago",
	  .cause_timeless = "used here after the fork, then closed",
	  .sockets = rows,
	  .socket_count = 1 },
};

static struct unexplained drift_by[] = { { "when the number was used again", 1 },
					 { "at exit", 2 } };
static struct unexplained unexplained[] = { { "opened before the preload", 2 } };
static struct unexplained unaudited[] = { { "process not audited", 4 } };
static struct unaudited_socket unaudited_sockets[] = {
	{ .fd = 7,
	  .inode = 4711,
	  .local = "127.0.0.1:80",
	  .peer = "127.0.0.1:5555",
	  .recv_q = 1,
	  .least_ms = 3000,
	  .most_ms = 90000 },
	{ .fd = 9,
	  .inode = 4712,
	  .local = "[::1]:80",
	  .peer = "[::1]:5556",
	  .send_q = 12,
	  .least_ms = MS_UNKNOWN,
	  .most_ms = MS_UNKNOWN },
};
static struct lost_count lost[] = { { "stacks that found no room", 3 } };
static struct unexplained behind[] = { { "opened behind libc", 1 } };
static struct unexplained unaudited_two[] = { { "process not audited", 2 } };
static struct process processes[] = {
	{ .pid = 812,
	  .ppid = 1,
	  .uid = 1000,
	  .comm = "app",
	  .exe = "/usr/local/bin/app",
	  .state = PROCESS_RUNNING,
	  .started_realtime_ns = ENDED_AT - 1000000000000,
	  .net_ns = 4026531840,
	  .audited = true,
	  .nofile_limit = 1024,
	  .nofile_used = 900,
	  .nofile_used_known = true,
	  .lost_stacks = 3,
	  .lost = lost,
	  .lost_kinds = 1,
	  .opened = 1058,
	  .closed = 958,
	  .open = 100,
	  .drift = 1,
	  .drift_by = drift_by,
	  .drift_kinds = 2,
	  .inherited = 1,
	  .coverage_known = true,
	  .kernel = 102,
	  .explained = 100,
	  .unexplained = unexplained,
	  .unexplained_count = 1,
	  .close_wait = 98,
	  .close_wait_found = 94,
	  .close_wait_grace = 3,
	  .close_wait_unexplained = 1,
	  .close_wait_by = behind,
	  .close_wait_kinds = 1,
	  .unix_known = true,
	  .unix_ended = 5,
	  .unix_ended_found = 2,
	  .unix_ended_grace = 1,
	  .endings = { .first = 812,
		       .by_peer = 90,
		       .reset_unread = 3,
		       .reset_linger = 1,
		       .unread_at = { "close", 0, &closed_stack } } },
	{ .pid = 813,
	  .ppid = 812,
	  .uid = 1000,
	  .comm = "helper",
	  .audited = false,
	  .reason = "statically linked",
	  .coverage_known = true,
	  .kernel = 4,
	  .unexplained = unaudited,
	  .unexplained_count = 1,
	  .close_wait = 2,
	  .close_wait_unexplained = 2,
	  .close_wait_by = unaudited_two,
	  .close_wait_kinds = 1,
	  .states = { [1] = 1, [8] = 2 },
	  .unaudited_sockets = unaudited_sockets,
	  .unaudited_socket_count = 2 },
	{ .pid = 814,
	  .ppid = 812,
	  .uid = 1000,
	  .comm = "worker",
	  .state = PROCESS_KILLED,
	  .exit_known = true,
	  .exit_signal = 9,
	  .audited = true,
	  .opened = 2,
	  .closed = 2,
	  .ended_realtime_ns = ENDED_AT },
};
static const char *gate[] = { "eof-not-closed", NULL };
static const char *remarks[] = { "pid 814 worker was killed: its kernel state is unknown", NULL };

/* Of the whole machine: some are held by programs beside the report. */
static struct unexplained beside[] = {
	{ "opened behind libc", 1 },
	{ "process not audited", 2 },
	{ NAMESPACE_OTHERS, 1244 },
	{ "in an accept queue, without a descriptor", 20 },
};
static struct namespace_holder beside_holders[] = {
	{ 900, "curl", 1200 }, { 901, "nginx", 20 }, { 902, "nginx", 20 },
	{ 903, "\033[31mred", 3 }, { 904, "wget", 1 },
};
static struct namespace_sum namespaces[] = { { .net_ns = 4026531840,
					       .known = true,
					       .states = { [1] = 7, [7] = 2, [8] = 1364, [10] = 3 },
					       .close_wait = 1364,
					       .found = 94,
					       .grace = 3,
					       .unexplained = beside,
					       .unexplained_count = 4,
					       .others = beside_holders,
					       .other_count = 5 },
					     { .net_ns = 4026532452 } };

static struct report leaking(void)
{
	struct report report = { .live = true,
				 .made_at_realtime_ns = ENDED_AT,
				 .grace_ms = 60000,
				 .host = "h",
				 .boot_id = "b-0-0-t",
				 .kernel = "6.1.0",
				 .arch = "x86_64",
				 .gate = gate,
				 .processes = processes,
				 .process_count = 3,
				 .states_known = true,
				 .findings = findings,
				 .finding_count = sizeof(findings) / sizeof(*findings),
				 .sockets_in_findings = 96,
				 .gating = 1,
				 .remarks = remarks,
				 .namespaces = namespaces,
				 .namespace_count = 2,

				 .time_wait = { true, 20112, 20000, 112 } };
	report.states[8] = 98; /* CLOSE_WAIT */
	return report;
}

static struct process healthy = { .pid = 812,
				  .comm = "app",
				  .audited = true,
				  .opened = 12,
				  .closed = 10,
				  .open = 2,
				  .coverage_known = true,
				  .kernel = 2,
				  .explained = 2 };

static struct report clean(void)
{
	return (struct report){ .live = true,
				.made_at_realtime_ns = ENDED_AT,
				.grace_ms = 60000,
				.processes = &healthy,
				.process_count = 1 };
}

static const char *no_roots[] = { "/nowhere", NULL };

static char *rendered(const char *format, const struct report *report,
		      struct render_settings settings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const struct renderer *renderer = renderer_find(format);
	assert_non_null(renderer);
	if (!settings.source_roots)
		settings.source_roots = no_roots;
	assert_int_equal(renderer->render(report, &settings, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *golden_path(const char *name)
{
	const char *folder = getenv("SOCKAUDIT_GOLDEN");
	char *path;
	assert_true(asprintf(&path, "%s/%s", folder ? folder : "tests/golden", name) > 0);
	return path;
}

/* Releases don't change golden files. */
static void hide_version(char *text)
{
	static const char key[] = "\"version\": \"";
	char *at = strstr(text, key);
	if (!at)
		return;
	at += sizeof(key) - 1;
	char *end = strchr(at, '"');
	*at = 'V';
	memmove(at + 1, end, strlen(end) + 1);
}

static void hide_sarif_version(char *text);
static void assert_golden(const char *name, const char *format, const struct report *report,
			  struct render_settings settings)
{
	char *path = golden_path(name), *made = rendered(format, report, settings), *wanted = NULL;
	size_t size = 0;
	if (!strcmp(format, "sarif"))
		hide_sarif_version(made);
	else
		hide_version(made);
	if (getenv("SOCKAUDIT_GOLDEN_UPDATE")) {
		FILE *out = fopen(path, "w");
		assert_non_null(out);
		fputs(made, out);
		fclose(out);
	}
	FILE *in = fopen(path, "r");
	if (!in)
		fail_msg("cannot read %s", path);
	if (getdelim(&wanted, &size, EOF, in) < 0)
		fail_msg("%s is empty", path);
	fclose(in);
	assert_string_equal(made, wanted);
	free(wanted);
	free(made);
	free(path);
}

static void text_is_golden(void **state)
{
	(void)state;
	struct report report = leaking();
	assert_golden("leaking.txt", "text", &report,
		      (struct render_settings){ .stacks_command = "sockaudit report 812 --stacks" });
	assert_golden("leaking-stacks.txt", "text", &report,
		      (struct render_settings){ .with_stacks = true, .reproducible = true });
	assert_golden("leaking-colour.txt", "text", &report,
		      (struct render_settings){ .colour = true });
}

static void json_is_golden(void **state)
{
	(void)state;
	struct report report = leaking();
	assert_golden("leaking.json", "json", &report, (struct render_settings){ 0 });
	assert_golden("leaking-reproducible.json", "json", &report,
		      (struct render_settings){ .reproducible = true });
}

/* The version of the tool, which a SARIF log tells twice and has another of its own. */
static void hide_sarif_version(char *text)
{
	char *driver = strstr(text, "\"name\": \"sockaudit\"");
	hide_version(driver);
	char *semantic = strstr(driver, "\"semanticVersion\": \""), *end;
	assert_non_null(semantic);
	semantic = strchr(semantic, ':') + 3;
	end = strchr(semantic, '"');
	*semantic = 'V';
	memmove(semantic + 1, end, strlen(end) + 1);
}

static void every_format_is_golden(void **state)
{
	(void)state;
	static const char *const formats[][2] = {
		{ "sarif", "leaking.sarif" },	{ "junit", "leaking.junit.xml" },
		{ "github", "leaking.github" }, { "gitlab", "leaking.gitlab.json" },
		{ "markdown", "leaking.md" },	{ "folded", "leaking.folded" },
	};
	static const char *roots[] = { "/", NULL };
	struct report report = leaking();
	/* One of each status. */
	struct finding all[sizeof(findings) / sizeof(*findings)];
	memcpy(all, findings, sizeof(all));
	all[1].status = STATUS_KNOWN;
	all[2].status = STATUS_SUPPRESSED;
	all[2].suppressed_by = "leak:fetch";
	report.findings = all;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		assert_golden(
			formats[i][1], formats[i][0], &report,
			(struct render_settings){ .reproducible = true, .source_roots = roots });
}

static void the_worst_nine_are_annotated(void **state)
{
	(void)state;
	static const char *roots[] = { "/", NULL };
	struct render_settings settings = { .source_roots = roots };
	struct report report = leaking();
	static struct frame frames[12];
	static struct stack stacks[12];
	struct finding many[12];
	for (unsigned i = 0; i < 12; i++) {
		frames[i] = (struct frame){ .function = "f", .file = "/src/a.c", .line = i + 1 };
		stacks[i] = (struct stack){ &frames[i], 1 };
		many[i] = (struct finding){ .rule = i == 3 ? RULE_CHURN : RULE_EOF,
					    .count = i + 1,
					    .gating = i == 0,
					    .evidence = { "recv", 0, &stacks[i] } };
	}
	report.findings = many;
	for (report.finding_count = 9; report.finding_count <= 12; report.finding_count++) {
		char *text = rendered("github", &report, settings);
		size_t lines = 0;
		for (char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		assert_int_equal(lines, report.finding_count > 9 ? 10 : 9);
		/* What gates comes first, however few they are; advice last. */
		assert_int_equal(strncmp(text, "::error ", 8), 0);
		assert_non_null(strstr(text, "::1 socket: "));
		assert_ptr_equal(strstr(text, "::1 socket: "), strstr(text, "socket: ") - 4);
		assert_int_equal(strstr(text, "title=sockaudit::") != NULL,
				 report.finding_count > 9);
		if (report.finding_count == 12)
			assert_non_null(strstr(text, "::error title=sockaudit::3 more: "
						     "eof-not-closed at src/a.c"));
		free(text);
	}
	/* Callers of one line are one annotation. */
	for (unsigned i = 0; i < 12; i++) {
		frames[i].line = 7;
		many[i].rule = RULE_EOF;
	}
	report.finding_count = 12;
	char *text = rendered("github", &report, settings);
	assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
	assert_non_null(strstr(text, "::78 sockets: "));
	assert_non_null(strstr(text, "callers: 12, "));
	free(text);
}

/* Forges refuse what is too large: the worst is kept, and what is left out is counted. */
static void forges_limits_are_kept(void **state)
{
	(void)state;
	enum { MANY = 25010 };
	struct report report = leaking();
	struct frame *frames = calloc(MANY, sizeof(*frames));
	struct stack *stacks = calloc(MANY, sizeof(*stacks));
	report.findings = calloc(MANY, sizeof(*report.findings));
	report.finding_count = MANY;
	for (unsigned i = 0; i < MANY; i++) {
		frames[i] = (struct frame){ .function = "f", .file = "/src/a.c", .line = i + 1 };
		stacks[i] = (struct stack){ &frames[i], 1 };
		report.findings[i] = (struct finding){ .rule = RULE_EOF,
						       .count = 1,
						       .evidence = { "recv", 0, &stacks[i] } };
	}
	char *text = rendered("sarif", &report, (struct render_settings){ 0 });
	json_t *log = json_loads(text, 0, NULL);
	json_t *run = json_array_get(json_object_get(log, "runs"), 0),
	       *results = json_object_get(run, "results");
	assert_int_equal(json_array_size(results), 25000);
	assert_non_null(json_object_get(json_array_get(results, 0), "stacks"));
	assert_null(json_object_get(json_array_get(results, 24999), "stacks"));
	assert_non_null(json_object_get(json_array_get(results, 24999), "relatedLocations"));
	assert_non_null(strstr(text, "10 findings were left out"));
	json_decref(log);
	free(text);
	/* What has the same fingerprint is told apart. */
	report.finding_count = 3;
	text = rendered("gitlab", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "\"eof-not-closed\",\n    \"severity\""));
	assert_non_null(strstr(text, "\"eof-not-closed-2\""));
	assert_non_null(strstr(text, "\"eof-not-closed-3\""));
	free(text);
	text = rendered("sarif", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "\"eof-not-closed:1\""));
	assert_non_null(strstr(text, "\"eof-not-closed:3\""));
	free(text);
	report.finding_count = MANY;
	text = rendered("markdown", &report, (struct render_settings){ 0 });
	assert_true(strlen(text) < 1u << 20);
	assert_non_null(strstr(text, "and 24,910 more findings."));
	assert_non_null(strstr(text, "more places, which would not fit here."));
	assert_non_null(strstr(text, "1058 sockets opened"));
	free(text);
	free(report.findings);
	free(stacks);
	free(frames);
}

static void unaudited_passes_in_no_format(void **state)
{
	(void)state;
	struct report report = clean();
	report.processes = &processes[1];
	char *text = rendered("junit", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "tests=\"1\" failures=\"0\" errors=\"1\""));
	assert_non_null(strstr(text, "nothing was audited"));
	free(text);
	text = rendered("github", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "nothing was audited"));
	free(text);
	text = rendered("markdown", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "nothing was audited"));
	free(text);
	text = rendered("sarif", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "\"executionSuccessful\": false"));
	free(text);
}

static void first_line_names_the_place(void **state)
{
	(void)state;
	struct report report = leaking();
	report.finding_count = 1;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	*strchr(text, '\n') = '\0';
	assert_string_equal(text,
			    "84 sockets leak at 1 place: client.c:212 fetch() owes a close()");
	free(text);
}

static void clean_is_one_line(void **state)
{
	(void)state;
	struct report report = clean();
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_string_equal(text, "no leaks: 12 sockets opened, 10 closed, 2 open (pid 812 app)\n");
	free(text);
}

static void clean_but_unexplained_says_so(void **state)
{
	(void)state;
	struct report report = clean();
	struct process process = healthy;
	process.kernel = 4;
	process.unexplained = unexplained;
	process.unexplained_count = 1;
	report.processes = &process;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "4 sockets = 2 explained + 2 opened before the preload"));
	free(text);
}

static void unaudited_is_never_called_clean(void **state)
{
	(void)state;
	struct report report = clean();
	report.processes = &processes[1];
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_null(strstr(text, "no leaks"));
	assert_non_null(strstr(text, "not audited: statically linked"));
	free(text);
	report.process_count = 0;
	text = rendered("text", &report, (struct render_settings){ 0 });
	assert_null(strstr(text, "no leaks"));
	free(text);
}

static void assert_fits(const char *text, unsigned width)
{
	char *copy = strdup(text), *line, *rest = copy;
	while ((line = strsep(&rest, "\n"))) {
		if (escape_columns(line) > width)
			fail_msg("%u columns: %s", escape_columns(line), line);
	}
	free(copy);
}

/* Runs of blanks, line ends among them, as one. */
static void unwrap(char *text)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		bool blank = *from == ' ' || *from == '\n';
		if (blank && to != text && to[-1] == ' ')
			continue;
		*to++ = blank ? ' ' : *from;
	}
	*to = '\0';
}

/* A name of `size` bytes. */
static char *long_name(size_t size, char letter)
{
	char *name = malloc(size + 1);
	memset(name, letter, size);
	name[size] = '\0';
	return name;
}

static void every_line_fits(void **state)
{
	(void)state;
	struct report report = leaking();
	unsigned widths[] = { 60, 80, 100, 140 };
	char *longest = long_name(3000, 'f');
	const char *function = evidence_stack_frames[0].function,
		   *file = evidence_stack_frames[0].file;
	const char *names[][2] = { { function, file },	 { longest, file }, { function, longest },
				   { longest, longest }, { NULL, longest }, { longest, NULL } };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		evidence_stack_frames[0].function = names[i][0];
		evidence_stack_frames[0].file = names[i][1];
		for (size_t j = 0; j < sizeof(widths) / sizeof(*widths); j++) {
			for (int stacks = 0; stacks < 2; stacks++) {
				char *text =
					rendered("text", &report,
						 (struct render_settings){ .width = widths[j],
									   .with_stacks = stacks });
				assert_fits(text, widths[j]);
				free(text);
			}
		}
	}
	evidence_stack_frames[0].function = function;
	evidence_stack_frames[0].file = file;
	free(longest);
}

static void hostile_names_are_harmless(void **state)
{
	(void)state;
	static const char hostile[] = "e\033]0;owned\a\r\n\xff\xc2\x9b\xe2\x80\xae</script>";
	struct report report = leaking();
	const struct frame before = evidence_stack_frames[0];
	struct process process = processes[0];
	evidence_stack_frames[0].function = evidence_stack_frames[0].module = hostile;
	evidence_stack_frames[0].file = hostile;
	process.comm = process.exe = hostile;
	report.processes = &process;
	report.process_count = 1;
	for (int stacks = 0; stacks < 2; stacks++) {
		char *text = rendered("text", &report,
				      (struct render_settings){ .with_stacks = stacks });
		for (const char *next = text; *next;) {
			uint32_t code = 0;
			size_t length = escape_decode(next, &code);
			assert_int_not_equal(length, 0);
			assert_true(code == '\n' || (code >= 0x20 && code != 0x7f &&
						     !(code >= 0x80 && code < 0xa0)));
			assert_int_not_equal(code, 0x202e);
			next += length;
		}
		assert_non_null(strstr(text, "e\\x1b]0;owned\\x07\\r\\n\\xff\\u{9b}\\u{202e}"));
		free(text);
	}
	char *json = rendered("json", &report, (struct render_settings){ 0 });
	json_error_t error;
	json_t *value = json_loads(json, 0, &error);
	assert_non_null(value);
	for (const char *next = json; *next; next++)
		assert_true(*next == '\n' || (*next >= 0x20 && *next < 0x7f));
	json_decref(value);
	free(json);
	evidence_stack_frames[0] = before;
}

static void write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static bool quotes(struct report *report, const char *file, const char *root)
{
	const char *roots[] = { root, NULL };
	const struct frame before = evidence_stack_frames[0];
	evidence_stack_frames[0].file = file;
	evidence_stack_frames[0].line = 2;
	char *text = rendered("text", report, (struct render_settings){ .source_roots = roots });
	evidence_stack_frames[0] = before;
	bool found = strstr(text, "     2 | ") != NULL;
	free(text);
	return found;
}

static void only_source_below_the_root_is_quoted(void **state)
{
	(void)state;
	char folder[] = "/tmp/sockaudit-test-XXXXXX", path[9][128];
	assert_non_null(mkdtemp(folder));
	static const char *const names[] = { "root",	       "root/a.c",     "secret.c",
					     "root/link.c",    "root/key",     "root/fifo.c",
					     "root/.hidden.c", "root/inner.c", "root/../secret.c" };
	for (size_t i = 0; i < 9; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
	assert_int_equal(mkdir(path[0], 0700), 0);
	write_file(path[1], "one\n\ttwo();\n");
	write_file(path[2], "one\ntwo\n");
	assert_int_equal(symlink(path[2], path[3]), 0);
	write_file(path[4], "one\ntwo\n");
	assert_int_equal(mkfifo(path[5], 0600), 0);
	write_file(path[6], "one\ntwo\n");
	assert_int_equal(symlink("a.c", path[7]), 0);

	struct report report = leaking();
	report.finding_count = 1;
	assert_true(quotes(&report, path[1], path[0]));
	assert_true(quotes(&report, "a.c", path[0]));
	assert_true(quotes(&report, path[7], path[0]));
	assert_false(quotes(&report, path[2], path[0]));
	assert_false(quotes(&report, path[3], path[0]));
	assert_false(quotes(&report, path[4], path[0]));
	assert_false(quotes(&report, path[5], path[0]));
	assert_false(quotes(&report, path[6], path[0]));
	assert_false(quotes(&report, path[8], path[0]));
	assert_false(quotes(&report, "../secret.c", path[0]));
	assert_false(quotes(&report, "/etc/shadow", path[0]));
	assert_false(quotes(&report, "/etc/shadow", "/"));
	for (size_t i = 8; i-- > 0;)
		assert_int_equal(remove(path[i]), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* The same without --source-root, from that folder. */
static bool quotes_from(struct report *report, const char *file, const char *folder)
{
	static const char *none[] = { NULL };
	const struct frame before = evidence_stack_frames[0];
	char *home = getcwd(NULL, 0);
	assert_int_equal(chdir(folder), 0);
	evidence_stack_frames[0].file = file;
	evidence_stack_frames[0].line = 2;
	char *text = rendered("text", report, (struct render_settings){ .source_roots = none });
	evidence_stack_frames[0] = before;
	assert_int_equal(chdir(home), 0);
	free(home);
	bool found = strstr(text, "     2 | ") != NULL;
	free(text);
	return found;
}

static char *help_of_report(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	options_help(FOR_REPORT, out);
	fclose(out);
	unwrap(text);
	return text;
}

static void default_root_is_as_help_says(void **state)
{
	(void)state;
	char folder[] = "/tmp/sockaudit-test-XXXXXX", path[5][128];
	static const char *const names[] = { "top", "top/.git", "top/below", "top/a.c", "b.c" };
	struct report report = leaking();
	report.finding_count = 1;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < 5; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
		if (i < 3)
			assert_int_equal(mkdir(path[i], 0700), 0);
		else
			write_file(path[i], "one\ntwo\n");
	}
	char *help = help_of_report();
	assert_non_null(strstr(help, "(default: the top of the git working tree, else the current "
				     "folder; never /)"));
	free(help);
	assert_true(quotes_from(&report, path[3], path[2]));
	assert_false(quotes_from(&report, path[4], path[2]));
	assert_true(quotes_from(&report, path[4], folder));
	assert_false(quotes_from(&report, path[4], "/"));
	for (size_t i = 5; i-- > 0;)
		assert_int_equal(remove(path[i]), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void assert_line(struct source_roots *roots, const char *file, unsigned number,
			const char *wanted)
{
	char *line = source_line(roots, file, number);
	if (wanted)
		assert_string_equal(line, wanted);
	else
		assert_null(line);
	free(line);
}

static void lines_are_found_whichever_file_was_read_before(void **state)
{
	(void)state;
	char folder[] = "/tmp/sockaudit-test-XXXXXX", name[] = "0.c", path[64];
	assert_non_null(mkdtemp(folder));
	struct source_roots roots = { 0 };
	assert_int_equal(source_roots_find(&roots, (const char *[]){ folder, NULL }), 0);
	for (name[0] = '0'; name[0] < '9'; name[0]++) {
		char text[] = "one\r\n\n?";
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		text[6] = name[0];
		write_file(path, name[0] == '8' ? "" : text);
	}
	for (int again = 0; again < 2; again++) {
		for (name[0] = '0'; name[0] < '8'; name[0]++) {
			assert_line(&roots, name, 3, (char[]){ name[0], '\0' });
			assert_line(&roots, name, 1, "one");
			assert_line(&roots, name, 2, "");
			assert_line(&roots, name, 4, NULL);
			assert_line(&roots, name, 0, NULL);
		}
	}
	assert_line(&roots, "8.c", 1, NULL);
	assert_line(&roots, "9.c", 1, NULL);
	source_roots_free(&roots);
	for (name[0] = '0'; name[0] < '9'; name[0]++) {
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

static json_t *rendered_json(const struct report *report, struct render_settings settings)
{
	char *text = rendered("json", report, settings);
	json_t *value = json_loads(text, 0, NULL);
	assert_non_null(value);
	free(text);
	return value;
}

/* What nobody knows is null, and no number. */
static void unknown_traffic_is_null(void **state)
{
	(void)state;
	struct report report = leaking();
	json_t *value = rendered_json(&report, (struct render_settings){ 0 });
	json_t *finding = json_array_get(json_object_get(value, "findings"), 0);
	json_t *rows_made = json_object_get(finding, "sockets");
	for (size_t i = 0; i < 2; i++) {
		json_t *reads = json_object_get(json_array_get(rows_made, i), "eof_reads");
		assert_true(i ? json_is_null(reads) : json_is_integer(reads));
	}
	json_decref(value);
}

static void reproducible_causes_tell_no_times(void **state)
{
	(void)state;
	struct report report = leaking();
	for (size_t i = 0; i < 2; i++) {
		char *text = rendered(i ? "json" : "text", &report,
				      (struct render_settings){ .reproducible = true });
		assert_null(strstr(text, "5 s ago"));
		assert_non_null(strstr(text, "the error path returned before the close()"));
		free(text);
	}
}

static void full_disk_is_told(void **state)
{
	(void)state;
	struct report report = leaking();
	struct render_settings settings = { .source_roots = no_roots };
	for (const struct renderer *renderer = renderers; renderer->name; renderer++) {
		FILE *out = fopen("/dev/full", "w");
		setvbuf(out, NULL, _IONBF, 0);
		assert_true(renderer->render(&report, &settings, out) < 0);
		fclose(out);
	}
	assert_null(renderer_find("nonsense"));
}

static void many_callers_stand_together(void **state)
{
	(void)state;
	static struct finding many[37];
	static struct stack stacks[37];
	static struct frame frames[37][2];
	struct report report = leaking();
	for (size_t i = 0; i < 37; i++) {
		frames[i][0] = evidence_stack_frames[0];
		frames[i][1] = (struct frame){ .function = "caller",
					       .file = "/src/app/callers.c",
					       .line = (unsigned)i + 1,
					       APP };
		stacks[i] = (struct stack){ frames[i], 2 };
		many[i] = (struct finding){ .rule = RULE_EOF,
					    .count = 40 - i,
					    .evidence = { "read", 0, &stacks[i] } };
	}
	report.findings = many;
	report.finding_count = 37;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "client.c:212 fetch()  37 callers\n"));
	assert_non_null(strstr(text, "and 589 sockets in 31 more findings"));
	assert_null(strstr(text, "callers.c:20"));
	free(text);
}

static void rules_at_one_site_share_its_caller(void **state)
{
	(void)state;
	struct report report = leaking();
	struct finding three[] = { findings[0], findings[0], findings[0] };
	three[1].rule = RULE_ERROR;
	three[2].opened.stack = &closed_stack;
	report.findings = three;
	report.finding_count = 3;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "client.c:212 fetch()\n"));
	assert_null(strstr(text, "caller"));
	free(text);
}

static void fin_alone_is_no_unread_data(void **state)
{
	(void)state;
	struct report report = leaking();
	struct finding one = findings[0];
	struct socket_row row = rows[0];
	one.sockets = &row;
	one.socket_count = 1;
	report.findings = &one;
	report.finding_count = 1;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "1 CLOSE_WAIT\n"));
	free(text);
	row.recv_q = 2;
	text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "1 CLOSE_WAIT; 1 with unread data\n"));
	free(text);
	row.recv_q = 1;
	row.tcp_state = "ESTABLISHED";
	text = rendered("text", &report, (struct render_settings){ 0 });
	assert_non_null(strstr(text, "1 ESTABLISHED; 1 with unread data\n"));
	free(text);
}

static void wait_that_told_is_the_evidence(void **state)
{
	(void)state;
	static const char *const formats[] = { "text", "markdown", "sarif" };
	for (size_t i = 0; i < 3; i++)
		for (int told = 0; told < 2; told++) {
			struct report report = leaking();
			struct finding one = { .rule = RULE_FIN_UNREAD,
					       .count = 1,
					       .opened = { "accept", 0, &opened_stack } };
			if (told)
				one.told = (struct place){ "epoll_wait", 0, &other_stack };
			report.findings = &one;
			report.finding_count = 1;
			char *text =
				rendered(formats[i], &report, (struct render_settings){ 0 });
			assert_int_equal(strstr(text, "epoll_wait") != NULL, told);
			assert_int_equal(strstr(text, "the kernel's alone") != NULL, !i && !told);
			free(text);
		}
}

static void closed_number_is_held_by_nobody(void **state)
{
	(void)state;
	struct report report = leaking();
	struct finding one = findings[5];
	report.findings = &one;
	report.finding_count = 1;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_null(strstr(text, "held by"));
	assert_non_null(strstr(text, "number     fd 5 of pid 812 app\n"));
	free(text);
	text = rendered("text", &report, (struct render_settings){ .reproducible = true });
	assert_non_null(strstr(text, "number     fd 5 of app\n"));
	free(text);
}

static void titles_are_told_whole(void **state)
{
	(void)state;
	struct report report = leaking();
	struct finding one = findings[2];
	const struct frame before = other_stack_frames[0];
	one.count = 12345;
	one.gating = true;
	report.findings = &one;
	report.finding_count = 1;
	other_stack_frames[0].file = "/src/app/the_client_of_the_other_side.c";
	for (unsigned width = 60; width <= 120; width += 20) {
		char *text = rendered("text", &report, (struct render_settings){ .width = width });
		assert_fits(text, width);
		unwrap(text);
		assert_non_null(strstr(text, "fetch() owes a close() "));
		assert_non_null(strstr(text, ": a call said that the connection is dead and no "
					     "close() followed "));
		free(text);
	}
	other_stack_frames[0] = before;
}

static void suppressed_is_listed_but_not_in_the_first_line(void **state)
{
	(void)state;
	struct report report = leaking();
	struct finding one = findings[0];
	one.status = STATUS_SUPPRESSED;
	one.suppressed_by = "leak:fetch";
	report.findings = &one;
	report.finding_count = 1;
	char *text = rendered("text", &report, (struct render_settings){ 0 });
	assert_int_equal(strncmp(text, "no leaks yet: ", 14), 0);
	assert_non_null(strstr(text, "(leak:fetch)"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_golden),
		cmocka_unit_test(json_is_golden),
		cmocka_unit_test(every_format_is_golden),
		cmocka_unit_test(the_worst_nine_are_annotated),
		cmocka_unit_test(forges_limits_are_kept),
		cmocka_unit_test(unaudited_passes_in_no_format),
		cmocka_unit_test(first_line_names_the_place),
		cmocka_unit_test(clean_is_one_line),
		cmocka_unit_test(clean_but_unexplained_says_so),
		cmocka_unit_test(unaudited_is_never_called_clean),
		cmocka_unit_test(every_line_fits),
		cmocka_unit_test(hostile_names_are_harmless),
		cmocka_unit_test(only_source_below_the_root_is_quoted),
		cmocka_unit_test(full_disk_is_told),
		cmocka_unit_test(default_root_is_as_help_says),
		cmocka_unit_test(lines_are_found_whichever_file_was_read_before),
		cmocka_unit_test(unknown_traffic_is_null),
		cmocka_unit_test(reproducible_causes_tell_no_times),
		cmocka_unit_test(many_callers_stand_together),
		cmocka_unit_test(rules_at_one_site_share_its_caller),
		cmocka_unit_test(fin_alone_is_no_unread_data),
		cmocka_unit_test(wait_that_told_is_the_evidence),
		cmocka_unit_test(closed_number_is_held_by_nobody),
		cmocka_unit_test(titles_are_told_whole),
		cmocka_unit_test(suppressed_is_listed_but_not_in_the_first_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
