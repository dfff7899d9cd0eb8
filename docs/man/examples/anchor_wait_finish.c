#include <anchor.h>

/* Does other work while the wait runs in the background. */
anchor_status work_until_signaled(anchor_wait *wait, void (*work)(void), char **json)
{
    anchor_status status;

    while ((status = anchor_wait_finish(wait, 0, json)) == ANCHOR_PENDING) {
        anchor_string_free(*json); /* says that the wait is pending */
        work();
    }
    return status;
}
