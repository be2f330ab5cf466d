#include "reports/writers/terminal.h"
#include "reports/writers/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_FALLBACK 100
#define WIDTH_LEAST 40

/* The value of a variable, "" where it is not set. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static bool is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = variable(names[i]);

		if (*value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static unsigned width_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return WIDTH_FALLBACK;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

void terminal_options(struct writer_options *options, enum colour_choice choice, int fd)
{
	bool tty = isatty(fd);

	options->colour = choice == COLOUR_ALWAYS ||
		(choice == COLOUR_AUTO && tty && !*variable("NO_COLOR") &&
			strcmp(variable("TERM"), "dumb"));
	options->ascii = !is_utf8();
	options->width = tty ? width_of(fd) : 0;
}
