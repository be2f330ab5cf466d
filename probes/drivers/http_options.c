#include "probes/drivers/http_options.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/http_place.h"
#include "probes/drivers/template.h"

#include <stddef.h>

#define ROW(n, f, d, h)                                                                            \
	{                                                                                          \
		.name = n, .type = PARAM_STRING, .fallback = d,                                    \
		.offset = offsetof(struct http_options, f), .help = h                              \
	}

static const char *const encodings[] = {"text", "base64", NULL};
static const char *const age_units[] = {"ms", "s", NULL};

const struct param http_rows[] = {
	ROW("read.method", read.method, "GET", "of a read"),
	ROW("read.path", read.path, "/{key}",
		"template: {key}, {value}, {min-version}; {key:url} and {value:base64} encode"),
	ROW("read.headers", read.headers, "",
		"template, a header a line; a line with {min-version} is sent when one is demanded"),
	ROW("read.body", read.body, "", "template; empty: none"),
	ROW("read.done", read.done, "200", "status that means read: 200 201 2xx"),
	ROW("write.method", write.method, "PUT", "of a write"),
	ROW("write.path", write.path, "/{key}", "template"),
	ROW("write.headers", write.headers, "", "template, a header a line"),
	ROW("write.body", write.body, "{value}", "template"),
	ROW("write.done", write.done, "200 201 204", "status that means written"),
	ROW("delete.method", delete_.method, "DELETE", "of a delete"),
	ROW("delete.path", delete_.path, "/{key}", "template; empty: there are no deletes"),
	ROW("delete.headers", delete_.headers, "", "template, a header a line"),
	ROW("delete.body", delete_.body, "", "template; empty: none"),
	ROW("delete.done", delete_.done, "200 202 204 404", "status that means deleted"),
	ROW("purge.method", purge.method, "PURGE", "of the request that an edge drop its copy"),
	ROW("purge.path", purge.path, "", "template; empty: there are no purges"),
	ROW("purge.headers", purge.headers, "", "template, a header a line"),
	ROW("purge.body", purge.body, "", "template; empty: none"),
	ROW("purge.done", purge.done, "200 202 204 404", "status that means dropped"),
	ROW("absent.status", absent_status, "404", "status of a read of a key that is not there"),
	{.name = "absent.missing",
		.type = PARAM_BOOL,
		.fallback = "no",
		.offset = offsetof(struct http_options, absent_missing),
		.help = "a read whose answer has no value where it should be: the key is absent"},
	ROW("answer.value", value, "body",
		"where the value stands: body, header NAME, or json /POINTER"),
	{.name = "answer.encoding",
		.type = PARAM_CHOICE,
		.fallback = "text",
		.choices = encodings,
		.offset = offsetof(struct http_options, base64),
		.help = "how the value is written there"},
	ROW("answer.version", version, "", "where a version stands, a number that grows"),
	ROW("answer.epoch", epoch, "", "where the term of the node stands"),
	ROW("answer.age", age, "", "where the age of the data stands"),
	{.name = "answer.age-unit",
		.type = PARAM_CHOICE,
		.fallback = "ms",
		.choices = age_units,
		.offset = offsetof(struct http_options, age_in_s),
		.help = "unit of that age"},
	ROW("answer.stale", stale, "", "where a mark of possibly stale data stands"),
	ROW("answer.stale-is", stale_is, "1 true yes STALE", "words of that mark"),
	ROW("answer.fallback", fallback, "",
		"where a mark stands of a read that was fetched from the primary"),
	ROW("answer.fallback-is", fallback_is, "1 true yes", "words of that mark"),
	ROW("answer.hit", hit, "", "where an edge says whether it had a copy: header X-Cache"),
	ROW("answer.hit-is", hit_is, "HIT hit", "words of it that mean that it had one"),
	ROW("answer.node", node, "",
		"where the name of the performing node stands; endpoint: the one asked is it"),
	ROW("not-done.status", not_done.status, "", "status that means surely not done"),
	ROW("not-done.at", not_done.at, "", "where a word stands that means surely not done"),
	ROW("not-done.is", not_done.is, "", "those words"),
	ROW("not-primary.status", not_primary.status, "421",
		"status that means surely not done, ask the primary"),
	ROW("not-primary.at", not_primary.at, "", "where a word stands that means the same"),
	ROW("not-primary.is", not_primary.is, "", "those words"),
	ROW("role.method", role.method, "GET", "of the question for a node's role"),
	ROW("role.path", role.path, "", "where a node tells its role; empty: nowhere"),
	ROW("role.headers", role.headers, "", "a header a line"),
	ROW("role.body", role.body, "", "empty: none"),
	ROW("role.done", role.done, "200", "status that means answered (not with role.at: status)"),
	ROW("role.at", role_at, "body", "where the role stands; status: it is the status"),
	ROW("role.primary", role_primary, "primary", "words of a primary"),
	ROW("role.replica", role_replica, "replica", "words of a replica"),
	ROW("role.leader", role_leader, "", "where the name of the node believed primary stands"),
	ROW("role.epoch", role_epoch, "", "where the term stands"),
	PARAM_END,
};

unsigned http_options_can(const void *options)
{
	const struct http_options *o = options;
	unsigned can = DRIVER_TLS;

	if (template_names(o->read.path, "min-version") ||
		template_names(o->read.headers, "min-version") ||
		template_names(o->read.body, "min-version"))
		can |= DRIVER_MIN_VERSION;
	if (*o->version)
		can |= DRIVER_VERSIONS;
	if (*o->epoch)
		can |= DRIVER_EPOCHS;
	if (*o->age || *o->stale)
		can |= DRIVER_AGE;
	if (*o->node)
		can |= DRIVER_NAMES_NODE;
	if (*o->role.path)
		can |= DRIVER_ROLES;
	if (*o->delete_.path)
		can |= DRIVER_DELETES;
	if (*o->purge.path)
		can |= DRIVER_PURGES;
	if (*o->hit)
		can |= DRIVER_HITS;
	return can;
}

static int check_form(const struct http_form *form, const char *what, struct err *err)
{
	const char *const texts[] = {form->path, form->headers, form->body};
	static const char *const names[] = {"path", "headers", "body"};

	for (size_t i = 0; i < 3; i++) {
		if (template_check(texts[i], err))
			return err_prefix(err, "%s.%s", what, names[i]);
	}
	if (*form->path && *form->path != '/')
		return err_set(
			err, "%s.path: \"%.40s\" does not begin with a slash", what, form->path);
	if (http_status_check(form->done, err))
		return err_prefix(err, "%s.done", what);
	return 0;
}

static int check_place(const char *text, const char *what, struct err *err)
{
	struct http_place place;

	return http_place_parse(text, &place, err) ? err_prefix(err, "%s", what) : 0;
}

static int check_sign(const struct http_sign *sign, const char *what, struct err *err)
{
	if (http_status_check(sign->status, err))
		return err_prefix(err, "%s.status", what);
	if (!*sign->at != !*sign->is)
		return err_set(err, "%s.at and %s.is go together", what, what);
	return check_place(sign->at, what, err);
}

int http_options_check(const void *options, struct err *err)
{
	const struct http_options *o = options;

	if (check_form(&o->read, "read", err) || check_form(&o->write, "write", err) ||
		check_form(&o->delete_, "delete", err) || check_form(&o->purge, "purge", err) ||
		check_form(&o->role, "role", err))
		return -1;
	if (!*o->read.path || !*o->write.path)
		return err_set(err, "read.path and write.path are needed");
	if (http_status_check(o->absent_status, err))
		return err_prefix(err, "absent.status");
	if (!*o->value)
		return err_set(err, "answer.value is needed");
	if (check_place(o->value, "answer.value", err) ||
		check_place(o->version, "answer.version", err) ||
		check_place(o->epoch, "answer.epoch", err) ||
		check_place(o->age, "answer.age", err) ||
		check_place(o->stale, "answer.stale", err) ||
		check_place(o->fallback, "answer.fallback", err) ||
		check_place(o->hit, "answer.hit", err) ||
		check_place(o->node, "answer.node", err) ||
		check_place(o->role_at, "role.at", err) ||
		check_place(o->role_leader, "role.leader", err) ||
		check_place(o->role_epoch, "role.epoch", err))
		return -1;
	return check_sign(&o->not_done, "not-done", err) ||
			check_sign(&o->not_primary, "not-primary", err)
		? -1
		: 0;
}
