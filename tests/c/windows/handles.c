/*
 * What only Windows has: events that a program waits for with its own objects, 200 of them at once, and Ctrl-C, which runs a
 * handler on a thread of its own. Also how exact a wait is there.
 */
#include "../check.h"

#include <process.h>
#include <windows.h>

enum { MANY = 200 };

static double now_ms(void)
{
    LARGE_INTEGER now, frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (double)now.QuadPart * 1000.0 / (double)frequency.QuadPart;
}

static int is_signaled(void *handle)
{
    return WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
}

static anchor_wait *start(anchor_client *client, const char *event_name)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, event_name, PATIENCE_MS, &wait));
    return wait;
}

static void signal_event(anchor_client *client, const char *event_name, int number)
{
    char *json = NULL, data[32];
    snprintf(data, sizeof data, "{\"n\":%d}", number);
    int32_t status = anchor_signal_event(client, event_name, data, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    if (status != ANCHOR_OK && json != NULL) fprintf(stderr, "%s\n", json);
    CHECK_STATUS(ANCHOR_OK, status);
    anchor_string_free(json);
}

static void finish(anchor_wait *wait, int number)
{
    char *json = NULL, text[16];
    snprintf(text, sizeof text, "%d", number);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, &json));
    CHECK_JSON(text, json, "/data/n");
    anchor_string_free(json);
}

static void a_wait_has_a_handle_and_no_descriptor(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "handle");
    HANDLE own = CreateEventW(NULL, TRUE, FALSE, NULL), both[2];

    CHECK(anchor_wait_fd(wait) == -1);
    both[0] = own;
    both[1] = anchor_wait_handle(wait);
    CHECK(both[1] != NULL && both[1] == anchor_wait_handle(wait));
    CHECK(WaitForMultipleObjects(2, both, FALSE, 50) == WAIT_TIMEOUT);
    signal_event(client, "handle", 1);
    CHECK(WaitForMultipleObjects(2, both, FALSE, PATIENCE_MS) == WAIT_OBJECT_0 + 1);
    CHECK(is_signaled(both[1])); /* it stays signaled when it is waited for */
    finish(wait, 1);
    CHECK(!is_signaled(both[1]));
    CHECK(anchor_wait_handle(NULL) == NULL && anchor_wait_fd(NULL) == -1);
    CloseHandle(own);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void a_queue_has_a_handle(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = NULL;
    anchor_completion *done = NULL;
    anchor_wait *wait = NULL;

    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    CHECK(anchor_queue_fd(queue) == -1 && anchor_queue_handle(NULL) == NULL);
    HANDLE handle = anchor_queue_handle(queue);
    CHECK(handle != NULL && !is_signaled(handle));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "queued", PATIENCE_MS, 7, NULL, &wait));
    CHECK(anchor_wait_handle(wait) == NULL);
    signal_event(client, "queued", 2);
    CHECK(WaitForSingleObject(handle, PATIENCE_MS) == WAIT_OBJECT_0);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, 0, NULL, &done));
    CHECK(anchor_completion_tag(done) == 7 && !is_signaled(handle));
    anchor_completion_free(done);
    anchor_wait_free(wait);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void CALLBACK wake(void *woken, BOOLEAN is_timeout)
{
    if (!is_timeout) SetEvent(woken);
}

/* How a loop that watches no handles learns of the end: by a thread of the system's pool, which wakes it. */
static void a_pool_watches_a_handle(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "pool");
    HANDLE woken = CreateEventW(NULL, TRUE, FALSE, NULL), registered = NULL;

    CHECK(RegisterWaitForSingleObject(&registered, anchor_wait_handle(wait), wake, woken, INFINITE, WT_EXECUTEONLYONCE));
    CHECK(WaitForSingleObject(woken, 50) == WAIT_TIMEOUT);
    signal_event(client, "pool", 3);
    CHECK(WaitForSingleObject(woken, PATIENCE_MS) == WAIT_OBJECT_0);
    UnregisterWaitEx(registered, INVALID_HANDLE_VALUE);
    finish(wait, 3);
    CloseHandle(woken);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

/* WaitForMultipleObjects takes 64 handles. */
static void two_hundred_waits_and_a_select_over_all(void)
{
    anchor_client *client = check_client();
    anchor_wait *waits[MANY];
    char name[32];
    size_t at = 0;

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many-%d", i);
        waits[i] = start(client, name);
    }
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(waits, MANY, 50, &at));
    signal_event(client, "many-137", 137);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_select(waits, MANY, PATIENCE_MS, &at));
    CHECK(at == 137);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many-%d", i);
        if (i != 137) signal_event(client, name, i);
    }
    for (int i = 0; i < MANY; i++) {
        finish(waits[i], i);
        anchor_wait_free(waits[i]);
    }
    anchor_client_free(client);
}

static void waits_that_run_are_freed(void)
{
    anchor_client *client = check_client();
    anchor_wait *waits[MANY];

    for (int i = 0; i < MANY; i++) waits[i] = start(client, "never");
    for (int i = 0; i < MANY; i++) anchor_wait_free(waits[i]);
    anchor_client_free(client);
}

/* How late the machine itself is now, for a wait of this length. */
static double machine_is_late_by(HANDLE never, DWORD millis)
{
    double began = now_ms();
    CHECK(WaitForSingleObject(never, millis) == WAIT_TIMEOUT);
    return now_ms() - began - millis;
}

/* A wait whose request was not even sent when its time was over has its own status. */
static int is_over(int32_t status)
{
    return status == ANCHOR_TIMEOUT || status == ANCHOR_NOT_SENT;
}

static void blocking(anchor_client *client, int64_t millis)
{
    CHECK(is_over(anchor_wait_for_event(client, "quiet", millis, NULL, NULL)));
}

static void finishing(anchor_client *client, int64_t millis)
{
    anchor_wait *wait = start(client, "quiet");
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, millis, NULL));
    anchor_wait_free(wait);
}

/* A wait that the server does not answer in time, so that the reactor ends it. */
static void started(anchor_client *client, int64_t millis)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "hang", millis, &wait));
    CHECK(is_over(anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, NULL)));
    anchor_wait_free(wait);
}

/* Never early; late by at most a tick of 16 ms and what the machine adds, in one of the tries. */
static void times_are_exact(void (*take_time)(anchor_client *, int64_t))
{
    static const DWORD times[] = {1, 10, 50, 250};
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_grace_ms(config, 0));
    anchor_client *client = check_client_of(config);
    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        double late = 0, allowed = 0;
        int64_t end = check_now_ms() + PATIENCE_MS;
        do {
            CHECK(check_now_ms() < end);
            double machine = machine_is_late_by(never, times[i]), began = now_ms();
            take_time(client, times[i]);
            late = now_ms() - began - times[i];
            CHECK(late >= 0);
            allowed = 16 + (machine > 0 ? machine : 0);
        } while (late > allowed);
    }
    CloseHandle(never);
    anchor_client_free(client);
}

static void a_blocking_wait_is_exact(void)
{
    times_are_exact(blocking);
}

static void a_finish_is_exact(void)
{
    times_are_exact(finishing);
}

static void a_started_wait_is_exact(void)
{
    times_are_exact(started);
}

static unsigned __stdcall cancel(void *token)
{
    Sleep(20);
    anchor_cancel_token_cancel(token);
    return 0;
}

static void another_thread_cancels(void)
{
    anchor_client *client = check_client();
    anchor_cancel_token *token = anchor_cancel_token_new();

    CHECK(token != NULL);
    for (int i = 0; i < 20; i++) {
        HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, cancel, token, 0, NULL);
        CHECK(thread != NULL);
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "quiet", ANCHOR_NO_TIMEOUT, token, NULL));
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
        anchor_cancel_token_reset(token);
    }
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static anchor_cancel_token *of_console;

static BOOL WINAPI on_console(DWORD event)
{
    if (event != CTRL_C_EVENT) return FALSE;
    anchor_cancel_token_cancel(of_console);
    return TRUE;
}

static unsigned __stdcall press_ctrl_c(void *unused)
{
    (void)unused;
    Sleep(20);
    CHECK(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
    return 0;
}

static void ctrl_c_cancels_a_token(void)
{
    anchor_client *client = check_client();
    of_console = anchor_cancel_token_new();

    CHECK(of_console != NULL);
    FreeConsole();
    CHECK(AllocConsole()); /* of its own, so that nobody else gets the event */
    CHECK(SetConsoleCtrlHandler(on_console, TRUE));
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, press_ctrl_c, NULL, 0, NULL);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "quiet", ANCHOR_NO_TIMEOUT, of_console, NULL));
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    CHECK(SetConsoleCtrlHandler(on_console, FALSE));
    anchor_cancel_token_free(of_console);
    anchor_client_free(client);
}

/* Nothing that the library opens stays open. */
static void handles_are_closed(void)
{
    DWORD before = 0, after = 0;

    waits_that_run_are_freed();
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &before));
    for (int i = 0; i < 3; i++) {
        waits_that_run_are_freed();
        a_queue_has_a_handle();
        a_wait_has_a_handle_and_no_descriptor();
    }
    CHECK_SOON(GetProcessHandleCount(GetCurrentProcess(), &after) && after <= before);
}

static const struct test_case cases[] = {
    CASE(a_wait_has_a_handle_and_no_descriptor),
    CASE(a_queue_has_a_handle),
    CASE(a_pool_watches_a_handle),
    CASE(two_hundred_waits_and_a_select_over_all),
    CASE(waits_that_run_are_freed),
    CASE(a_blocking_wait_is_exact),
    CASE(a_finish_is_exact),
    CASE(a_started_wait_is_exact),
    CASE(another_thread_cancels),
    CASE(ctrl_c_cancels_a_token),
    CASE(handles_are_closed),
};

RUN(cases)
