#include "reports/writers/writers.h"
#include "reports/writers/writer.h"

#include <string.h>

const struct writer writers[] = {
	{"console", NULL, "what a run prints", console_write},
	{"json", "run.json", "the whole result for programs", json_write},
	{"junit", "junit.xml", "JUnit XML for CI servers", junit_write},
	{"html", "report.html", "the page for people", html_write},
	{"html-style", "report.css", "how that page looks", html_write_style},
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
