const addon = require('./addon.js');
const { abortSignal, jsonObject, limit, object, text } = require('./arguments.js');
const calls = require('./calls.js');
const { AbortError, AnchorError } = require('./errors.js');
const { Event } = require('./event.js');
const { RETRY_ALWAYS, callOptions, clientSettings } = require('./settings.js');

const DEFAULT_TIMEOUT = 60_000;
const REQUEST_TIMEOUT = -2;

class Client {
    #handle;
    #isClosed = false;

    /** @param {object} [settings] */
    constructor(settings = {}) {
        this.#handle = addon.newClient(clientSettings(settings));
    }

    /** @param {string} name @param {Record<string, any>} [options] */
    async wait(name, options = {}) {
        const [event, millis, signal] = [
            text('event name', name),
            limit(object('options', options).timeout, DEFAULT_TIMEOUT),
            abortSignal(options.signal),
        ];
        const [handle, settings] = [this.#open(), callOptions(options)];
        const end = await calls.wait((tag) => addon.wait(handle, tag, event, millis, settings), signal);
        return new Event(event, end.text);
    }

    /** @param {string} name @param {Record<string, any>} [options] */
    async *events(name, options = {}) {
        while (true) yield await this.wait(name, { timeout: Infinity, ...options });
    }

    /** @param {string} name @param {object} [data] @param {Record<string, any>} [options] */
    async signal(name, data = {}, options = {}) {
        await this.#blocking(name, jsonObject(data), options);
    }

    /** @param {string} name @param {Record<string, any>} [options] */
    async drain(name, options = {}) {
        return (await this.#blocking(name, undefined, options)).drained;
    }

    /** @param {string} apiKey */
    setApiKey(apiKey) {
        addon.setApiKey(this.#open(), text('apiKey', apiKey));
    }

    stats() {
        return JSON.parse(addon.stats(this.#open()));
    }

    close() {
        if (!this.#isClosed) addon.cancelAll(this.#handle);
        this.#isClosed = true;
    }

    [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
        this.close();
    }

    /** @param {string} name @param {string | undefined} data @param {Record<string, any>} options */
    async #blocking(name, data, options) {
        const [event, millis, signal] = [
            text('event name', name),
            limit(object('options', options).timeout, REQUEST_TIMEOUT),
            abortSignal(options.signal),
        ];
        const settings = callOptions(options);
        this.#open();
        return calls.blocking((tag) => addon.blocking(this.#open(), tag, event, millis, settings, data), signal);
    }

    #open() {
        if (this.#isClosed) throw Object.assign(new Error('the client is closed'), { code: 'ERR_CLOSED' });
        return this.#handle;
    }
}

module.exports = { AbortError, AnchorError, Client, Event, RETRY_ALWAYS };
