/* schema: JSON Schema (draft 7) of what the writers json and series write. */
#ifndef REPORTS_WRITERS_SCHEMA_H
#define REPORTS_WRITERS_SCHEMA_H

struct buf;

void json_write_schema(struct buf *out);
void series_write_schema(struct buf *out);

#endif
