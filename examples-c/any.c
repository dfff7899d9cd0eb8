/*
 * Waits for the first of several events, and loses none of the others.
 *
 *     any EVENT...
 *
 * Prints the event that comes first, and cancels the other waits. If another event was signaled at the same moment, it
 * is printed too, because the service has already handed it over. Exits with 0 if an event came, with 2 if none came
 * within 60 seconds, and with 1 on a failure.
 */
#include <anchor.h>
#include <stdio.h>
#include <stdlib.h>

/* Takes the outcome of a wait, after its end if it still runs. */
static anchor_status collect(anchor_wait *wait, const char *name)
{
    char *json = NULL;
    anchor_status status = anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, &json);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", name, json);
    } else if (status != ANCHOR_CANCELLED && status != ANCHOR_TIMEOUT) {
        char *message = anchor_json_get(json, "/error/message");
        fprintf(stderr, "any: %s: %s\n", name, message ? message : anchor_status_message(status));
        anchor_string_free(message);
    }
    anchor_string_free(json);
    return status;
}

static int first_of(anchor_wait **waits, char **names, size_t count)
{
    size_t first = 0;
    anchor_status status = anchor_wait_select(waits, count, ANCHOR_NO_TIMEOUT, &first);
    if (status != ANCHOR_OK) {
        fprintf(stderr, "any: %s\n", anchor_status_message(status));
        return EXIT_FAILURE;
    }
    anchor_status outcome = collect(waits[first], names[first]);

    /* First cancel all, then collect: they end at the same time, not one after the other. */
    for (size_t i = 0; i < count; i++) {
        anchor_wait_cancel(waits[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (i != first && collect(waits[i], names[i]) == ANCHOR_OK) {
            outcome = ANCHOR_OK;
        }
    }
    return outcome == ANCHOR_OK ? EXIT_SUCCESS : outcome == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: any EVENT...\n");
        return EXIT_FAILURE;
    }
    size_t count = (size_t)argc - 1;
    anchor_wait **waits = calloc(count, sizeof *waits);
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;

    if (waits == NULL || config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "any: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else {
        size_t started = 0;
        while (started < count &&
               anchor_wait_start(client, argv[started + 1], ANCHOR_DEFAULT_TIMEOUT_MS, &waits[started]) == ANCHOR_OK) {
            started++;
        }
        if (started == count) {
            exit_status = first_of(waits, argv + 1, count);
        } else {
            fprintf(stderr, "any: cannot wait for \"%s\"\n", argv[started + 1]);
        }
    }

    for (size_t i = 0; waits != NULL && i < count; i++) {
        anchor_wait_free(waits[i]); /* NULL if it was never started */
    }
    free(waits);
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
