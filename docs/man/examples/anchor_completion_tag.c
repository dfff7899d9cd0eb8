#include <anchor.h>
#include <stdint.h>

/* The object whose address was the tag of the wait. */
void *owner(const anchor_completion *done)
{
    return (void *)(uintptr_t)anchor_completion_tag(done);
}
