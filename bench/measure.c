/*
 * Measures what the README promises in numbers, one figure a command, against a running event server. Peers are not
 * measured here.
 *
 *     measure warm N                  N signals, then N waits for them: wall time of a warm wait
 *     measure memory N                resident memory of each of N waits that block on threads with 128 KiB of stack
 *     measure pending N               the same for N started waits, how long it takes to start them, and to end them all
 *     measure overshoot MS...         how much later than its timeout a wait returns from a server that says nothing
 *     measure cancel N                how long after a cancel a blocked wait returns: median, 99 %, worst
 *     measure beside N                a warm wait with N others blocked on the same client, against one with none
 *     measure many N                  N waits blocked on threads: one signal each, then again with cancel_all
 *
 * ANCHORBROWSER_BASE_URL and ANCHORBROWSER_API_KEY name the server, ANCHOR_BENCH_CA_FILE its authority. The number of
 * threads of `memory` and `many` is bounded by the process' limits.
 */
#define _GNU_SOURCE
#include <anchor.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "measure: %s\n", what);
    exit(1);
}

static void expect(anchor_status status, anchor_status expected, const char *json)
{
    if (status != expected) {
        fprintf(stderr, "measure: %s instead of %s: %s\n", anchor_status_name(status),
                anchor_status_name(expected), json ? json : "");
        exit(1);
    }
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static anchor_client *new_client(const char *base_url, int64_t grace_ms)
{
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    const char *ca_file = getenv("ANCHOR_BENCH_CA_FILE");
    if (!config || anchor_config_set_grace_ms(config, grace_ms) != ANCHOR_OK
        || (base_url && anchor_config_set_base_url(config, base_url) != ANCHOR_OK)
        || (ca_file && anchor_config_set_ca_file(config, ca_file) != ANCHOR_OK)
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fail(config ? anchor_config_error(config) : "no memory");
    anchor_config_free(config);
    return client;
}

static void signal_event(anchor_client *client, const char *name)
{
    char *json = NULL;
    expect(anchor_signal_event(client, name, "{\"code\":\"123456\"}", &json), ANCHOR_OK, json);
    anchor_string_free(json);
}

static void wait_event(anchor_client *client, const char *name)
{
    char *json = NULL;
    expect(anchor_wait_for_event(client, name, 60000, NULL, &json), ANCHOR_OK, json);
    anchor_string_free(json);
}

/* In batches, since a server keeps so many signals and not more. */
static double warm_wait_us(anchor_client *client, int count)
{
    enum { BATCH = 250 };
    double spent = 0;
    for (int done = 0; done < count; done += BATCH) {
        int batch = count - done < BATCH ? count - done : BATCH;
        for (int i = 0; i <= batch; i++)
            signal_event(client, "warm");
        wait_event(client, "warm");
        double start = now_us();
        for (int i = 0; i < batch; i++)
            wait_event(client, "warm");
        spent += now_us() - start;
    }
    return spent / count;
}

static int warm(int count)
{
    anchor_client *client = new_client(NULL, 2000);
    printf("%.1f us a warm wait, mean of %d\n", warm_wait_us(client, count), count);
    anchor_client_free(client);
    return 0;
}

/* ---- many threads ---- */

struct waiter {
    pthread_t thread;
    anchor_client *client;
    int number;
    anchor_status status;
    int own; /* the answer was the event that this waiter waits for */
};

static void *wait_for_own(void *argument)
{
    struct waiter *waiter = argument;
    char name[32], *json = NULL, *code;
    snprintf(name, sizeof name, "many-%d", waiter->number);
    waiter->status = anchor_wait_for_event(waiter->client, name, 600000, NULL, &json);
    code = anchor_json_get(json, "/data/name");
    waiter->own = code && strcmp(code, name) == 0;
    anchor_string_free(code);
    anchor_string_free(json);
    return NULL;
}

/* The threads that block with a request sent: each has sent something on a connection of its own. */
static void await_blocked(anchor_client *client, uint64_t sent_at_least)
{
    for (;;) {
        char *json = NULL, *made;
        struct timespec tick = { 0, 10000000 };
        expect(anchor_client_stats(client, &json), ANCHOR_OK, NULL);
        made = anchor_json_get(json, "/waits");
        int done = made && strtoull(made, NULL, 10) >= sent_at_least;
        anchor_string_free(made);
        anchor_string_free(json);
        if (done)
            break;
        nanosleep(&tick, NULL);
    }
    /* The last ones are still to connect: they are blocked when the process does next to nothing. */
    for (double before = -1, after = 0; after - before > 1e-2; ) {
        struct timespec t, tick = { 0, 300000000 };
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        before = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
        nanosleep(&tick, NULL);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        after = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    }
}

static struct waiter *start_waiters(anchor_client *client, int count, uint64_t waits_before)
{
    struct waiter *waiters = calloc((size_t)count, sizeof *waiters);
    pthread_attr_t attributes;
    if (!waiters || pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, 128 * 1024))
        fail("no memory");
    for (int i = 0; i < count; i++) {
        waiters[i].client = client;
        waiters[i].number = i;
        if (pthread_create(&waiters[i].thread, &attributes, wait_for_own, &waiters[i]))
            fail("cannot start a thread");
    }
    pthread_attr_destroy(&attributes);
    await_blocked(client, waits_before + (uint64_t)count);
    return waiters;
}

static int join_waiters(struct waiter *waiters, int count, anchor_status expected)
{
    int as_expected = 0;
    for (int i = 0; i < count; i++) {
        pthread_join(waiters[i].thread, NULL);
        as_expected += waiters[i].status == expected && (expected != ANCHOR_OK || waiters[i].own);
    }
    free(waiters);
    return as_expected;
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%*d %ld", &pages) != 1)
        fail("cannot read /proc/self/statm");
    fclose(statm);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int memory(int count)
{
    anchor_client *client = new_client(NULL, 2000);
    signal_event(client, "first");
    wait_event(client, "first");
    long before = resident_kib();
    struct waiter *waiters = start_waiters(client, count, 1);
    long after = resident_kib();
    printf("%.1f KiB resident for each of %d blocked waits\n", (double)(after - before) / count, count);
    anchor_client_cancel_all(client);
    join_waiters(waiters, count, ANCHOR_CANCELLED);
    anchor_client_free(client);
    return 0;
}

/* Started waits: the library brings the threads, and a signal for each ends it. */
static int pending(int count)
{
    anchor_client *client = new_client(NULL, 2000);
    anchor_wait **waits = calloc((size_t)count, sizeof *waits);
    char name[32];
    int answered = 0;
    signal_event(client, "first");
    wait_event(client, "first");
    long before = resident_kib();
    double start = now_us();
    for (int i = 0; waits && i < count; i++) {
        snprintf(name, sizeof name, "pending-%d", i);
        expect(anchor_wait_start(client, name, 600000, &waits[i]), ANCHOR_OK, NULL);
    }
    double started = now_us();
    await_blocked(client, (uint64_t)count + 1);
    long after = resident_kib();
    double signaled = now_us();
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "pending-%d", i);
        signal_event(client, name);
    }
    for (int i = 0; i < count; i++) {
        answered += anchor_wait_finish(waits[i], 60000, NULL) == ANCHOR_OK;
        anchor_wait_free(waits[i]);
    }
    printf("%.1f KiB resident for each of %d started waits, %.0f ms to start them; %d answered and freed in %.0f ms\n",
           (double)(after - before) / count, count, (started - start) / 1e3, answered, (now_us() - signaled) / 1e3);
    free(waits);
    anchor_client_free(client);
    return answered == count ? 0 : 1;
}

static int many(int count)
{
    anchor_client *client = new_client(NULL, 2000), *signaler = new_client(NULL, 2000);
    struct waiter *waiters = start_waiters(client, count, 0);
    double start = now_us();
    for (int i = 0; i < count; i++) {
        char name[32], data[64], *json = NULL;
        snprintf(name, sizeof name, "many-%d", i);
        snprintf(data, sizeof data, "{\"name\":\"%s\"}", name);
        expect(anchor_signal_event(signaler, name, data, &json), ANCHOR_OK, json);
        anchor_string_free(json);
    }
    int answered = join_waiters(waiters, count, ANCHOR_OK);
    printf("%d of %d waits returned their own event, %.0f ms for all\n", answered, count, (now_us() - start) / 1e3);
    waiters = start_waiters(client, count, (uint64_t)count);
    start = now_us();
    anchor_client_cancel_all(client);
    int cancelled = join_waiters(waiters, count, ANCHOR_CANCELLED);
    printf("%d of %d waits returned from cancel_all, %.0f ms for all\n", cancelled, count, (now_us() - start) / 1e3);
    anchor_client_free(signaler);
    anchor_client_free(client);
    return answered == count && cancelled == count ? 0 : 1;
}

static int beside(int count)
{
    anchor_client *client = new_client(NULL, 2000);
    double alone[9], crowded[9];
    for (int i = 0; i < 9; i++)
        alone[i] = warm_wait_us(client, 500);
    struct waiter *waiters = start_waiters(client, count, 9 * 501);
    for (int i = 0; i < 9; i++)
        crowded[i] = warm_wait_us(client, 500);
    double best_alone = alone[0], best_crowded = crowded[0];
    for (int i = 1; i < 9; i++) {
        best_alone = alone[i] < best_alone ? alone[i] : best_alone;
        best_crowded = crowded[i] < best_crowded ? crowded[i] : best_crowded;
    }
    printf("a warm wait takes %.2f times as long beside %d blocked ones (best of 9 rounds: %.1f us, alone %.1f us)\n",
           best_crowded / best_alone, count, best_crowded, best_alone);
    anchor_client_cancel_all(client);
    join_waiters(waiters, count, ANCHOR_CANCELLED);
    anchor_client_free(client);
    return 0;
}

/* ---- exactness ---- */

/* A server that accepts and says nothing. */
static const char *silent_server(void)
{
    static char url[64];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 128)
        || getsockname(listener, (struct sockaddr *)&address, &length))
        fail(strerror(errno));
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return url;
}

static int overshoot(int count, char **millis)
{
    anchor_client *client = new_client(silent_server(), 0);
    for (int i = 0; i < count; i++) {
        double timeout = atof(millis[i]), start = now_us();
        char *json = NULL;
        expect(anchor_wait_for_event(client, "silent", (int64_t)timeout, NULL, &json), ANCHOR_TIMEOUT, json);
        printf("%+.2f ms at %.0f ms\n", (now_us() - start) / 1e3 - timeout, timeout);
        anchor_string_free(json);
    }
    anchor_client_free(client);
    return 0;
}

static _Atomic double returned_at;

struct cancelled_wait {
    anchor_client *client;
    anchor_cancel_token *token;
};

static void *wait_to_be_cancelled(void *argument)
{
    struct cancelled_wait *wait = argument;
    anchor_status status = anchor_wait_for_event(wait->client, "silent", 60000, wait->token, NULL);
    atomic_store(&returned_at, now_us());
    expect(status, ANCHOR_CANCELLED, NULL);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int cancel(int count)
{
    struct cancelled_wait wait = { new_client(silent_server(), 2000), anchor_cancel_token_new() };
    double *took = calloc((size_t)count, sizeof *took);
    if (!took || !wait.token)
        fail("no memory");
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        struct timespec settle = { 0, 2000000 };
        anchor_cancel_token_reset(wait.token);
        if (pthread_create(&thread, NULL, wait_to_be_cancelled, &wait))
            fail("cannot start a thread");
        nanosleep(&settle, NULL);
        double start = now_us();
        anchor_cancel_token_cancel(wait.token);
        pthread_join(thread, NULL);
        took[i] = (atomic_load(&returned_at) - start) / 1e3;
    }
    qsort(took, (size_t)count, sizeof *took, by_value);
    printf("%.3f ms from cancel to return (median of %d), 99 %%: %.3f ms, worst: %.3f ms\n", took[count / 2], count,
           took[count * 99 / 100], took[count - 1]);
    free(took);
    anchor_cancel_token_free(wait.token);
    anchor_client_free(wait.client);
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 1000;
    if (!strcmp(what, "warm"))
        return warm(count);
    if (!strcmp(what, "memory"))
        return memory(count);
    if (!strcmp(what, "pending"))
        return pending(count);
    if (!strcmp(what, "many"))
        return many(count);
    if (!strcmp(what, "beside"))
        return beside(count);
    if (!strcmp(what, "overshoot"))
        return overshoot(argc - 2, argv + 2);
    if (!strcmp(what, "cancel"))
        return cancel(count);
    fail("usage: measure warm|memory|pending|many|beside|cancel N, or measure overshoot MS...");
}
