// The local server, as servers.py started it, and what a test waits for.

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');

const PATIENCE = 60_000;

/** How many waits the server holds, for one event or for all. @param {string} [event] @returns {Promise<number>} */
async function waiting(event) {
    const headers = { 'anchor-admin-token': process.env.ANCHOR_TEST_ADMIN_TOKEN ?? '' };
    const response = await fetch(`${process.env.ANCHORBROWSER_BASE_URL}/admin/state`, { headers });
    const state = /** @type {any} */ (await response.json());
    if (event === undefined) return state.waitingCount;
    return state.waiting.filter((/** @type {any} */ wait) => wait.event === event).length;
}

/** @param {() => boolean | Promise<boolean>} condition */
async function until(condition) {
    const deadline = Date.now() + PATIENCE;
    while (!(await condition())) {
        assert(Date.now() < deadline, 'it does not come');
        await sleep(10);
    }
}

/** @param {string} event @param {number} [count] */
const untilWaiting = (event, count = 1) => until(async () => (await waiting(event)) === count);

module.exports = { PATIENCE, until, untilWaiting, waiting };
