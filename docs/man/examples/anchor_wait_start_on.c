#include <anchor.h>
#include <stdint.h>

struct user {
    const char *event_name;
};

/* The completion's tag is the address of the user. */
anchor_status wait_for_user(anchor_client *client, anchor_queue *queue, struct user *user)
{
    uint64_t tag = (uintptr_t)user;

    return anchor_wait_start_on(client, queue, user->event_name, ANCHOR_NO_TIMEOUT, tag, NULL, NULL);
}
