/* The measurements that need threads: how soon a cancelled wait returns, and how many waits a second threads make. */
#define _GNU_SOURCE
#include "driver.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct cancelled_wait {
    pthread_t thread;
    struct peer *peer;
    double returned;
};

static void *wait_to_be_cancelled(void *argument)
{
    struct cancelled_wait *wait = argument;
    char code[CODE_SIZE];
    enum outcome outcome = peer_wait(wait->peer, "silent", 60000, code);
    wait->returned = now_us();
    if (outcome != WAIT_CANCELLED)
        fail("a wait was not cancelled");
    return NULL;
}

int cancel(int count)
{
    double *late = new_samples(count);
    struct peer *keeps_the_client = opened();
    for (int i = 0; i < count; i++) {
        struct cancelled_wait wait = { .peer = opened() };
        struct timespec settle = { 0, 3000000 + rand() % 1000000 };
        if (pthread_create(&wait.thread, NULL, wait_to_be_cancelled, &wait))
            fail("cannot start a thread");
        nanosleep(&settle, NULL);
        double start = now_us();
        peer_cancel(wait.peer);
        pthread_join(wait.thread, NULL);
        late[i] = wait.returned - start;
        peer_close(wait.peer);
    }
    print_samples("late", late, count);
    free(late);
    peer_close(keeps_the_client);
    return 0;
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *begin;
    int count;
};

static void *wait_and_wait(void *argument)
{
    struct worker *worker = argument;
    struct peer *peer = opened();
    wait_for(peer, "bench");
    pthread_barrier_wait(worker->begin);
    for (int i = 0; i < worker->count; i++)
        wait_for(peer, "bench");
    pthread_barrier_wait(worker->begin);
    peer_close(peer);
    return NULL;
}

int throughput(int threads, int count)
{
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    pthread_barrier_t begin;
    if (!workers || pthread_barrier_init(&begin, NULL, (unsigned)threads + 1))
        fail("no memory");
    for (int i = 0; i < threads; i++) {
        workers[i].begin = &begin;
        workers[i].count = count / threads;
        if (pthread_create(&workers[i].thread, NULL, wait_and_wait, &workers[i]))
            fail("cannot start a thread");
    }
    pthread_barrier_wait(&begin);
    double start = now_us();
    pthread_barrier_wait(&begin);
    double rate = count / threads * threads / (now_us() - start) * 1e6;
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    print_samples("rate", &rate, 1);
    free(workers);
    return 0;
}
