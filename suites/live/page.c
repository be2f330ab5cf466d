#include "suites/live/page.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "suites/live/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define END_NS (2 * NSEC_PER_SEC)

static int make_token(char token[PAGE_TOKEN], struct err *err)
{
	unsigned char bytes[(PAGE_TOKEN - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_sys(err, "cannot make a token for the live page");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int listen_on(const char *address, unsigned port, unsigned *got, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(at);
	int fd, on = 1;

	if (port > UINT16_MAX || inet_pton(AF_INET, address, &at.sin_addr) != 1)
		return err_exit(err, EXIT_USAGE,
			"cannot listen on %s:%u; give an IPv4 address and a port", address, port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "cannot open a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64) ||
		getsockname(fd, (struct sockaddr *)&at, &len)) {
		err_sys(err, "cannot listen on %s port %u", address, port);
		err->code = EXIT_MACHINE;
		close(fd);
		return -1;
	}
	*got = ntohs(at.sin_port);
	return fd;
}

int page_start(
	struct page *page, const char *address, unsigned port, bool metrics_only, struct err *err)
{
	struct server_start server = {.token = page->token};
	struct child_start start = {.name = "page",
		.netns_fd = -1,
		.keep = {-1, -1},
		.entry = server_main,
		.config = &server};
	int rc;

	if (!metrics_only && make_token(page->token, err))
		return -1;
	server.listen_fd = listen_on(address, port, &page->port, err);
	if (server.listen_fd < 0)
		return -1;
	server.port = page->port;
	start.keep[0] = server.listen_fd;
	rc = child_start(&page->child, &start, err);
	close(server.listen_fd);
	if (metrics_only)
		snprintf(page->url, sizeof(page->url), "http://%s:%u/metrics", address, page->port);
	else
		snprintf(page->url, sizeof(page->url), "http://%s:%u/%s/", address, page->port,
			page->token);
	return rc;
}

void page_tell(struct page *page, const char *type, struct jv *body)
{
	struct pollfd p = {.fd = page->child.fd, .events = POLLOUT};
	struct jv *message;
	struct err err;

	if (p.fd < 0 || poll(&p, 1, 0) <= 0 || !(p.revents & POLLOUT)) {
		jv_free(body);
		return;
	}
	message = jv_new_object();
	jv_set(message, "type", jv_new_string(type));
	jv_set(message, "body", body);
	if (frame_send(p.fd, message, &err))
		log_info("page: %s", err.text);
}

enum page_wish page_hear(struct page *page)
{
	static const struct {
		const char *name;
		enum page_wish wish;
	} rows[] = {{"heal", PAGE_HEAL}, {"abort", PAGE_ABORT}, {"go-on", PAGE_GO_ON}};
	enum page_wish wish = PAGE_NOTHING;
	struct jv *message;
	struct err err;
	int got = child_recv(&page->child, 0, &message, &err);

	if (got < 0 || page->child.fd < 0)
		return PAGE_GONE;
	if (got == 0)
		return PAGE_NOTHING;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!strcmp(rows[i].name, jv_str(jv_get(message, "type"), "")))
			wish = rows[i].wish;
	}
	jv_free(message);
	return wish;
}

void page_end(struct page *page, const char *text)
{
	struct jv *body = jv_new_object();

	jv_set(body, "text", jv_new_string(text));
	page_tell(page, "end", body);
	if (page->child.fd >= 0)
		close(page->child.fd);
	page->child.fd = -1;
	if (page->child.process.pid > 0)
		process_wait(&page->child.process, clock_now_ns() + END_NS);
	child_release(&page->child);
}
