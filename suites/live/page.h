/*
 * page: the live page of a run, and the port that Prometheus asks: a process that serves on a socket what the
 * controller tells it, and tells the controller which button was pressed.
 *
 * A process of its own without privileges, since it parses what browsers send; the controller meets it in
 * frames only and never waits for it. It dies with the controller.
 *
 *   to it     {type:"head"|"state"|"event"|"end", body}  handed to browsers as server-sent events
 *             {type:"metrics", text}                     what /metrics answers from now on
 *   from it   {type:"heal"|"abort"|"go-on"}
 *
 * The page and its buttons are below a token in the path, 128 random bits, compared in constant time; the Host
 * must be the loopback name that we listen on (a name that was rebound to 127.0.0.1 is not), and an Origin, where
 * there is one, the same. Without a page (`watch`) there is /metrics only.
 */
#ifndef SUITES_LIVE_PAGE_H
#define SUITES_LIVE_PAGE_H

#include "suites/agent/child.h"

struct jv;

#define PAGE_TOKEN 33

struct page {
	struct child child;
	char token[PAGE_TOKEN]; /* "" : metrics only */
	unsigned port;
	char url[128];
};

#define PAGE_INIT                                                                                  \
	{                                                                                          \
		.child = CHILD_INIT                                                                \
	}

/* Listen on 127.0.0.1 (or on `address`, for metrics only) and start the process; port 0: any. The caller is
 * single-threaded. */
int page_start(
	struct page *page, const char *address, unsigned port, bool metrics_only, struct err *err);
/* Takes body. Dropped where the page does not read. */
void page_tell(struct page *page, const char *type, struct jv *body);
/* What was pressed, in the order of enum page_wish; called when the child's descriptor is readable. */
enum page_wish { PAGE_NOTHING, PAGE_HEAL, PAGE_ABORT, PAGE_GO_ON, PAGE_GONE };
enum page_wish page_hear(struct page *page);
/* Tell browsers that it is over, and end. Accepts one that never was. */
void page_end(struct page *page, const char *text);

#endif
