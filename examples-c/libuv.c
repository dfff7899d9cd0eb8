/*
 * Several events in the loop of libuv, together with a timer of the program: the loop watches the queue of the waits.
 *
 *     libuv TIMEOUT_MS EVENT...
 *
 * Prints a line for each tick of 100 ms, and each event as it is signaled. Exits with 0 if all events came, with 2 if
 * one did not come in time, and with 1 on a failure. To compile it, add `pkg-config --cflags --libs libuv`.
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { TICK_MS = 100 };

/* What the callbacks share: libuv passes it to them as the `data` of a handle. */
struct program {
    anchor_queue *queue;
    char **names;
    uv_poll_t poll;
    uv_timer_t timer;
    int exit_status;
};

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
    puts("tick");
    fflush(stdout);
}

static void report(struct program *program, const anchor_completion *done)
{
    const char *name = program->names[anchor_completion_tag(done)], *json = anchor_completion_json(done);
    anchor_status status = anchor_completion_status(done);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", name, json);
        fflush(stdout);
        return;
    }
    char *message = anchor_json_get(json, "/error/message");
    fprintf(stderr, "libuv: %s: %s\n", name, message ? message : anchor_status_message(status));
    anchor_string_free(message);
    if (program->exit_status != EXIT_FAILURE) {
        program->exit_status = status == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct program *program = poll->data;
    anchor_completion *done = NULL;
    (void)events;

    /* Takes without blocking until nothing is left. */
    while (anchor_queue_next(program->queue, 0, NULL, &done) == ANCHOR_OK) {
        report(program, done);
        anchor_completion_free(done);
    }
    if (status != 0) {
        fprintf(stderr, "libuv: %s\n", uv_strerror(status));
        program->exit_status = EXIT_FAILURE;
    }
    if (status != 0 || anchor_queue_running(program->queue) == 0) {
        uv_close((uv_handle_t *)&program->poll, NULL); /* the loop ends when its handles are closed */
        uv_close((uv_handle_t *)&program->timer, NULL);
    }
}

static int run(anchor_client *client, int64_t timeout_ms, char **names)
{
    struct program program = {.names = names, .exit_status = EXIT_SUCCESS};
    uv_loop_t *loop = uv_default_loop();
    program.poll.data = &program;

    if (anchor_queue_new(&program.queue) != ANCHOR_OK) {
        fprintf(stderr, "libuv: no queue\n");
        return EXIT_FAILURE;
    }
    for (uint64_t i = 0; names[i] != NULL; i++) {
        if (anchor_wait_start_on(client, program.queue, names[i], timeout_ms, i, NULL, NULL) != ANCHOR_OK) {
            fprintf(stderr, "libuv: %s: %s\n", names[i], anchor_last_error());
            anchor_queue_free(program.queue); /* cancels those that were started */
            return EXIT_FAILURE;
        }
    }
    uv_poll_init(loop, &program.poll, anchor_queue_fd(program.queue));
    uv_poll_start(&program.poll, UV_READABLE, on_ready);
    uv_timer_init(loop, &program.timer);
    uv_timer_start(&program.timer, on_tick, TICK_MS, TICK_MS);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    anchor_queue_free(program.queue); /* after its handle is closed, since this closes the descriptor */
    return program.exit_status;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: libuv TIMEOUT_MS EVENT...\n");
        return EXIT_FAILURE;
    }
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "libuv: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else {
        exit_status = run(client, strtoll(argv[1], NULL, 10), argv + 2);
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
