#include "call.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct call {
    anchor_client *client;
    char *name, *data;
    int64_t timeout_ms;
    const anchor_options *options;
    anchor_cancel_token *token;
    int ended[2];
    pthread_t thread;
    pid_t process;
    int is_joined;
    anchor_status status;
    char *text;
    uint32_t drained;
};

static void *run(void *data)
{
    call *call = data;
    if (call->data != NULL) {
        call->status = anchor_signal_event_with(call->client, call->name, call->data, call->timeout_ms, call->options, call->token,
                                                &call->text);
    } else {
        call->status = anchor_drain_event_with(call->client, call->name, call->timeout_ms, call->options, call->token, &call->drained);
        const char *error = anchor_last_error();
        call->text = error != NULL ? strdup(error) : NULL;
    }
    close(call->ended[1]);
    return NULL;
}

/* Handlers of the program run in its own thread. */
static int start_without_signals(call *call)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&call->thread, NULL, run, call);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static void release(call *call)
{
    if (call->data != NULL)
        anchor_string_free(call->text);
    else
        free(call->text);
    anchor_cancel_token_free(call->token);
    free(call->name);
    free(call->data);
    free(call);
}

call *call_start(anchor_client *client, const char *name, const char *data, int64_t timeout_ms, const anchor_options *options)
{
    call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->client = client;
    call->name = strdup(name);
    call->data = data != NULL ? strdup(data) : NULL;
    call->timeout_ms = timeout_ms;
    call->options = options;
    call->token = anchor_cancel_token_new();
    call->process = getpid();
    if (call->name == NULL || (data != NULL && call->data == NULL) || call->token == NULL || pipe(call->ended) != 0) {
        release(call);
        return NULL;
    }
    fcntl(call->ended[0], F_SETFD, FD_CLOEXEC);
    fcntl(call->ended[1], F_SETFD, FD_CLOEXEC);
    if (start_without_signals(call) != 0) {
        close(call->ended[0]);
        close(call->ended[1]);
        release(call);
        return NULL;
    }
    return call;
}

int call_fd(const call *call)
{
    return call->ended[0];
}

void call_cancel(call *call)
{
    if (call->process == getpid())
        anchor_cancel_token_cancel(call->token);
}

anchor_status call_join(call *call)
{
    if (!call->is_joined)
        pthread_join(call->thread, NULL);
    call->is_joined = 1;
    return call->status;
}

const char *call_text(const call *call)
{
    return call->text != NULL ? call->text : "";
}

uint32_t call_drained(const call *call)
{
    return call->drained;
}

void call_free(call *call)
{
    /* In a child of fork there is no such thread: the call belongs to the parent. */
    if (call->process != getpid())
        return;
    if (!call->is_joined)
        call_cancel(call);
    call_join(call);
    close(call->ended[0]);
    release(call);
}
