#include <anchor.h>

/* The outcome of the wait that ends first; *index is its index. */
anchor_status first_of(anchor_wait *const *waits, size_t count, size_t *index, char **json)
{
    anchor_status status = anchor_wait_select(waits, count, ANCHOR_NO_TIMEOUT, index);

    return status == ANCHOR_OK ? anchor_wait_finish(waits[*index], 0, json) : status;
}
