/*
 * Shows what the library does while it waits: each log line as it comes, and the client's counts at the end.
 *
 *     log EVENT [TIMEOUT_MS]
 *
 * The library itself prints nothing; it passes its lines to a callback. No line contains the API key or the data of an
 * event. Exits with 0 if the event was signaled, with 2 if it was not signaled in time, and with 1 on any other failure.
 */
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct log {
    FILE *out;
    int32_t most; /* lines above this level are dropped */
};

/* Called on each thread that makes a call, so possibly on several at once: stdio has a lock. */
static void on_line(void *user_data, int32_t level, const char *message)
{
    const struct log *log = user_data;
    const char *word = "debug";
    if (level == ANCHOR_LOG_LEVEL_WARNING) {
        word = "warning";
    } else if (level == ANCHOR_LOG_LEVEL_INFO) {
        word = "info";
    }
    if (level <= log->most) {
        fprintf(log->out, "%-7s  %s\n", word, message);
    }
}

/* A client that logs, and that asks the service again every half second, so that there is something to see. The
 * default is 50 seconds. */
static anchor_client *open_client(struct log *log)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();
    if (config == NULL) {
        fprintf(stderr, "log: out of memory\n");
        return NULL;
    }
    if (anchor_config_set_log_callback(config, on_line, log) != ANCHOR_OK
        || anchor_config_set_slice_ms(config, 500) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "log: %s\n", anchor_config_error(config));
    }
    anchor_config_free(config);
    return client;
}

static void print_counts(const anchor_client *client)
{
    char *json = NULL;
    if (anchor_client_stats(client, &json) == ANCHOR_OK) {
        printf("%s\n", json);
    }
    anchor_string_free(json);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: log EVENT [TIMEOUT_MS]\n");
        return EXIT_FAILURE;
    }
    int64_t timeout_ms = argc > 2 ? strtoll(argv[2], NULL, 10) : 5000;

    setvbuf(stdout, NULL, _IOLBF, 0); /* each line as it comes, into a pipe too */
    struct log log = {stdout, ANCHOR_LOG_LEVEL_DEBUG};
    anchor_client *client = open_client(&log);
    if (client == NULL) {
        return EXIT_FAILURE;
    }
    /* NULL: the JSON is not wanted. */
    anchor_status status = anchor_wait_for_event(client, argv[1], timeout_ms, NULL, NULL);
    printf("%s: %s\n", anchor_status_name(status), anchor_status_message(status));
    print_counts(client);
    anchor_client_free(client); /* `log` is used until here */

    return status == ANCHOR_OK ? EXIT_SUCCESS : status == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
}
