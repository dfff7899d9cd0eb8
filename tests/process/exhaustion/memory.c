/*
 * Each allocation of each function fails once, in a child process of its own. The outcome is either an error, after which the
 * client works and nothing has leaked, or, for the small blocks of Rust's std, an abort with a message. For each function a
 * line reports how many of its allocations have which outcome, and that the one for its string ends in an error.
 */
#define _GNU_SOURCE
#include "../../c/check.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc's own allocator, behind the functions below, which everything in the process calls. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static int countdown; /* at 1 the next allocation fails */
static long blocks;   /* in use */

static int fails(void)
{
    if (__atomic_load_n(&countdown, __ATOMIC_SEQ_CST) == 0) return 0;
    if (__atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST) > 0) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *block)
{
    if (block != NULL) __atomic_fetch_add(&blocks, 1, __ATOMIC_SEQ_CST);
    return block;
}

void *malloc(size_t size)
{
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    if (block == NULL) return malloc(size);
    return fails() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = aligned_alloc(alignment, size);
    return *out != NULL ? 0 : ENOMEM;
}

void free(void *block)
{
    if (block != NULL) __atomic_fetch_sub(&blocks, 1, __ATOMIC_SEQ_CST);
    __libc_free(block);
}

/* Whether a call did what it should. Out of memory is ANCHOR_OUT_OF_MEMORY, or NULL from a function that returns a pointer. */
enum outcome { DONE, OUT_OF_MEMORY, WRONG };

static enum outcome of(anchor_status status, anchor_status expected, char *json)
{
    int is_told = status != ANCHOR_OUT_OF_MEMORY || json == NULL || strstr(json, "ANCHOR_OUT_OF_MEMORY") != NULL;
    anchor_string_free(json);
    if (!is_told) return WRONG;
    return status == expected ? DONE : status == ANCHOR_OUT_OF_MEMORY ? OUT_OF_MEMORY : WRONG;
}

static enum outcome take_an_event(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, "there", PATIENCE_MS, NULL, &json);
    return of(status, ANCHOR_OK, json);
}

static enum outcome take_an_error(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, "status_403", PATIENCE_MS, NULL, &json);
    return of(status, ANCHOR_FORBIDDEN, json);
}

static enum outcome signal_an_event(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_signal_event(client, "there", "{\"a\":1}", ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    return of(status, ANCHOR_OK, json);
}

static enum outcome refuse_an_argument(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, NULL, 0, NULL, &json);
    return of(status, ANCHOR_INVALID_ARGUMENT, json);
}

static enum outcome read_stats(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_client_stats(client, &json);
    return of(status, ANCHOR_OK, json);
}

static enum outcome get_from_json(anchor_client *client)
{
    char *found = anchor_json_get("{\"data\":{\"code\":\"123\"}}", "/data/code");
    (void)client;
    anchor_string_free(found);
    return found != NULL ? DONE : OUT_OF_MEMORY;
}

static enum outcome get_an_escaped_string(anchor_client *client)
{
    char *found = anchor_json_get("{\"data\":{\"\\u0063ode\":\"1\\n2\\u00e9\"}}", "/data/code");
    (void)client;
    anchor_string_free(found);
    return found != NULL ? DONE : OUT_OF_MEMORY;
}

/* Nested by more than the 64 levels that need no allocation. */
static enum outcome get_a_nested_value(anchor_client *client)
{
    char json[512];
    memset(json, '[', 200);
    memset(json + 200, ']', 200);
    json[400] = 0;
    char *found = anchor_json_get(json, "");
    (void)client;
    anchor_string_free(found);
    return found != NULL ? DONE : OUT_OF_MEMORY;
}

static enum outcome take_a_refusal_of_data(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_signal_event(client, "status_403", "{\"a\":[\"some\",\"wo\\nrds\",1234]}",
                                               ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    return of(status, ANCHOR_FORBIDDEN, json);
}

static enum outcome make_a_token(anchor_client *client)
{
    anchor_cancel_token *token = anchor_cancel_token_new();
    (void)client;
    anchor_cancel_token_free(token);
    return token != NULL ? DONE : OUT_OF_MEMORY;
}

static enum outcome make_a_client(anchor_client *client)
{
    anchor_client *another = NULL;
    (void)client;
    anchor_status status = anchor_client_new(NULL, &another);
    anchor_client_free(another);
    return of(status, ANCHOR_OK, NULL);
}

static enum outcome start_a_wait(anchor_client *client)
{
    anchor_wait *wait = NULL;
    char *json = NULL;
    anchor_status status = anchor_wait_start(client, "there", PATIENCE_MS, &wait);
    if (status == ANCHOR_OK) status = anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, &json);
    anchor_wait_free(wait);
    return of(status, ANCHOR_OK, json);
}

static const struct function {
    const char *name;
    enum outcome (*call)(anchor_client *);
} functions[] = {
    {"take_an_event", take_an_event},           {"take_an_error", take_an_error},
    {"signal_an_event", signal_an_event},       {"refuse_an_argument", refuse_an_argument},
    {"read_stats", read_stats},                 {"get_from_json", get_from_json},
    {"make_a_token", make_a_token},             {"make_a_client", make_a_client},
    {"start_a_wait", start_a_wait},             {"get_an_escaped_string", get_an_escaped_string},
    {"get_a_nested_value", get_a_nested_value}, {"take_a_refusal_of_data", take_a_refusal_of_data},
};

/* How a child ends. */
enum { DONE_WITHOUT, NEVER_FAILED, ANSWERED };

/* In the child: the `at`th allocation of the call fails. */
static int fail_at(const struct function *function, int at)
{
    anchor_client *warm = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(warm, "there", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK(start_a_wait(warm) == DONE); /* a child has a reactor of its own, of which the first wait makes what is kept */
    anchor_client_free(warm);
    long before = __atomic_load_n(&blocks, __ATOMIC_SEQ_CST);
    anchor_client *client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "there", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    __atomic_store_n(&countdown, at, __ATOMIC_SEQ_CST);
    enum outcome outcome = function->call(client);
    int is_left = __atomic_exchange_n(&countdown, 0, __ATOMIC_SEQ_CST) > 0;
    CHECK(outcome != WRONG);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "there", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "there", PATIENCE_MS, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "there", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
    CHECK(__atomic_load_n(&blocks, __ATOMIC_SEQ_CST) == before);
    return is_left ? NEVER_FAILED : outcome == OUT_OF_MEMORY ? ANSWERED : DONE_WITHOUT;
}

/* Runs that in a child, and returns how it ended; -1 for Rust's abort. */
static int in_child(const struct function *function, int at)
{
    char said[4096];
    size_t length = 0;
    ssize_t count;
    int ends[2], status;
    fflush(stdout);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(ends[1], STDERR_FILENO);
        _exit(10 + fail_at(function, at));
    }
    close(ends[1]);
    while (length < sizeof said - 1 && (count = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)count;
    close(ends[0]);
    said[length] = 0;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(said, "memory allocation of") != NULL) return -1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) < 10)
        check_failed(__FILE__, __LINE__, "%s: %s%s", function->name, said, "");
    return WEXITSTATUS(status) - 10;
}

static void each_fails_in_turn(const struct function *function)
{
    int answered = 0, aborted = 0, last = 0, end;
    for (int at = 1; (end = in_child(function, at)) != NEVER_FAILED; at++) {
        last = end;
        answered += end == ANSWERED;
        aborted += end < 0;
        CHECK(at < 2000);
    }
    printf("%s: %d answered, %d aborted; the last is %s\n", function->name, answered, aborted,
           last == ANSWERED ? "answered" : "not answered");
}

int main(void)
{
    unsetenv("RUST_BACKTRACE"); /* a backtrace takes long */
    /* What is allocated once and kept exists before the counting begins. */
    anchor_client *client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "there", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) functions[i].call(client);
    anchor_client_free(client);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) each_fails_in_turn(&functions[i]);
    return EXIT_SUCCESS;
}
