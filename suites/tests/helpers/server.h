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

#endif
