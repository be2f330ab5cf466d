#include "suites/push.h"
#include "fixtures/base/buf.h"
#include "reports/result.h"
#include "reports/writers/writer.h"

#include <string.h>

#include <curl/curl.h>

#define TIMEOUT_MS 10000L
#define ANSWER_MAX 400

/* The alphabet for URLs, no padding; "=" stands for the empty text. */
static void put_base64(struct buf *out, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, held = 0;

	if (!*text)
		buf_addc(out, '=');
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		held = held << 8 | *at;
		for (bits += 8; bits >= 6; bits -= 6)
			buf_addc(out, digits[held >> (bits - 6) & 63]);
		held &= (1u << bits) - 1;
	}
	if (bits)
		buf_addc(out, digits[held << (6 - bits) & 63]);
}

void push_url(struct buf *out, const char *url, const char *scenario)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	buf_add(out, url, len);
	buf_puts(out, "/metrics/job/regionproof/scenario@base64/");
	put_base64(out, scenario ? scenario : "");
}

static size_t keep(char *data, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;

	if (answer->len < ANSWER_MAX)
		buf_add(answer, data, size * n < ANSWER_MAX ? size * n : ANSWER_MAX);
	return size * n;
}

static int send_text(CURL *curl, const char *url, const struct buf *text, struct err *err)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
	struct buf answer = {0};
	long status = 0;
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_str(text));
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)text->len);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code)
		err_set(err, "cannot push to %s: %s", url, curl_easy_strerror(code));
	else if (status / 100 != 2)
		err_set(err, "%s answered %ld: %.200s", url, status, buf_str(&answer));
	curl_slist_free_all(headers);
	buf_release(&answer);
	return code || status / 100 != 2 ? -1 : 0;
}

int push_metrics(const char *url, const struct result *result, struct err *err)
{
	const struct writer_options plain = {0};
	struct buf text = {0}, where = {0};
	CURL *curl = curl_easy_init();
	int rc;

	if (!curl)
		return err_set(err, "cannot push to %s: no memory", url);
	writer_find("prometheus-0.0.4")->write(result, &plain, &text);
	push_url(&where, url, result->scenario);
	rc = send_text(curl, buf_str(&where), &text, err);
	curl_easy_cleanup(curl);
	buf_release(&where);
	buf_release(&text);
	return rc;
}
