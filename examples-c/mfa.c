/*
 * The typical use: a browser agent signs in somewhere, is asked for a one-time code, and waits for the event
 * "mfa_code"; a native program learns the code and signals the event.
 *
 *     mfa [CODE]
 *
 * Here both are threads of one program, to show them side by side. In reality they are two programs on two machines,
 * with API keys of the same account. The API key comes from the environment variable ANCHORBROWSER_API_KEY.
 */
#include <anchor.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT "mfa_code"

/* Ten seconds are enough for a demonstration. To wait for a person who reads a phone, take minutes. */
#define TIMEOUT_MS 10000

static void complain(const char *who, anchor_status status, const char *error_json)
{
    char *message = anchor_json_get(error_json, "/error/message");
    fprintf(stderr, "%s: %s: %s\n", who, anchor_status_name(status),
            message ? message : anchor_status_message(status));
    anchor_string_free(message);
}

/* The browser agent. Returns the code, to be freed with anchor_string_free, or NULL. */
static void *wait_for_code(void *argument)
{
    anchor_client *client = argument;
    char *json = NULL;
    char *code = NULL;

    anchor_status status = anchor_wait_for_event(client, EVENT, TIMEOUT_MS, NULL, &json);
    if (status == ANCHOR_OK) {
        /* The answer is {"data":{"code":"..."}}: the data of the signal is at /data. */
        code = anchor_json_get(json, "/data/code");
        printf("agent:   received %s\n", json);
    } else {
        complain("agent", status, json);
    }
    anchor_string_free(json);
    return code;
}

/* The native program. Returns 1 if the service took the signal. */
static int send_code(anchor_client *client, const char *code)
{
    char data[64];
    char *json = NULL;

    /* Digits need no escaping. For any other text, write this with a JSON library. */
    snprintf(data, sizeof data, "{\"code\":\"%s\"}", code);
    printf("program: signaling it with %s\n", data);
    anchor_status status = anchor_signal_event(client, EVENT, data, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    if (status != ANCHOR_OK) {
        /* ANCHOR_CONNECTION_LOST means that it may have been delivered; signal.c shows what to do. */
        complain("program", status, json);
    }
    anchor_string_free(json);
    return status == ANCHOR_OK;
}

/* Otherwise the agent could get a code of an earlier run. */
static int drop_old_codes(anchor_client *client)
{
    anchor_status status = anchor_drain_event(client, EVENT, ANCHOR_REQUEST_TIMEOUT, NULL, NULL);
    if (status != ANCHOR_OK) {
        complain("program", status, NULL);
    }
    return status == ANCHOR_OK;
}

static int run(anchor_client *client, const char *code)
{
    pthread_t agent;
    void *received = NULL;

    if (!drop_old_codes(client)) {
        return EXIT_FAILURE;
    }
    printf("agent:   waiting for the event \"" EVENT "\"\n");
    if (pthread_create(&agent, NULL, wait_for_code, client) != 0) {
        return EXIT_FAILURE;
    }
    /* The agent need not wait already: the service keeps a signal that comes before the wait. */
    if (!send_code(client, code)) {
        anchor_client_cancel_all(client); /* the agent would wait in vain */
    }
    pthread_join(agent, &received);

    int is_same = received != NULL && strcmp(received, code) == 0;
    if (is_same) {
        printf("agent:   signs in with the code %s\n", (char *)received);
    }
    anchor_string_free(received);
    return is_same ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const char *code = argc > 1 ? argv[1] : "482913";
    if (argc > 2 || strlen(code) > 10 || strspn(code, "0123456789") != strlen(code)) {
        fprintf(stderr, "usage: mfa [CODE], where CODE is at most 10 digits\n");
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* so that the lines of both threads appear in order */

    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "mfa: %s\n", config ? anchor_config_error(config) : "out of memory");
        anchor_config_free(config);
        return EXIT_FAILURE;
    }
    anchor_config_free(config);

    int exit_status = run(client, code);
    anchor_client_free(client);
    return exit_status;
}
