/* What calls return when the process has no descriptor or thread left, and that the client works again afterwards. */
#define _GNU_SOURCE
#include "check.h"
#include "portable.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void limit(int what, rlim_t value)
{
    struct rlimit limit;
    CHECK(getrlimit(what, &limit) == 0);
    limit.rlim_cur = value;
    CHECK(setrlimit(what, &limit) == 0);
}

/* Even if something is closed meanwhile: only the numbers of the standard streams are left. */
static void leave_no_descriptor(void)
{
    limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
}

static void give_descriptors_back(void)
{
    limit(RLIMIT_NOFILE, 256);
}

/* With a host name instead of the address, so that it must be looked up; with one retry, which the counts show. */
static anchor_client *client_by_name(void)
{
    anchor_config *config = check_config();
    char url[64];
    const char *port = strrchr(getenv("ANCHORBROWSER_BASE_URL"), ':');
    snprintf(url, sizeof url, "http://localhost%s", port);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    return check_client_of(config);
}

/* EMFILE, which each C library says in its own words. */
static const char no_descriptor[] = "(os error 24)";

static void goes_on(anchor_client *client)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "goes on", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "goes on", PATIENCE_MS, NULL, NULL));
}

static void tells(const char *phase, const char *message, char *json)
{
    CHECK_JSON("ANCHOR_OUT_OF_MEMORY", json, "/error/status");
    CHECK_JSON(phase, json, "/error/phase");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    CHECK_CONTAINS(message, json);
    anchor_string_free(json);
}

static void no_descriptor_for_the_first_call(void)
{
    char *json = UNTOUCHED;
    leave_no_descriptor();
    anchor_client *client = check_client();
    CHECK(anchor_cancel_token_new() == NULL);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_for_event(client, "e", PATIENCE_MS, NULL, &json));
    tells(NULL, no_descriptor, json);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "e", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    tells(NULL, no_descriptor, json);
    give_descriptors_back();
    goes_on(client);
    anchor_client_free(client);
}

/* The client has been used before, and the service has closed its connection. */
static void is_without(const char *message, const char *phase, anchor_client *client)
{
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_for_event(client, "e", PATIENCE_MS, NULL, &json));
    CHECK_JSON("2", json, "/error/attempts");
    tells(phase, message, json);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "e", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    tells(phase, message, json);
}

static void lose_connection(anchor_client *client)
{
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, "drop", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
}

static void no_descriptor_for_a_connection(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    anchor_client *client = check_client_of(config);
    lose_connection(client);
    leave_no_descriptor();
    is_without(no_descriptor, "connect", client);
    give_descriptors_back();
    goes_on(client);
    anchor_client_free(client);
}

static void no_descriptor_for_a_lookup(void)
{
    anchor_client *client = client_by_name();
    lose_connection(client);
    leave_no_descriptor();
    is_without(no_descriptor, "dns", client);
    give_descriptors_back();
    goes_on(client);
    anchor_client_free(client);
}

/* One is left, which the lookup itself has to share with all that it reads. */
static void one_descriptor_for_a_lookup(void)
{
    char *json = UNTOUCHED;
    anchor_client *client = client_by_name();
    lose_connection(client);
    /* The thread of the lookup may close the call's event after the call has returned. */
    CHECK_SOON(portable_library_threads() == 0);
    int next = dup(STDERR_FILENO);
    CHECK(next >= 0 && close(next) == 0);
    limit(RLIMIT_NOFILE, (rlim_t)next + 1);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_for_event(client, "e", PATIENCE_MS, NULL, &json));
    tells("dns", no_descriptor, json);
    give_descriptors_back();
    goes_on(client);
    anchor_client_free(client);
}

static void work_without_threads(void)
{
    anchor_client *client = client_by_name();
    lose_connection(client);
    struct rlimit before;
    CHECK(getrlimit(RLIMIT_NPROC, &before) == 0);
    if (geteuid() == 0) CHECK(setuid(65534) == 0); /* root may exceed the limit */
    limit(RLIMIT_NPROC, 0);
    is_without("Resource temporarily unavailable", "dns", client);
    limit(RLIMIT_NPROC, before.rlim_cur);
    goes_on(client);
    anchor_client_free(client);
}

/* In a child, since it drops its privileges. */
static void no_thread_for_a_lookup(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work_without_threads();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *cancel_in_a_moment(void *token)
{
    struct timespec moment = { 0, 100000000 };
    nanosleep(&moment, NULL);
    anchor_cancel_token_cancel(token);
    return NULL;
}

/* poll refuses more descriptors than the limit allows, though they are open. The wait still ends in time, hears of a cancel, and
 * uses next to no processor time. */
static void fewer_descriptors_than_a_wait_polls(void)
{
    pthread_t thread;
    anchor_client *client = check_client();
    anchor_cancel_token *token = anchor_cancel_token_new();
    CHECK(token != NULL);
    goes_on(client); /* its connection is open from here on */
    limit(RLIMIT_NOFILE, 2);
    clock_t used = clock();
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "never", 1500, token, NULL));
    CHECK(clock() - used < CLOCKS_PER_SEC);
    CHECK(pthread_create(&thread, NULL, cancel_in_a_moment, token) == 0);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "never", PATIENCE_MS, token, NULL));
    CHECK(pthread_join(thread, NULL) == 0);
    give_descriptors_back();
    anchor_cancel_token_reset(token);
    goes_on(client);
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(no_descriptor_for_the_first_call),
    CASE(no_descriptor_for_a_connection),
    CASE(no_descriptor_for_a_lookup),
    CASE(one_descriptor_for_a_lookup),
    CASE(no_thread_for_a_lookup),
    CASE(fewer_descriptors_than_a_wait_polls),
};

RUN(cases)
