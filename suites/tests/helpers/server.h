/* server: programs of others that a test starts on 127.0.0.1 and takes down again. */
#ifndef TESTS_HELPERS_SERVER_H
#define TESTS_HELPERS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A port that was free a moment ago. */
uint16_t server_free_port(void);
/* Start argv[0] (looked up in PATH), output thrown away; it dies with the test. -1: not installed. */
pid_t server_spawn(const char *const *argv);
/* Wait until the port answers, at most 5 s. */
bool server_wait_port(uint16_t port);
void server_stop(pid_t pid);
/* Path of a program of ours in the build directory that the test was built in; "" where it was not
 * built. Static. */
const char *server_of_build(const char *name);
/* A region-store trio on three ports of 127.0.0.1, nodes "a/store" .. "c/store". */
struct store_trio {
	uint16_t ports[3];
	pid_t pids[3];
};
bool store_trio_start(struct store_trio *trio);
void store_trio_stop(struct store_trio *trio);

#endif
