#include "reports/writers/writers.h"
#include "reports/writers/writer.h"

#include <string.h>

const struct writer writers[] = {
	{"console", NULL, "what a run prints", console_write},
	{"json", "run.json", "the whole result for programs", json_write},
	{"series", "series.json", "what happened when, for programs", series_write},
	{"junit", "junit.xml", "JUnit XML for CI servers", junit_write},
	{"html", "report.html", "the page for people", html_write},
	{"html-style", "report.css", "how that page looks", html_write_style},
	{"html-zoom", "zoom.html", "the page's charts with zoom and cursor, by JavaScript",
		html_write_zoom},
	{"tap", "report.tap", "TAP 14, for test harnesses", tap_write},
	{"markdown", "report.md", "GitHub Markdown, as for a step summary", markdown_write},
	{"github", NULL, "annotations at the lines of failed expectations", github_write},
	{"openmetrics", NULL, "OpenMetrics 1.0 text", openmetrics_write},
	{"prometheus-0.0.4", "metrics.prom",
		"the older Prometheus text: textfile directory, Pushgateway", prometheus_write},
	{NULL, NULL, NULL, NULL},
};

const struct writer *writer_find(const char *name)
{
	for (const struct writer *writer = writers; writer->name; writer++) {
		if (!strcmp(writer->name, name))
			return writer;
	}
	return NULL;
}
