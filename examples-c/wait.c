/*
 * Waits for one event and prints what was signaled.
 *
 *     wait EVENT [TIMEOUT_MS]
 *
 * The API key comes from the environment variable ANCHORBROWSER_API_KEY, and the address of the service from
 * ANCHORBROWSER_BASE_URL, if that is set. Exits with 0 if the event was signaled, with 2 if it was not signaled in
 * time, and with 1 on any other failure.
 */
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints what went wrong and what that means to the caller. Returns the exit status. */
static int explain(anchor_status status, const char *error_json)
{
    /* Each failure is {"error":{"message":...}}. If memory ran out, the status still has a sentence. */
    char *message = anchor_json_get(error_json, "/error/message");
    fprintf(stderr, "%s: %s\n", anchor_status_name(status), message ? message : anchor_status_message(status));
    anchor_string_free(message);

    switch (status) {
    case ANCHOR_TIMEOUT:
        fprintf(stderr, "Nobody signaled it yet. Waiting again loses nothing.\n");
        return 2;
    case ANCHOR_UNAUTHORIZED:
    case ANCHOR_FORBIDDEN:
        fprintf(stderr, "The service does not accept the API key. Trying again will not help.\n");
        break;
    case ANCHOR_NOT_SENT:
    case ANCHOR_TLS:
        fprintf(stderr, "The service was not reached. The event, if there is one, is still there.\n");
        break;
    case ANCHOR_CONNECTION_LOST:
        fprintf(stderr, "The service was asked, its answer never came: the event may be lost to us.\n");
        break;
    case ANCHOR_RATE_LIMITED:
    case ANCHOR_SERVER_ERROR:
        fprintf(stderr, "The service has trouble, even after some retries. Try again later.\n");
        break;
    default: /* an argument or an answer that is not valid, or a status of a later version */
        break;
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: wait EVENT [TIMEOUT_MS]\n");
        return EXIT_FAILURE;
    }
    int64_t timeout_ms = argc > 2 ? strtoll(argv[2], NULL, 10) : ANCHOR_DEFAULT_TIMEOUT_MS;

    /* Settings begin as the environment has them; anchor_config_set_... would change them. A client is made of them
     * once, and then serves any number of calls and threads. */
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "wait: %s\n", config ? anchor_config_error(config) : "out of memory");
        anchor_config_free(config);
        return EXIT_FAILURE;
    }
    anchor_config_free(config);

    /* Blocks. NULL: no cancel token; cancel.c has one. */
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, argv[1], timeout_ms, NULL, &json);
    int exit_status = EXIT_SUCCESS;
    if (status == ANCHOR_OK) {
        puts(json);
    } else {
        exit_status = explain(status, json);
    }

    anchor_string_free(json); /* on success and on failure */
    anchor_client_free(client);
    return exit_status;
}
