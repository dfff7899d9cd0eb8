#include <anchor.h>
#include <poll.h>

/* Waits for an event and for input on stdin. */
anchor_status wait_or_read(anchor_client *client, char **json)
{
    anchor_wait *wait = NULL;
    anchor_status status = anchor_wait_start(client, "login_done", 60000, &wait);

    if (status == ANCHOR_OK) {
        struct pollfd fds[2] = { { 0, POLLIN, 0 }, { 0, POLLIN, 0 } };
        fds[1].fd = anchor_wait_fd(wait);
        poll(fds, 2, -1);
        status = anchor_wait_finish(wait, 0, json); /* ANCHOR_PENDING if there is only input */
    }
    anchor_wait_free(wait);
    return status;
}
