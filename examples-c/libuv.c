/*
 * A started wait in the loop of libuv, together with a timer of the program.
 *
 *     libuv EVENT [TIMEOUT_MS]
 *
 * Prints a line for each tick of 100 ms and then the event. Exits with 0 if it was signaled, with 2 if it was not
 * signaled in time, and with 1 on a failure. To compile it, add `pkg-config --cflags --libs libuv`.
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
    anchor_wait *wait;
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

static void on_ended(uv_poll_t *poll, int status, int events)
{
    struct program *program = poll->data;
    char *json = NULL;
    (void)events;

    anchor_status outcome = status == 0 ? anchor_wait_finish(program->wait, 0, &json) : ANCHOR_INTERNAL;
    if (outcome == ANCHOR_PENDING) {
        return; /* libuv may call without an event */
    }
    if (outcome == ANCHOR_OK) {
        puts(json);
    } else {
        fprintf(stderr, "libuv: %s\n", anchor_status_message(outcome));
    }
    anchor_string_free(json);
    program->exit_status = outcome == ANCHOR_OK ? EXIT_SUCCESS : outcome == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;

    /* The loop ends when its handles are closed. */
    uv_close((uv_handle_t *)&program->poll, NULL);
    uv_close((uv_handle_t *)&program->timer, NULL);
}

static int run(anchor_wait *wait)
{
    struct program program = {.wait = wait, .exit_status = EXIT_FAILURE};
    uv_loop_t *loop = uv_default_loop();
    program.poll.data = &program;

    uv_poll_init(loop, &program.poll, anchor_wait_fd(wait));
    uv_poll_start(&program.poll, UV_READABLE, on_ended);
    uv_timer_init(loop, &program.timer);
    uv_timer_start(&program.timer, on_tick, TICK_MS, TICK_MS);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return program.exit_status;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: libuv EVENT [TIMEOUT_MS]\n");
        return EXIT_FAILURE;
    }
    int64_t timeout_ms = argc > 2 ? strtoll(argv[2], NULL, 10) : ANCHOR_DEFAULT_TIMEOUT_MS;

    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    anchor_wait *wait = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "libuv: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else if (anchor_wait_start(client, argv[1], timeout_ms, &wait) != ANCHOR_OK) {
        fprintf(stderr, "libuv: cannot wait for \"%s\"\n", argv[1]);
    } else {
        exit_status = run(wait);
    }

    anchor_wait_free(wait); /* after its handle is closed, since this closes the descriptor */
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
