/*
 *     many SIZE WAKES SLICE_MS
 *
 * Linked with one peer, it starts SIZE waits on one thread, takes WAKES of them and starts each again, and cancels all.
 * The caller signals the events. Times are in us, of the monotonic clock; `cpu` is user and system time. In this order:
 *
 *     wait 0 is started and taken, so that everything is loaded
 *     "ready", and a line on stdin
 *     SIZE waits are started; they are blocked until the caller signals wait 0, which is started again
 *     {"began":[US],"start_cpu":[US]}
 *     WAKES waits: {"woken":[WAIT...],"at":[US...],"wakes_cpu":[US]}
 *     a line on stdin, and all are cancelled: {"cancel":[US],"cancel_cpu":[US]}
 */
#define _GNU_SOURCE
#include "../peers/many.h"
#include "driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Of all threads of this process. */
static double cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void start_all(int size)
{
    double cpu = cpu_us(), began = now_us();
    for (int wait = 0; wait < size; wait++)
        many_start(wait);
    int first = many_take();
    cpu = cpu_us() - cpu;
    many_start(first);
    print_samples("began", &began, 1);
    print_samples("start_cpu", &cpu, 1);
    fflush(stdout);
}

static void take_and_start_again(int count)
{
    double *woken = new_samples(count), *at = new_samples(count), cpu = cpu_us();
    for (int i = 0; i < count; i++) {
        int wait = many_take();
        at[i] = now_us();
        woken[i] = wait;
        many_start(wait);
    }
    cpu = cpu_us() - cpu;
    print_samples("woken", woken, count);
    print_samples("at", at, count);
    print_samples("wakes_cpu", &cpu, 1);
    fflush(stdout);
    free(woken);
    free(at);
}

static void cancel_all(void)
{
    double cpu = cpu_us(), began = now_us();
    many_cancel();
    double took = now_us() - began;
    cpu = cpu_us() - cpu;
    print_samples("cancel", &took, 1);
    print_samples("cancel_cpu", &cpu, 1);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("see the head of many.c");
    int size = atoi(argv[1]);
    /* Where a system gives huge pages to everybody, memory comes in 2 MiB, as much as two thousand waits take. */
    if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
        fail("no pages of the usual size");
    more_descriptors();
    many_open(the_service(), size, atol(argv[3]));
    many_start(0);
    many_take();
    await_go();
    start_all(size);
    take_and_start_again(atoi(argv[2]));
    if (getchar() == EOF)
        fail("nobody said go");
    cancel_all();
    return 0;
}
