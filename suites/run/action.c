/*
 * Actions of the timeline: a command of the user's, a webhook, a person.
 *
 * A command (`sh -c`) or a webhook is a child of its own, with a group of its own and nothing on its
 * standard input, so that the timeline goes on beside it; at its limit the whole group is killed. What it
 * prints is kept in the run's directory. It needs no privilege: where regionproof was started by sudo, it
 * runs as the user who called that. How it ended is an expectation of its own in the result: a command that
 * fails has not made the failover that the verdicts are about.
 *
 * A person is waited for as --hold does (hold.c). A purge is asked of the edges by the probers.
 */
#include "suites/run/run.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (64 * 1024)

struct start {
	const struct run *run;
	const struct plan_action *action;
	uint64_t at_ns;
	const char *output;
};

/* --- the child's side ------------------------------------------------------------------------- */

/* Whoever called sudo; nothing where nobody did. */
static int become_caller(void)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (geteuid() != 0 || !uid || !gid)
		return 0;
	return setgroups(0, NULL) ||
		setresgid((gid_t)atoi(gid), (gid_t)atoi(gid), (gid_t)atoi(gid)) ||
		setresuid((uid_t)atoi(uid), (uid_t)atoi(uid), (uid_t)atoi(uid));
}

static size_t print_answer(char *data, size_t size, size_t n, void *arg)
{
	(void)arg;
	return fwrite(data, size, n, stdout);
}

/* Exit status 0 for an answer of 2xx. */
static int call_webhook(const struct start *start)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct buf body = {0};
	CURL *curl = curl_easy_init();
	CURLcode code;
	long status = 0;

	buf_printf(&body, "{\"run\":\"%s\",\"action\":\"%s\",\"at_ns\":%" PRIu64 "}",
		start->run->store.name, start->action->name, start->at_ns);
	curl_easy_setopt(curl, CURLOPT_URL, start->action->what);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_str(&body));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, print_answer);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK)
		printf("\n%s\n", curl_easy_strerror(code));
	else if (status < 200 || status > 299)
		printf("\nthe answer is HTTP %ld\n", status);
	fflush(stdout);
	return code == CURLE_OK && status >= 200 && status <= 299 ? 0 : 1;
}

static int act(void *arg)
{
	const struct start *start = arg;
	const struct plan_action *action = start->action;
	int out = open(start->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		dup2(out, STDERR_FILENO) < 0)
		return 126;
	process_keep_fds(NULL, 0);
	if (become_caller())
		return 126;
	if (action->kind == ACTION_WEBHOOK)
		return call_webhook(start);
	signal(SIGPIPE, SIG_DFL);
	setenv("REGIONPROOF_RUN", start->run->store.name, 1);
	setenv("REGIONPROOF_ACTION", action->name, 1);
	execl("/bin/sh", "sh", "-c", action->what, (char *)NULL);
	return 127;
}

/* --- ours ------------------------------------------------------------------------------------- */

static const char *limit_text(struct run *run, const struct plan_action *action)
{
	struct buf out = {0};
	const char *text;

	param_print(&out, PARAM_DURATION, action->limit_ns);
	text = arena_strdup(&run->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

/* The last line of what it printed; NULL: nothing. */
static const char *last_words(struct run *run, const struct running_action *r)
{
	struct buf text = {0};
	struct err err;
	const char *words = NULL;
	char *line;

	if (!buf_read_file(&text, r->output, OUTPUT_MAX, &err) && text.len) {
		while (text.len && strchr("\r\n", text.data[text.len - 1]))
			text.data[--text.len] = '\0';
		line = strrchr(buf_str(&text), '\n');
		words = *buf_str(&text)
			? arena_printf(&run->arena, "%.200s", line ? line + 1 : buf_str(&text))
			: NULL;
	}
	buf_release(&text);
	return words;
}

static void conclude(struct run *run, struct running_action *r, bool in_time)
{
	char how[64];

	r->ended_ns = run_since(run, clock_now_ns());
	r->good = in_time && r->process.ended && WIFEXITED(r->process.status) &&
		!WEXITSTATUS(r->process.status);
	r->how = in_time ? arena_strdup(&run->arena, process_how_ended(&r->process, how))
			 : arena_printf(&run->arena, "was killed at its limit of %s",
				   limit_text(run, r->action));
	run_note(run, r->ended_ns, r->action->name, "%s after %.2f s", r->how,
		(double)(r->ended_ns - r->started_ns) / 1e9);
}

static void kill_group(struct running_action *r)
{
	if (r->process.pid > 0 && !r->process.ended) {
		kill(-r->process.pid, SIGKILL);
		process_kill(&r->process);
	}
}

/* Every region's prober asks its own edge; what came of it is in the history. */
static int purge(
	struct run *run, const struct plan_action *action, uint64_t now_ns, struct err *err)
{
	struct jv *body, *message = run_tell_prober("purge", &body);

	jv_set(body, "group", jv_new_int(action->group));
	run_note(run, now_ns, action->name, "purge the edges of %s", action->what);
	return crew_tell(&run->crew, message, err);
}

int run_act(struct run *run, const struct plan_action *action, struct err *err)
{
	struct running_action *r;
	struct start start = {run, action, run_since(run, clock_now_ns()), NULL};

	if (action->kind == ACTION_WAIT)
		return 0; /* went on */
	if (action->kind == ACTION_PURGE)
		return purge(run, action, start.at_ns, err);
	r = ARENA_PUSH(&run->arena, run->actions, run->n_actions);
	*r = (struct running_action){.action = action,
		.process = PROCESS_INIT,
		.started_ns = start.at_ns,
		.output = arena_printf(
			&run->arena, "%s/action-%s.log", run->store.dir, action->name)};
	start.output = r->output;
	run_note(run, r->started_ns, action->name, "%s %s",
		action->kind == ACTION_DO ? "do" : "webhook", action->what);
	return process_start(&r->process, 0, act, &start, err);
}

bool run_look_after_actions(struct run *run)
{
	uint64_t now = run_since(run, clock_now_ns());
	bool going_on = false;

	for (size_t i = 0; i < run->n_actions; i++) {
		struct running_action *r = &run->actions[i];

		if (r->ended_ns)
			continue;
		if (process_wait(&r->process, 0)) {
			conclude(run, r, true);
		} else if (now >= r->started_ns + r->action->limit_ns) {
			kill_group(r);
			conclude(run, r, false);
		} else {
			going_on = true;
		}
	}
	return going_on;
}

int run_finish_actions(struct run *run, struct err *err)
{
	while (run_look_after_actions(run)) {
		if (crew_pump(&run->crew, clock_now_ns() + ACTION_LOOK_NS, NULL, err))
			return -1;
	}
	return 0;
}

void run_end_actions(struct run *run)
{
	for (size_t i = 0; i < run->n_actions; i++) {
		struct running_action *r = &run->actions[i];

		if (r->ended_ns)
			continue;
		kill_group(r);
		r->ended_ns = run_since(run, clock_now_ns());
		r->how = "was killed, since the run ended before it";
	}
}

/* A row an action, behind the scenario's own. */
void run_judge_actions(struct run *run, struct result *out)
{
	struct result_expect *rows;

	if (!run->n_actions)
		return;
	rows = arena_array(&run->arena, out->n_expects + run->n_actions, sizeof(*rows));
	if (out->n_expects)
		memcpy(rows, out->expects, out->n_expects * sizeof(*rows));
	for (size_t i = 0; i < run->n_actions; i++) {
		const struct running_action *r = &run->actions[i];
		const struct plan_action *action = r->action;
		const char *words = r->good ? NULL : last_words(run, r);

		rows[out->n_expects + i] = (struct result_expect){
			.id = arena_printf(&run->arena, "action.%s", action->name),
			.metric = "action",
			.file = action->place.file,
			.line = action->place.line,
			.column = action->place.column,
			.verdict = r->good ? VERDICT_PASS : VERDICT_FAIL,
			.wanted = arena_printf(&run->arena, "%s within %s",
				action->kind == ACTION_DO ? "status 0" : "2xx",
				limit_text(run, action)),
			.got = r->how ? r->how : "-",
			.unit = "count",
			.why = r->good
				? NULL
				: arena_printf(&run->arena, "%s %s%s%s%s", action->what,
					  r->how ? r->how : "did not end",
					  words ? "; it said: " : "", words ? words : "", "")};
	}
	out->expects = rows;
	out->n_expects += run->n_actions;
}
