/*
 * Waits without a limit, until the event is signaled or somebody presses Ctrl-C.
 *
 *     cancel EVENT
 *
 * A cancel token ends a blocked call, from another thread or, as here, from a signal handler:
 * anchor_cancel_token_cancel is async-signal-safe. Exits with 0 if the event was signaled, with 130 after Ctrl-C, and
 * with 1 on a failure.
 */
#define _POSIX_C_SOURCE 200809L
#include <anchor.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Set before the handler is installed, and not changed while it is. */
static anchor_cancel_token *ctrl_c;

static void on_interrupt(int number)
{
    (void)number;
    anchor_cancel_token_cancel(ctrl_c);
}

/* The first Ctrl-C cancels; a second one ends the program as usual. */
static int cancel_on_ctrl_c(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    return sigaction(SIGINT, &action, NULL);
}

static int wait_for(anchor_client *client, const char *event_name)
{
    char *json = NULL;
    int exit_status = EXIT_FAILURE;

    printf("Waiting for \"%s\". Ctrl-C gives up.\n", event_name);
    fflush(stdout);

    /* A token stays cancelled: if Ctrl-C came before this line, the call returns at once. */
    anchor_status status = anchor_wait_for_event(client, event_name, ANCHOR_NO_TIMEOUT, ctrl_c, &json);
    if (status == ANCHOR_OK) {
        puts(json); /* also if Ctrl-C was pressed just after it arrived */
        exit_status = EXIT_SUCCESS;
    } else if (status == ANCHOR_CANCELLED) {
        /* The service may just have handed the event to this wait: see maybeConsumed in the error JSON. */
        char *maybe = anchor_json_get(json, "/error/maybeConsumed");
        puts("Cancelled.");
        if (maybe && strcmp(maybe, "true") == 0) {
            puts("Had the event been signaled at this very moment, it could be lost.");
        }
        anchor_string_free(maybe);
        exit_status = 130;
    } else {
        char *message = anchor_json_get(json, "/error/message");
        fprintf(stderr, "%s: %s\n", anchor_status_name(status), message ? message : anchor_status_message(status));
        anchor_string_free(message);
    }
    anchor_string_free(json);
    return exit_status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: cancel EVENT\n");
        return EXIT_FAILURE;
    }
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "cancel: %s\n", config ? anchor_config_error(config) : "out of memory");
        anchor_config_free(config);
        return EXIT_FAILURE;
    }
    anchor_config_free(config);

    int exit_status = EXIT_FAILURE;
    ctrl_c = anchor_cancel_token_new();
    if (ctrl_c == NULL || cancel_on_ctrl_c() != 0) {
        fprintf(stderr, "cancel: out of memory or file descriptors\n");
    } else {
        exit_status = wait_for(client, argv[1]);
        signal(SIGINT, SIG_DFL); /* before the token is freed */
    }
    anchor_cancel_token_free(ctrl_c);
    anchor_client_free(client);
    return exit_status;
}
