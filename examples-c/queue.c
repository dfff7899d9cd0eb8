/*
 * Many waits on one queue: each of COUNT jobs has an event of its own, and one thread takes them all.
 *
 *     queue COUNT [TIMEOUT_MS]
 *
 * Prints the events job_0, job_1 and so on as they are signaled, and how many there were. Ctrl-C ends all waits. Exits
 * with 0 if all events came, with 2 if one did not come in time, with 130 after Ctrl-C, and with 1 on a failure.
 */
#define _POSIX_C_SOURCE 200809L
#include <anchor.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
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

static int cancel_on_ctrl_c(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    return sigaction(SIGINT, &action, NULL);
}

/* The tag is the program's own number, which is in the completion of the wait too. It could also be a pointer. */
static int start_all(anchor_client *client, anchor_queue *queue, uint64_t count, int64_t timeout_ms)
{
    for (uint64_t job = 0; job < count; job++) {
        char name[32];
        snprintf(name, sizeof name, "job_%" PRIu64, job);
        if (anchor_wait_start_on(client, queue, name, timeout_ms, job, NULL, NULL) != ANCHOR_OK) {
            fprintf(stderr, "queue: %s: %s\n", name, anchor_last_error());
            return -1;
        }
    }
    return 0;
}

/* How many waits ended in which way. */
struct counts {
    uint64_t signaled, late, cancelled, failed;
};

static void report(const anchor_completion *done, struct counts *counts)
{
    uint64_t job = anchor_completion_tag(done);
    anchor_status status = anchor_completion_status(done);
    const char *json = anchor_completion_json(done); /* it lives as long as the completion */

    if (status == ANCHOR_OK) {
        counts->signaled++;
        printf("job_%" PRIu64 ": %s\n", job, json);
        fflush(stdout);
    } else if (status == ANCHOR_TIMEOUT) {
        counts->late++;
    } else if (status == ANCHOR_CANCELLED) {
        counts->cancelled++;
    } else {
        char *message = anchor_json_get(json, "/error/message");
        counts->failed++;
        fprintf(stderr, "queue: job_%" PRIu64 ": %s\n", job, message ? message : anchor_status_message(status));
        anchor_string_free(message);
    }
}

/* Each wait gives exactly one completion, so the loop ends. An event that came before the cancel is still taken. */
static int take_all(anchor_queue *queue, struct counts *counts)
{
    anchor_cancel_token *cancel = ctrl_c;
    while (anchor_queue_running(queue) > 0) {
        anchor_completion *done = NULL;
        anchor_status status = anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, cancel, &done);
        if (status == ANCHOR_OK) {
            report(done, counts);
            anchor_completion_free(done);
        } else if (status == ANCHOR_CANCELLED) {
            anchor_queue_cancel_all(queue);
            cancel = NULL; /* the token stays cancelled */
        } else {
            fprintf(stderr, "queue: %s\n", anchor_status_message(status));
            return -1;
        }
    }
    return 0;
}

static int run(anchor_client *client, uint64_t count, int64_t timeout_ms)
{
    struct counts counts = {0, 0, 0, 0};
    anchor_queue *queue = NULL;
    ctrl_c = anchor_cancel_token_new();
    if (ctrl_c == NULL || cancel_on_ctrl_c() != 0 || anchor_queue_new(&queue) != ANCHOR_OK) {
        fprintf(stderr, "queue: no queue or token\n");
        counts.failed = 1;
    } else if (start_all(client, queue, count, timeout_ms) != 0 || take_all(queue, &counts) != 0) {
        counts.failed++;
    } else {
        printf("%" PRIu64 " of %" PRIu64 " were signaled\n", counts.signaled, count);
    }
    anchor_queue_free(queue); /* cancels what it still runs, after a failure */
    signal(SIGINT, SIG_DFL);
    anchor_cancel_token_free(ctrl_c);
    return counts.failed > 0 ? EXIT_FAILURE : counts.cancelled > 0 ? 130 : counts.late > 0 ? 2 : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: queue COUNT [TIMEOUT_MS]\n");
        return EXIT_FAILURE;
    }
    uint64_t count = strtoull(argv[1], NULL, 10);
    int64_t timeout_ms = argc > 2 ? strtoll(argv[2], NULL, 10) : ANCHOR_DEFAULT_TIMEOUT_MS;

    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "queue: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else {
        exit_status = run(client, count, timeout_ms);
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
