const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Client } = require('anchor-events');
const addon = require('anchor-events/lib/addon.js');
const { OPTIONS, SETTERS } = require('anchor-events/lib/settings.js');

const { env } = process;
const client = new Client();
const packaged = path.dirname(require.resolve('anchor-events/package.json'));

test('C20: each HTTP status is an error', async () => {
    const statuses = {
        400: 'BAD_REQUEST',
        401: 'UNAUTHORIZED',
        403: 'FORBIDDEN',
        404: 'NOT_FOUND',
        409: 'HTTP_ERROR',
        413: 'BAD_REQUEST',
        422: 'BAD_REQUEST',
        429: 'RATE_LIMITED',
        500: 'SERVER_ERROR',
        502: 'SERVER_ERROR',
        503: 'SERVER_ERROR',
        504: 'SERVER_ERROR',
    };
    for (const [code, status] of Object.entries(statuses)) {
        const expected = { code: `ANCHOR_${status}`, httpStatus: Number(code), phase: 'receive' };
        await assert.rejects(client.wait(`status_${code}`, { retries: 0 }), expected);
        await assert.rejects(client.signal(`status_${code}`, {}, { retries: 0 }), expected);
    }
});

test('C21: an answer that was not read', async () => {
    await assert.rejects(client.signal('drop'), { code: 'ANCHOR_CONNECTION_LOST', maybeConsumed: true, name: 'AnchorError' });
});

test('C22: a missing key is named', () => {
    const key = env.ANCHORBROWSER_API_KEY;
    delete env.ANCHORBROWSER_API_KEY;
    try {
        assert.throws(() => new Client(), /ANCHORBROWSER_API_KEY/);
    } finally {
        env.ANCHORBROWSER_API_KEY = key;
    }
});

test('C23: a wrong key is refused', async () => {
    await assert.rejects(new Client({ apiKey: 'wrong' }).wait('x'), { code: 'ANCHOR_UNAUTHORIZED', httpStatus: 401 });
});

test('C24: an outage ends at the timeout', async () => {
    const nowhere = new Client({ baseUrl: env.ANCHOR_TEST_NOWHERE });
    const began = performance.now();
    const expected = { name: 'TimeoutError', code: 'ANCHOR_NOT_SENT', timedOut: true, maybeConsumed: false };
    await assert.rejects(nowhere.wait('x', { timeout: 500 }), expected);
    assert(performance.now() - began >= 499);
});

test('C31: every setting is there', () => {
    const cdef = fs.readFileSync(env.ANCHOR_CDEF ?? '', 'utf8');
    const others = ['set_interruptible', 'set_log_callback', 'set_log_json'];
    for (const [handle, setters] of Object.entries({ config: SETTERS, options: OPTIONS })) {
        const declared = [...cdef.matchAll(new RegExp(`anchor_${handle}_((?:set|add)_\\w+)\\(`, 'g'))].map((found) => found[1]);
        const own = Object.values(setters).map(([setter]) => setter);
        assert.deepEqual(own.sort(), declared.filter((setter) => !others.includes(setter)).sort());
    }
    const types = fs.readFileSync(path.join(packaged, 'index.d.ts'), 'utf8');
    for (const name of [...Object.keys(SETTERS), ...Object.keys(OPTIONS)])
        assert.match(types, new RegExp(`^ +${name}\\?: `, 'm'));
});

test('C27 C31: each setting reaches the library', () => {
    const cut = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
    const wrong = [
        [{ baseUrl: 'http://192.0.2.1', allowHttp: false }, /allow_http/],
        [{ headers: { 'content-length': '1' } }, /header/],
        [{ userAgent: '\n' }, /user_agent/],
        [{ connectTo: ['no port', 'x:1'] }, /host/],
        [{ connectTimeout: 0 }, /connect_timeout_ms/],
        [{ requestTimeout: 1e9 }, /request_timeout_ms/],
        [{ maxResponseBytes: 0 }, /max_response_bytes/],
        [{ grace: 1e9 }, /grace_ms/],
        [{ caFile: '/nowhere' }, /ca_file/],
        [{ caPem: cut }, /ca_pem/],
        [{ crlFile: '/nowhere' }, /crl_file/],
        [{ pinnedPublicKeys: 'x' }, /pins/],
        [{ clientCertificate: ['/nowhere', '/nowhere'] }, /certificate_file/],
        [{ clientCertificatePem: ['x', 'y'] }, /certificate_pem/],
    ];
    for (const [settings, message] of /** @type {[any, RegExp][]} */ (wrong)) {
        assert.throws(() => new Client(settings), { code: 'ANCHOR_INVALID_ARGUMENT', message });
    }
});

test('C32: options count for one call', async () => {
    const options = { requestId: 'trace-1', headers: { 'x-one': '1' } };
    await assert.rejects(
        client.wait('status_400', options),
        (/** @type {any} */ error) => error.details.requestId === 'trace-1',
    );
    await assert.rejects(client.wait('status_503', { retries: 0 }), (/** @type {any} */ error) => error.details.attempts === 1);
    await assert.rejects(client.wait('x', { headers: { 'content-length': '1' } }), { code: 'ANCHOR_INVALID_ARGUMENT' });
});

test('C33: TLS', async () => {
    const [baseUrl, caFile] = [env.ANCHOR_TEST_TLS_URL, env.ANCHOR_TEST_TLS_CA];
    for (const trusted of [{ caFile }, { caPem: fs.readFileSync(caFile ?? '', 'utf8') }]) {
        const secure = new Client({ baseUrl, ...trusted });
        await secure.signal('tls', { over: 'tls' });
        assert.deepEqual((await secure.wait('tls', { timeout: 0 })).data, { over: 'tls' });
    }
    await assert.rejects(new Client({ baseUrl, trust: 'bundled' }).wait('tls'), { code: 'ANCHOR_TLS', phase: 'tls' });
});

test('C34: a proxy', async () => {
    const tunnels = () => fs.readFileSync(env.ANCHOR_TEST_PROXY_LOG ?? '', 'utf8').split('\n').length;
    const before = tunnels();
    const settings = { baseUrl: env.ANCHOR_TEST_TLS_URL, caFile: env.ANCHOR_TEST_TLS_CA, proxy: env.ANCHOR_TEST_PROXY };
    await new Client(settings).signal('proxy');
    assert(tunnels() > before);
});

test('C35 C36: keys are accounts', async () => {
    await client.signal('account', { of: 'the first' });
    const other = new Client({ apiKey: env.ANCHOR_TEST_KEY_2 });
    await assert.rejects(other.wait('account', { timeout: 0 }), { name: 'TimeoutError' });
    other.setApiKey(env.ANCHORBROWSER_API_KEY ?? '');
    assert.deepEqual((await other.wait('account', { timeout: 0 })).data, { of: 'the first' });
    assert.throws(() => other.setApiKey(''), { code: 'ANCHOR_INVALID_ARGUMENT', message: /api_key/ });
});

test('C37: statistics', async () => {
    const own = new Client();
    await own.signal('counted');
    await own.wait('counted', { timeout: 0 });
    assert.deepEqual([own.stats().signals, own.stats().waits], [1, 1]);
});

test('C38: the package is of the version of its library', () => {
    assert.equal(addon.version, require('anchor-events/package.json').version);
    const program = "require('anchor-events/package.json').version = '9.9.9'; require('anchor-events')";
    const { stderr } = spawnSync(process.execPath, ['-e', program], { cwd: __dirname, encoding: 'utf8' });
    assert.match(stderr, /Error: anchor-events 9\.9\.9 needs libanchor 9\.9\.9, and found/);
});
