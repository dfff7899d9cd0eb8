#include <anchor.h>
#include <stdio.h>

/* Takes what there is, without blocking, when the queue's descriptor is readable. */
void take_all(anchor_queue *queue)
{
    anchor_completion *done = NULL;

    while (anchor_queue_next(queue, 0, NULL, &done) == ANCHOR_OK) {
        printf("%d: %s\n", (int)anchor_completion_tag(done), anchor_completion_json(done));
        anchor_completion_free(done);
    }
}
