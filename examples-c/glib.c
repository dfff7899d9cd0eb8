/*
 * Several events in GLib's main loop, together with a timer of the program: the loop watches the queue of the waits. GTK
 * and GNOME programs run this loop.
 *
 *     glib TIMEOUT_MS EVENT...
 *
 * Prints a line for each tick of 100 ms, and each event as it is signaled. Exits with 0 if all events came, with 2 if
 * one did not come in time, and with 1 on a failure. To compile it, add `pkg-config --cflags --libs glib-2.0`.
 */
#include <anchor.h>
#include <glib-unix.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { TICK_MS = 100 };

/* What the callbacks share. */
struct program {
    anchor_queue *queue;
    char **names;
    GMainLoop *loop;
    int exit_status;
};

static gboolean on_tick(gpointer data)
{
    (void)data;
    puts("tick");
    fflush(stdout);
    return G_SOURCE_CONTINUE;
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
    fprintf(stderr, "glib: %s: %s\n", name, message ? message : anchor_status_message(status));
    anchor_string_free(message);
    if (program->exit_status != EXIT_FAILURE) {
        program->exit_status = status == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
    }
}

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
    struct program *program = data;
    anchor_completion *done = NULL;
    (void)fd, (void)condition;

    /* Takes without blocking until nothing is left. A program that must stay fluid may take one for each call instead. */
    while (anchor_queue_next(program->queue, 0, NULL, &done) == ANCHOR_OK) {
        report(program, done);
        anchor_completion_free(done);
    }
    if (anchor_queue_running(program->queue) == 0) {
        g_main_loop_quit(program->loop);
    }
    return G_SOURCE_CONTINUE;
}

static int run(anchor_client *client, int64_t timeout_ms, char **names)
{
    struct program program = {.names = names, .exit_status = EXIT_SUCCESS};
    if (anchor_queue_new(&program.queue) != ANCHOR_OK) {
        fprintf(stderr, "glib: no queue\n");
        return EXIT_FAILURE;
    }
    for (uint64_t i = 0; names[i] != NULL; i++) {
        if (anchor_wait_start_on(client, program.queue, names[i], timeout_ms, i, NULL, NULL) != ANCHOR_OK) {
            fprintf(stderr, "glib: %s: %s\n", names[i], anchor_last_error());
            anchor_queue_free(program.queue); /* cancels those that were started */
            return EXIT_FAILURE;
        }
    }
    program.loop = g_main_loop_new(NULL, FALSE);
    guint ready = g_unix_fd_add(anchor_queue_fd(program.queue), G_IO_IN, on_ready, &program);
    guint tick = g_timeout_add(TICK_MS, on_tick, NULL);
    g_main_loop_run(program.loop);
    g_source_remove(tick);
    g_source_remove(ready);
    g_main_loop_unref(program.loop);
    anchor_queue_free(program.queue); /* after its source is removed, since this closes the descriptor */
    return program.exit_status;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: glib TIMEOUT_MS EVENT...\n");
        return EXIT_FAILURE;
    }
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "glib: %s\n", config ? anchor_config_error(config) : "out of memory");
    } else {
        exit_status = run(client, strtoll(argv[1], NULL, 10), argv + 2);
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
