/* Reads what captures have written: see capture.c for the records. */
#include "probes/capture.h"
#include "probes/capture_record.h"
#include "probes/files.h"
#include "probes/tape.h"

#include <stdlib.h>

static int make_room(struct captures *captures, size_t more, struct err *err)
{
	struct capture_count *counts;
	struct capture_cover *covers;

	counts = realloc(captures->counts, (captures->n + more + 1) * sizeof(*counts));
	if (counts)
		captures->counts = counts;
	covers = realloc(captures->covers, (captures->n_covers + 1) * sizeof(*covers));
	if (covers)
		captures->covers = covers;
	return counts && covers ? 0 : err_set(err, "no memory for the captures");
}

static void put_alive(struct capture_cover *cover, const struct capture_record *record)
{
	if (!cover->to_ns)
		cover->from_ns = record->at_ns;
	cover->to_ns = record->at_ns;
	cover->dropped = record->bytes;
}

static int put_count(struct captures *captures, const struct tape_header *header,
	const struct capture_record *r, const char *path, struct err *err)
{
	if (r->peer >= header->n_regions || r->peer == header->region || r->way >= CAPTURE_WAYS ||
		r->owner >= CAPTURE_OWNERS)
		return err_set(err, "%s: a record cannot be", path);
	captures->counts[captures->n++] = (struct capture_count){
		.at_ns = r->at_ns,
		.bytes = r->bytes,
		.packets = r->packets,
		.region = (uint8_t)header->region,
		.peer = r->peer,
		.way = r->way,
		.owner = r->owner,
	};
	return 0;
}

static int append_file(struct captures *captures, const char *path, struct err *err)
{
	struct tape_content content;
	const struct capture_record *records;
	struct capture_cover cover = {0};
	int rc;

	if (tape_read(&content, path, CAPTURE_MAGIC, sizeof(*records), err) < 0)
		return -1;
	records = content.records;
	rc = make_room(captures, content.n, err);
	for (size_t i = 0; i < content.n && rc == 0; i++) {
		if (records[i].owner == CAPTURE_RECORD_ALIVE)
			put_alive(&cover, &records[i]);
		else
			rc = put_count(captures, &content.header, &records[i], path, err);
	}
	cover.region = content.header.region;
	if (rc == 0)
		captures->covers[captures->n_covers++] = cover;
	tape_content_release(&content);
	return rc;
}

static int append_tcp_file(struct captures *captures, const char *path, struct err *err)
{
	struct tape_content content;
	const struct capture_tcp_record *records;
	struct capture_tcp *grown;
	int rc = 0;

	if (tape_read(&content, path, CAPTURE_TCP_MAGIC, sizeof(*records), err) < 0)
		return -1;
	records = content.records;
	grown = realloc(captures->tcp, (captures->n_tcp + content.n + 1) * sizeof(*grown));
	if (!grown)
		abort();
	captures->tcp = grown;
	for (size_t i = 0; i < content.n && rc == 0; i++) {
		const struct capture_tcp_record *r = &records[i];

		if (r->peer >= content.header.n_regions || r->way >= CAPTURE_WAYS ||
			r->owner >= CAPTURE_OWNERS || r->kind >= FLOW_EVENTS)
			rc = err_set(err, "%s: a record cannot be", path);
		else
			grown[captures->n_tcp++] = (struct capture_tcp){.at_ns = r->at_ns,
				.value_ns = r->value_ns,
				.region = (uint8_t)content.header.region,
				.peer = r->peer,
				.way = r->way,
				.owner = r->owner,
				.kind = r->kind};
	}
	tape_content_release(&content);
	return rc;
}

static int compare_tcp(const void *a, const void *b)
{
	const struct capture_tcp *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

static int compare_counts(const void *a, const void *b)
{
	const struct capture_count *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->region != y->region)
		return x->region < y->region ? -1 : 1;
	return (x->peer > y->peer) - (x->peer < y->peer);
}

static int load_suffix(struct captures *captures, const char *dir, const char *suffix,
	int (*append)(struct captures *captures, const char *path, struct err *err),
	struct err *err)
{
	struct files files;
	int rc = 0;

	if (files_below(&files, dir, suffix, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n && rc == 0; i++)
		rc = append(captures, files.paths[i], err);
	files_release(&files);
	return rc;
}

int captures_load_dir(struct captures *captures, const char *dir, struct err *err)
{
	*captures = (struct captures){0};
	if (load_suffix(captures, dir, CAPTURE_SUFFIX, append_file, err) < 0 ||
		load_suffix(captures, dir, CAPTURE_TCP_SUFFIX, append_tcp_file, err) < 0 ||
		packet_logs_load_dir(&captures->packets, &captures->n_packets, dir, err) < 0) {
		captures_release(captures);
		return -1;
	}
	if (captures->n)
		qsort(captures->counts, captures->n, sizeof(*captures->counts), compare_counts);
	if (captures->n_tcp)
		qsort(captures->tcp, captures->n_tcp, sizeof(*captures->tcp), compare_tcp);
	return 0;
}

void captures_release(struct captures *captures)
{
	free(captures->counts);
	free(captures->covers);
	free(captures->tcp);
	free(captures->packets);
	*captures = (struct captures){0};
}
