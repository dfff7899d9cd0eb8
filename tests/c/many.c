/*
 * A thousand waits at once: a cancel comes within milliseconds, everything may be freed in any order while they run, and the
 * statistics know where they are. No log line of a wait comes after its handle or its queue was freed.
 */
#define _GNU_SOURCE
#include "portable.h"

enum { MANY = 1000 };

static anchor_queue *new_queue(void)
{
    anchor_queue *queue = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    return queue;
}

static void start_on(anchor_client *client, anchor_queue *queue, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, (uint64_t)i, NULL, NULL));
}

static anchor_wait *start(anchor_client *client)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "never", ANCHOR_NO_TIMEOUT, &wait));
    return wait;
}

/* On an idle machine it takes some tenths of a millisecond. A busy one delays some rounds, and a defect all of them. A slow one, as
 * under valgrind, may take as long as for the start of the wait. */
static void a_cancel_comes_at_once(void)
{
    enum { ROUNDS = 40, SOON_MS = 5 };
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    int is_at_once = 0;
    portable_allow_descriptors();
    start_on(client, queue, MANY);
    CHECK_SOON(check_count(client, "/started/wait/count") == MANY);
    for (int round = 0; round < ROUNDS && !is_at_once; round++) {
        int64_t began = check_now_ms();
        anchor_wait *wait = start(client);
        CHECK_SOON(check_count(client, "/started/wait/count") == MANY + 1);
        int64_t started = check_now_ms();
        anchor_wait_cancel(wait);
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(wait, PATIENCE_MS, NULL));
        int64_t took = check_now_ms() - started;
        is_at_once = took <= SOON_MS || took <= started - began;
        anchor_wait_free(wait);
    }
    CHECK(is_at_once);
    CHECK(anchor_queue_running(queue) == MANY);
    anchor_client_cancel_all(client);
    for (int i = 0; i < MANY; i++) {
        anchor_completion *done = NULL;
        CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_completion_status(done));
        anchor_completion_free(done);
    }
    CHECK(anchor_queue_running(queue) == 0 && check_count(client, "/cancels") >= MANY);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

/* What the log callback gets. It is freed with the last wait. */
struct log {
    int lines;
};

static void count_line(void *user_data, anchor_log_level level, const char *line)
{
    struct log *log = user_data;
    (void)level;
    CHECK(line != NULL);
    __atomic_fetch_add(&log->lines, 1, __ATOMIC_SEQ_CST);
}

static anchor_client *logging_client(struct log *log)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, count_line, log));
    return check_client_of(config);
}

/* Frees four things in one of their 24 orders, while waits run. is_asked: their requests are sent, and each logs its end. */
static void free_in_order(int order, int is_asked)
{
    enum { ON_QUEUE = 20, HANDLES = 4 };
    struct log *log = calloc(1, sizeof *log);
    CHECK(log != NULL);
    anchor_client *client = logging_client(log);
    anchor_queue *queue = new_queue();
    anchor_cancel_token *token = anchor_cancel_token_new();
    anchor_wait *waits[HANDLES];
    anchor_completion *done = UNTOUCHED;
    int left[] = {0, 1, 2, 3};
    start_on(client, queue, ON_QUEUE);
    for (int i = 0; i < HANDLES / 2; i++) waits[i] = start(client);
    for (int i = HANDLES / 2; i < HANDLES; i++)
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, 99, NULL, &waits[i]));
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, 0, token, &done));
    if (is_asked) CHECK_SOON(check_count(client, "/started/wait/count") == ON_QUEUE + HANDLES);
    for (int count = 4; count > 0; count--) {
        int at = order % count, what = left[at];
        order /= count;
        left[at] = left[count - 1];
        if (what == 0) anchor_client_free(client);
        if (what == 1) anchor_queue_free(queue);
        if (what == 2) anchor_cancel_token_free(token);
        for (int i = 0; what == 3 && i < HANDLES; i++) anchor_wait_free(waits[i]);
    }
    if (is_asked) CHECK(log->lines == ON_QUEUE + HANDLES);
    free(log); /* the sanitizers and valgrind see a line that comes later */
}

static void everything_is_freed_in_any_order(void)
{
    for (int order = 0; order < 24; order++) {
        free_in_order(order, 1);
        free_in_order(order, 0);
    }
}

static void the_statistics_know_where_waits_are(void)
{
    enum { WAITING = 3, PAUSED = 2 };
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, ANCHOR_RETRY_ALWAYS));
    anchor_client *client = check_client_of(config);
    anchor_wait *waits[WAITING + PAUSED];
    for (int i = 0; i < WAITING + PAUSED; i++) {
        const char *name = i < WAITING ? "never" : "status_503";
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, ANCHOR_NO_TIMEOUT, &waits[i]));
    }
    CHECK_SOON(check_count(client, "/started/wait/count") == WAITING
               && check_count(client, "/started/paused/count") == PAUSED);
    CHECK_SOON(check_count(client, "/started/wait/oldestMs") >= 30);
    for (int i = 0; i < WAITING; i++) {
        anchor_wait_cancel(waits[i]);
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(waits[i], PATIENCE_MS, NULL));
        CHECK(check_count(client, "/started/wait/count") <= WAITING - 1 - i + PAUSED);
    }
    for (int i = 0; i < WAITING + PAUSED; i++) anchor_wait_free(waits[i]);
    static const char *const stages[] = {"queued", "dns", "connect", "tls", "send", "wait", "receive", "paused"};
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/started/%s/count", stages[i]);
        CHECK(check_count(client, pointer) == 0);
        snprintf(pointer, sizeof pointer, "/started/%s/oldestMs", stages[i]);
        CHECK(check_count(client, pointer) == 0);
    }
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_cancel_comes_at_once),
    CASE(everything_is_freed_in_any_order),
    CASE(the_statistics_know_where_waits_are),
};

RUN(cases)
