/* impairment_print: an impairment as people say it, in the words of its rows. */
#include "chaos/impairment.h"
#include "chaos/loss.h"
#include "fixtures/base/buf.h"

struct line {
	struct buf *out;
	size_t start;
};

static void add_word(struct line *line, const char *word)
{
	buf_printf(line->out, "%s%s", line->out->len > line->start ? ", " : "", word);
}

/* The word of a row and its value; nothing where it is 0. */
static void add(struct line *line, const char *word, enum param_type type, uint64_t value)
{
	if (!value)
		return;
	add_word(line, word);
	buf_puts(line->out, " ");
	param_print(line->out, type, value);
}

/* What belongs to the value before it. */
static void append(struct line *line, const char *before, enum param_type type, uint64_t value)
{
	if (!value)
		return;
	buf_puts(line->out, before);
	param_print(line->out, type, value);
}

static void print_delay(struct line *line, const struct impairment *imp)
{
	const struct param *shape = param_find(impairment_params, "distribution");

	add(line, "delay", PARAM_DURATION, imp->delay_ns);
	add(line, "jitter", PARAM_DURATION, imp->jitter_ns);
	if (imp->jitter_ns)
		buf_printf(line->out, " %s%s", shape->choices[imp->distribution],
			imp->reorder ? " reordering" : "");
	add(line, "overtake", PARAM_SHARE, imp->overtake_ppm);
	if (imp->overtake_gap > 1)
		append(line, imp->overtake_ppm ? " with a gap of " : ", overtake-gap ", PARAM_COUNT,
			imp->overtake_gap);
}

static void print_loss(struct line *line, const struct impairment *imp)
{
	add(line, "loss", PARAM_SHARE, imp->loss_ppm);
	if (imp->loss_ppm && imp->loss_burst > 1)
		append(line, " in bursts of ", PARAM_COUNT, imp->loss_burst);
	if (loss_has_four_states(imp)) {
		add_word(line, "four-state loss");
		append(line, " p13 ", PARAM_SHARE, imp->loss_p13_ppm);
		append(line, " p31 ", PARAM_SHARE, imp->loss_p31_ppm);
		append(line, " p32 ", PARAM_SHARE, imp->loss_p32_ppm);
		append(line, " p23 ", PARAM_SHARE, imp->loss_p23_ppm);
		append(line, " p14 ", PARAM_SHARE, imp->loss_p14_ppm);
		buf_printf(line->out, " (mean %.3g %%, bursts of %.3g)", 100 * loss_mean(imp),
			loss_mean_burst(imp));
	}
	if (imp->ecn)
		buf_puts(line->out, " or ECN mark");
	add(line, "duplicate", PARAM_SHARE, imp->duplicate_ppm);
	add(line, "corrupt", PARAM_SHARE, imp->corrupt_ppm);
}

static void print_queue(struct line *line, const struct impairment *imp)
{
	add(line, "rate", PARAM_BITRATE, imp->rate_bps);
	append(line, " and ", PARAM_SIZE, imp->rate_overhead);
	if (imp->rate_overhead)
		buf_puts(line->out, " a packet");
	append(line, " in cells of ", PARAM_SIZE, imp->rate_cell);
	append(line, " and ", PARAM_SIZE, imp->rate_cell_overhead);
	if (imp->slot_max_ns) {
		add_word(line, "slots ");
		param_print(line->out, PARAM_DURATION, imp->slot_min_ns);
		append(line, " to ", PARAM_DURATION, imp->slot_max_ns);
		append(line, " of packets ", PARAM_COUNT, imp->slot_packets);
		append(line, " of ", PARAM_SIZE, imp->slot_bytes);
	}
	add(line, "limit", PARAM_COUNT, imp->limit);
}

void impairment_print(struct buf *out, const struct impairment *imp)
{
	static const char *const refusals[] = {[REJECT_NONE] = "cut",
		[REJECT_RST] = "cut, refused with RST",
		[REJECT_ICMP] = "cut, refused with ICMP"};
	struct line line = {out, out->len};

	print_delay(&line, imp);
	print_loss(&line, imp);
	print_queue(&line, imp);
	if (imp->cut)
		add_word(&line, refusals[imp->reject]);
	if (out->len == line.start)
		buf_puts(out, "neutral");
}
