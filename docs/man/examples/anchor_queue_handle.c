#include <anchor.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <poll.h>
#endif

/* Whether a queue has a completion within 5 seconds, as an event loop finds out. */
int has_completion(const anchor_queue *queue)
{
#ifdef _WIN32
    return WaitForSingleObject(anchor_queue_handle(queue), 5000) == WAIT_OBJECT_0;
#else
    struct pollfd fd = { 0, POLLIN, 0 };

    fd.fd = anchor_queue_fd(queue);
    return poll(&fd, 1, 5000) == 1;
#endif
}
