#include <anchor.h>
#include <stdio.h>

/* Waits for several events at once, and prints each as it arrives. */
void print_events(anchor_client *client, const char *const *names, size_t count)
{
    anchor_queue *queue = NULL;
    anchor_completion *done = NULL;
    size_t i;

    if (anchor_queue_new(&queue) != ANCHOR_OK)
        return;
    for (i = 0; i < count; i++)
        if (anchor_wait_start_on(client, queue, names[i], 60000, i, NULL, NULL) != ANCHOR_OK)
            fprintf(stderr, "%s: %s\n", names[i], anchor_last_error());
    while (anchor_queue_running(queue) > 0) {
        if (anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, NULL, &done) != ANCHOR_OK)
            break;
        printf("%s: %s\n", names[anchor_completion_tag(done)], anchor_completion_json(done));
        anchor_completion_free(done);
    }
    anchor_queue_free(queue);
}
