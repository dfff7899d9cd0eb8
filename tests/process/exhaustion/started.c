/*
 * Started waits in a process that has no descriptor or thread left: each gives a clear status, those that run are not harmed,
 * nothing spins, and the client works again afterwards.
 */
#define _GNU_SOURCE
#include "../../c/check.h"
#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long something lacks what it needs, and how much processor time the process may use meanwhile. */
enum { WHILE_MS = 1500 };
static const clock_t LITTLE = CLOCKS_PER_SEC / 4;

static void limit(int what, rlim_t value)
{
    struct rlimit limit;
    CHECK(getrlimit(what, &limit) == 0);
    limit.rlim_cur = value;
    CHECK(setrlimit(what, &limit) == 0);
}

/* Leaves so many descriptors of those that are free now. */
static void leave_descriptors(int count)
{
    int fd = dup(STDERR_FILENO), spare[64];
    for (int i = 0; i < count; i++) CHECK((spare[i] = dup(STDERR_FILENO)) >= 0);
    CHECK(fd >= 0);
    limit(RLIMIT_NOFILE, (rlim_t)(count > 0 ? spare[count - 1] : fd));
    close(fd);
    for (int i = 0; i < count; i++) close(spare[i]);
}

/* Also if the thread of a lookup closes one meanwhile: only the numbers of the standard streams are left. */
static void leave_no_descriptor(void)
{
    limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
}

static void give_descriptors_back(void)
{
    limit(RLIMIT_NOFILE, 256);
}

static int entries_of(const char *folder)
{
    int count = 0;
    DIR *directory = opendir(folder);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static int descriptors(void)
{
    return entries_of("/proc/self/fd");
}

static int threads(void)
{
    return entries_of("/proc/self/task");
}

static void goes_on(anchor_client *client)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "goes on", PATIENCE_MS, &wait));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "goes on", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
}

/* Retries cost pauses, and there are two. */
static anchor_client *hasty_client(const char *host)
{
    anchor_config *config = check_config();
    char url[64];
    snprintf(url, sizeof url, "http://%s%s", host, strrchr(getenv("ANCHORBROWSER_BASE_URL"), ':'));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    return check_client_of(config);
}

static anchor_wait *blocked_wait(anchor_client *client, const char *name, long how_many)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, ANCHOR_NO_TIMEOUT, &wait));
    CHECK_SOON(check_count(client, "/started/wait/count") == how_many);
    return wait;
}

/* Takes the outcome of a wait that lacked a descriptor, and returns the phase in which it did. */
static char *phase_of_lack(anchor_wait *wait)
{
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_finish(wait, PATIENCE_MS, &json));
    CHECK_JSON("ANCHOR_OUT_OF_MEMORY", json, "/error/status");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    CHECK_JSON("2", json, "/error/attempts");
    CHECK_CONTAINS("Too many open files", json);
    char *phase = anchor_json_get(json, "/error/phase");
    anchor_string_free(json);
    return phase;
}

/* For cancel_all, for the reactor's epoll, for its event, and for the connection. */
static void the_first_wait_with_ever_more_descriptors(void)
{
    int refused = 0, failed = 0, left = 0, alone = threads();
    for (anchor_status status = ANCHOR_OUT_OF_MEMORY; status == ANCHOR_OUT_OF_MEMORY; left++) {
        anchor_client *client = hasty_client("127.0.0.1");
        anchor_wait *wait = UNTOUCHED;
        leave_descriptors(left);
        status = anchor_wait_start(client, "e", 0, &wait);
        if (status == ANCHOR_OUT_OF_MEMORY) {
            CHECK(wait == NULL && strstr(anchor_last_error(), "Too many open files") != NULL);
            give_descriptors_back();
            /* One that was joined in the round before is there for a moment. */
            CHECK_SOON(threads() == alone);
            refused++;
        } else {
            CHECK_STATUS(ANCHOR_OK, status);
            status = anchor_wait_finish(wait, PATIENCE_MS, NULL);
            failed += status == ANCHOR_OUT_OF_MEMORY;
            if (status != ANCHOR_OUT_OF_MEMORY) CHECK_STATUS(ANCHOR_TIMEOUT, status);
            give_descriptors_back();
        }
        goes_on(client);
        anchor_wait_free(wait);
        anchor_client_free(client);
    }
    /* The call that takes the outcome has a descriptor of its own if one is left. */
    CHECK(refused == 3 && (failed == 1 || failed == 2));
}

static void a_wait_that_runs_is_not_harmed(void)
{
    anchor_client *client = check_client(), *hasty = hasty_client("127.0.0.1");
    anchor_wait *another = NULL, *running = blocked_wait(client, "running", 1);
    /* Its connection is used again. */
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "before", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    /* It has none left. */
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(hasty, "drop", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    leave_no_descriptor();
    CHECK(anchor_wait_fd(running) == -1);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(hasty, "another", PATIENCE_MS, &another));
    char *phase = phase_of_lack(another);
    CHECK_TEXT("connect", phase);
    anchor_string_free(phase);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(running, 0, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "running", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(running, PATIENCE_MS, NULL));
    give_descriptors_back();
    goes_on(hasty);
    goes_on(client);
    anchor_wait_free(another);
    anchor_wait_free(running);
    anchor_client_free(hasty);
    anchor_client_free(client);
}

static void a_descriptor_of_a_wait_can_be_had_later(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = blocked_wait(client, "polled", 1);
    int before = descriptors();
    leave_no_descriptor();
    CHECK(anchor_wait_fd(wait) == -1 && anchor_wait_fd(wait) == -1);
    give_descriptors_back();
    CHECK(descriptors() == before);
    CHECK(anchor_wait_fd(wait) >= 0 && descriptors() == before + 1);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "polled", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
    anchor_client_free(client);
}

/* The lookup reads files, of which it has none. */
static void no_descriptor_for_a_lookup(void)
{
    anchor_client *client = check_client(), *by_name = hasty_client("localhost");
    anchor_wait *failing = NULL, *running = blocked_wait(client, "running", 1);
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(by_name, "drop", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    leave_no_descriptor();
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(by_name, "failing", PATIENCE_MS, &failing));
    char *phase = phase_of_lack(failing);
    CHECK_TEXT("dns", phase);
    anchor_string_free(phase);
    give_descriptors_back();
    goes_on(by_name);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "running", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(running, PATIENCE_MS, NULL));
    anchor_wait_free(failing);
    anchor_wait_free(running);
    anchor_client_free(by_name);
    anchor_client_free(client);
}

/* Many waits lack a connection at once, and some run: they try again in pauses, and the thread sleeps in between. */
static void nothing_spins_without_descriptors(void)
{
    enum { COUNT = 50 };
    anchor_client *client = check_client();
    anchor_wait *lacking[COUNT], *running = blocked_wait(client, "running", 1);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "before", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_wait *pooled = blocked_wait(client, "pooled", 2);
    leave_no_descriptor();
    clock_t used = clock();
    for (int i = 0; i < COUNT; i++)
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "lacking", WHILE_MS, &lacking[i]));
    for (int i = 0; i < COUNT; i++) {
        anchor_status status = anchor_wait_finish(lacking[i], PATIENCE_MS, NULL);
        if (status != ANCHOR_OUT_OF_MEMORY) CHECK_STATUS(ANCHOR_NOT_SENT, status);
    }
    used = clock() - used;
    give_descriptors_back();
    CHECK(used < 2 * LITTLE);
    for (int i = 0; i < COUNT; i++) anchor_wait_free(lacking[i]);
    goes_on(client);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(running, 0, NULL));
    anchor_wait_free(running);
    anchor_wait_free(pooled);
    anchor_client_free(client);
}

static void in_child(void (*work)(void))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void signal_it(void)
{
    give_descriptors_back();
    anchor_client *client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "running", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
}

/* poll refuses even one descriptor then, though it is open. A wait still gets its event. */
static void nothing_spins_under_a_limit_of_zero(void)
{
    anchor_client *client = check_client();
    anchor_wait *silent = blocked_wait(client, "silent", 1), *running = blocked_wait(client, "running", 2);
    anchor_wait *cancelled = blocked_wait(client, "cancelled", 3);
    limit(RLIMIT_NOFILE, 0);
    anchor_wait_cancel(cancelled); /* wakes the thread, which polls again */
    clock_t used = clock();
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(silent, WHILE_MS, NULL));
    used = clock() - used;
    in_child(signal_it);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(running, PATIENCE_MS, NULL));
    anchor_wait_cancel(silent);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(silent, PATIENCE_MS, NULL));
    give_descriptors_back();
    CHECK(used < LITTLE);
    goes_on(client);
    anchor_wait_free(silent);
    anchor_wait_free(cancelled);
    anchor_wait_free(running);
    anchor_client_free(client);
}

static void start_without_threads(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = UNTOUCHED;
    struct rlimit processes;
    int before;
    goes_on(client);
    before = descriptors();
    CHECK(getrlimit(RLIMIT_NPROC, &processes) == 0);
    if (geteuid() == 0) CHECK(setuid(65534) == 0); /* root may exceed the limit */
    limit(RLIMIT_NPROC, 0);
    for (int i = 0; i < 20; i++) {
        CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_start(client, "none left", 0, &wait));
        CHECK(wait == NULL);
    }
    CHECK_STATUS(ANCHOR_OK,
                 anchor_signal_event(client, "no thread is needed", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK(descriptors() == before);
    /* One that was joined is there for a moment. */
    CHECK_SOON(threads() == 2 + 1);
    limit(RLIMIT_NPROC, processes.rlim_cur);
    goes_on(client);
    CHECK(check_count(client, "/waits") == 2 && check_count(client, "/started/queued/count") == 0);
    anchor_client_free(client);
}

static void no_thread_for_the_reactor(void)
{
    in_child(start_without_threads); /* since it drops its privileges */
}

static const struct test_case cases[] = {
    CASE(the_first_wait_with_ever_more_descriptors),
    CASE(a_wait_that_runs_is_not_harmed),
    CASE(a_descriptor_of_a_wait_can_be_had_later),
    CASE(no_descriptor_for_a_lookup),
    CASE(nothing_spins_without_descriptors),
    CASE(nothing_spins_under_a_limit_of_zero),
    CASE(no_thread_for_the_reactor),
};

RUN(cases)
