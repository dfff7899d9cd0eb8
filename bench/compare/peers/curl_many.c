/*
 * Many waits with libcurl's multi interface and epoll, as its documentation advises for thousands of transfers. TUNED is for
 * who knows libcurl's inside too: a small buffer, shared TLS sessions, and no search for an idle connection while there is
 * none.
 */
#define _GNU_SOURCE
#include "curl_request.h"
#include "many.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct wait {
    CURL *easy;
    struct curl_answer answer;
};

static const struct service *service;
static struct wait *waits;
static int size, epoll, running;
static char body[48];
static struct curl_slist *headers;
static CURLM *multi;
static CURLSH *share;
static double due_ms = -1; /* when libcurl wants to be called; negative: never */

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *known)
{
    struct epoll_event event = { .events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0),
                                 .data.fd = socket };
    (void)easy, (void)user;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(epoll, EPOLL_CTL_DEL, socket, NULL), 0;
    curl_multi_assign(multi, socket, &multi);
    return epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
}

static int watch_clock(CURLM *of, long timeout_ms, void *user)
{
    (void)of, (void)user;
    due_ms = timeout_ms < 0 ? -1 : now_ms() + (double)timeout_ms;
    return 0;
}

void many_open(const struct service *the_service, int the_size, long slice_ms)
{
    service = the_service;
    size = the_size;
    snprintf(body, sizeof body, "{\"timeoutMs\":%ld}", slice_ms);
    headers = curl_headers(service);
    waits = calloc((size_t)size, sizeof *waits);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    multi = curl_multi_init();
    share = curl_share_init();
    if (!waits || epoll < 0 || !multi || !share)
        exit(1);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, watch_clock);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)size + 1);
}

static void open_wait(int number)
{
    struct wait *wait = &waits[number];
    char url[512];
    wait->easy = curl_easy_init();
    if (!wait->easy)
        exit(1);
    snprintf(url, sizeof url, "%s/v1/events/crowd-%d/wait", service->base_url, number);
    curl_set(wait->easy, service, headers, &wait->answer);
    curl_easy_setopt(wait->easy, CURLOPT_URL, url);
    curl_easy_setopt(wait->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(wait->easy, CURLOPT_TIMEOUT_MS, 600000L);
    curl_easy_setopt(wait->easy, CURLOPT_PRIVATE, wait);
#ifdef TUNED
    curl_easy_setopt(wait->easy, CURLOPT_BUFFERSIZE, 1024L);
    curl_easy_setopt(wait->easy, CURLOPT_SHARE, share);
    curl_easy_setopt(wait->easy, CURLOPT_FRESH_CONNECT, 1L);
#endif
}

void many_start(int number)
{
    if (!waits[number].easy)
        open_wait(number);
    curl_multi_add_handle(multi, waits[number].easy);
}

/* True if it has its event; a wait whose slice is over goes on. It has a connection now. */
static int is_over(struct wait *wait, CURLcode result)
{
    char code[CODE_SIZE];
    enum outcome outcome = curl_outcome(wait->easy, &wait->answer, result, curl_easy_strerror(result), code);
    curl_multi_remove_handle(multi, wait->easy);
    curl_easy_setopt(wait->easy, CURLOPT_FRESH_CONNECT, 0L);
    free(wait->answer.text);
    wait->answer = (struct curl_answer){ 0 };
    if (outcome == WAIT_TIMEOUT && result == CURLE_OK)
        curl_multi_add_handle(multi, wait->easy);
    else if (outcome != WAIT_OK)
        exit(1);
    return outcome == WAIT_OK;
}

/* The next that libcurl has finished, or -1. */
static int take_finished(void)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        struct wait *wait = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &wait);
        if (is_over(wait, message->data.result))
            return (int)(wait - waits);
    }
    return -1;
}

static void act_on(const struct epoll_event *event)
{
    int ready = (event->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0)
              | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (event->events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(multi, event->data.fd, ready, &running);
}

int many_take(void)
{
    struct epoll_event events[64];
    int taken;
    while ((taken = take_finished()) < 0) {
        double left = due_ms - now_ms();
        int count = epoll_wait(epoll, events, 64, due_ms < 0 ? -1 : left > 0 ? (int)left + 1 : 0);
        for (int i = 0; i < count; i++)
            act_on(&events[i]);
        if (count <= 0)
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return taken;
}

void many_cancel(void)
{
    for (int i = 0; i < size; i++) {
        curl_multi_remove_handle(multi, waits[i].easy);
        curl_easy_cleanup(waits[i].easy);
    }
    curl_multi_cleanup(multi);
    curl_share_cleanup(share);
    curl_slist_free_all(headers);
    close(epoll);
    free(waits);
}
