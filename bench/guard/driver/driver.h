/* What measurements have in common: the service, the clock, a wait that has to succeed, and how results are printed. */
#ifndef DRIVER_H
#define DRIVER_H

#include "../peers/peer.h"

/* ANCHORBROWSER_BASE_URL, ANCHORBROWSER_API_KEY and, over TLS, ANCHOR_BENCH_CA_FILE name it. */
struct service *the_service(void);

_Noreturn void fail(const char *what);
double now_us(void);
double *new_samples(int count);

/* A line of JSON on stdout: {"NAME":[...]}. */
void print_samples(const char *name, const double *samples, int count);

/* As many as the machine allows. */
void more_descriptors(void);

/* "ready" on stdout, and a line on stdin. */
void await_go(void);

/* These end the process if they fail. */
struct peer *opened(void);
void wait_for(struct peer *peer, const char *event);

/* The measurements that need threads. */
int cancel(int count);
int throughput(int threads, int count);

#endif
