/*
 * Charts per region: latency of reads and of writes on a logarithmic axis, and throughput.
 *
 * A bar of latency goes from the fastest to p99 of its bucket, a stroke marks the median, a dot the
 * slowest: nothing extreme is lost to sampling. Above the plot stand crosses where something failed
 * and rings where an outcome is unknown. All regions share the axes.
 */
#include "fixtures/base/buf.h"
#include "reports/writers/html.h"
#include "reports/writers/html_chart.h"

#include <math.h>
#include <string.h>

#define RATES_MAX 60 /* steps of throughput: buckets are joined, else single operations show */

struct chart {
	const struct html *html;
	struct axis axis;
	double low, high; /* log10 of ns */
	double most;      /* operations per second */
	double width;     /* of a bucket */
	size_t join;      /* buckets of a step of throughput */
};

static const struct series_line *find_line(
	const struct series *series, const char *region, bool writes)
{
	for (size_t i = 0; i < series->n_lines; i++) {
		if (series->lines[i].writes == writes && !strcmp(series->lines[i].region, region))
			return &series->lines[i];
	}
	return NULL;
}

struct rates {
	double ok, not_ok; /* per second */
};

/* Of the joined buckets from there on. The last may reach beyond the end of the run. */
static struct rates rates_of(
	const struct chart *chart, const struct series_line *line, size_t first)
{
	const struct series *series = &chart->html->result->series;
	uint64_t start_ns = first * series->bucket_ns;
	uint64_t length_ns = chart->join * series->bucket_ns;
	struct rates rates = {0};

	for (size_t b = first; b < first + chart->join && b < series->n_buckets; b++) {
		rates.ok += (double)line->buckets[b].ok;
		rates.not_ok += (double)(line->buckets[b].fail + line->buckets[b].unknown);
	}
	if (start_ns + length_ns > chart->html->end_ns && chart->html->end_ns > start_ns)
		length_ns = chart->html->end_ns - start_ns;
	rates.ok /= (double)length_ns / 1e9;
	rates.not_ok /= (double)length_ns / 1e9;
	return rates;
}

static void find_bounds(struct chart *chart)
{
	const struct series *series = &chart->html->result->series;
	double low = 1e18, high = 0, most = 0;

	for (size_t i = 0; i < series->n_lines; i++) {
		for (size_t b = 0; b < series->n_buckets; b++) {
			const struct series_stats *stats = &series->lines[i].buckets[b];

			if (stats->ok) {
				low = fmin(low, (double)stats->min_ns);
				high = fmax(high, (double)stats->max_ns);
			}
		}
		for (size_t b = 0; b < series->n_buckets; b += chart->join) {
			struct rates rates = rates_of(chart, &series->lines[i], b);

			most = fmax(most, fmax(rates.ok, rates.not_ok));
		}
	}
	chart->low = floor(log10(fmax(low < 1e18 ? low : 1e6, 1000)));
	chart->high = fmax(ceil(log10(fmax(high, 10))), chart->low + 1);
	chart->most = fmax(most, 1);
}

static double latency_y(const struct chart *chart, uint64_t ns)
{
	double value = log10(fmax((double)ns, 1));
	double share = (value - chart->low) / (chart->high - chart->low);

	share = fmin(fmax(share, 0), 1);
	return CHART_BOTTOM - share * (CHART_BOTTOM - CHART_TOP);
}

static void put_decades(const struct chart *chart)
{
	for (double d = chart->low; d <= chart->high; d++) {
		double share = (d - chart->low) / (chart->high - chart->low);

		chart_level_begin(&chart->axis, CHART_BOTTOM - share * (CHART_BOTTOM - CHART_TOP));
		chart_put_decade(chart->html->out, d);
		svg_text_end(chart->html->out);
	}
}

static double middle_of(const struct chart *chart, size_t bucket)
{
	return axis_x(&chart->axis, bucket * chart->html->result->series.bucket_ns) +
		chart->width / 2;
}

static void put_latencies(const struct chart *chart, const struct series_line *line)
{
	const struct series *series = &chart->html->result->series;
	struct buf ranges = {0}, medians = {0}, slowest = {0}, *out = chart->html->out;

	for (size_t b = 0; b < series->n_buckets; b++) {
		const struct series_stats *stats = &line->buckets[b];
		double x = middle_of(chart, b), fast = latency_y(chart, stats->min_ns);
		double p99 = latency_y(chart, stats->p99_ns);

		if (!stats->ok)
			continue;
		chart_point(&ranges, 'M', x, fast > p99 + 1 ? fast : p99 + 1);
		buf_addc(&ranges, 'V');
		svg_number(&ranges, p99);
		chart_point(&medians, 'M', x - chart->width / 2, latency_y(chart, stats->p50_ns));
		buf_addc(&medians, 'h');
		svg_number(&medians, chart->width);
		chart_point(&slowest, 'M', x, latency_y(chart, stats->max_ns));
		buf_puts(&slowest, "h0");
	}
	chart_put_path(out, &ranges, PAINT_SOFT, fmax(chart->width, 1), false);
	chart_put_path(out, &medians, PAINT_OK, 1.6, false);
	chart_put_path(out, &slowest, PAINT_INK, 2, true);
}

/* Above the plot: crosses where something failed, rings where nobody knows. */
static void put_troubles(const struct chart *chart, const struct series_line *line)
{
	const struct series *series = &chart->html->result->series;
	struct buf crosses = {0}, rings = {0}, *out = chart->html->out;

	for (size_t b = 0; b < series->n_buckets; b++) {
		const struct series_stats *stats = &line->buckets[b];
		double x = middle_of(chart, b);

		if (stats->fail) {
			chart_point(&crosses, 'M', x - 2, CHART_TOP - 12);
			buf_puts(&crosses, "l4 4m0-4l-4 4");
		}
		if (stats->unknown) {
			chart_point(&rings, 'M', x - 1.8, CHART_TOP - 4);
			buf_puts(&rings, "a1.8 1.8 0 1 0 3.6 0a1.8 1.8 0 1 0-3.6 0");
		}
	}
	chart_put_path(out, &crosses, PAINT_FAIL, 1, false);
	chart_put_path(out, &rings, PAINT_UNKNOWN, 0.8, false);
}

static void put_latency(const struct chart *chart, const char *region, bool writes)
{
	const struct series_line *line = find_line(&chart->html->result->series, region, writes);
	struct buf *out = chart->html->out;

	if (!line)
		return;
	chart_open(&chart->axis, region, writes ? "latency of writes" : "latency of reads",
		writes ? "Latency of writes over time; the table below has numbers"
		       : "Latency of reads over time; the table below has numbers");
	put_decades(chart);
	put_latencies(chart, line);
	put_troubles(chart, line);
	svg_close(out);
}

/* --- throughput ------------------------------------------------------------------------------ */

static double rate_y(const struct chart *chart, double rate)
{
	return CHART_BOTTOM - rate / chart->most * (CHART_BOTTOM - CHART_TOP);
}

static void put_rates_axis(const struct chart *chart)
{
	struct buf *out = chart->html->out;
	double step = svg_step(chart->most, 5);

	for (unsigned i = 0; i * step <= chart->most; i++) {
		chart_level_begin(&chart->axis, rate_y(chart, i * step));
		html_fixed(out, i * step, step < 1 ? 1 : 0);
		buf_puts(out, "/s");
		svg_text_end(out);
	}
}

static void put_rates(const struct chart *chart, const char *region, bool writes)
{
	const struct series *series = &chart->html->result->series;
	const struct series_line *line = find_line(series, region, writes);
	struct buf ok = {0}, bad = {0}, *out = chart->html->out;

	for (size_t b = 0; line && b < series->n_buckets; b += chart->join) {
		struct rates rates = rates_of(chart, line, b);
		double x = axis_x(&chart->axis, b * series->bucket_ns);
		double width = axis_x(&chart->axis, (b + chart->join) * series->bucket_ns) - x;
		double height = CHART_BOTTOM - rate_y(chart, rates.not_ok);

		chart_point(&ok, b ? 'L' : 'M', x, rate_y(chart, rates.ok));
		buf_addc(&ok, 'h');
		svg_number(&ok, width);
		if (rates.not_ok > 0)
			axis_box(&bad, x, CHART_BOTTOM - fmax(height, 2), fmax(width, 1),
				fmax(height, 2));
	}
	chart_put_area(out, &bad, PAINT_FAIL);
	if (writes)
		buf_puts(out, "<g stroke-dasharray=\"3 2\">");
	chart_put_path(out, &ok, writes ? PAINT_SPAN : PAINT_OK, 1.6, false);
	if (writes)
		buf_puts(out, "</g>\n");
}

static void put_throughput(const struct chart *chart, const char *region)
{
	struct buf *out = chart->html->out;

	chart_open(&chart->axis, region, "throughput",
		"Operations per second over time; the table below has numbers");
	put_rates_axis(chart);
	put_rates(chart, region, false);
	put_rates(chart, region, true);
	svg_close(out);
}

void html_put_charts(const struct html *html)
{
	const struct result *result = html->result;
	struct chart chart = {.html = html};
	struct buf *out = html->out;

	if (!result->series.n_buckets)
		return;
	chart.axis = chart_axis(html);
	chart.join = (result->series.n_buckets + RATES_MAX - 1) / RATES_MAX;
	chart.width = axis_x(&chart.axis, result->series.bucket_ns) - CHART_LEFT;
	find_bounds(&chart);
	buf_puts(out,
		"<section id=\"charts\">\n<h2>Latency and throughput</h2>\n"
		"<p>Latency of operations that were ok, from their intended start. A bar goes "
		"from the fastest to p99, the stroke in it is the median, the dot the slowest. "
		"\xc3\x97 above: something failed then; \xe2\x97\x8b: an outcome is unknown. "
		"Throughput: solid line reads ok, dashed line writes ok, filled from below what "
		"failed or is unknown. Shaded: a fault in force.</p>\n");
	for (size_t r = 0; r < result->n_regions && r < CHART_REGIONS_MAX; r++) {
		const char *region = result->regions[r].name;

		buf_puts(out, "<div class=\"charts\">\n");
		put_latency(&chart, region, false);
		put_latency(&chart, region, true);
		put_throughput(&chart, region);
		buf_puts(out, "</div>\n");
	}
	if (result->n_regions > CHART_REGIONS_MAX)
		buf_printf(out, "<p>The first %d of %zu regions are drawn.</p>\n",
			CHART_REGIONS_MAX, result->n_regions);
	html_put_numbers(html);
	buf_puts(out, "</section>\n");
}
