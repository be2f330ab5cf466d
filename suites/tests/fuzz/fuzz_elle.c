/* libFuzzer entry for recorded histories in the format elle; see judge.h. `make fuzz`. */
#include "suites/tests/fuzz/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_judge("elle", data, size);
}
