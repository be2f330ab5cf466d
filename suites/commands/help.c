/* help: what --help prints, all of it from the tables. */
#include "fixtures/base/buf.h"
#include "suites/commands/command.h"

#include <string.h>

static void put_options(struct buf *out, uint64_t options)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		size_t start = out->len;

		if (!(options >> i & 1))
			continue;
		buf_printf(out, "  --%s%s%s", row->name, row->value ? " " : "",
			row->value ? row->value : "");
		if (row->letter)
			buf_printf(out, ", -%c", row->letter);
		buf_printf(out, "%*s  %s\n",
			(int)(start + 20 > out->len ? start + 20 - out->len : 0), "", row->help);
	}
}

void help_program(struct buf *out)
{
	buf_puts(out,
		"regionproof: does a multi-region system keep its promises when the network\n"
		"between the regions does not?\n\nusage: regionproof COMMAND [OPTION...] [...]\n\n");
	for (const struct command *c = commands; c->name; c++)
		buf_printf(out, "  %-10s %s\n", c->name, c->help);
	buf_puts(out, "\n");
	put_options(out, OPTIONS_COMMON);
	buf_puts(out,
		"\nexit codes: 0 all met  1 an expectation failed  2 inconclusive or void\n"
		"  3 scenario invalid  4 this machine cannot run it  5 not steady before the fault\n"
		"  6 clean-up not verified  7 aborted by its own abort-if  64 usage  70 internal\n"
		"  130/143 interrupted, cleaned up\n"
		"\nregionproof COMMAND --help says more.\n");
}

void help_command(const struct command *command, struct buf *out)
{
	buf_printf(out, "usage: regionproof %s [OPTION...]%s%s\n\n%s\n\n", command->name,
		*command->operands ? " " : "", command->operands, command->help);
	put_options(out, command->options | OPTIONS_COMMON);
}
