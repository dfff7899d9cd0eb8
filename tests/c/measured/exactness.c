/*
 * How late a wait ends after its deadline and after a cancel, in microseconds, on the system where this runs: one line of JSON. The
 * server never answers, so the library alone ends each wait. A sleep of the same length shows what the machine adds.
 */
#define _POSIX_C_SOURCE 200809L
#include "../portable.h"
#include "../waiter.h"

enum { ROUNDS = 31 };

struct measured {
    const char *what;
    long late_us[ROUNDS];
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_ms(long ms)
{
    const struct timespec length = {0, ms * 1000000};
    nanosleep(&length, NULL);
}

/* It listens, and nobody accepts: the system takes the connection and what is sent. */
static anchor_client *client_of_a_silent_server(void)
{
    char url[64];
    portable_socket listening = portable_bound_socket(url, sizeof url);
    CHECK(listen(listening, 4 * ROUNDS) == 0);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_grace_ms(config, 0));
    return check_client_of(config);
}

/* An emulator may be too slow to connect and send before the deadline, which the status says. */
static long deadline(anchor_client *client, long ms)
{
    int64_t began = now_us();
    anchor_status status = anchor_wait_for_event(client, "never", ms, NULL, NULL);
    int64_t ended = now_us();
    CHECK(status == ANCHOR_TIMEOUT || status == ANCHOR_NOT_SENT);
    return (long)(ended - began - ms * 1000);
}

static long slept(long ms)
{
    int64_t began = now_us();
    sleep_ms(ms);
    return (long)(now_us() - began - ms * 1000);
}

struct cancelled {
    struct waiter waiter;
    int64_t ended_us;
};

static void *wait_and_look_at_the_clock(void *argument)
{
    struct cancelled *cancelled = argument;
    wait_on_thread(&cancelled->waiter);
    cancelled->ended_us = now_us();
    return NULL;
}

static long cancel(anchor_client *client, long ms)
{
    struct cancelled wait = {{0}, 0};
    long before = check_count(client, "/waits");
    wait.waiter.client = client;
    wait.waiter.token = new_token();
    wait.waiter.event_name = "never";
    wait.waiter.timeout_ms = ANCHOR_NO_TIMEOUT;
    CHECK(pthread_create(&wait.waiter.thread, NULL, wait_and_look_at_the_clock, &wait) == 0);
    CHECK_SOON(check_count(client, "/waits") == before + 1);
    /* Until it blocks, most likely. If it does not yet, its latency is that of its start. */
    sleep_ms(ms);
    int64_t began = now_us();
    anchor_cancel_token_cancel(wait.waiter.token);
    CHECK(pthread_join(wait.waiter.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_CANCELLED, wait.waiter.status);
    anchor_string_free(wait.waiter.json);
    anchor_cancel_token_free(wait.waiter.token);
    return (long)(wait.ended_us - began);
}

static int by_size(const void *left, const void *right)
{
    long a = *(const long *)left, b = *(const long *)right;
    return (a > b) - (a < b);
}

static void print(struct measured *measured, const char *before)
{
    qsort(measured->late_us, ROUNDS, sizeof measured->late_us[0], by_size);
    printf("%s\"%s\":{\"least_us\":%ld,\"median_us\":%ld,\"most_us\":%ld}", before, measured->what, measured->late_us[0],
           measured->late_us[ROUNDS / 2], measured->late_us[ROUNDS - 1]);
}

int main(void)
{
    struct measured deadlines = {"deadline", {0}}, cancels = {"cancel", {0}}, sleeps = {"sleep", {0}};
    anchor_client *client = client_of_a_silent_server();
    for (int i = 0; i < ROUNDS; i++) {
        long ms = 50 + i;
        deadlines.late_us[i] = deadline(client, ms);
        sleeps.late_us[i] = slept(ms);
        cancels.late_us[i] = cancel(client, ms);
    }
    anchor_client_free(client);
    print(&deadlines, "{");
    print(&cancels, ",");
    print(&sleeps, ",");
    printf("}\n");
    return 0;
}
