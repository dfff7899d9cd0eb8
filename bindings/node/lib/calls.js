// The calls that run in this thread's environment: each has a tag, by which the addon reports its end.

const addon = require('./addon.js');
const { AbortError, AnchorError } = require('./errors.js');

/** Signals and drains that run at once; each has a thread while it runs. */
const MOST_THREADS = 16;

/** @typedef {{ status: string, text: string, drained: number }} End */

/** @type {Map<number, (end: End) => void>} */
const running = new Map();
let tags = 0;
let threads = 0;
/** @type {(() => void)[]} */
const waitingForThread = [];

addon.start(
    (/** @type {number} */ tag, /** @type {number} */ status, /** @type {string} */ text, /** @type {number} */ drained) => {
        const ended = running.get(tag);
        running.delete(tag);
        if (running.size === 0) addon.keepAlive(false);
        ended?.({ status: addon.statuses[status] ?? 'ANCHOR_UNKNOWN', text, drained });
    },
);

/**
 * Starts a call, and resolves to its end. An AbortSignal cancels it. What had arrived by then is still its end.
 * @param {(tag: number) => unknown} start returns what `cancel` takes
 * @param {(call: any) => void} cancel
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<End>}
 */
function run(start, cancel, signal) {
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
        const tag = tags++;
        const call = start(tag);
        const abort = () => cancel(call);
        if (running.size === 0) addon.keepAlive(true);
        running.set(tag, (end) => {
            signal?.removeEventListener('abort', abort);
            if (end.status === 'ANCHOR_OK') return resolve(end);
            reject(errorOf(end, signal));
        });
        signal?.addEventListener('abort', abort);
    });
}

/** @param {End} end @param {AbortSignal | undefined} signal */
function errorOf({ status, text }, signal) {
    // A drain has a message, everything else the error as JSON.
    const details = text.startsWith('{') ? JSON.parse(text).error : { message: text };
    return status === 'ANCHOR_CANCELLED' ? new AbortError(details, signal?.reason) : new AnchorError(status, details);
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
    if (signal?.aborted) throw new AbortError({ message: 'the call was cancelled before it began' }, signal.reason);
}

/**
 * @param {(tag: number) => unknown} start
 * @param {AbortSignal | undefined} signal
 */
async function wait(start, signal) {
    return run(start, addon.cancelWait, signal);
}

/**
 * A signal or a drain, when one of the threads is free.
 * @param {(tag: number) => unknown} start
 * @param {AbortSignal | undefined} signal
 */
async function blocking(start, signal) {
    if (threads === MOST_THREADS) await new Promise((resolve) => waitingForThread.push(/** @type {() => void} */ (resolve)));
    else threads++;
    try {
        return await run(start, addon.cancelCall, signal);
    } finally {
        const next = waitingForThread.shift();
        if (next) next();
        else threads--;
    }
}

module.exports = { blocking, wait };
