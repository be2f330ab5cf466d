#include "fixtures/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void encode(uint32_t code, char out[5])
{
	unsigned char *s = (unsigned char *)out;
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	memset(out, 0, 5);
	if (n == 1) {
		s[0] = (unsigned char)code;
		return;
	}
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		s[i] = (unsigned char)(0x80 | (code & 0x3f));
	s[0] = (unsigned char)(0xf00 >> n | code);
}

static void every_code_point_is_one_sequence(void **state)
{
	char s[5];

	(void)state;
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		encode(code, s);
		if (code >= 0xd800 && code <= 0xdfff) {
			assert_int_equal(utf8_sequence(s), 0);
			continue;
		}
		assert_int_equal(utf8_sequence(s), strlen(s));
		assert_int_equal(utf8_code(s, strlen(s)), code);
	}
}

static void what_is_broken_is_none(void **state)
{
	static const char *const broken[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3(",
		"\xe2\x82", "\xf0\x9f\x92", "\xc3"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		assert_int_equal(utf8_sequence(broken[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_one_sequence),
		cmocka_unit_test(what_is_broken_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
