const assert = require('node:assert/strict');
const { test } = require('node:test');
const { inspect } = require('node:util');
const { AbortError, AnchorError, Client } = require('anchor-events');
const { until, untilWaiting } = require('./server.js');

const client = new Client();

/** @param {(Promise<any> | (() => Promise<any>))[]} calls @param {any} expected */
const allReject = (calls, expected) => Promise.all(calls.map((call) => assert.rejects(call, expected)));

test('C01: a blocked wait gets the event', async () => {
    const end = client.wait('blocked');
    await untilWaiting('blocked');
    await client.signal('blocked', { code: '123456' });
    const event = await end;
    assert.deepEqual([event.name, event.data], ['blocked', { code: '123456' }]);
});

test('C02 C10: a signal before the wait is kept', async () => {
    await client.signal('kept');
    assert.deepEqual((await client.wait('kept', { timeout: 0 })).data, {});
});

test('C03 C41: each signal ends one wait', async () => {
    const ends = Array.from({ length: 4 }, () => client.wait('several'));
    await untilWaiting('several', 4);
    for (let number = 0; number < 4; number++) await client.signal('several', { number });
    const numbers = (await Promise.all(ends)).map((event) => event.data.number);
    assert.deepEqual(numbers.sort(), [0, 1, 2, 3]);
});

test('C04 C05 C21: a wait ends at its timeout', async () => {
    for (const timeout of [0, 200]) {
        const began = performance.now();
        const error = await client.wait('quiet', { timeout }).catch((failure) => failure);
        assert(performance.now() - began >= timeout);
        assert(error instanceof AnchorError);
        assert.deepEqual([error.name, error.code, error.httpStatus], ['TimeoutError', 'ANCHOR_TIMEOUT', 408]);
        assert.deepEqual([error.timedOut, error.maybeConsumed, error.phase], [true, false, 'receive']);
    }
});

test('C06 C29: Infinity sets no limit', async () => {
    const end = client.wait('endless', { timeout: Infinity });
    await untilWaiting('endless');
    await client.signal('endless');
    assert.deepEqual((await end).data, {});
});

test('C07 C08: data arrives as it was sent', async () => {
    const data = {
        null: null,
        booleans: [true, false],
        numbers: [0, -1, 2 ** 53, 1e21, 0.1, 1e300],
        text: '\0 \u2713 \u{1f511} \\ " \n',
        nested: { '': [[], {}, [{ a: [null] }]] },
    };
    await client.signal('kinds', data);
    const event = await client.wait('kinds', { timeout: 0 });
    assert.deepEqual(event.data, data);
    assert(event.raw.startsWith('{"data":'));
});

test('C09: any text is a name', async () => {
    for (const name of ['a b/c', '100%', '%2F', 'événement ✓ \u{1f511}', '...', 'a?b#c']) {
        await client.signal(name, { name });
        assert.deepEqual((await client.wait(name, { timeout: 0 })).data, { name });
    }
});

test('C11: events in a loop', async () => {
    for (let number = 0; number < 3; number++) await client.signal('loop', { number });
    const taken = [];
    for await (const event of client.events('loop')) {
        taken.push(event.data.number);
        if (taken.length === 2) break;
    }
    assert.deepEqual(taken, [0, 1]);
    assert.equal((await client.wait('loop', { timeout: 0 })).data.number, 2);
});

test('C12: a drain counts what it drops', async () => {
    for (let number = 0; number < 3; number++) await client.signal('drained');
    assert.equal(await client.drain('drained'), 3);
    assert.equal(await client.drain('drained', { timeout: 0 }), 0);
});

test('C13 C14 C15: an AbortSignal ends calls', async () => {
    const own = new Client();
    const controller = new AbortController();
    const { signal } = controller;
    const ends = [own.wait('aborted', { signal }), own.wait('aborted', { signal }), own.signal('hang', {}, { signal })];
    await untilWaiting('aborted', 2);
    await until(() => own.stats().connections.waiting === 3);
    controller.abort('enough');
    for (const end of await Promise.allSettled(ends)) {
        assert(end.status === 'rejected' && end.reason instanceof AbortError);
        assert.deepEqual([end.reason.name, end.reason.code, end.reason.cause], ['AbortError', 'ABORT_ERR', 'enough']);
    }
    await untilWaiting('aborted', 0);
    const before = own.stats().waits;
    await allReject([own.wait('x', { signal }), own.signal('x', {}, { signal }), own.drain('x', { signal })], {
        name: 'AbortError',
        cause: 'enough',
    });
    assert.equal(own.stats().waits, before);
    await assert.rejects(own.wait('quiet', { signal: AbortSignal.timeout(50) }), { name: 'AbortError' });
});

test('C16: an event that had arrived is returned', async () => {
    const [own, controller] = [new Client(), new AbortController()];
    const end = own.wait('arrived', { signal: controller.signal });
    await untilWaiting('arrived');
    const sent = client.signal('arrived', { n: 1 });
    // The event loop does not run from here on, so the wait has ended and nobody was told.
    while (own.stats().answers < 1);
    controller.abort();
    assert.deepEqual((await end).data, { n: 1 });
    await sent;
});

test('C19: closing ends waits', async () => {
    const own = new Client();
    const end = own.wait('closed');
    await untilWaiting('closed');
    own.close();
    await assert.rejects(end, { name: 'AbortError' });
    await untilWaiting('closed', 0);
    own.close();
    await allReject([() => own.wait('x'), () => own.signal('x'), () => own.drain('x'), async () => own.stats()], {
        code: 'ERR_CLOSED',
    });
    assert.throws(() => own.setApiKey('x'), { code: 'ERR_CLOSED' });
});

/** @type {any} */
const untyped = client;

test('C26: what is of another type is refused', async () => {
    for (const name of [undefined, null, 1, ['name'], Buffer.from('name')]) {
        await allReject([untyped.wait(name), untyped.signal(name), untyped.drain(name), untyped.events(name).next()], {
            name: 'TypeError',
            code: 'ERR_INVALID_ARG_TYPE',
            message: /event name/,
        });
    }
    for (const options of [null, 1, 'x']) await assert.rejects(untyped.wait('x', options), TypeError);
    await assert.rejects(untyped.wait('x', { signal: {} }), TypeError);
    await assert.rejects(untyped.wait('x', { timout: 1 }), /timout is not a setting/);
    const wrong = { apiKey: null, allowHttp: 1, headers: 1, connectTo: 'x', caFile: 1, trust: 1, retries: '3', unknown: 1 };
    for (const [setting, value] of Object.entries(wrong)) {
        assert.throws(() => new Client({ [setting]: value }), { name: 'TypeError', message: new RegExp(setting) });
    }
});

test('C27: what is out of range is refused', async () => {
    for (const name of ['', '.', '..', 'x'.repeat(4097)]) {
        await allReject([client.wait(name), client.signal(name), client.drain(name)], {
            code: 'ANCHOR_INVALID_ARGUMENT',
            message: /event_name/,
        });
    }
    for (const [setting, value] of Object.entries({
        apiKey: '',
        baseUrl: 'ftp://x',
        retries: -1,
        slice: 0,
        proxy: 'socks4://x',
    })) {
        const word = new RegExp(
            setting.replace(/[A-Z]/, (upper) => `_?${upper}`),
            'i',
        );
        assert.throws(() => new Client({ [setting]: value }), word);
    }
});

test('C28: U+0000 is refused', async () => {
    await assert.rejects(client.wait('cut\0off'), { name: 'TypeError', message: /U\+0000/ });
    await assert.rejects(client.wait('\ud800'), { name: 'TypeError', message: /surrogate/ });
    assert.throws(() => new Client({ proxy: 'http://127.0.0.1\0.example' }), /proxy contains U\+0000/);
});

test('C29: a time that is none is refused', async () => {
    for (const timeout of [-1, -0.1, NaN, -Infinity, 1e300]) {
        await assert.rejects(client.wait('x', { timeout }), { name: 'RangeError', message: /timeout/ });
        await assert.rejects(client.signal('x', {}, { timeout }), { name: 'RangeError', message: /timeout/ });
    }
    for (const timeout of [null, '1', true, 1n]) await assert.rejects(untyped.wait('x', { timeout }), TypeError);
    assert.throws(() => new Client({ grace: Infinity }), RangeError);
});

test('C30: data that is no object is refused', async () => {
    for (const data of [null, [], 'text', 1, new Date(), { x: 1n }, { x: () => {} }]) {
        await assert.rejects(untyped.signal('refused', data), TypeError);
    }
    for (const x of [Infinity, NaN]) await assert.rejects(client.signal('refused', { x }), RangeError);
    assert.equal(await client.drain('refused'), 0);
});

test('C25: nothing that is printed has the data or the key', async () => {
    await client.signal('secret', { secret: 'data-of-this-test' });
    const event = await client.wait('secret', { timeout: 0 });
    const wrong = new Client({ apiKey: 'a-wrong-key-of-this-test' });
    const error = await wrong.signal('secret', { secret: 'data-of-this-test' }).catch((failure) => failure);
    const shown = inspect([event, wrong, error], { depth: null, showHidden: true }) + JSON.stringify([event, wrong, error]);
    assert(!/data-of-this-test|wrong-key/.test(shown));
});
