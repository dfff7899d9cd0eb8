#include <anchor.h>
#include <poll.h>

/* Blocks until a wait on the queue has ended or there is input on stdin. */
int is_input(const anchor_queue *queue)
{
    struct pollfd fds[2] = { { 0, POLLIN, 0 }, { 0, POLLIN, 0 } };

    fds[1].fd = anchor_queue_fd(queue);
    return poll(fds, 2, -1) > 0 && (fds[0].revents & POLLIN) != 0;
}
