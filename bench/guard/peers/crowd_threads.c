/* A crowd for peers that block: a thread for each wait, with a small stack. */
#include "crowd.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct member {
    pthread_t thread;
    const struct service *service;
    int number;
};

static struct member *members;
static int size;

static void *wait_for_own(void *argument)
{
    struct member *member = argument;
    struct peer *peer = peer_open(member->service);
    char event[32], code[CODE_SIZE];
    if (!peer)
        exit(1);
    snprintf(event, sizeof event, "crowd-%d", member->number);
    if (peer_wait(peer, event, 600000, code) != WAIT_OK)
        exit(1);
    peer_close(peer);
    return NULL;
}

void crowd_start(const struct service *service, int count)
{
    pthread_attr_t attributes;
    members = calloc((size_t)count, sizeof *members);
    size = count;
    if (!members || pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, 128 * 1024))
        exit(1);
    for (int i = 0; i < count; i++) {
        members[i].service = service;
        members[i].number = i;
        int error = pthread_create(&members[i].thread, &attributes, wait_for_own, &members[i]);
        if (error) {
            fprintf(stderr, "thread %d: %s\n", i, strerror(error));
            exit(1);
        }
    }
    pthread_attr_destroy(&attributes);
}

void crowd_join(void)
{
    for (int i = 0; i < size; i++)
        pthread_join(members[i].thread, NULL);
    free(members);
}
