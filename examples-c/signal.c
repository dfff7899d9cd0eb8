/*
 * Signals an event: hands data to whoever waits for it, now or later.
 *
 *     signal EVENT [DATA]
 *
 * DATA is a JSON object, {} by default. The API key comes from the environment variable ANCHORBROWSER_API_KEY. Exits
 * with 0 if the service took the signal, with 3 if it may have taken it, and with 1 if it certainly did not.
 */
#include <anchor.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints what went wrong, and whether it is safe to send again. */
static int explain(anchor_status status, const char *error_json)
{
    char *message = anchor_json_get(error_json, "/error/message");
    fprintf(stderr, "%s: %s\n", anchor_status_name(status), message ? message : anchor_status_message(status));
    anchor_string_free(message);

    switch (status) {
    case ANCHOR_CONNECTION_LOST:
    case ANCHOR_PROTOCOL:
    case ANCHOR_RESPONSE_TOO_LARGE:
    case ANCHOR_SERVER_ERROR: /* for example a gateway's 504 */
        /* The library never sends a signal twice: only you know whether the receiver can take it twice. */
        fprintf(stderr, "It was sent, but nobody confirmed it: it may have been delivered.\n");
        return 3;
    case ANCHOR_NOT_SENT:
    case ANCHOR_TLS:
        fprintf(stderr, "It did not leave this machine. It is safe to send it again.\n");
        break;
    case ANCHOR_UNAUTHORIZED:
    case ANCHOR_FORBIDDEN:
        fprintf(stderr, "The service does not accept the API key.\n");
        break;
    case ANCHOR_INVALID_ARGUMENT:
    case ANCHOR_BAD_REQUEST:
        fprintf(stderr, "Nothing was delivered: look at the event's name and data.\n");
        break;
    case ANCHOR_RATE_LIMITED:
        fprintf(stderr, "The service refused it for now. Try again later.\n");
        break;
    default:
        break;
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: signal EVENT [DATA]\n");
        return EXIT_FAILURE;
    }
    const char *data = argc > 2 ? argv[2] : NULL; /* NULL sends {} */

    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "signal: %s\n", config ? anchor_config_error(config) : "out of memory");
        anchor_config_free(config);
        return EXIT_FAILURE;
    }
    anchor_config_free(config);

    char *json = NULL;
    anchor_status status = anchor_signal_event(client, argv[1], data, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    int exit_status = EXIT_SUCCESS;
    if (status == ANCHOR_OK) {
        printf("signaled %s\n", argv[1]);
    } else {
        exit_status = explain(status, json);
    }

    anchor_string_free(json);
    anchor_client_free(client);
    return exit_status;
}
