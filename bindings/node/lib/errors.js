/**
 * A call failed. `name` is 'TimeoutError' if time ended it, and 'AbortError' if an AbortSignal or `close` did.
 */
class AnchorError extends Error {
    /**
     * @param {string} status such as 'ANCHOR_UNAUTHORIZED'
     * @param {Record<string, any>} details what the library reports
     * @param {ErrorOptions} [options]
     */
    constructor(status, details, options) {
        super(details.message ?? status, options);
        const isTimedOut = details.timedOut === true || status === 'ANCHOR_TIMEOUT';
        this.name = isTimedOut ? 'TimeoutError' : 'AnchorError';
        this.code = status;
        this.status = status;
        this.httpStatus = details.code;
        this.phase = details.phase;
        this.maybeConsumed = details.maybeConsumed ?? false;
        this.timedOut = isTimedOut;
        this.details = details;
    }
}

/** The call was cancelled. It looks like the errors of Node's own functions that take an AbortSignal. */
class AbortError extends AnchorError {
    /**
     * @param {Record<string, any>} details
     * @param {unknown} [reason] that of the AbortSignal
     */
    constructor(details, reason) {
        super('ANCHOR_CANCELLED', details, { cause: reason });
        this.name = 'AbortError';
        this.code = 'ABORT_ERR';
    }
}

module.exports = { AbortError, AnchorError };
