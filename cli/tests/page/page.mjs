// Uses the page of a running `anchor-events serve` with mouse and keyboard, and checks it for screen readers.
// Arguments: the server's URL, its process id, its admin token. Ends with 1 and a reason if something is wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { launch } from "./browser.mjs";

const [url, pid, token] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const call = (path, body, key = "test-key") =>
  fetch(url + path, { method: "POST", headers: { "anchor-api-key": key }, body: JSON.stringify(body) });
const signal = (name, data) => call(`/v1/events/${encodeURIComponent(name)}`, { data });
// Longer than any test takes on a busy machine: a wait that is not signaled in time is no longer on the page.
const wait = async (name, timeoutMs = 240000) => {
  const answer = await call(`/v1/events/${encodeURIComponent(name)}/wait`, { timeoutMs });
  return answer.ok ? (await answer.json()).data : null;
};
const row = (list, name) => page.locator(`#${list} li`, { hasText: name });

// The page changes when the server or the browser says so: what is to become true is waited for, never looked at once.
const until = async (holds, what) => {
  for (const limit = Date.now() + 120000; !(await holds());) {
    assert.ok(Date.now() < limit, `it did not come true: ${what}`);
    await new Promise(ready => setTimeout(ready, 20));
  }
};

// Whether the whole element is inside the window, and not below the bar of the phone's views.
const isInView = async locator => {
  const box = await locator.boundingBox(), { width, height } = page.viewportSize();
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
};

const desktop = { width: 1180, height: 900 };
const browser = await launch();
const open = async options => {
  const opened = await browser.newPage(options);
  opened.setDefaultTimeout(120000);
  return opened;
};
const page = await open({ viewport: desktop });
const complaints = [];
page.on("console", message => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", error => complaints.push(error.message));

const tests = {
  async "it connects, and says that it is empty"() {
    await page.goto(url);
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    assert.match(await page.locator("#waiting-none").innerText(), /No client is waiting/);
    assert.match(await page.locator("#queued-none").innerText(), /No signal is queued/);
    assert.equal(await page.locator("#key-choice").isVisible(), true, "no account is known yet");
  },

  async "a first signal can open the account of a key"() {
    await page.fill("#event", "first");
    await page.fill("#key", "test-key");
    await page.click("#signal button");
    await page.locator("#result", { hasText: "Signaled first" }).waitFor();
    assert.deepEqual(await wait("first"), {});
    await page.locator("#account option", { hasText: "Account 1" }).waitFor({ state: "attached" });
  },

  async "a wait ends by clicking"() {
    const waiting = wait("mfa_code");
    await row("waiting", "mfa_code").getByRole("button").click();
    assert.equal(await page.inputValue("#event"), "mfa_code");
    assert.equal(await page.evaluate(() => document.activeElement.id), "data");
    await page.fill("#data", '{"code": "123456", "big": 12345678901234567890}');
    await page.getByRole("button", { name: "Signal", exact: true }).click();
    assert.equal((await waiting).code, "123456");
    await row("waiting", "mfa_code").waitFor({ state: "detached" });
    await row("history", "mfa_code").first().waitFor();
  },

  async "a wait ends by keyboard alone"() {
    const waiting = wait("login_done");
    await row("waiting", "login_done").waitFor();
    await page.evaluate(() => document.activeElement.blur());
    for (let tab = 0; tab < 20; tab++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.getAttribute("aria-label")?.startsWith("Signal login_done"))) break;
    }
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+A");
    await page.keyboard.type('{"by":"keyboard"}');
    await page.keyboard.press("Control+Enter");
    assert.deepEqual(await waiting, { by: "keyboard" });
  },

  async "a payload is not on the page until it is asked for"() {
    await signal("secret", { code: "hush-hush" });
    const queued = row("queued", "secret");
    await queued.waitFor();
    assert.equal((await page.content()).includes("hush-hush"), false);
    const button = queued.getByRole("button");
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await button.click();
    await queued.locator("pre", { hasText: "hush-hush" }).waitFor();
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    await button.click();
    await queued.locator("pre").waitFor({ state: "detached" });
    assert.equal((await page.content()).includes("hush-hush"), false);
  },

  async "what is opened and focused stays so while the list changes"() {
    const button = row("queued", "secret").getByRole("button");
    await button.click();
    await row("queued", "secret").locator("pre").waitFor();
    await button.focus();
    await signal("another", {});
    await row("queued", "another").waitFor();
    assert.equal(await row("queued", "secret").locator("pre").count(), 1);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Hide data");
    assert.deepEqual([await wait("secret"), await wait("another")], [{ code: "hush-hush" }, {}]);
    await row("queued", "secret").waitFor({ state: "detached" });
  },

  async "an invalid form is explained, and nothing is sent"() {
    for (const [event, data, field] of [["", "{}", "event"], ["a", "[1]", "data"], ["a", "{", "data"]]) {
      await page.fill("#event", event);
      await page.fill("#data", data);
      await page.click("#signal button");
      assert.equal(await page.getAttribute(`#${field}`, "aria-invalid"), "true");
      assert.equal(await page.evaluate(() => document.activeElement.id), field);
      assert.notEqual(await page.innerText("#result"), "");
    }
    assert.equal(await wait("a", 1), null);
  },

  async "a name is text, whatever is in it"() {
    const name = "<img src=x onerror=\"document.title='owned'\">";
    await signal(name, {});
    await row("queued", "<img src=x").waitFor();
    assert.equal(await page.title(), "anchor-events serve");
    assert.deepEqual(await wait(name), {});
  },

  async "another page cannot signal"() {
    const other = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>other</title>"));
    await new Promise(ready => other.listen(0, "127.0.0.1", ready));
    const stranger = await open();
    await stranger.goto(`http://127.0.0.1:${other.address().port}`);
    const read = await stranger.evaluate(async ([url, token]) => {
      const body = '{"data":{},"event":"forged","account":1}';
      const send = (path, headers, mode) => fetch(url + path, { method: "POST", headers, body, mode }).catch(() => null);
      await send("/v1/events/forged", {}, "no-cors");
      await send("/v1/events/forged", { "anchor-api-key": "test-key" }, "cors");
      await send("/admin/signals", {}, "no-cors");
      await send("/admin/signals?token=" + encodeURIComponent(token), {}, "no-cors");
      return fetch(url).then(answer => answer.text(), () => "not readable");
    }, [url, token]);
    assert.equal(read, "not readable");
    assert.equal(await wait("forged", 1), null);
    await stranger.close();
    other.close();
  },

  async "it is accessible, light and dark, wide and narrow"() {
    const waiting = wait("axe");
    await signal("kept", { n: 1 });
    await row("waiting", "axe").waitFor();
    await row("queued", "kept").getByRole("button").click();
    await row("queued", "kept").locator("pre").waitFor();
    const check = async situation => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      assert.deepEqual(violations.map(found => `${found.id}: ${found.nodes[0].html}`), [], situation);
      const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
      await until(fits, `${situation} does not scroll sideways`);
    };
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(desktop);
      await check(`${colorScheme} desktop`);
      await page.setViewportSize({ width: 360, height: 800 });
      for (const button of await page.locator("nav button").all()) {
        await button.click();
        await check(`${colorScheme} phone, ${await button.innerText()}`);
      }
    }
    await page.setViewportSize(desktop);
    await signal("axe", {});
    await waiting;
  },

  async "with 200 waits the form stays in view, the history is near, and a filter finds an event"() {
    const names = Array.from({ length: 200 }, (_, number) => `crowd_${number}`);
    const waits = names.map(name => wait(name));
    await page.locator("#waiting-count", { hasText: "200" }).waitFor();
    const form = page.locator("#signal"), history = page.locator("#history");
    for (const top of [0, 1e6]) {
      await page.evaluate(top => scrollTo(0, top), top);
      await until(() => isInView(form), "the form is in view");
    }
    await until(() => isInView(history), "the history is at the bottom of the page");
    const isShort = () => page.evaluate(() => document.documentElement.scrollHeight < 2 * innerHeight);
    await until(isShort, "the page is less than two windows long");

    await page.fill("#filter", "CROWD_19");
    const shown = page.locator("#waiting li");
    await page.locator("#waiting-count", { hasText: "11 of 200" }).waitFor();
    assert.equal(await shown.count(), 11);
    await signal("crowd_19", {});
    await page.locator("#waiting-count", { hasText: "10 of 199" }).waitFor();
    const newest = page.locator("#history li:not([hidden])").first().locator(".name");
    await until(async () => (await newest.innerText()) === "crowd_19", "the history begins with what was filtered for");
    await page.fill("#filter", "no such event");
    await page.locator("#waiting-filtered").waitFor();

    await page.fill("#filter", "");
    await row("queued", "kept").waitFor();
    await shown.nth(198).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate(() => scrollTo(0, 1e6));
    const views = page.getByRole("navigation");
    for (const [name, seen] of [["History", "#history"], ["Queued", "#queued"], ["Signal", "#signal"], ["Waiting", "#waiting"]]) {
      await until(() => isInView(views), "the views are one tap away");
      await views.getByRole("button", { name }).click();
      await page.locator(seen).waitFor();
      const sections = name === "Signal" ? 2 : 1;
      await until(async () => (await page.locator("main section:visible").count()) === sections, `only ${name} is shown`);
    }
    await shown.nth(150).getByRole("button").click();
    await until(() => isInView(form), "a wait leads to the form");
    assert.equal(await page.evaluate(() => document.activeElement.id), "data");

    await page.setViewportSize(desktop);
    await Promise.all(names.filter(name => name !== "crowd_19").map(name => signal(name, {})));
    await Promise.all(waits);
  },

  async "the lines for a shell can be copied"() {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.click("#copy");
    await page.locator("#copy", { hasText: "Copied" }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, `export ANCHORBROWSER_BASE_URL=${url}\nexport ANCHORBROWSER_API_KEY=local\n`);
  },

  async "it opens under another name with the token"() {
    const elsewhere = url.replace("127.0.0.1", "devbox.test");
    const remote = await open();
    assert.equal((await remote.goto(elsewhere)).status(), 403);
    assert.equal((await remote.goto(`${elsewhere}/?token=${encodeURIComponent(token)}`)).status(), 200);
    await remote.locator("#connection", { hasText: "Live" }).waitFor();
    await remote.fill("#event", "remote");
    await remote.selectOption("#account", { index: 0 });
    await remote.click("#signal button");
    await remote.locator("#result", { hasText: "Signaled remote" }).waitFor();
    await remote.click("#copy");
    await remote.locator("#copy", { hasText: "Selected" }).waitFor();
    const selected = await remote.evaluate(() => String(getSelection()));
    assert.match(selected, /^export ANCHORBROWSER_BASE_URL=http:..devbox\.test:/);
    await remote.close();
    assert.deepEqual(await wait("remote"), {});
  },

  async "it says when the server is gone"() {
    assert.deepEqual(complaints, []);
    process.kill(Number(pid), "SIGTERM");
    await page.locator("#connection", { hasText: "Server not reachable" }).waitFor();
  },
};

const failed = [];
for (const [name, test] of Object.entries(tests)) {
  try {
    // What a test before it changed and left so, since it failed, is not held against this one.
    await page.setViewportSize(desktop);
    await test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed.push(`${name}: ${error.message.split("\n", 1)}`);
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
await browser.close();
failed.forEach(line => console.log(`FAILED  ${line}`));
process.exit(failed.length ? 1 : 0);
