/*
 * manual: the manual page, completions and schema, printed from the tables that parse the command
 * line and the scenario, so that they cannot tell of what is not there.
 */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"
#include "suites/schema.h"

#include <string.h>

/* --- roff ------------------------------------------------------------------------------------ */

/* A line of text: backslashes and leading dots are not roff's. */
static void put_text(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_puts(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			buf_puts(out, "\\e");
		else if (*text == '-')
			buf_puts(out, "\\-");
		else
			buf_addc(out, *text);
	}
}

static void put_option(struct buf *out, const struct option_row *row)
{
	buf_puts(out, ".TP\n.BR ");
	if (row->letter)
		buf_printf(out, "\\-%c \", \" ", row->letter);
	buf_puts(out, "\\-\\-");
	put_text(out, row->name);
	if (row->value)
		buf_printf(out, " \" \" \\fI%s\\fR", row->value);
	buf_addc(out, '\n');
	put_text(out, row->help);
	for (size_t i = 0; row->choices && row->choices[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : ": ", row->choices[i]);
	buf_addc(out, '\n');
}

static void put_command(struct buf *out, const struct command *c)
{
	buf_printf(out, ".SS regionproof %s [OPTION...]", c->name);
	if (*c->operands)
		buf_addc(out, ' ');
	put_text(out, c->operands);
	buf_addc(out, '\n');
	put_text(out, c->help);
	buf_addc(out, '\n');
	for (int i = 0; i < OPTIONS; i++) {
		if (c->options >> i & 1)
			put_option(out, &option_rows[i]);
	}
}

static const struct exit_row {
	const char *code, *meaning;
} exit_rows[] = {
	{"0", "all expectations met on enough evidence, cleaned up"},
	{"1", "an expectation failed"},
	{"2", "inconclusive or void: too little evidence, or the fault was not in force"},
	{"3", "the scenario is invalid"},
	{"4", "this machine cannot run it"},
	{"5", "the target was not steady before the fault, or did not come up"},
	{"6", "clean-up could not be verified; overrides all others"},
	{"7", "aborted by its own condition (abort-if), or held and nobody went on; healed, cleaned up"},
	{"64", "usage"},
	{"70", "internal error"},
	{"130, 143", "interrupted, cleaned up"},
};

static void put_manual(struct buf *out)
{
	buf_printf(out, ".TH REGIONPROOF 1 \"\" \"regionproof %s\" \"User Commands\"\n",
		REGIONPROOF_VERSION);
	buf_puts(out,
		".SH NAME\nregionproof \\- does a multi\\-region system keep its promises?\n"
		".SH SYNOPSIS\n.B regionproof\nCOMMAND [OPTION...] [...]\n"
		".SH DESCRIPTION\nBrings regions up, lays latency, loss and partitions between "
		"them, proves on the wire that they are in force, lets clients work in every "
		"region, and judges what these saw against the expectations of a scenario.\n"
		".SH COMMANDS\n");
	for (const struct command *c = commands; c->name; c++)
		put_command(out, c);
	buf_puts(out, ".SH OPTIONS OF ALL COMMANDS\n");
	for (int i = 0; i < OPTIONS; i++) {
		if (OPTIONS_COMMON >> i & 1)
			put_option(out, &option_rows[i]);
	}
	buf_puts(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < sizeof(exit_rows) / sizeof(*exit_rows); i++) {
		buf_printf(out, ".TP\n%s\n", exit_rows[i].code);
		put_text(out, exit_rows[i].meaning);
		buf_addc(out, '\n');
	}
	buf_puts(out,
		"Where several apply: 6 > 130/143 > 70 > 64 > 3 > 4 > 5 > 7 > 1 > 2 > 0.\n"
		".SH FILES\n.TP\n\\&./regionproof\\-runs\nthe run store; latest names the newest\n"
		".TP\n/run/regionproof, $XDG_RUNTIME_DIR/regionproof\njournals of runs that are "
		"going on, which clean reads\n");
}

/* --- completion ------------------------------------------------------------------------------ */

/* "--seed --json", those with a value ending in '=' where asked for. */
static void put_options(struct buf *out, uint64_t options)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (options >> i & 1)
			buf_printf(out, " --%s", option_rows[i].name);
	}
}

static void put_names(struct buf *out)
{
	for (const struct command *c = commands; c->name; c++)
		buf_printf(out, " %s", c->name);
}

static void put_bash(struct buf *out)
{
	buf_puts(out,
		"# bash completion of regionproof; printed by `regionproof manual bash`\n"
		"_regionproof() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
		"\tcase $COMP_CWORD,${COMP_WORDS[1]} in\n\t1,*) words=\"");
	put_names(out);
	buf_puts(out, "\" ;;\n");
	for (const struct command *c = commands; c->name; c++) {
		buf_printf(out, "\t*,%s) words=\"", c->name);
		put_options(out, c->options | OPTIONS_COMMON);
		if (strchr(c->operands, '|')) {
			buf_addc(out, ' ');
			for (const char *at = c->operands; *at; at++)
				buf_addc(out, *at == '|' ? ' ' : *at);
		}
		buf_puts(out, "\" ;;\n");
	}
	buf_puts(out,
		"\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		"\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n"
		"complete -o filenames -F _regionproof regionproof\n");
}

/* A text between single quotes. */
static void put_quoted(struct buf *out, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else if (strchr(escape, *text))
			buf_printf(out, "\\%c", *text);
		else
			buf_addc(out, *text);
	}
}

static void put_zsh(struct buf *out)
{
	buf_puts(out,
		"#compdef regionproof\n# printed by `regionproof manual zsh`\n"
		"local -a commands\ncommands=(\n");
	for (const struct command *c = commands; c->name; c++) {
		buf_printf(out, "\t'%s:", c->name);
		put_quoted(out, c->help, ":");
		buf_puts(out, "'\n");
	}
	buf_puts(out,
		")\nif (( CURRENT == 2 )); then\n\t_describe command commands\n\treturn\nfi\n"
		"case $words[2] in\n");
	for (const struct command *c = commands; c->name; c++) {
		buf_printf(out, "%s) _arguments", c->name);
		for (int i = 0; i < OPTIONS; i++) {
			const struct option_row *row = &option_rows[i];

			if (!((c->options | OPTIONS_COMMON) >> i & 1))
				continue;
			buf_printf(out, " '--%s%s[", row->name, row->value ? "=" : "");
			put_quoted(out, row->help, "[]:");
			buf_printf(
				out, "]%s%s'", row->value ? ":" : "", row->value ? row->value : "");
		}
		buf_puts(out, " '*:file:_files' ;;\n");
	}
	buf_puts(out, "esac\n");
}

static void put_fish(struct buf *out)
{
	buf_puts(out, "# fish completion of regionproof; printed by `regionproof manual fish`\n");
	for (const struct command *c = commands; c->name; c++) {
		buf_printf(out, "complete -c regionproof -n __fish_use_subcommand -a %s -d '",
			c->name);
		put_quoted(out, c->help, "");
		buf_puts(out, "'\n");
		for (int i = 0; i < OPTIONS; i++) {
			if (!((c->options | OPTIONS_COMMON) >> i & 1))
				continue;
			buf_printf(out,
				"complete -c regionproof -n '__fish_seen_subcommand_from %s' -l %s%s "
				"-d '",
				c->name, option_rows[i].name, option_rows[i].value ? " -r" : "");
			put_quoted(out, option_rows[i].help, "");
			buf_puts(out, "'\n");
		}
	}
}

static void put_schema(struct buf *out)
{
	struct jv *schema = schema_of_scenarios();

	jv_print(schema, 2, out);
	buf_addc(out, '\n');
	jv_free(schema);
}

/* --- which ----------------------------------------------------------------------------------- */

static const struct page {
	const char *name;
	void (*put)(struct buf *out);
} pages[] = {
	{"man", put_manual},
	{"bash", put_bash},
	{"zsh", put_zsh},
	{"fish", put_fish},
	{"schema", put_schema},
};

int cmd_manual(const struct args *args, struct err *err)
{
	const char *wanted = args->n_operands ? args->operands[0] : "man";
	struct buf out = {0};
	int rc = 1;

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		if (strcmp(pages[i].name, wanted))
			continue;
		pages[i].put(&out);
		rc = print_out(&out, err);
	}
	buf_release(&out);
	if (rc > 0)
		return err_exit(err, EXIT_USAGE,
			"there is man, bash, zsh, fish and schema, not \"%.40s\"", wanted);
	return rc;
}
