/*
 * A panic within the library, which the build for sanitizers makes where ANCHOR_INJECT_PANIC says: the call returns
 * ANCHOR_INTERNAL with the error as JSON, and its handle still works. Where panics abort, this program aborts.
 */
#define _POSIX_C_SOURCE 200809L
#include "../check.h"

static void inject(const char *place)
{
    CHECK(place != NULL ? setenv("ANCHOR_INJECT_PANIC", place, 1) == 0 : unsetenv("ANCHOR_INJECT_PANIC") == 0);
}

static void goes_on(anchor_client *client)
{
    char *json = NULL;
    inject(NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "goes on", "{\"a\":1}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "goes on", PATIENCE_MS, NULL, &json));
    CHECK_TEXT("{\"data\":{\"a\":1}}", json);
    anchor_string_free(json);
}

static void is_told(char *json)
{
    CHECK_JSON("ANCHOR_INTERNAL", json, "/error/status");
    CHECK_JSON("client", json, "/error/origin");
    CHECK_JSON("true", json, "/error/maybeConsumed"); /* nobody knows */
    anchor_string_free(json);
}

static void making_a_client(void)
{
    anchor_config *config = check_config();
    anchor_client *client = UNTOUCHED;
    inject("client");
    CHECK_STATUS(ANCHOR_INTERNAL, anchor_client_new(config, &client));
    CHECK(client == NULL);
    CHECK_CONTAINS("defect", anchor_config_error(config));
    CHECK_STATUS(ANCHOR_INTERNAL, anchor_client_new(NULL, &client));
    inject(NULL);
    client = check_client_of(config);
    goes_on(client);
    anchor_client_free(client);
}

/* Before the request, and with its answer half read. */
static const char *const places[] = {"request", "answer"};

static void a_wait(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_for_event(client, "quiet", 0, NULL, &json));
        is_told(json);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_for_event(client, "quiet", 0, NULL, NULL));
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_drain_event(client, "quiet", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        goes_on(client);
    }
    anchor_client_free(client);
}

static void a_signal(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_signal_event(client, "signaled", NULL, ANCHOR_REQUEST_TIMEOUT, NULL,
                                                          &json));
        is_told(json);
        goes_on(client);
    }
    anchor_client_free(client);
}

static void a_started_wait(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        anchor_wait *wait = NULL;
        size_t index;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "quiet", 0, &wait));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_select(&wait, 1, PATIENCE_MS, &index));
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_finish(wait, 0, &json));
        is_told(json);
        anchor_wait_free(wait);
        goes_on(client);
    }
    anchor_client_free(client);
}

static void take(anchor_queue *queue, anchor_status status)
{
    anchor_completion *done = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    CHECK_STATUS(status, anchor_completion_status(done));
    if (status == ANCHOR_INTERNAL) {
        CHECK_JSON("ANCHOR_INTERNAL", anchor_completion_json(done), "/error/status");
        CHECK_JSON("true", anchor_completion_json(done), "/error/maybeConsumed");
    }
    anchor_completion_free(done);
}

static anchor_queue *new_queue(void)
{
    anchor_queue *queue = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    return queue;
}

/* A wait on the same queue, and one with a handle of its own, are not affected. */
static void a_queued_wait(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *started = NULL;
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "beside", PATIENCE_MS, 1, NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "beside", PATIENCE_MS, &started));
        CHECK_SOON(check_count(client, "/started/wait/count") == 2);
        inject(places[i]);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 2, NULL, NULL));
        take(queue, ANCHOR_INTERNAL);
        inject(NULL);
        CHECK(check_count(client, "/started/wait/count") == 2);
        for (int j = 0; j < 2; j++) CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "beside", NULL,
                                                                                ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        take(queue, ANCHOR_OK);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(started, PATIENCE_MS, NULL));
        anchor_wait_free(started);
        goes_on(client);
    }
    anchor_queue_free(queue);
    anchor_client_free(client);
}

/* A defect of the thread itself ends what runs on it. The next wait gets another thread. */
static void all_started_waits(void)
{
    enum { QUEUED = 3 };
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *started = NULL, *freed = NULL;
    char *json = UNTOUCHED;
    for (int i = 0; i < QUEUED; i++)
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, 1, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "never", ANCHOR_NO_TIMEOUT, &started));
    CHECK_SOON(check_count(client, "/started/wait/count") == QUEUED + 1);
    inject("reactor");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "never", ANCHOR_NO_TIMEOUT, &freed));
    for (int i = 0; i < QUEUED; i++) take(queue, ANCHOR_INTERNAL);
    CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_finish(started, PATIENCE_MS, &json));
    is_told(json);
    anchor_wait_free(started);
    anchor_wait_free(freed);
    inject(NULL);
    CHECK(check_count(client, "/started/wait/count") == 0);
    goes_on(client);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "after", PATIENCE_MS, 1, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "after", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    take(queue, ANCHOR_OK);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(making_a_client),
    CASE(a_wait),
    CASE(a_signal),
    CASE(a_started_wait),
    CASE(a_queued_wait),
    CASE(all_started_waits),
};

RUN(cases)
