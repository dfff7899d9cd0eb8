// The official TypeScript SDK as it comes, with the commands of driver/main.c that make sense for it.
//
//     peer.mjs name | first | waits COUNT | deadline COUNT MS | blocked COUNT

import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import Anchorbrowser from 'anchorbrowser';

const nowUs = () => Number(process.hrtime.bigint()) / 1000;

async function waitFor(client, event) {
  const answer = await client.events.waitFor(event, { timeoutMs: 60000 });
  assert.equal(answer.data.code, '123456');
}

const commands = {
  async name() {
    const sdk = new URL('node_modules/anchorbrowser/package.json', import.meta.url);
    return { name: `anchorbrowser ${JSON.parse(readFileSync(sdk)).version}, Node.js ${process.versions.node}` };
  },

  async first() {
    await waitFor(new Anchorbrowser(), 'bench');
    return { answered: [nowUs()] };
  },

  async waits(count) {
    const client = new Anchorbrowser();
    const began = [], answered = [];
    for (let i = 0; i < 2; i++) await waitFor(client, 'bench');
    for (let i = 0; i < count; i++) {
      began.push(nowUs());
      await waitFor(client, 'bench');
      answered.push(nowUs());
    }
    return { began, answered };
  },

  async deadline(count, timeoutMs) {
    const client = new Anchorbrowser({ maxRetries: 0 });
    const late = [];
    for (let i = 0; i < count; i++) {
      const start = nowUs();
      try {
        await client.events.waitFor('silent', { timeoutMs: Number(timeoutMs) }, { timeout: Number(timeoutMs) });
      } catch (error) {
        if (!(error instanceof Anchorbrowser.APIConnectionTimeoutError)) throw error;
        late.push(nowUs() - start - timeoutMs * 1000);
      }
    }
    return { late };
  },

  async blocked(count) {
    await waitFor(new Anchorbrowser(), 'bench');
    console.log('ready');
    const input = createInterface({ input: process.stdin });
    await input.question('');
    const client = new Anchorbrowser({ timeout: 600000 });
    const wait = (_, i) => client.events.waitFor(`crowd-${i}`, { timeoutMs: 600000 });
    for (const answer of await Promise.all(Array.from({ length: Number(count) }, wait))) assert.equal(answer.data.code, '123456');
    return {};
  },
};

const [name, ...operands] = process.argv.slice(2);
console.log(JSON.stringify(await commands[name](...operands)));
process.exit(0);
