#include "chaos/clean.h"
#include "chaos/restore.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define END_LIMIT_MS 2000

static bool ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, END_LIMIT_MS) > 0;
}

static int clean_entry(const char *path, const struct journal *journal, struct buf *out)
{
	unsigned killed = 0, left = 0;
	struct err err = {0}, ignored;

	for (unsigned i = 0; i < journal->n; i++) {
		int fd = journal_hold(&journal->processes[i]);

		if (fd < 0)
			continue;
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
		killed++;
		left += !ended(fd);
		close(fd);
	}
	/* All that could still hold or use them is dead by now. */
	left += restore_network(journal, &err);
	left += restore_halted(journal, err.text[0] ? &ignored : &err);
	left += restore_groups(journal, err.text[0] ? &ignored : &err);
	if (*journal->work && tree_remove(journal->work, &err))
		left++;
	if (left == 0 && unlink(path) && errno != ENOENT)
		left++;
	buf_printf(out, "%s: %s, %u processes ended", journal->run,
		left ? "NOT cleaned" : "cleaned", killed);
	if (journal->n_ports)
		buf_printf(out, ", %u interfaces of containers looked after", journal->n_ports);
	if (journal->n_halts)
		buf_printf(out, ", %u stopped containers started", journal->n_halts);
	buf_printf(out, "%s%s\n", err.text[0] ? ": " : "", err.text);
	return left ? -1 : 0;
}

static void look_at(void *arg, const char *path, const struct journal *journal)
{
	struct clean_left *left = arg;
	int fd = journal_claim(path, journal);

	if (fd < 0)
		return;
	close(fd);
	if (!left->runs++)
		memcpy(left->first, journal->run, sizeof(left->first));
	left->ports += journal->n_ports;
	left->halts += journal->n_halts;
}

int clean_look(struct clean_left *out, struct err *err)
{
	*out = (struct clean_left){0};
	return journal_for_each(look_at, out, err);
}

struct cleaning {
	struct buf *out;
	unsigned cleaned;
	int failed;
};

static void clean_dead(void *arg, const char *path, const struct journal *journal)
{
	struct cleaning *cleaning = arg;

	int fd = journal_claim(path, journal);

	if (fd < 0) {
		buf_printf(cleaning->out, "%s: running, left alone\n", journal->run);
		return;
	}
	if (clean_entry(path, journal, cleaning->out))
		cleaning->failed++;
	else
		cleaning->cleaned++;
	close(fd);
}

int clean_all(struct buf *out, unsigned *cleaned, struct err *err)
{
	struct cleaning cleaning = {.out = out};

	if (journal_for_each(clean_dead, &cleaning, err))
		return -1;
	*cleaned = cleaning.cleaned;
	return cleaning.failed;
}

struct search {
	const char *run;
	int pidfd;
	unsigned found;
};

static void find_controller(void *arg, const char *path, const struct journal *journal)
{
	struct search *search = arg;
	int fd;

	(void)path;
	if (search->run && strcmp(search->run, journal->run))
		return;
	for (unsigned i = 0; i < journal->n; i++) {
		if (strcmp(journal->processes[i].what, "controller"))
			continue;
		fd = journal_hold(&journal->processes[i]);
		if (fd < 0)
			continue;
		if (search->pidfd >= 0)
			close(search->pidfd);
		search->pidfd = fd;
		search->found++;
	}
}

int clean_abort(const char *run, struct err *err)
{
	struct search search = {.run = run, .pidfd = -1};
	int rc = 0;

	if (journal_for_each(find_controller, &search, err))
		return -1;
	if (search.found == 0)
		rc = err_exit(err, EXIT_USAGE,
			run ? "no run named %s is under way" : "no run is under way", run);
	else if (search.found > 1)
		rc = err_exit(err, EXIT_USAGE, "%u runs are under way: name one", search.found);
	else if (syscall(SYS_pidfd_send_signal, search.pidfd, SIGTERM, NULL, 0))
		rc = err_sys(err, "cannot signal the controller");
	if (search.pidfd >= 0)
		close(search.pidfd);
	return rc;
}
