/* writers: the functions behind the rows of writers.c, one file each. */
#ifndef REPORTS_WRITERS_WRITERS_H
#define REPORTS_WRITERS_WRITERS_H

struct buf;
struct result;
struct writer_options;

void console_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void html_write(const struct result *result, const struct writer_options *options, struct buf *out);
void html_write_style(
	const struct result *result, const struct writer_options *options, struct buf *out);
void html_write_zoom(
	const struct result *result, const struct writer_options *options, struct buf *out);
void github_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void json_write(const struct result *result, const struct writer_options *options, struct buf *out);
void junit_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void markdown_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void openmetrics_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void prometheus_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void series_write(
	const struct result *result, const struct writer_options *options, struct buf *out);
void tap_write(const struct result *result, const struct writer_options *options, struct buf *out);

#endif
