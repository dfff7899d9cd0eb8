const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { Client } = require('anchor-events');
const { until, untilWaiting, waiting } = require('./server.js');

const MANY = 500;
const client = new Client();

/** @param {string} program @param {import('node:child_process').StdioOptions} [stdio] */
const child = (program, stdio = 'inherit') =>
    spawn(process.execPath, ['-e', `const { Client } = require('anchor-events'); ${program}`], { cwd: __dirname, stdio });

test('C39 C40: many waits take no thread, and leave the loop and the pool alone', async () => {
    const waits = Array.from({ length: MANY }, (_, job) => client.wait(`job_${job}`, { timeout: 120_000 }));
    await until(async () => (await waiting()) === MANY);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await until(() => ticks > 20);
    clearInterval(timer);
    const threads = Number(/Threads:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
    assert(threads < 40, `${threads} threads`);
    // Each of these needs a thread of the pool.
    await Promise.all(Array.from({ length: 20 }, () => fs.promises.readFile(__filename)));
    await Promise.all(waits.map((_, job) => client.signal(`job_${job}`, { job })));
    assert.deepEqual(
        (await Promise.all(waits)).map((event) => event.data.job),
        [...waits.keys()],
    );
});

test('C17: Ctrl-C ends the process, as it does with other promises', async () => {
    const program = child("new Client().wait('ctrl_c')");
    await untilWaiting('ctrl_c');
    program.kill('SIGINT');
    assert.deepEqual(await once(program, 'exit'), [null, 'SIGINT']);
    await untilWaiting('ctrl_c', 0);
});

test('C18: a signal handler does not end a wait', async () => {
    const program = child(
        "process.on('SIGUSR2', () => console.log('handled')); new Client().wait('handled').then((event) => console.log(event.data.n));",
        ['ignore', 'pipe', 'inherit'],
    );
    await untilWaiting('handled');
    program.kill('SIGUSR2');
    let printed = '';
    program.stdout?.on('data', (text) => (printed += text));
    await until(() => printed === 'handled\n');
    await client.signal('handled', { n: 7 });
    assert.deepEqual(await once(program, 'exit'), [0, null]);
    assert.equal(printed, 'handled\n7\n');
});

test('C42: garbage is collected during a wait', async () => {
    const collect = globalThis.gc ?? assert.fail('--expose-gc');
    const end = new Client().wait('collected');
    await untilWaiting('collected');
    for (let round = 0; round < 5; round++) {
        collect();
        await sleep(1);
    }
    await client.signal('collected', { still: 'there' });
    assert.deepEqual((await end).data, { still: 'there' });
});

test('C43: a process exits with waits open', async () => {
    const program = child(
        "new Client().wait('open'); new Client().signal('hang'); process.stdin.once('data', () => process.exit(7))",
        ['pipe', 'inherit', 'inherit'],
    );
    await untilWaiting('open');
    program.stdin?.write('\n');
    assert.deepEqual(await once(program, 'exit'), [7, null]);
    await untilWaiting('open', 0);
});

test('C43: a worker ends with waits open, and a process without calls ends by itself', async () => {
    const source =
        "const { Client } = require('anchor-events'); const c = new Client(); c.wait('of_worker'); c.signal('hang').catch(() => {})";
    const worker = new Worker(source, { eval: true });
    await untilWaiting('of_worker');
    await worker.terminate();
    await untilWaiting('of_worker', 0);
    assert.deepEqual(await once(child("new Client().signal('ends').then(() => {})"), 'exit'), [0, null]);
});

test('C45: thousands of calls leave nothing behind', async () => {
    const collect = globalThis.gc ?? assert.fail('--expose-gc');
    const filler = 'x'.repeat(8192);
    /** @param {number} count */
    const calls = async (count) => {
        const { signal } = new AbortController();
        for (let i = 0; i < count; i++) {
            await client.signal('many', { filler }, { signal });
            await client.wait('many', { timeout: 0, signal });
        }
        for (let round = 0; round < 3; round++) {
            collect();
            await sleep(10);
        }
        return [process.memoryUsage().rss / 1024, fs.readdirSync('/proc/self/fd').length];
    };
    await calls(500);
    const before = await calls(300);
    const after = await calls(2000);
    // Answers that were not freed would be 16,000 KiB. This test's own connection may be gone.
    assert(after[0] - before[0] < 12_000, `${before} ${after}`);
    assert(after[1] <= before[1], `${before} ${after}`);
});
