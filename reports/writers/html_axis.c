#include "reports/writers/html_axis.h"
#include "fixtures/base/buf.h"

#include <math.h>

#define MINUTES_FROM_NS UINT64_C(300000000000) /* long runs are counted in minutes */

double axis_x(const struct axis *axis, uint64_t ns)
{
	double share = (double)ns / (double)axis->html->end_ns;

	return axis->left + (share > 1 ? 1 : share) * axis->width;
}

/* "12 s", "2:30" */
static void put_tick(struct buf *out, double seconds, bool minutes)
{
	uint64_t whole = (uint64_t)(seconds + 0.5);

	if (minutes) {
		buf_printf(
			out, "%llu:%02u", (unsigned long long)(whole / 60), (unsigned)(whole % 60));
		return;
	}
	html_fixed(out, seconds, seconds >= 0.95 || seconds == 0 ? seconds != (double)whole : 2);
	buf_puts(out, " s");
}

static double tick_step(const struct axis *axis, unsigned most, bool minutes)
{
	double end = (double)axis->html->end_ns / 1e9;

	return minutes ? 60 * svg_step(end / 60, most) : svg_step(end, most);
}

void axis_put_ticks(const struct axis *axis, double top, double bottom, bool above, unsigned most)
{
	struct buf *out = axis->html->out;
	bool minutes = axis->html->end_ns >= MINUTES_FROM_NS;
	double step = tick_step(axis, most, minutes), end = (double)axis->html->end_ns / 1e9;

	for (unsigned i = 0; i * step <= end; i++) {
		double x = axis_x(axis, (uint64_t)(i * step * 1e9));

		svg_line(out, PAINT_GRID, x, top, x, bottom);
		svg_text_begin(out, PAINT_FAINT, i ? ANCHOR_MIDDLE : ANCHOR_START, 11, false,
			i ? x : axis->left, above ? top - 5 : bottom + 13);
		put_tick(out, i * step, minutes);
		svg_text_end(out);
	}
}

uint64_t axis_fault_end(const struct html *html, const struct result_fault *fault)
{
	if (!fault->in_force_ns)
		return 0;
	return fault->gone_ns ? fault->gone_ns : html->end_ns;
}

void axis_put_faults(const struct axis *axis, double top, double bottom)
{
	const struct result *result = axis->html->result;
	struct buf *out = axis->html->out;

	for (size_t i = 0; i < result->n_faults; i++) {
		const struct result_fault *fault = &result->faults[i];
		double x = axis_x(axis, fault->in_force_ns);
		double end = axis_x(axis, axis_fault_end(axis->html, fault));

		if (!fault->in_force_ns)
			continue;
		buf_puts(out, "<g fill-opacity=\"0.16\">");
		svg_rect(out, PAINT_FAULT, x, top, end - x, bottom - top);
		buf_puts(out, "</g><g stroke-dasharray=\"4 3\">");
		svg_line(out, PAINT_FAULT, x, top, x, bottom);
		svg_line(out, PAINT_FAULT, end, top, end, bottom);
		buf_puts(out, "</g>\n");
	}
}

static double tenth(double value)
{
	return floor(value * 10 + 0.5) / 10;
}

/* Both sides are rounded, not one side and the width: neighbours share their side, without a seam. */
void axis_box(struct buf *out, double x, double y, double width, double height)
{
	width = tenth(x + width) - tenth(x);
	buf_addc(out, 'M');
	svg_number(out, x);
	buf_addc(out, ' ');
	svg_number(out, y);
	buf_addc(out, 'h');
	svg_number(out, width);
	buf_addc(out, 'v');
	svg_number(out, height);
	buf_addc(out, 'h');
	svg_number(out, -width);
	buf_addc(out, 'z');
}
