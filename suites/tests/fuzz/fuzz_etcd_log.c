/* libFuzzer entry for recorded histories in the format etcd-log; see judge.h. `make fuzz`. */
#include "suites/tests/fuzz/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_judge("etcd-log", data, size);
}
