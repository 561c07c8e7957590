/*
 * The boundary as a C host sees it, with no database: what is refused is refused with a code, and what was given is
 * given back. Run it under valgrind with `tests/leaks`; alone it says only whether the answers are right.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker_ffi.h"

static int failures = 0;

/* Checks that the answer holds `expected`, and gives it back. */
static void holds(char *answer, const char *expected, const char *what) {
    if (answer == NULL || strstr(answer, expected) == NULL) {
        fprintf(stderr, "%s: expected %s in %s\n", what, expected, answer == NULL ? "NULL" : answer);
        failures++;
    }
    worker_free(answer);
}

static void *poll_without_a_worker(void *unused) {
    (void)unused;
    holds(worker_poll(1000), "\"not_started\"", "poll in another thread");
    /* The error of this thread, and nobody else's. */
    holds(worker_last_error(), "\"not_started\"", "last error of another thread");
    return NULL;
}

static void refusals(void) {
    const char *event = "01920000-0000-7000-8000-000000000000";
    const char *not_utf8 = "{\"service\":\"\xff\xfe\"}";

    holds(worker_start(NULL), "\"invalid_argument\"", "start(NULL)");
    holds(worker_start(""), "\"invalid_argument\"", "start of an empty text");
    holds(worker_start("{"), "\"invalid_argument\"", "start of half a JSON");
    holds(worker_start("[]"), "\"invalid_argument\"", "start of another shape");
    holds(worker_start(not_utf8), "not UTF-8", "start of invalid UTF-8");
    holds(worker_start("{\"service\":\"s\",\"language\":\"c\",\"executable\":\"/x\",\"handlers\":[],\"more\":1}"),
          "unknown field `more`", "start with an unknown key");
    /* Nothing in the environment says which instance this is. */
    holds(worker_start("{\"service\":\"s\",\"language\":\"c\",\"executable\":\"/x\",\"handlers\":[]}"),
          "\"configuration\"", "start without an environment");

    holds(worker_poll(0), "\"not_started\"", "poll");
    holds(worker_complete(NULL, "{\"ok\":true}"), "\"invalid_argument\"", "complete(NULL, ..)");
    holds(worker_complete(event, NULL), "\"invalid_argument\"", "complete(.., NULL)");
    holds(worker_complete(event, "{\"ok\":"), "\"invalid_argument\"", "complete with half a JSON");
    holds(worker_complete(event, "{\"ok\":false}"), "\"invalid_argument\"", "complete without an error");
    holds(worker_complete("no uuid", "{\"ok\":true}"), "\"invalid_argument\"", "complete with a bad id");
    holds(worker_complete(event, "{\"ok\":true}"), "\"not_started\"", "complete");
    holds(worker_checkpoint(event, "{}"), "\"invalid_argument\"", "checkpoint without a cursor");
    holds(worker_checkpoint(event, "{\"cursor\":1,\"items_processed\":1}"), "\"not_started\"", "checkpoint");
    holds(worker_drain(), "\"not_started\"", "drain");
    holds(worker_stop(0), "\"not_started\"", "stop");
    holds(worker_status(), "\"not_started\"", "status");
    holds(worker_last_error(), "\"not_started\"", "last error");
    holds(worker_version(), "\"abi\":1", "version");
    worker_free(NULL);
}

int main(void) {
    pthread_t threads[4];
    char *first = worker_last_error();
    if (first != NULL) {
        fprintf(stderr, "an error before the first call: %s\n", first);
        failures++;
    }
    unsetenv("TASKER_INSTANCE_ID");
    for (int round = 0; round < 100; round++) {
        refusals();
    }
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, poll_without_a_worker, NULL);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    if (worker_monotonic_ns() == 0 || worker_wall_us() == 0) {
        fprintf(stderr, "a clock stands still\n");
        failures++;
    }
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
