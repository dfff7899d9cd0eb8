/*
 * Several events in a message loop of Windows, together with a timer of the program: the loop waits for the queue of the
 * waits and for messages.
 *
 *     windows TIMEOUT_MS EVENT...
 *
 * Prints a line for each tick of 100 ms, and each event as it is signaled. Exits with 0 if all events came, with 2 if
 * one did not come in time, and with 1 on a failure. To compile it, add `-luser32`.
 */
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

enum { TICK_MS = 100 };

static int report(const anchor_completion *done, char **names)
{
    const char *name = names[anchor_completion_tag(done)], *json = anchor_completion_json(done);
    anchor_status status = anchor_completion_status(done);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", name, json);
        fflush(stdout);
        return EXIT_SUCCESS;
    }
    char *message = anchor_json_get(json, "/error/message");
    fprintf(stderr, "windows: %s: %s\n", name, message ? message : anchor_status_message(status));
    anchor_string_free(message);
    return status == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
}

/* Takes without blocking until nothing is left. Returns the worst exit status. */
static int take_all(anchor_queue *queue, char **names)
{
    anchor_completion *done = NULL;
    int exit_status = EXIT_SUCCESS;
    while (anchor_queue_next(queue, 0, NULL, &done) == ANCHOR_OK) {
        int one = report(done, names);
        anchor_completion_free(done);
        if (exit_status != EXIT_FAILURE && one != EXIT_SUCCESS) {
            exit_status = one;
        }
    }
    return exit_status;
}

/* What the loop of a program with windows does with its messages. */
static void dispatch_messages(void)
{
    MSG message;
    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
        if (message.message == WM_TIMER) {
            puts("tick");
            fflush(stdout);
        }
        TranslateMessage(&message);
        DispatchMessageW(&message);
    }
}

static int loop(anchor_queue *queue, char **names)
{
    HANDLE handles[] = {anchor_queue_handle(queue)};
    int exit_status = EXIT_SUCCESS;

    while (anchor_queue_running(queue) > 0) {
        DWORD woken = MsgWaitForMultipleObjectsEx(1, handles, INFINITE, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
        if (woken == WAIT_OBJECT_0) {
            int worst = take_all(queue, names);
            exit_status = exit_status == EXIT_FAILURE || worst == EXIT_SUCCESS ? exit_status : worst;
        } else if (woken == WAIT_OBJECT_0 + 1) {
            dispatch_messages();
        } else {
            fprintf(stderr, "windows: cannot wait: %lu\n", GetLastError());
            return EXIT_FAILURE;
        }
    }
    return exit_status;
}

static int run(anchor_client *client, int64_t timeout_ms, char **names)
{
    anchor_queue *queue = NULL;
    if (anchor_queue_new(&queue) != ANCHOR_OK) {
        fprintf(stderr, "windows: no queue\n");
        return EXIT_FAILURE;
    }
    int exit_status = EXIT_SUCCESS;
    for (size_t at = 0; names[at] != NULL && exit_status == EXIT_SUCCESS; at++) {
        if (anchor_wait_start_on(client, queue, names[at], timeout_ms, at, NULL, NULL) != ANCHOR_OK) {
            fprintf(stderr, "windows: %s: %s\n", names[at], anchor_last_error());
            exit_status = EXIT_FAILURE;
        }
    }
    UINT_PTR timer = SetTimer(NULL, 0, TICK_MS, NULL);
    if (exit_status == EXIT_SUCCESS) {
        exit_status = loop(queue, names);
    }
    KillTimer(NULL, timer);
    anchor_queue_free(queue);
    return exit_status;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: windows TIMEOUT_MS EVENT...\n");
        return EXIT_FAILURE;
    }
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;

    if (anchor_client_new(config, &client) == ANCHOR_OK) {
        exit_status = run(client, strtoll(argv[1], NULL, 10), argv + 2);
    } else {
        fprintf(stderr, "windows: %s\n", anchor_config_error(config));
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
