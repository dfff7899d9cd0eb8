// libanchor for Node.js, with koffi: wait until a named event is signaled, and signal one.
//
// Calls run on koffi's worker threads (libuv's pool: UV_THREADPOOL_SIZE of them at once), so the event loop goes on.
// Settings come from the environment.
'use strict';

const koffi = require('koffi');

const library = koffi.load('libanchor.so.0');
const stringFree = library.func('void anchor_string_free(void *string)');
// koffi copies such a string and frees it.
koffi.disposable('AnchorString', 'str', stringFree);
koffi.opaque('anchor_client');
koffi.opaque('anchor_cancel_token');
koffi.opaque('anchor_queue');
koffi.opaque('anchor_wait');
koffi.opaque('anchor_completion');

const statusName = library.func('const char *anchor_status_name(int32_t status)');
const clientNew = library.func('int32_t anchor_client_new(void *config, _Out_ anchor_client **out)');
const clientFree = library.func('void anchor_client_free(anchor_client *client)');
const waitForEvent = library.func('int32_t anchor_wait_for_event(anchor_client *client, const char *event_name, ' +
    'int64_t timeout_ms, anchor_cancel_token *cancel, _Out_ AnchorString *out_json)');
const signalEvent = library.func('int32_t anchor_signal_event(anchor_client *client, const char *event_name, ' +
    'const char *data_json, int64_t timeout_ms, anchor_cancel_token *cancel, _Out_ AnchorString *out_json)');
const tokenNew = library.func('anchor_cancel_token *anchor_cancel_token_new()');
const tokenCancel = library.func('void anchor_cancel_token_cancel(anchor_cancel_token *token)');
const tokenFree = library.func('void anchor_cancel_token_free(anchor_cancel_token *token)');
const lastError = library.func('const char *anchor_last_error()');
const queueNew = library.func('int32_t anchor_queue_new(_Out_ anchor_queue **out)');
const queueNext = library.func('int32_t anchor_queue_next(anchor_queue *queue, int64_t timeout_ms, ' +
    'anchor_cancel_token *cancel, _Out_ anchor_completion **out)');
const queueFree = library.func('void anchor_queue_free(anchor_queue *queue)');
const waitStartOn = library.func('int32_t anchor_wait_start_on(anchor_client *client, anchor_queue *queue, ' +
    'const char *event_name, int64_t timeout_ms, uint64_t tag, void *options, _Out_ anchor_wait **out)');
const waitCancel = library.func('void anchor_wait_cancel(anchor_wait *wait)');
const waitFree = library.func('void anchor_wait_free(anchor_wait *wait)');
const completionTag = library.func('uint64_t anchor_completion_tag(anchor_completion *completion)');
const completionStatus = library.func('int32_t anchor_completion_status(anchor_completion *completion)');
const completionJson = library.func('const char *anchor_completion_json(anchor_completion *completion)');
const completionFree = library.func('void anchor_completion_free(anchor_completion *completion)');

/** What went wrong: `status` such as "ANCHOR_TIMEOUT", and `details`, the library's error object. */
class AnchorError extends Error {
    constructor(status, details) {
        super(details.message ?? status);
        this.name = status === 'ANCHOR_CANCELLED' ? 'AbortError' : 'AnchorError';
        this.status = status;
        this.details = details;
    }
}

const REQUEST_TIMEOUT = -2;

/** Makes a call with a token that the AbortSignal cancels. */
async function cancellable(signal, make) {
    signal?.throwIfAborted();
    const token = signal ? tokenNew() : null;
    const abort = () => tokenCancel(token);
    signal?.addEventListener('abort', abort);
    try {
        return await make(token);
    } finally {
        signal?.removeEventListener('abort', abort);
        if (token) tokenFree(token);
    }
}

/** One for the whole program. `close` it when no call is running any more. */
class Client {
    #handle;

    constructor() {
        const out = [null];
        const status = clientNew(null, out);
        if (status !== 0) throw new AnchorError(statusName(status), {});
        this.#handle = out[0];
    }

    /** Resolves to the answer, such as { data: {...} }. `signal` is an AbortSignal, `timeout` in milliseconds. */
    async wait(event, { timeout = 60000, signal } = {}) {
        return cancellable(signal, (token) => call(waitForEvent, this.#handle, event, timeout, token));
    }

    /** Hands data to whoever waits for the event, now or later. The timeout is that of the settings if there is none. */
    async signal(event, data = {}, { timeout = REQUEST_TIMEOUT, signal } = {}) {
        const text = JSON.stringify(data);
        return cancellable(signal, (token) => call(signalEvent, this.#handle, event, text, timeout, token));
    }

    /** As `wait`, but all waits on a queue take one worker thread together. */
    async waitOn(queue, event, { timeout = 60000, signal } = {}) {
        signal?.throwIfAborted();
        const { tag, end } = queue.expect(), out = [null];
        const status = waitStartOn(this.#handle, queue.handle, event, timeout, tag, null, out);
        if (status !== 0) {
            queue.forget(tag);
            throw new AnchorError(statusName(status), { message: lastError() });
        }
        const abort = () => waitCancel(out[0]);
        signal?.addEventListener('abort', abort);
        queue.take();
        try {
            return await end;
        } finally {
            signal?.removeEventListener('abort', abort);
            waitFree(out[0]);
        }
    }

    close() {
        clientFree(this.#handle);
        this.#handle = null;
    }
}

/** Takes the outcomes of any number of waits. `close` it when no wait is running any more. */
class Queue {
    #ends = new Map();
    #tags = 0;
    #taking = false;

    constructor() {
        const out = [null];
        const status = queueNew(out);
        if (status !== 0) throw new AnchorError(statusName(status), { message: lastError() });
        this.handle = out[0];
    }

    expect() {
        const tag = this.#tags++;
        return { tag, end: new Promise((resolve, reject) => this.#ends.set(tag, { resolve, reject })) };
    }

    forget(tag) {
        this.#ends.delete(tag);
    }

    /** One call blocks on a worker thread, for as long as there are waits. */
    take() {
        if (this.#taking || this.#ends.size === 0) return;
        this.#taking = true;
        const out = [null];
        queueNext.async(this.handle, -1, null, out, (error, status) => {
            this.#taking = false;
            if (error || status !== 0) throw error ?? new AnchorError(statusName(status), {});
            this.#report(out[0]);
            completionFree(out[0]);
            this.take();
        });
    }

    #report(completion) {
        const tag = Number(completionTag(completion)), status = completionStatus(completion);
        const answer = JSON.parse(completionJson(completion) ?? '{}'), { resolve, reject } = this.#ends.get(tag);
        this.forget(tag);
        if (status === 0) resolve(answer);
        else reject(new AnchorError(statusName(status), answer.error ?? {}));
    }

    close() {
        queueFree(this.handle);
        this.handle = null;
    }
}

function call(func, ...args) {
    return new Promise((resolve, reject) => {
        const out = [null];
        func.async(...args, out, (error, status) => {
            if (error) return reject(error);
            const answer = out[0] ? JSON.parse(out[0]) : {};
            if (status === 0) return resolve(answer);
            reject(new AnchorError(statusName(status), answer.error ?? {}));
        });
    });
}

module.exports = { AnchorError, Client, Queue };
