/* history_file: the layout of an *.ops file, known to its writer and its loader only. */
#ifndef PROBES_HISTORY_FILE_H
#define PROBES_HISTORY_FILE_H

#include <assert.h>
#include <stdint.h>

#define HISTORY_MAGIC "RPOPS\r\n" /* with its NUL 8 bytes; a transfer as text breaks it visibly */
#define HISTORY_VERSION 1
#define HISTORY_BYTE_ORDER UINT32_C(0x01020304)

struct history_header {
	char magic[8];
	uint32_t byte_order; /* as the writer's machine stores HISTORY_BYTE_ORDER */
	uint32_t version;
	uint32_t header_size, record_size;
	uint8_t zero[40];
};
static_assert(sizeof(struct history_header) == 64, "records start at a cache line");

#endif
