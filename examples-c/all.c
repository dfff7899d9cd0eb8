/*
 * Waits until each of several events has been signaled, in any order.
 *
 *     all [-t TIMEOUT_MS] EVENT...
 *
 * Prints each event as soon as it is signaled, even if another one is not. All waits run at the same time, so together
 * they take no longer than the last one. Exits with 0 if all events came, with 2 if one did not come in time, and with
 * 1 on a failure.
 */
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the outcome of a wait that has ended. */
static anchor_status collect(anchor_wait *wait, const char *name)
{
    char *json = NULL;
    anchor_status status = anchor_wait_finish(wait, 0, &json);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", name, json);
        fflush(stdout);
    } else {
        char *message = anchor_json_get(json, "/error/message");
        fprintf(stderr, "all: %s: %s\n", name, message ? message : anchor_status_message(status));
        anchor_string_free(message);
    }
    anchor_string_free(json);
    return status;
}

/* anchor_wait_select ignores waits that are finished, so the array does not change. */
static int all_of(anchor_wait **waits, char **names, size_t count)
{
    int exit_status = EXIT_SUCCESS;
    for (size_t left = count; left > 0; left--) {
        size_t index = 0;
        anchor_status status = anchor_wait_select(waits, count, ANCHOR_NO_TIMEOUT, &index);
        if (status != ANCHOR_OK) {
            fprintf(stderr, "all: %s\n", anchor_status_message(status));
            return EXIT_FAILURE;
        }
        status = collect(waits[index], names[index]);
        if (status != ANCHOR_OK && exit_status != EXIT_FAILURE) {
            exit_status = status == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
        }
    }
    return exit_status;
}

static int start_and_wait(anchor_client *client, int64_t timeout_ms, char **names, size_t count)
{
    int exit_status = EXIT_FAILURE;
    anchor_wait **waits = calloc(count, sizeof *waits);
    size_t started = 0;
    while (waits != NULL && started < count &&
           anchor_wait_start(client, names[started], timeout_ms, &waits[started]) == ANCHOR_OK) {
        started++;
    }
    if (started == count) {
        exit_status = all_of(waits, names, count);
    } else {
        fprintf(stderr, "all: cannot wait for \"%s\"\n", names[started]);
    }
    for (size_t i = 0; i < started; i++) {
        anchor_wait_free(waits[i]);
    }
    free(waits);
    return exit_status;
}

int main(int argc, char **argv)
{
    int64_t timeout_ms = ANCHOR_DEFAULT_TIMEOUT_MS;
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "-t") == 0) {
        timeout_ms = strtoll(argv[2], NULL, 10);
        first = 3;
    }
    if (argc <= first) {
        fprintf(stderr, "usage: all [-t TIMEOUT_MS] EVENT...\n");
        return EXIT_FAILURE;
    }

    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "all: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else {
        exit_status = start_and_wait(client, timeout_ms, argv + first, (size_t)(argc - first));
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
