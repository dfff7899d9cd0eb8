#include <anchor.h>
#include <unistd.h>

/* Writes to the pipe from which an event loop is woken. */
static void wake(void *pipe_end)
{
    if (write(*(int *)pipe_end, "", 1) != 1) {
        /* The pipe is full, so the loop will wake up. */
    }
}

anchor_status wake_by_pipe(anchor_queue *queue, int *pipe_end)
{
    return anchor_queue_set_callback(queue, wake, pipe_end);
}
