/*
 * deaf_checkers: the table of checkers with one of them sabotaged, for tests of what a verdict is worth.
 *
 * A program that calls deaf_sabotage gets this table in place of the real one (suites/judge/checkers.c).
 * The sabotaged checker goes on measuring, and never finds anything: no violation, and of what is
 * measured always what it said first.
 */
#ifndef SUITES_TESTS_HELPERS_DEAF_CHECKERS_H
#define SUITES_TESTS_HELPERS_DEAF_CHECKERS_H

/* By its name; NULL: none. What it says from now on is what it says of the next history it sees. */
void deaf_sabotage(const char *checker);

#endif
