/*
 * schema: the JSON Schema (draft-07) of scenario files, for editors: completion, descriptions, marks.
 *
 * Parameters, faults, drivers and metrics come from their rows, so an editor learns of a new one when
 * the program does. The fixed keys of each section stand here with their descriptions. It is looser
 * than `check`, which knows names and sees what belongs together; what it refuses, `check` refuses.
 * A file names it in its first line:
 *
 *   # yaml-language-server: $schema=/usr/share/regionproof/scenario.schema.json
 */
#ifndef SUITES_SCHEMA_H
#define SUITES_SCHEMA_H

struct jv;

/* Owned by the caller. */
struct jv *schema_of_scenarios(void);

#endif
