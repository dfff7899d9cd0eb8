#include <anchor.h>

/* Whether the event was signaled. */
int arrived(const anchor_completion *done)
{
    return anchor_completion_status(done) == ANCHOR_OK;
}
