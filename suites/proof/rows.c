#include "suites/proof/rows.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "suites/proof/traffic.h"

static const char *const family_names[] = {[BEACON_IP4] = "IPv4", [BEACON_IP6] = "IPv6"};

_Static_assert(sizeof(family_names) / sizeof(family_names[0]) == BEACON_FAMILIES,
	"a name for every family");

static const char *take(struct arena *arena, struct buf *text)
{
	const char *copy = arena_strdup(arena, buf_str(text));

	buf_release(text);
	return copy;
}

static const char *asked_text(struct arena *arena, const struct certificate_link *link)
{
	struct buf text = {0};

	impairment_print(&text, &link->asked);
	if (link->match) {
		buf_puts(&text, "; of ");
		match_print(&text, link->match);
		buf_puts(&text, ": ");
		impairment_print(&text, &link->matched_asked);
	}
	return take(arena, &text);
}

/* "; 43 packets to be refused, answers seen: 41 RST, 2 ICMP" */
static void put_refused(struct buf *text, const struct certificate_link *link)
{
	if (link->refusable)
		buf_printf(text, "; %llu packets to be refused, answers seen: %llu RST, %llu ICMP",
			(unsigned long long)link->refusable,
			(unsigned long long)link->refused_by_rst,
			(unsigned long long)link->refused_by_icmp);
}

static void put_matched(struct buf *text, const struct certificate_link *link)
{
	const struct certificate_matched *m = &link->matched[1];

	if (!link->match)
		return;
	buf_printf(text, "; of the packets meant %llu of %llu lost", (unsigned long long)m->lost,
		(unsigned long long)m->sent);
	if (m->lost < m->sent)
		buf_printf(text, ", delay p50 %.3g ms", (double)m->p50_ns / 1e6);
}

/* "792 of 792 lost", "delay p50 40.1 ms, p95 42.3 ms, jitter 1.9 ms, loss 1.1 % (0.5 .. 2.3)" */
static const char *measured_text(struct arena *arena, const struct certificate_link *link,
	const struct certificate_measure *m)
{
	const struct impairment *asked = &link->asked;
	struct buf text = {0};

	if (!m->sent) {
		buf_puts(&text, "no beacons");
	} else if (asked->cut || m->lost == m->sent) {
		buf_printf(&text, "%llu of %llu lost", (unsigned long long)m->lost,
			(unsigned long long)m->sent);
	} else {
		buf_printf(&text, "delay p50 %.3g ms, p95 %.3g ms, jitter %.2g ms",
			(double)m->p50_ns / 1e6, (double)m->p95_ns / 1e6,
			(double)m->jitter_ns / 1e6);
		buf_printf(&text, ", loss %.2g %% (%.2g .. %.2g)", m->loss * 100, m->loss_low * 100,
			m->loss_high * 100);
	}
	put_matched(&text, link);
	put_refused(&text, link);
	return take(arena, &text);
}

static void traffic_rows(struct arena *arena, const struct certificate *certificate,
	const char *(*region_name)(const void *arg, unsigned region), const void *arg,
	struct result_fault *out)
{
	struct result_traffic *rows = arena_array(arena, certificate->n_traffic + 1, sizeof(*rows));

	for (size_t i = 0; i < certificate->n_traffic; i++) {
		const struct traffic *t = &certificate->traffic[i];

		rows[i] = (struct result_traffic){.from = region_name(arg, t->from),
			.to = region_name(arg, t->to),
			.stage = traffic_stage_name(t->stage),
			.length_ns = t->to_ns - t->from_ns,
			.sent = t->sent,
			.crossed = t->crossed,
			.bytes = t->bytes,
			.first_ns = t->first_ns,
			.last_ns = t->last_ns,
			.opened = t->opened,
			.answered = t->answered,
			.handshake_ns = t->handshake_ns,
			.retransmissions = t->retransmissions,
			.resets = t->resets};
	}
	out->traffic = rows;
	out->n_traffic = certificate->n_traffic;
}

void certificate_rows(struct arena *arena, const struct certificate *certificate,
	const char *(*region_name)(const void *arg, unsigned region), const void *arg,
	struct result_fault *out)
{
	size_t n = certificate->n_links * BEACON_FAMILIES;
	struct result_link *rows = arena_array(arena, n + 1, sizeof(*rows));

	for (size_t i = 0; i < n; i++) {
		const struct certificate_link *link = &certificate->links[i / BEACON_FAMILIES];
		const struct certificate_family *family = &link->families[i % BEACON_FAMILIES];

		rows[i] = (struct result_link){
			.from = region_name(arg, link->from),
			.to = region_name(arg, link->to),
			.family = family_names[i % BEACON_FAMILIES],
			.asked = asked_text(arena, link),
			.measured = measured_text(arena, link, &family->during),
			.ok = family->status == CERTIFIED,
			.beacons = family->during.sent,
			.system_attempted = link->system_attempted,
			.system_crossed = link->system_crossed,
		};
	}
	out->links = rows;
	out->n_links = n;
	traffic_rows(arena, certificate, region_name, arg, out);
}
