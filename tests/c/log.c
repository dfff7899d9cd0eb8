/* The log callback and the counts. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>

#define PAYLOAD "s3cret payload"

static struct log {
    pthread_mutex_t lock;
    char text[65536];
    int lines, warnings, infos, debugs;
} log_of_test = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_line(void *user_data, int32_t level, const char *message)
{
    struct log *log = user_data;
    pthread_mutex_lock(&log->lock);
    CHECK(message != NULL && strchr(message, '\n') == NULL);
    CHECK(strlen(log->text) + strlen(message) + 2 < sizeof log->text);
    strcat(strcat(log->text, message), "\n");
    log->lines++;
    log->warnings += level == ANCHOR_LOG_LEVEL_WARNING;
    log->infos += level == ANCHOR_LOG_LEVEL_INFO;
    log->debugs += level == ANCHOR_LOG_LEVEL_DEBUG;
    pthread_mutex_unlock(&log->lock);
}

static void forget(struct log *log)
{
    log->text[0] = '\0';
    log->lines = log->warnings = log->infos = log->debugs = 0;
}

static anchor_client *logging_client(struct log *log)
{
    anchor_config *config = check_config();
    forget(log);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, on_line, log));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_slice_ms(config, 50));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    return check_client_of(config);
}

static void each_request_is_a_line(void)
{
    struct log *log = &log_of_test;
    anchor_client *client = logging_client(log);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "logged", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "logged", PATIENCE_MS, NULL, NULL));
    CHECK(log->debugs == 2);
    CHECK(log->lines == log->warnings + log->infos + log->debugs);
    CHECK_CONTAINS("logged", log->text);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 3000, NULL, NULL));
    CHECK(log->infos >= 1);
    CHECK_STATUS(ANCHOR_SERVER_ERROR, anchor_wait_for_event(client, "status_503", PATIENCE_MS, NULL, NULL));
    CHECK(log->warnings >= 1);
    CHECK_CONTAINS("ANCHOR_SERVER_ERROR", log->text);
    anchor_client_free(client);
}

static void a_line_holds_neither_key_nor_payload(void)
{
    struct log *log = &log_of_test;
    anchor_client *client = logging_client(log);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "secret", "{\"a\":\"" PAYLOAD "\"}", ANCHOR_REQUEST_TIMEOUT,
                                                NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "secret", PATIENCE_MS, NULL, NULL));
    CHECK_STATUS(ANCHOR_NOT_FOUND, anchor_signal_event(client, "status_404", "{\"a\":\"" PAYLOAD "\"}",
                                                       ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, "drop", "{\"a\":\"" PAYLOAD "\"}",
                                                             ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK(log->lines > 0);
    CHECK(strstr(log->text, getenv("ANCHORBROWSER_API_KEY")) == NULL);
    CHECK(strstr(log->text, PAYLOAD) == NULL);
    anchor_client_free(client);
}

/* An event's name may be any text: it must not forge a line. */
static void a_name_cannot_forge_a_line(void)
{
    struct log *log = &log_of_test;
    anchor_client *client = logging_client(log);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "a\nwarning: forged", 0, NULL, NULL));
    CHECK(log->lines > 0); /* on_line refuses a line end */
    anchor_client_free(client);
}

/* The last line of each level. */
struct lines {
    char warning[512], debug[512];
};

static void keep_line(void *user_data, int32_t level, const char *message)
{
    struct lines *lines = user_data;
    char *line = level == ANCHOR_LOG_LEVEL_WARNING ? lines->warning : lines->debug;
    CHECK(strlen(message) < sizeof lines->debug);
    strcpy(line, message);
}

static void a_line_has_its_fields_as_json(void)
{
    struct lines lines = {"", ""};
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, keep_line, &lines));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_json(config, 1));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "a \"name\"\n", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_JSON("debug", lines.debug, "/level");
    CHECK_JSON("signal", lines.debug, "/operation");
    CHECK_JSON("a \"name\"\n", lines.debug, "/eventName");
    CHECK_JSON("1", lines.debug, "/attempt");
    CHECK_JSON("receive", lines.debug, "/phase");
    CHECK_JSON("ANCHOR_OK", lines.debug, "/status");
    CHECK_JSON("request 1: answered", lines.debug, "/message");
    CHECK_JSON(NULL, lines.debug, "/code");
    CHECK_STATUS(ANCHOR_SERVER_ERROR, anchor_wait_for_event(client, "status_503", PATIENCE_MS, NULL, NULL));
    CHECK_JSON("warning", lines.warning, "/level");
    CHECK_JSON("1", lines.warning, "/attempt");
    CHECK_JSON("ANCHOR_SERVER_ERROR", lines.warning, "/status");
    char *pause = anchor_json_get(lines.warning, "/pauseMs");
    CHECK(pause != NULL && atoi(pause) <= 5000);
    anchor_string_free(pause);
    CHECK_JSON("2", lines.debug, "/attempt");
    CHECK_JSON("503", lines.debug, "/code");
    CHECK_JSON("status_503", lines.debug, "/eventName");
    CHECK_JSON("wait", lines.debug, "/operation");
    anchor_client_free(client);
}

static void no_callback_is_no_log(void)
{
    struct log *log = &log_of_test;
    anchor_config *config = check_config();
    forget(log);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, on_line, log));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, NULL, NULL));
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 0, NULL, NULL));
    CHECK(log->lines == 0);
    anchor_client_free(client);
}

enum { THREADS = 8 };

static void *wait_once(void *client)
{
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 0, NULL, NULL));
    return NULL;
}

static void lines_come_from_every_thread(void)
{
    struct log *log = &log_of_test;
    pthread_t threads[THREADS];
    anchor_client *client = logging_client(log);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, wait_once, client) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(log->debugs == THREADS);
    anchor_client_free(client);
}

static void counts_add_up(void)
{
    static const char *const members[] = {"/waits",           "/signals",           "/answers",   "/timeouts",     "/cancels",
                                          "/failures",        "/rearms",            "/retries",   "/unanswered",
                                          "/connectionsMade", "/connectionsReused", "/bytesSent", "/bytesReceived",
                                          "/connections/open", "/connections/idle", "/connections/waiting"};
    anchor_client *client = check_client();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) CHECK(check_count(client, members[i]) == 0);

    anchor_cancel_token *token = anchor_cancel_token_new();
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "counted", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "counted", PATIENCE_MS, NULL, NULL));
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "counted", 0, NULL, NULL));
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "counted", 0, token, NULL));
    CHECK_STATUS(ANCHOR_NOT_FOUND, anchor_wait_for_event(client, "status_404", 0, NULL, NULL));
    anchor_cancel_token_free(token);

    CHECK(check_count(client, "/waits") == 4);
    CHECK(check_count(client, "/signals") == 1);
    CHECK(check_count(client, "/answers") == 2);
    CHECK(check_count(client, "/timeouts") == 1);
    CHECK(check_count(client, "/cancels") == 1);
    CHECK(check_count(client, "/failures") == 1);
    CHECK(check_count(client, "/connectionsMade") == 1);
    CHECK(check_count(client, "/connectionsReused") == 3);
    CHECK(check_count(client, "/connections/open") == 1 && check_count(client, "/connections/idle") == 1);
    CHECK(check_count(client, "/connections/waiting") == 0);
    CHECK(check_count(client, "/bytesSent") > 0 && check_count(client, "/bytesReceived") > 0);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(each_request_is_a_line),
    CASE(a_line_holds_neither_key_nor_payload),
    CASE(a_name_cannot_forge_a_line),
    CASE(a_line_has_its_fields_as_json),
    CASE(no_callback_is_no_log),
    CASE(lines_come_from_every_thread),
    CASE(counts_add_up),
};

RUN(cases)
