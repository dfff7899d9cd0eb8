// JavaScript's values as the library takes them. What is wrong with one is a TypeError or a RangeError that names it.

const NO_TIMEOUT = -1;

/** @param {string} message @param {string} code */
const typeError = (message, code = 'ERR_INVALID_ARG_TYPE') => Object.assign(new TypeError(message), { code });
/** @param {string} message */
const rangeError = (message) => Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });

/** @param {unknown} value */
const typeOf = (value) => (value === null ? 'null' : typeof value);

/**
 * A string. C would cut it off at U+0000.
 * @param {string} what
 * @param {unknown} value
 */
function text(what, value) {
    if (typeof value !== 'string') throw typeError(`${what} must be a string, not ${typeOf(value)}`);
    if (value.includes('\0')) throw typeError(`${what} contains U+0000`, 'ERR_INVALID_ARG_VALUE');
    if (!value.isWellFormed()) throw typeError(`${what} contains a lone surrogate`, 'ERR_INVALID_ARG_VALUE');
    return value;
}

/** @param {string} what @param {unknown} value */
function flag(what, value) {
    if (typeof value !== 'boolean') throw typeError(`${what} must be a boolean, not ${typeOf(value)}`);
    return Number(value);
}

/** @param {string} what @param {unknown} value */
function number(what, value) {
    if (typeof value !== 'number') throw typeError(`${what} must be a number, not ${typeOf(value)}`);
    if (Number.isNaN(value) || value < 0) throw rangeError(`${what} must be 0 or more`);
    return value;
}

/**
 * Milliseconds, rounded up: a little time is not none.
 * @param {string} what
 * @param {unknown} value
 */
function milliseconds(what, value) {
    const millis = Math.ceil(number(what, value));
    if (millis > Number.MAX_SAFE_INTEGER) throw rangeError(`${what} is too long`);
    return millis;
}

/** @param {string} what @param {unknown} value @param {number} most */
function count(what, value, most) {
    const whole = number(what, value);
    if (!Number.isInteger(whole) || whole > most) throw rangeError(`${what} must be an integer of at most ${most}`);
    return whole;
}

/**
 * The timeout of a call. Infinity sets no limit.
 * @param {unknown} value
 * @param {number} otherwise
 */
function limit(value, otherwise) {
    if (value === undefined) return otherwise;
    return value === Infinity ? NO_TIMEOUT : milliseconds('timeout', value);
}

/**
 * The data of a signal as JSON. JSON.stringify would make null of what it cannot express.
 * @param {unknown} data
 */
function jsonObject(data) {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
        throw typeError(`data must be an object, not ${Array.isArray(data) ? 'an array' : typeOf(data)}`);
    }
    const json = JSON.stringify(data, (_, value) => {
        if (typeof value === 'number' && !Number.isFinite(value)) throw rangeError(`data contains ${value}`);
        if (typeof value === 'function' || typeof value === 'symbol') throw typeError(`data contains a ${typeof value}`);
        return value;
    });
    if (!json?.startsWith('{')) throw typeError('data must be an object in JSON');
    return json;
}

/**
 * @param {AbortSignal | undefined} signal
 */
function abortSignal(signal) {
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw typeError('signal must be an AbortSignal');
    return signal;
}

/** @param {string} what @param {unknown} value */
function object(what, value) {
    if (typeof value !== 'object' || value === null) throw typeError(`${what} must be an object, not ${typeOf(value)}`);
    return /** @type {Record<string, unknown>} */ (value);
}

module.exports = { abortSignal, count, flag, jsonObject, limit, milliseconds, object, text, typeError };
