#include <anchor.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <poll.h>
#endif

/* Whether a wait has ended within 5 seconds, as an event loop finds out. */
int has_ended(const anchor_wait *wait)
{
#ifdef _WIN32
    return WaitForSingleObject(anchor_wait_handle(wait), 5000) == WAIT_OBJECT_0;
#else
    struct pollfd fd = { 0, POLLIN, 0 };

    fd.fd = anchor_wait_fd(wait);
    return poll(&fd, 1, 5000) == 1;
#endif
}
