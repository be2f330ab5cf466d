/*
 * result_shape: a result as it stands in run.json and series.json, row by row.
 */
#ifndef REPORTS_RESULT_SHAPE_H
#define REPORTS_RESULT_SHAPE_H

#include "reports/shape.h"

extern const struct shape result_shape; /* struct result, without its series */
extern const struct shape series_shape; /* struct series */

#endif
