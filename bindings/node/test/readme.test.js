const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

test('the programs of the README run as they stand there, one after another', async () => {
    const packaged = path.dirname(require.resolve('anchor-events/package.json'));
    const readme = fs.readFileSync(path.join(packaged, 'README.md'), 'utf8');
    const programs = [...readme.matchAll(/```js\n(.*?)```/gs)].map((found) => `{${found[1]}}`);
    assert(programs.length >= 4);
    // The client of the first is that of all.
    const all = programs.join('\n').replace('const client', 'var client');
    const program = `(async () => { ${all} })()`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: __dirname });
    const lines = stdout.trim().split('\n');
    assert.deepEqual(lines.slice(0, 4), ['123456', '500', '{ number: 1 }', 'AbortError']);
    assert.match(lines[4], /^TimeoutError ANCHOR_TIMEOUT receive false /);
});
