/* A crowd for peers that have many waits on one thread. */
#include "crowd.h"
#include "many.h"
#include <pthread.h>
#include <stdlib.h>

static pthread_t thread;

static void *take_all(void *count)
{
    for (int i = 0; i < *(int *)count; i++)
        many_take();
    return NULL;
}

void crowd_start(const struct service *service, int count)
{
    static int size;
    size = count;
    many_open(service, count, 600000);
    for (int i = 0; i < count; i++)
        many_start(i);
    if (pthread_create(&thread, NULL, take_all, &size))
        exit(1);
}

void crowd_join(void)
{
    pthread_join(thread, NULL);
}
