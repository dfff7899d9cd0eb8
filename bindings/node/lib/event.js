/** An event that was signaled. Printing it does not show the data, so that no log has it. */
class Event {
    #raw;
    /** @type {{ data?: Record<string, any> } | undefined} */
    #answer;

    /** @param {string} name @param {string} raw */
    constructor(name, raw) {
        this.name = name;
        this.#raw = raw;
    }

    /** The service's answer, as it was. */
    get raw() {
        return this.#raw;
    }

    /** What was signaled. @returns {any} */
    get data() {
        this.#answer ??= JSON.parse(this.#raw);
        return this.#answer?.data ?? {};
    }
}

module.exports = { Event };
