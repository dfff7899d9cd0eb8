/* The service, named by the environment, and what all measurements use. */
#define _GNU_SOURCE
#include "driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double *new_samples(int count)
{
    double *samples = calloc((size_t)count, sizeof *samples);
    if (!samples)
        fail("no memory");
    return samples;
}

struct service *the_service(void)
{
    static struct service service = { .grace_ms = 2000 };
    static char host[64];
    const char *url = getenv("ANCHORBROWSER_BASE_URL");
    if (service.base_url)
        return &service;
    if (!url || sscanf(url, "%*[a-z]://%63[^:]:%d", host, &service.port) != 2)
        fail("ANCHORBROWSER_BASE_URL has to be http[s]://address:port");
    service.base_url = url;
    service.host = host;
    service.api_key = getenv("ANCHORBROWSER_API_KEY");
    service.ca_file = getenv("ANCHOR_BENCH_CA_FILE");
    if (!service.api_key)
        fail("ANCHORBROWSER_API_KEY is missing");
    return &service;
}

void print_samples(const char *name, const double *samples, int count)
{
    printf("{\"%s\":[", name);
    for (int i = 0; i < count; i++)
        printf("%s%.2f", i ? "," : "", samples[i]);
    printf("]}\n");
}

void more_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        fail("no limits");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        fail("the limit of descriptors cannot be raised");
}

void await_go(void)
{
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        fail("nobody said go");
}
