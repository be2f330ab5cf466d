#include "suites/drivercheck/drivercheck.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "suites/drivercheck/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_NS (500 * NSEC_PER_MSEC)
/* The contract's 50 ms, and what a loaded machine adds. */
#define LIMIT_NS (TIMEOUT_NS + 250 * NSEC_PER_MSEC)

struct trial {
	const struct drivercheck_subject *subject;
	unsigned can;
	struct relay relay;
	struct endpoint relayed, direct, nobody; /* direct: past the relay */
	struct endpoint all[3];
	struct driver_target target;
	struct driver *driver;
	uint64_t took_ns, value;
	uint32_t key;
	struct drivercheck_finding *finding; /* of the present row */
};

/* --- small verbs ------------------------------------------------------------------------------ */

static void conclude(struct trial *t, enum drivercheck_result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void conclude(struct trial *t, enum drivercheck_result result, const char *fmt, ...)
{
	va_list ap;

	t->finding->result = result;
	va_start(ap, fmt);
	vsnprintf(t->finding->said, sizeof(t->finding->said), fmt, ap);
	va_end(ap);
}

static uint32_t next_key(struct trial *t)
{
	t->key = (t->key + 1) & UINT32_C(0x3fffffff);
	return op_key(KEY_LEDGER, t->key);
}

static struct driver_call ask(
	struct trial *t, const struct endpoint *at, enum op_kind kind, uint32_t key, uint64_t value)
{
	struct driver_call call = {
		.kind = kind, .key = key, .value = value, .timeout_ns = TIMEOUT_NS};
	uint64_t start = clock_now_ns();

	t->driver->ops->invoke(t->driver, at, &call);
	t->took_ns = clock_now_ns() - start;
	call.text[sizeof(call.text) - 1] = '\0';
	for (char *c = call.text; *c; c++) {
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '.';
	}
	return call;
}

static bool in_time(struct trial *t, enum op_kind kind)
{
	if (t->took_ns <= LIMIT_NS)
		return true;
	conclude(t, CHECK_WRONG, "the %s took %.0f ms; it was given %.0f ms", op_kind_name(kind),
		(double)t->took_ns / 1e6, (double)TIMEOUT_NS / 1e6);
	return false;
}

static const char *words(const struct driver_call *call)
{
	return call->state == OP_OK      ? "done"
		: call->state == OP_FAIL ? "surely not done"
					 : "unknown";
}

/* Of an attempt that must end ok. False: concluded. */
static bool is_done(struct trial *t, const struct driver_call *call)
{
	if (!in_time(t, call->kind))
		return false;
	if (call->state == OP_OK)
		return true;
	conclude(t, CHECK_WRONG, "%s: %s (%s: %s)", op_kind_name(call->kind), words(call),
		op_error_name(call->error), call->text);
	return false;
}

/* --- servers that behave badly ---------------------------------------------------------------- */

static void must_be_unknown(struct trial *t, enum relay_mode mode)
{
	static const enum op_kind kinds[] = {OP_WRITE, OP_READ};
	struct driver_call call;
	struct driver_role role;

	for (size_t i = 0; i < 2; i++) {
		relay_set(&t->relay, mode);
		call = ask(t, &t->relayed, kinds[i], next_key(t), ++t->value);
		if (!in_time(t, kinds[i]))
			return;
		if (call.state == OP_FAIL && t->can & DRIVER_HANDSHAKE)
			continue;
		if (call.state != OP_UNKNOWN) {
			conclude(t,
				kinds[i] == OP_READ && call.state == OP_FAIL ? CHECK_WEAK
									     : CHECK_WRONG,
				"%s: %s (%s: %s)", op_kind_name(kinds[i]), words(&call),
				op_error_name(call.error), call.text);
			return;
		}
	}
	conclude(t, CHECK_GOOD, "%s (%s)%s", words(&call), op_error_name(call.error),
		call.state == OP_FAIL ? ", in the handshake" : "");
	if (!(t->can & DRIVER_ROLES))
		return;
	relay_set(&t->relay, mode);
	t->took_ns = clock_now_ns();
	t->driver->ops->role(t->driver, &t->relayed, TIMEOUT_NS, &role);
	t->took_ns = clock_now_ns() - t->took_ns;
	if (t->took_ns > LIMIT_NS)
		conclude(t, CHECK_WRONG, "asking for the role took %.0f ms; it was given %.0f ms",
			(double)t->took_ns / 1e6, (double)TIMEOUT_NS / 1e6);
	else if (role.role != ROLE_UNKNOWN)
		conclude(t, CHECK_WRONG, "it believes to know the role");
}

static void hangs(struct trial *t)
{
	must_be_unknown(t, RELAY_HANG);
}

static void closes(struct trial *t)
{
	must_be_unknown(t, RELAY_CLOSE);
}

static void resets(struct trial *t)
{
	must_be_unknown(t, RELAY_RESET);
}

static void talks_nonsense(struct trial *t)
{
	must_be_unknown(t, RELAY_GARBAGE);
}

static void never_stops(struct trial *t)
{
	must_be_unknown(t, RELAY_FLOOD);
}

static void nobody_listens(struct trial *t)
{
	struct driver_call call = ask(t, &t->nobody, OP_WRITE, next_key(t), ++t->value);

	if (!in_time(t, OP_WRITE))
		return;
	conclude(t,
		call.state == OP_OK             ? CHECK_WRONG
			: call.state == OP_FAIL ? CHECK_GOOD
						: CHECK_WEAK,
		"%s (%s: %s)", words(&call), op_error_name(call.error), call.text);
}

static void has_no_cas(struct trial *t)
{
	struct driver_call call = ask(t, &t->nobody, OP_CAS, next_key(t), ++t->value);

	conclude(t, call.state == OP_OK ? CHECK_WRONG : CHECK_GOOD, "%s", words(&call));
}

/* --- a server that behaves well --------------------------------------------------------------- */

static bool reads(struct trial *t, const struct endpoint *at, uint32_t key, uint64_t value)
{
	struct driver_call call = ask(t, at, OP_READ, key, 0);

	if (!is_done(t, &call))
		return false;
	if (call.flags & OP_ABSENT)
		conclude(t, CHECK_WRONG, "it reads: absent, after %llu was written",
			(unsigned long long)value);
	else if (call.read_value != value)
		conclude(t, CHECK_WRONG, "it reads %llu, and %llu was written",
			(unsigned long long)call.read_value, (unsigned long long)value);
	else
		return true;
	return false;
}

static bool writes(struct trial *t, const struct endpoint *at, uint32_t key, uint64_t value,
	struct driver_call *call)
{
	*call = ask(t, at, OP_WRITE, key, value);
	return is_done(t, call);
}

static void nothing_there(struct trial *t)
{
	struct driver_call call;

	relay_set(&t->relay, RELAY_PASS);
	call = ask(t, &t->relayed, OP_READ, next_key(t), 0);
	if (!is_done(t, &call))
		return;
	conclude(t, call.flags & OP_ABSENT ? CHECK_GOOD : CHECK_WRONG,
		call.flags & OP_ABSENT ? "absent" : "it reads a value that nobody wrote");
}

static void reads_what_it_wrote(struct trial *t)
{
	uint32_t a = next_key(t), b = next_key(t);
	uint64_t first = ++t->value, second = ++t->value, third = ++t->value;
	struct driver_call call;

	relay_set(&t->relay, RELAY_PASS);
	if (writes(t, &t->relayed, a, first, &call) && writes(t, &t->relayed, b, second, &call) &&
		reads(t, &t->relayed, a, first) && reads(t, &t->relayed, b, second) &&
		writes(t, &t->relayed, a, third, &call) && reads(t, &t->relayed, a, third))
		conclude(t, CHECK_GOOD, "two keys, one of them overwritten");
}

static void deletes(struct trial *t)
{
	uint32_t key = next_key(t);
	struct driver_call call;

	relay_set(&t->relay, RELAY_PASS);
	if (!writes(t, &t->relayed, key, ++t->value, &call))
		return;
	call = ask(t, &t->relayed, OP_DELETE, key, 0);
	if (!is_done(t, &call))
		return;
	call = ask(t, &t->relayed, OP_READ, key, 0);
	if (is_done(t, &call))
		conclude(t, call.flags & OP_ABSENT ? CHECK_GOOD : CHECK_WRONG,
			call.flags & OP_ABSENT ? "absent" : "the value is still read");
}

static void versions_grow(struct trial *t)
{
	uint32_t key = next_key(t);
	uint64_t versions[2] = {0, 0};
	struct driver_call call;

	relay_set(&t->relay, RELAY_PASS);
	for (int i = 0; i < 2; i++) {
		if (!writes(t, &t->relayed, key, ++t->value, &call))
			return;
		call = ask(t, &t->relayed, OP_READ, key, 0);
		if (!is_done(t, &call))
			return;
		if (!(call.flags & OP_HAS_VERSION)) {
			conclude(t, CHECK_WRONG, "a read carries no version");
			return;
		}
		versions[i] = call.version;
	}
	conclude(t, versions[1] > versions[0] ? CHECK_GOOD : CHECK_WRONG, "%llu, then %llu",
		(unsigned long long)versions[0], (unsigned long long)versions[1]);
}

static void tells_a_role(struct trial *t)
{
	struct driver_role role;

	relay_set(&t->relay, RELAY_PASS);
	t->driver->ops->role(t->driver, &t->relayed, TIMEOUT_NS, &role);
	conclude(t, role.role == ROLE_UNKNOWN ? CHECK_WRONG : CHECK_GOOD, "%s",
		role.role == ROLE_UNKNOWN           ? "unknown"
			: role.role == ROLE_PRIMARY ? "primary"
						    : "replica");
}

/* A write whose request reached the server, on a connection that had served before. */
static void must_not_know(struct trial *t, enum relay_mode mode)
{
	uint32_t key = next_key(t);
	uint64_t value = ++t->value;
	struct driver_call call, after;
	unsigned talkers;

	relay_set(&t->relay, RELAY_PASS);
	if (!writes(t, &t->relayed, next_key(t), ++t->value, &call))
		return;
	relay_set(&t->relay, mode);
	call = ask(t, &t->relayed, OP_WRITE, key, value);
	talkers = relay_talkers(&t->relay);
	relay_set(&t->relay, RELAY_PASS);
	if (!in_time(t, OP_WRITE))
		return;
	after = ask(t, &t->direct, OP_READ, key, 0);
	if (call.state != OP_UNKNOWN)
		conclude(t, CHECK_WRONG, "%s (%s: %s)%s", words(&call), op_error_name(call.error),
			call.text,
			after.state == OP_OK && after.read_value == value
				? "; and the server has it"
				: "");
	else if (talkers > 1)
		conclude(t, CHECK_WRONG, "it asked again, on %u connections", talkers);
	else
		conclude(t, CHECK_GOOD, "unknown (%s)", op_error_name(call.error));
}

static void answer_is_lost(struct trial *t)
{
	must_not_know(t, RELAY_LOSE);
}

static void answer_is_cut(struct trial *t)
{
	must_not_know(t, RELAY_CUT);
}

/* What comes too late is of one key; the next reads are of another. */
static void answer_is_late(struct trial *t)
{
	uint32_t a = next_key(t), b = next_key(t);
	uint64_t first = ++t->value, second = ++t->value;
	uint64_t late = clock_now_ns();
	struct driver_call call;

	relay_set(&t->relay, RELAY_PASS);
	if (!writes(t, &t->relayed, a, first, &call) || !writes(t, &t->relayed, b, second, &call))
		return;
	relay_set(&t->relay, RELAY_LATE);
	late = clock_now_ns();
	call = ask(t, &t->relayed, OP_READ, a, 0);
	relay_set(&t->relay, RELAY_PASS);
	if (!in_time(t, OP_READ))
		return;
	if (call.state == OP_OK) {
		conclude(t, CHECK_WRONG, "done, before there was an answer");
		return;
	}
	if (!reads(t, &t->relayed, b, second))
		return;
	clock_sleep_until_ns(late + (RELAY_LATE_MS + 100) * NSEC_PER_MSEC);
	if (reads(t, &t->relayed, b, second))
		conclude(t, CHECK_GOOD, "unknown, and the next read is right");
}

static const struct row {
	const char *check, *must;
	void (*run)(struct trial *t);
	bool needs_server;
	unsigned can;
} rows[] = {
	{"nobody listens on the port", "surely not done: nothing was sent", nobody_listens, false,
		0},
	{"compare-and-set", "refused where the driver has none", has_no_cas, false, 0},
	{"the server takes the request and hangs", "unknown, in time", hangs, false, 0},
	{"the server closes", "unknown", closes, false, 0},
	{"the server resets", "unknown", resets, false, 0},
	{"the server talks nonsense", "unknown", talks_nonsense, false, 0},
	{"the answer never ends", "unknown, in time", never_stops, false, 0},
	{"a key that nobody wrote", "absent", nothing_there, true, 0},
	{"what was written is read", "the same", reads_what_it_wrote, true, 0},
	{"what was deleted is read", "absent", deletes, true, DRIVER_DELETES},
	{"versions", "grow with each write", versions_grow, true, DRIVER_VERSIONS},
	{"role", "primary or replica", tells_a_role, true, DRIVER_ROLES},
	{"the answer to a write is lost", "unknown, and not sent twice", answer_is_lost, true, 0},
	{"the answer to a write is cut off", "unknown", answer_is_cut, true, 0},
	{"the answer comes too late", "unknown, and never taken for the next one's", answer_is_late,
		true, 0},
};
static_assert(sizeof(rows) / sizeof(*rows) <= DRIVERCHECK_MAX, "room for all");

/* A port of 127.0.0.1 that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) ||
		getsockname(fd, (struct sockaddr *)&sa, &len))
		sa.sin_port = htons(1);
	if (fd >= 0)
		close(fd);
	return ntohs(sa.sin_port);
}

static int begin(struct trial *t, const struct drivercheck_subject *subject, struct err *err)
{
	struct rng rng;

	*t = (struct trial){.subject = subject, .can = driver_can(subject->ops, subject->options)};
	/* not a seed: another run must not find this one's keys */
	rng_seed(&rng, clock_now_ns() ^ (uint64_t)getpid() << 40);
	t->key = (uint32_t)rng_next(&rng) & UINT32_C(0x3fffffff);
	t->value = op_value(1 + (uint32_t)(rng_next(&rng) & 0x7ffff), 1);
	if (relay_open(&t->relay, subject->host, subject->port, err))
		return -1;
	t->relayed = (struct endpoint){
		.name = "server", .host = "127.0.0.1", .port = t->relay.port, .node = 0};
	t->direct = (struct endpoint){.name = "direct",
		.host = subject->host ? subject->host : "127.0.0.1",
		.port = subject->port,
		.node = 1};
	t->nobody = (struct endpoint){
		.name = "nobody", .host = "127.0.0.1", .port = free_port(), .node = 2};
	t->all[0] = t->relayed;
	t->all[1] = t->direct;
	t->all[2] = t->nobody;
	t->target = (struct driver_target){.endpoints = t->all,
		.n_endpoints = 3,
		.options = subject->options,
		.value_size = subject->value_size,
		.seed = 1};
	t->driver = subject->ops->open(&t->target, err);
	return t->driver ? 0 : -1;
}

int drivercheck_run(const struct drivercheck_subject *subject,
	struct drivercheck_finding out[DRIVERCHECK_MAX], size_t *n, struct err *err)
{
	struct trial t;

	*n = 0;
	if (begin(&t, subject, err)) {
		relay_close(&t.relay);
		return -1;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];

		t.finding = &out[(*n)++];
		*t.finding = (struct drivercheck_finding){.check = row->check, .must = row->must};
		if (row->needs_server && !subject->host)
			conclude(&t, CHECK_SKIPPED, "no server to try it on: give --url HOST:PORT");
		else if (row->can & ~t.can)
			conclude(&t, CHECK_SKIPPED, "the driver does not say that it can");
		else
			row->run(&t);
	}
	t.driver->ops->close(t.driver);
	relay_close(&t.relay);
	return 0;
}

const char *drivercheck_word(enum drivercheck_result result)
{
	static const char *const names[] = {[CHECK_GOOD] = "ok",
		[CHECK_WEAK] = "weak",
		[CHECK_WRONG] = "WRONG",
		[CHECK_SKIPPED] = "-"};

	return names[result];
}
