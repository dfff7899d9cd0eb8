/* pthread_cancel of a thread inside a call: the call goes on, and the thread ends at its next cancellation point. */
#define _GNU_SOURCE
#include "check.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A thread that makes one call, and what is known of it afterwards. */
struct caller {
    pthread_t thread;
    anchor_status (*call)(struct caller *);
    anchor_client *client;
    anchor_cancel_token *token;
    anchor_wait *wait;
    char *json;
    atomic_int tid, returned, status, state_after, passed_the_point, cleaned_up;
};

static void note_cleanup(void *argument)
{
    struct caller *caller = argument;
    atomic_store(&caller->cleaned_up, 1);
}

static void *call_on_thread(void *argument)
{
    struct caller *caller = argument;
    int state = -1;
    pthread_cleanup_push(note_cleanup, caller);
    atomic_store(&caller->tid, (int)syscall(SYS_gettid));
    atomic_store(&caller->status, caller->call(caller));
    atomic_store(&caller->returned, 1);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0);
    atomic_store(&caller->state_after, state);
    pthread_testcancel();
    atomic_store(&caller->passed_the_point, 1);
    pthread_cleanup_pop(0);
    return NULL;
}

/* Whether the kernel has put the thread to sleep: in its call, since it does nothing else that sleeps. */
static int sleeps(const struct caller *caller)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&caller->tid));
    FILE *file = atomic_load(&caller->tid) == 0 ? NULL : fopen(path, "re");
    if (file == NULL) return 0;
    int found = fscanf(file, "%*d (%*[^)]) %c", &state);
    CHECK(fclose(file) == 0);
    return found == 1 && state == 'S';
}

static void begin(struct caller *caller, anchor_status (*call)(struct caller *), anchor_client *client)
{
    memset(caller, 0, sizeof *caller);
    caller->call = call;
    caller->client = client;
    caller->token = anchor_cancel_token_new();
    CHECK(caller->token != NULL);
    CHECK(pthread_create(&caller->thread, NULL, call_on_thread, caller) == 0);
    CHECK_SOON(atomic_load(&caller->tid) != 0);
}

/* The thread was cancelled in its call, which gave this all the same, and ended behind it. */
static void ends_behind_its_call(struct caller *caller, anchor_status expected)
{
    void *result = NULL;
    CHECK(pthread_join(caller->thread, &result) == 0);
    CHECK(atomic_load(&caller->returned));
    CHECK_STATUS(expected, atomic_load(&caller->status));
    CHECK(atomic_load(&caller->state_after) == PTHREAD_CANCEL_ENABLE);
    CHECK(!atomic_load(&caller->passed_the_point) && atomic_load(&caller->cleaned_up));
    CHECK(result == PTHREAD_CANCELED);
    anchor_string_free(caller->json);
    anchor_cancel_token_free(caller->token);
}

static anchor_status wait_call(struct caller *caller)
{
    return anchor_wait_for_event(caller->client, "thread cancel", ANCHOR_NO_TIMEOUT, caller->token, &caller->json);
}

static anchor_status finish_call(struct caller *caller)
{
    return anchor_wait_finish(caller->wait, ANCHOR_NO_TIMEOUT, &caller->json);
}

static anchor_status select_call(struct caller *caller)
{
    size_t index = 7;
    anchor_status status = anchor_wait_select(&caller->wait, 1, ANCHOR_NO_TIMEOUT, &index);
    CHECK(index == 0);
    return status;
}

/* Its event is not lost: the call takes it after the cancel. */
static void in_a_blocked_wait(void)
{
    anchor_client *client = check_client();
    struct caller caller;
    begin(&caller, wait_call, client);
    CHECK_SOON(check_count(client, "/waits") == 1 && sleeps(&caller));
    CHECK(pthread_cancel(caller.thread) == 0);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "thread cancel", "{\"n\":1}", ANCHOR_REQUEST_TIMEOUT, NULL,
                                                NULL));
    CHECK_SOON(atomic_load(&caller.returned));
    CHECK_JSON("1", caller.json, "/data/n");
    ends_behind_its_call(&caller, ANCHOR_OK);
    anchor_client_free(client);
}

static void where_a_started_wait_is_collected(void)
{
    static anchor_status (*const calls[])(struct caller *) = {finish_call, select_call};
    for (size_t i = 0; i < 2; i++) {
        anchor_client *client = check_client();
        anchor_wait *wait = NULL;
        struct caller caller;
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "thread cancel", ANCHOR_NO_TIMEOUT, &wait));
        memset(&caller, 0, sizeof caller);
        caller.call = calls[i];
        caller.wait = wait;
        CHECK(pthread_create(&caller.thread, NULL, call_on_thread, &caller) == 0);
        CHECK_SOON(sleeps(&caller));
        CHECK(pthread_cancel(caller.thread) == 0);
        CHECK(!atomic_load(&caller.returned));
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "thread cancel", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        ends_behind_its_call(&caller, ANCHOR_OK);
        anchor_wait_free(wait);
        anchor_client_free(client);
    }
}

/* Hides that of the C library from libanchor: a lookup that blocks until it is let go. */
static atomic_int lookups, let_go;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    (void)host;
    (void)service;
    (void)hints;
    *found = NULL;
    atomic_fetch_add(&lookups, 1);
    while (!atomic_load(&let_go)) check_pause();
    return EAI_NONAME;
}

static void in_a_lookup(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "https://blocked.test"));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_proxy(config, ""));
    anchor_client *client = check_client_of(config);
    struct caller caller;
    begin(&caller, wait_call, client);
    CHECK_SOON(atomic_load(&lookups) > 0);
    CHECK(pthread_cancel(caller.thread) == 0);
    anchor_cancel_token_cancel(caller.token);
    ends_behind_its_call(&caller, ANCHOR_CANCELLED);
    atomic_store(&let_go, 1);
    anchor_client_free(client);
}

/* A listener that accepts nothing, and connections that fill its queue: one more is not answered. */
static int fill(int *connections, int most, struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), count = 0;
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)address, size) == 0 && listen(listener, 0) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)address, &size) == 0);
    connections[count++] = listener;
    while (count < most) {
        int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct pollfd connected = {connection, POLLOUT, 0};
        CHECK(connection >= 0);
        connections[count++] = connection;
        if (connect(connection, (struct sockaddr *)address, size) != 0 && poll(&connected, 1, 200) == 0) break;
    }
    return count;
}

static void in_a_connect(void)
{
    int connections[16];
    struct sockaddr_in address;
    int count = fill(connections, 16, &address);
    char url[64];
    anchor_config *config = check_config();
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_connect_timeout_ms(config, 86400000));
    anchor_client *client = check_client_of(config);
    struct caller caller;
    begin(&caller, wait_call, client);
    CHECK_SOON(check_count(client, "/waits") == 1 && sleeps(&caller));
    CHECK(pthread_cancel(caller.thread) == 0);
    CHECK(!atomic_load(&caller.returned));
    anchor_client_cancel_all(client);
    anchor_cancel_token_cancel(caller.token);
    ends_behind_its_call(&caller, ANCHOR_CANCELLED);
    anchor_client_free(client);
    while (count > 0) CHECK(close(connections[--count]) == 0);
}

static void log_with_a_cancellation_point(void *user_data, int32_t level, const char *message)
{
    (void)level;
    (void)message;
    pthread_testcancel();
    ++*(int *)user_data;
}

/* Every function that does more than look at memory, with the cancel pending all along. Many of them close or write. */
static anchor_status every_call(struct caller *caller)
{
    int lines = 0;
    size_t index;
    uint32_t drained;
    char *json = NULL;
    anchor_client *client = NULL;
    anchor_wait *wait = NULL;
    anchor_cancel_token *token;
    CHECK(pthread_cancel(pthread_self()) == 0);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, log_with_a_cancellation_point, &lines));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, getenv("ANCHOR_TEST_TLS_URL")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_base_url(config, "nonsense"));
    CHECK(anchor_config_error(config) != NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, getenv("ANCHOR_TEST_CA_FILE")));
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(config, &client));
    anchor_config_free(config);
    token = anchor_cancel_token_new();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "pending", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "pending", PATIENCE_MS, token, &json));
    anchor_string_free(anchor_json_get(json, "/data"));
    anchor_string_free(json);
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "pending", PATIENCE_MS, token, NULL));
    anchor_cancel_token_reset(token);
    anchor_cancel_token_free(token);
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "pending", ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "pending", ANCHOR_NO_TIMEOUT, &wait));
    CHECK(anchor_wait_fd(wait) >= 0);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(&wait, 1, 0, &index));
    anchor_wait_cancel(wait);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, NULL));
    anchor_wait_free(wait);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "pending", ANCHOR_NO_TIMEOUT, &wait));
    anchor_wait_free(wait); /* blocks until it has ended */
    anchor_client_cancel_all(client);
    CHECK_STATUS(ANCHOR_OK, anchor_client_stats(client, &json));
    anchor_string_free(json);
    anchor_client_free(client); /* closes its connections */
    CHECK(lines > 0);
    (void)caller;
    return ANCHOR_OK;
}

static void before_every_call(void)
{
    struct caller caller;
    begin(&caller, every_call, NULL);
    ends_behind_its_call(&caller, ANCHOR_OK);
}

static anchor_status call_while_disabled(struct caller *caller)
{
    int state = -1;
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
    CHECK(pthread_cancel(pthread_self()) == 0);
    anchor_status status = anchor_wait_for_event(caller->client, "nothing", 0, NULL, NULL);
    pthread_testcancel();
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0);
    CHECK(state == PTHREAD_CANCEL_DISABLE);
    return status;
}

/* The caller's own state comes back, whichever it was. */
static void where_it_was_disabled_it_stays_so(void)
{
    anchor_client *client = check_client();
    struct caller caller;
    begin(&caller, call_while_disabled, client);
    ends_behind_its_call(&caller, ANCHOR_TIMEOUT);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(in_a_blocked_wait),  CASE(where_a_started_wait_is_collected), CASE(in_a_lookup),
    CASE(in_a_connect),       CASE(before_every_call),                 CASE(where_it_was_disabled_it_stays_so),
};

RUN(cases)
