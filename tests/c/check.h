/*
 * A small test harness: named cases, and checks that print what they found. A program prints "ok NAME" for each case that
 * passes, and nothing else; with names as arguments it runs only those cases.
 *
 * The URL of the local server and a key are in the environment, where the library reads them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The longest that a case waits for something that must happen; a case that waits longer has found a defect. */
#define PATIENCE_MS 60000

/* The value of an out-parameter before a call, to see that the call overwrites it. It is never dereferenced. */
#define UNTOUCHED check_untouched()
static inline void *check_untouched(void)
{
    static char place;
    return &place;
}

#define CHECK(condition) \
    do { \
        if (!(condition)) check_failed(__FILE__, __LINE__, "%s does not hold%s%s", #condition, "", ""); \
    } while (0)

#define CHECK_STATUS(expected, call) \
    do { \
        int32_t check_expected = (int32_t)(expected), check_actual = (int32_t)(call); \
        if (check_expected != check_actual) \
            check_failed(__FILE__, __LINE__, #call " gave %s instead of %s%s", anchor_status_name(check_actual), \
                         anchor_status_name(check_expected), ""); \
    } while (0)

#define CHECK_TEXT(expected, actual) check_text(__FILE__, __LINE__, #actual, (expected), (actual))
#define CHECK_CONTAINS(part, text) check_contains(__FILE__, __LINE__, #text, (part), (text))

/* The value at a pointer in a JSON text; if NULL is expected, there must be none. */
#define CHECK_JSON(expected, json, pointer) check_json(__FILE__, __LINE__, (expected), (json), (pointer))

/* Waits until the condition holds, for at most PATIENCE_MS. */
#define CHECK_SOON(condition) \
    do { \
        int64_t check_end = check_now_ms() + PATIENCE_MS; \
        while (!(condition)) { \
            if (check_now_ms() > check_end) check_failed(__FILE__, __LINE__, "%s never held%s%s", #condition, "", ""); \
            check_pause(); \
        } \
    } while (0)

struct test_case {
    const char *name;
    void (*run)(void);
};

#define CASE(function) {#function, function}

static inline void check_failed(const char *file, int line, const char *format, const char *a, const char *b,
                                const char *c)
{
    fprintf(stderr, "%s:%d: ", file, line);
    fprintf(stderr, format, a, b, c);
    fputc('\n', stderr);
    exit(1);
}

static inline void check_text(const char *file, int line, const char *what, const char *expected, const char *actual)
{
    int same = expected != NULL && actual != NULL ? strcmp(expected, actual) == 0 : expected == actual;
    if (!same)
        check_failed(file, line, "%s is \"%s\" instead of \"%s\"", what, actual ? actual : "NULL",
                     expected ? expected : "NULL");
}

static inline void check_contains(const char *file, int line, const char *what, const char *part, const char *text)
{
    if (text == NULL || strstr(text, part) == NULL)
        check_failed(file, line, "%s is \"%s\", without \"%s\"", what, text ? text : "NULL", part);
}

static inline void check_json(const char *file, int line, const char *expected, const char *json, const char *pointer)
{
    char *found = anchor_json_get(json, pointer);
    if (found == NULL && json != NULL && expected != NULL) fprintf(stderr, "%s\n", json);
    check_text(file, line, pointer, expected, found);
    anchor_string_free(found);
}

static inline int64_t check_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void check_pause(void)
{
    const struct timespec moment = {0, 1000000};
    nanosleep(&moment, NULL);
}

/* One of the client's counts, as anchor_client_stats gives them. */
static inline long check_count(const anchor_client *client, const char *pointer)
{
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_stats(client, &json));
    char *count = anchor_json_get(json, pointer);
    CHECK(count != NULL);
    long value = strtol(count, NULL, 10);
    anchor_string_free(count);
    anchor_string_free(json);
    return value;
}

static inline long check_drain(anchor_client *client, const char *event_name)
{
    uint32_t drained = 0;
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, event_name, ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    return (long)drained;
}

/* Settings of the environment. A busy machine, above all under valgrind, may take long to send a wait of zero and to answer it. */
static inline anchor_config *check_config(void)
{
    anchor_config *config = anchor_config_new();
    CHECK(config != NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_grace_ms(config, PATIENCE_MS));
    return config;
}

/* A client with these settings, which are freed. */
static inline anchor_client *check_client_of(anchor_config *config)
{
    anchor_client *client = NULL;
    if (anchor_client_new(config, &client) != ANCHOR_OK)
        check_failed(__FILE__, __LINE__, "no client: %s%s%s", anchor_config_error(config), "", "");
    anchor_config_free(config);
    return client;
}

static inline anchor_client *check_client(void)
{
    return check_client_of(check_config());
}

/* A signal does not use a connection that was idle for four seconds, and a wait does. After this one the signal does too, however
 * slow the machine is. */
static inline void check_connection(anchor_client *client)
{
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "no event of this name", 0, NULL, NULL));
}

/* A wait with a short timeout. If a busy machine has not sent its request in time, it is made again. */
static inline anchor_status check_short_wait(anchor_client *client, const char *event_name, int64_t timeout_ms,
                                             char **json)
{
    int64_t end = check_now_ms() + PATIENCE_MS;
    for (;;) {
        anchor_status status = anchor_wait_for_event(client, event_name, timeout_ms, NULL, json);
        if (status != ANCHOR_NOT_SENT || check_now_ms() > end) return status;
        anchor_string_free(*json);
    }
}

static inline int check_is_named(const char *name, int argc, char **argv)
{
    int named = argc == 1;
    for (int i = 1; i < argc; i++) named |= strcmp(argv[i], name) == 0;
    return named;
}

static inline int check_run(const struct test_case *cases, size_t count, int argc, char **argv)
{
    int ran = 0;
    for (size_t i = 0; i < count; i++) {
        if (!check_is_named(cases[i].name, argc, argv)) continue;
        cases[i].run();
        printf("ok %s\n", cases[i].name);
        fflush(stdout);
        ran++;
    }
    return ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define RUN(cases) \
    int main(int argc, char **argv) \
    { \
        return check_run(cases, sizeof(cases) / sizeof((cases)[0]), argc, argv); \
    }

#endif
