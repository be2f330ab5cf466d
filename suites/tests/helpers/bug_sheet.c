#include "suites/tests/helpers/bug_sheet.h"

#include <math.h>
#include <string.h>

enum variant { FAULTED, CALM, MESH };

static void add(
	struct bug_sheet *sheet, const char *bug, unsigned rarity, unsigned n, enum variant variant)
{
	for (unsigned i = 0; i < n; i++)
		*ARENA_PUSH(&sheet->arena, sheet->cases, sheet->n_cases) =
			(struct bug_case){.bug = bug,
				.rarity = rarity,
				.seed = sheet->n_cases,
				.calm = variant == CALM,
				.mesh = variant == MESH};
}

/* The one store that has it: bugs of a primary cannot happen where there is none. */
static enum variant variant_of(const char *bug)
{
	return strcmp(bug, "lost-update") ? FAULTED : MESH;
}

/* Every case has a seed of its own. */
void bug_sheet_fill(struct bug_sheet *sheet, const struct bug_sizes *sizes)
{
	for (size_t b = 0; b < sheet->table.n_bugs; b++)
		add(sheet, sheet->table.bugs[b], 1, sizes->full, variant_of(sheet->table.bugs[b]));
	add(sheet, BUG_NONE, 1, sizes->faulted, FAULTED);
	add(sheet, BUG_NONE, 1, sizes->calm, CALM);
	add(sheet, BUG_NONE, 1, sizes->mesh, MESH);
	for (size_t b = 0; b < sheet->table.n_bugs; b++)
		add(sheet, sheet->table.bugs[b], sizes->rarity, sizes->rare,
			variant_of(sheet->table.bugs[b]));
}

void bug_sheet_release(struct bug_sheet *sheet)
{
	bug_table_release(&sheet->table);
	arena_release(&sheet->arena);
}

static bool is_asked(const struct bug_case *one, const char *bug, unsigned rarity)
{
	return !rarity || (!strcmp(one->bug, bug) && one->rarity == rarity);
}

static void count_case(const struct bug_sheet *sheet, const struct bug_case *one,
	const char *metric, enum bug_word word, struct bug_cells *cells)
{
	for (size_t k = 0; k < one->n_outcomes; k++) {
		const struct bug_outcome *outcome = &one->outcomes[k];

		if ((metric && strcmp(metric, outcome->metric)) ||
			bug_case_word(&sheet->table, one, outcome->metric) != word)
			continue;
		cells->n++;
		cells->found += outcome->kind == BUG_FOUND;
		cells->no_verdict += outcome->kind == BUG_NO_VERDICT;
	}
}

struct bug_cells bug_sheet_count(const struct bug_sheet *sheet, const char *bug, unsigned rarity,
	const char *metric, enum bug_word word)
{
	struct bug_cells cells = {0};

	for (size_t i = 0; i < sheet->n_cases; i++) {
		if (is_asked(&sheet->cases[i], bug, rarity))
			count_case(sheet, &sheet->cases[i], metric, word, &cells);
	}
	return cells;
}

/* Findings of the must metric that has most; 0: none failed. */
static uint64_t must_findings(
	const struct bug_table *table, const struct bug_case *one, bool *found)
{
	uint64_t most = 0;

	*found = false;
	for (size_t k = 0; k < one->n_outcomes; k++) {
		const struct bug_outcome *outcome = &one->outcomes[k];

		if (bug_table_word(table, one->bug, outcome->metric) != BUG_MUST ||
			outcome->kind != BUG_FOUND)
			continue;
		*found = true;
		most = outcome->findings > most ? outcome->findings : most;
	}
	return most;
}

struct bug_power bug_sheet_power(const struct bug_sheet *sheet, const char *bug, unsigned rarity)
{
	struct bug_power power = {0};

	for (size_t i = 0; i < sheet->n_cases; i++) {
		const struct bug_case *one = &sheet->cases[i];
		bool found;

		if (!is_asked(one, bug, rarity) || one->problem)
			continue;
		power.n++;
		power.findings += (double)must_findings(&sheet->table, one, &found);
		power.found += found;
		power.happened += one->fired > 0;
		power.opportunities += (double)one->opportunities;
		power.chance_any += 1 - pow(1 - 1.0 / rarity, (double)one->opportunities);
	}
	if (power.n) {
		power.findings /= power.n;
		power.opportunities /= power.n;
		power.chance_any /= power.n;
	}
	return power;
}

/* ---- print ------------------------------------------------------------------------------- */

static void print_row(const struct bug_sheet *sheet, const struct bug_row *row, struct buf *out)
{
	struct bug_cells cells = bug_sheet_count(
		sheet, row->bug, 1, strcmp(row->metric, "*") ? row->metric : NULL, row->word);

	if (!strcmp(row->metric, "*"))
		buf_printf(out, "%-23s %-27s", row->bug, "every other metric");
	else
		buf_printf(out, "%-23s %-27s", row->bug, row->metric);
	buf_printf(out, " %-6s", bug_word_name(row->word));
	if (!cells.n)
		buf_puts(out, " not asked in this run\n");
	else if (cells.no_verdict)
		buf_printf(out, " %zu of %zu, %zu without a verdict\n", cells.found, cells.n,
			cells.no_verdict);
	else
		buf_printf(out, " %zu of %zu\n", cells.found, cells.n);
}

static unsigned silent_cases(const struct bug_sheet *sheet, bool calm, unsigned *n)
{
	unsigned silent = 0;

	*n = 0;
	for (size_t i = 0; i < sheet->n_cases; i++) {
		const struct bug_case *one = &sheet->cases[i];

		if (strcmp(one->bug, BUG_NONE) || one->calm != calm)
			continue;
		++*n;
		silent += one->obeys && !one->problem;
	}
	return silent;
}

/* Predicted twice: if every time it happens showed, and if as much of it shows as at full dose. */
static void print_rare(
	const struct bug_sheet *sheet, const char *bug, unsigned rarity, struct buf *out)
{
	struct bug_power rare = bug_sheet_power(sheet, bug, rarity);
	struct bug_power full = bug_sheet_power(sheet, bug, 1);
	double visible = full.opportunities ? full.findings / full.opportunities : 0;
	double power = 1 - pow(1 - fmin(1, visible) / rarity, rare.opportunities);

	buf_printf(out, "%-23s %9.0f %9.1f %8u of %-3u %8.0f %% %8u of %-3u %8.1f %%\n", bug,
		rare.opportunities, full.findings, rare.happened, rare.n, 100 * rare.chance_any,
		rare.found, rare.n, 100 * power);
}

static void print_replaced(const struct bug_sheet *sheet, struct buf *out)
{
	for (size_t i = 0; i < sheet->n_cases; i++) {
		const struct bug_case *one = &sheet->cases[i];

		if (one->replaced)
			buf_printf(out, "%s 1/%u: seed %llu stands for %u spoilt before it: %s\n",
				one->bug, one->rarity, (unsigned long long)one->seed, one->replaced,
				one->spoilt ? one->spoilt : "no reason");
	}
}

static unsigned rarity_of(const struct bug_sheet *sheet)
{
	unsigned rarity = 1;

	for (size_t i = 0; i < sheet->n_cases; i++)
		rarity = sheet->cases[i].rarity > rarity ? sheet->cases[i].rarity : rarity;
	return rarity;
}

void bug_sheet_print(const struct bug_sheet *sheet, struct buf *out)
{
	unsigned rarity = rarity_of(sheet), n, silent;

	buf_printf(out, "%-23s %-27s %-6s failed, of all seeds (or cells)\n",
		"planted bug, full dose", "metric", "word");
	for (size_t i = 0; i < sheet->table.n_rows; i++)
		print_row(sheet, &sheet->table.rows[i], out);
	silent = silent_cases(sheet, false, &n);
	buf_printf(out, "\nno bug, with the fault: %u of %u seeds silent\n", silent, n);
	silent = silent_cases(sheet, true, &n);
	buf_printf(out, "no bug, no fault: %u of %u seeds silent\n", silent, n);
	print_replaced(sheet, out);
	if (rarity == 1)
		return;
	buf_printf(out,
		"\n1 in %u               opportunities findings at   it happened   predicted    found in"
		"  predicted\n",
		rarity);
	buf_puts(out,
		"                           a seed full dose      in seeds                    "
		"seeds\n");
	for (size_t b = 0; b < sheet->table.n_bugs; b++)
		print_rare(sheet, sheet->table.bugs[b], rarity, out);
}
