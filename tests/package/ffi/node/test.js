// The Node.js module against a running event server. Each line that is printed is a case that holds.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Client, Queue } = require('./anchor.js');

const client = new Client();

// Longer than a busy machine takes for anything here, in milliseconds.
const PATIENCE = 120000;

async function waitsAtTheServer() {
    const headers = { 'anchor-admin-token': process.env.ANCHOR_TEST_ADMIN_TOKEN };
    const response = await fetch(process.env.ANCHORBROWSER_BASE_URL + '/admin/state', { headers });
    return (await response.json()).waitingCount;
}

async function until(condition) {
    const deadline = Date.now() + PATIENCE;
    while (!await condition()) {
        assert(Date.now() < deadline, 'it does not come');
        await new Promise(resolve => setTimeout(resolve, 10));
    }
}

const cases = {
    async signalsAndWaits() {
        const waiting = client.wait('node', { timeout: PATIENCE });
        // The event loop asks the server while the wait blocks: it goes on.
        await until(async () => await waitsAtTheServer() === 1);
        await client.signal('node', { code: '123456 ✓' });
        assert.deepEqual((await waiting).data, { code: '123456 ✓' });
    },

    async leavesTheEventLoopAlone() {
        let ticks = 0;
        const controller = new AbortController();
        const timer = setInterval(() => ++ticks > 5 && controller.abort(), 5);
        const waiting = client.wait('quiet', { timeout: PATIENCE, signal: controller.signal });
        await assert.rejects(waiting, { status: 'ANCHOR_CANCELLED' });
        clearInterval(timer);
    },

    async timesOut() {
        const began = performance.now();
        // On a busy machine the request may not be sent within a shorter time.
        const error = await client.wait('quiet', { timeout: 2000 }).catch(error => error);
        assert.deepEqual([error.status, error.details.code], ['ANCHOR_TIMEOUT', 408]);
        assert(performance.now() - began >= 1999 && performance.now() - began < PATIENCE);
    },

    // The call blocks on a worker thread; this is another.
    async cancelsFromAnotherThread() {
        const controller = new AbortController();
        const waiting = client.wait('quiet', { timeout: PATIENCE, signal: controller.signal });
        await until(async () => await waitsAtTheServer() === 1);
        controller.abort();
        await assert.rejects(waiting, { name: 'AbortError', status: 'ANCHOR_CANCELLED' });
        await until(async () => await waitsAtTheServer() === 0);
    },

    async signalsEndInTimeOrWhenTheyAreCancelled() {
        const controller = new AbortController(), { signal } = controller;
        await client.signal('node', { n: 1 }, { timeout: 30000, signal });
        assert.deepEqual((await client.wait('node', { timeout: 30000 })).data, { n: 1 });
        await assert.rejects(client.signal('node', {}, { timeout: 0 }), { status: 'ANCHOR_INVALID_ARGUMENT' });
        controller.abort();
        await assert.rejects(client.signal('node', {}, { signal }), { name: 'AbortError' });
    },

    async manyWaitsTakeOneWorkerThread() {
        const queue = new Queue(), controller = new AbortController(), { signal } = controller;
        const waits = Array.from({ length: 100 }, (_, job) => client.waitOn(queue, `job_${job}`));
        const quiet = client.waitOn(queue, 'quiet', { signal });
        await until(async () => await waitsAtTheServer() === 101);
        // These need worker threads of their own.
        await fs.promises.readFile(__filename);
        await Promise.all(waits.map((_, job) => client.signal(`job_${job}`, { job })));
        assert.deepEqual((await Promise.all(waits)).map(answer => answer.data.job), [...waits.keys()]);
        controller.abort();
        await assert.rejects(quiet, { name: 'AbortError', status: 'ANCHOR_CANCELLED' });
        await assert.rejects(client.waitOn(queue, 'quiet', { timeout: 2000 }), { status: 'ANCHOR_TIMEOUT' });
        await assert.rejects(client.waitOn(queue, '..'), { status: 'ANCHOR_INVALID_ARGUMENT', message: /event_name/ });
        queue.close();
    },

    async namesWhatIsWrong() {
        await assert.rejects(client.wait('..'), { status: 'ANCHOR_INVALID_ARGUMENT', message: /event_name/ });
    },

    async leaksNothing() {
        const filler = 'x'.repeat(8192);
        const { signal } = new AbortController();
        async function calls(count) {
            for (let i = 0; i < count / 2; i++) {
                await client.signal('many', { filler });
                await client.wait('many', { timeout: PATIENCE, signal });
            }
            global.gc();
        }
        await calls(2000);
        const before = footprint();
        await calls(10000);
        const after = footprint();
        console.log(`memory ${before[0]} -> ${after[0]} KiB, descriptors ${before[1]} -> ${after[1]}`);
        // An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
        assert(after[0] - before[0] < 20000 && after[1] - before[1] < 100);
    },
};

function footprint() {
    const memory = Math.round(process.memoryUsage().rss / 1024);
    return [memory, fs.readdirSync('/proc/self/fd').length];
}

(async () => {
    for (const [name, run] of Object.entries(cases)) {
        await run();
        console.log('ok', name);
    }
    client.close();
})();
