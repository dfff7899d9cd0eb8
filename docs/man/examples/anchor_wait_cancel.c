#include <anchor.h>

/* Ends a wait, and keeps an event that arrived before. */
int event_arrived(anchor_wait *wait, char **json)
{
    anchor_wait_cancel(wait);
    return anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, json) == ANCHOR_OK;
}
