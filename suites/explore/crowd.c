#include "suites/explore/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct member {
	pid_t pid; /* 0: it has ended */
	int fd;    /* what it says; -1: nothing any more */
	struct buf said;
};

/* ---- the child --------------------------------------------------------------------------- */

/* A word of a line: no tab and no newline in it. */
static void put_word(struct buf *out, const char *text)
{
	buf_addc(out, '\t');
	for (; text && *text; text++)
		buf_addc(out, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static void put_tryout(struct buf *out, const struct tryout *t)
{
	buf_printf(out, "ran\t%d", t->exit_code);
	put_word(out, t->error);
	buf_addc(out, '\n');
	for (size_t i = 0; i < t->n; i++) {
		buf_printf(out, "expect\t%d", (int)t->expects[i].verdict);
		put_word(out, t->expects[i].id);
		put_word(out, t->expects[i].got);
		put_word(out, t->expects[i].why);
		buf_addc(out, '\n');
	}
}

static void write_all(int fd, const struct buf *out)
{
	for (size_t done = 0; done < out->len;) {
		ssize_t n = write(fd, out->data + done, out->len - done);

		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

static void __attribute__((noreturn))
run_member(const struct tryout_options *options, const struct buf *text, unsigned i, int fd)
{
	struct tryout_options own = *options;
	struct arena arena = {0};
	struct tryout tryout;
	struct buf out = {0};
	struct err err = {0};

	own.runs = arena_printf(&arena, "%s/%u", options->runs, i);
	if (mkdir(own.runs, 0755) && errno != EEXIST)
		err_sys(&err, "cannot make %s", own.runs);
	if (!err.text[0] &&
		!tryout_run(&arena, &own, text, arena_printf(&arena, "%s.yaml", own.runs), &tryout,
			&err)) {
		put_tryout(&out, &tryout);
	} else {
		buf_printf(&out, "ran\t%d", err_exit_code(&err));
		put_word(&out, err.text);
		buf_addc(&out, '\n');
	}
	write_all(fd, &out);
	_exit(0);
}

static int start(struct member *members, unsigned i, const struct tryout_options *options,
	const struct buf *text, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	members[i].pid = fork();
	if (members[i].pid < 0) {
		members[i].pid = 0;
		close(ends[0]);
		close(ends[1]);
		return err_sys(err, "cannot start a run");
	}
	if (!members[i].pid) {
		close(ends[0]);
		run_member(options, text, i, ends[1]);
	}
	close(ends[1]);
	members[i].fd = ends[0];
	return 0;
}

/* ---- the parent -------------------------------------------------------------------------- */

/* False: it says nothing any more. */
static bool hear(struct member *member)
{
	char text[4096];
	ssize_t n = read(member->fd, text, sizeof(text));

	if (n > 0)
		buf_add(&member->said, text, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* The terminal's Ctrl-C they have got themselves. */
static void pass_on(const struct member *members, unsigned n, int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info) || info.ssi_code == SI_KERNEL)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (members[i].pid > 0)
			kill(members[i].pid, (int)info.ssi_signo);
	}
}

/* Until all have said everything. */
static void listen_to(struct member *members, unsigned n, int signal_fd)
{
	struct pollfd fds[CROWD_MAX + 1];
	unsigned open = n;

	while (open) {
		open = 0;
		for (unsigned i = 0; i < n; i++) {
			fds[i] = (struct pollfd){.fd = members[i].fd, .events = POLLIN};
			open += members[i].fd >= 0;
		}
		fds[n] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
		if (!open || poll(fds, n + 1, -1) < 0)
			continue;
		if (fds[n].revents)
			pass_on(members, n, signal_fd);
		for (unsigned i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents || hear(&members[i]))
				continue;
			close(members[i].fd);
			members[i].fd = -1;
		}
	}
}

static void take_expect(struct arena *arena, char *line, struct tryout *out)
{
	struct tryout_expect *e = ARENA_PUSH(arena, out->expects, out->n);
	const char *why;

	e->verdict = (enum verdict)atoi(strsep(&line, "\t"));
	e->id = line ? strsep(&line, "\t") : "";
	e->got = line ? strsep(&line, "\t") : "";
	why = line ? strsep(&line, "\t") : "";
	e->why = *why ? why : NULL;
}

static void take_said(struct arena *arena, const struct member *member, struct tryout *out)
{
	char *text = arena_strdup(arena, buf_str(&member->said)), *line;

	*out = (struct tryout){.exit_code = EXIT_INTERNAL, .error = "a run died without a result"};
	while ((line = strsep(&text, "\n")) && *line) {
		const char *word = strsep(&line, "\t");

		if (line && !strcmp(word, "expect")) {
			take_expect(arena, line, out);
			continue;
		}
		out->exit_code = line ? atoi(strsep(&line, "\t")) : EXIT_INTERNAL;
		out->error = line && *line ? line : NULL;
	}
}

static int watch_signals(sigset_t *before, struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, before);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, "cannot watch signals") : fd;
}

int crowd_run(struct arena *arena, const struct tryout_options *options, const struct buf *texts,
	unsigned n, struct tryout *outs, struct err *err)
{
	struct member members[CROWD_MAX];
	sigset_t before;
	int rc = 0, signal_fd = watch_signals(&before, err);

	if (n > CROWD_MAX)
		n = CROWD_MAX;
	for (unsigned i = 0; i < n; i++)
		members[i] = (struct member){.fd = -1};
	if (signal_fd < 0)
		rc = -1;
	for (unsigned i = 0; i < n && !rc; i++)
		rc = start(members, i, options, &texts[i], err);
	if (signal_fd >= 0)
		listen_to(members, n, signal_fd);
	for (unsigned i = 0; i < n; i++) {
		if (members[i].pid > 0)
			waitpid(members[i].pid, NULL, 0);
		if (!rc)
			take_said(arena, &members[i], &outs[i]);
		buf_release(&members[i].said);
	}
	if (signal_fd >= 0)
		close(signal_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
