// Takes docs/screenshot.png: node screenshot.mjs PATH-OF-ANCHOR-EVENTS PATH-OF-PNG [light|dark]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { launch } from "./browser.mjs";

const [anchor, picture, colorScheme = "light"] = process.argv.slice(2);
const server = spawn(anchor, ["serve"], { stdio: ["ignore", "pipe", "inherit"] });
const { value: url } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
const call = (path, body) =>
  fetch(url + "/v1/events/" + path, { method: "POST", headers: { "anchor-api-key": "local" }, body: JSON.stringify(body) });

await call("order_paid", { data: { amount: 42 } });
await call("order_paid/wait", {});
await call("captcha_solved/wait", { timeoutMs: 1200 });
await call("deploy_finished", { data: { version: "1.4.2" } });
const waits = [["mfa_code", 300000], ["login_done", 50000], ["report_ready", 30000]]
  .map(([name, timeoutMs]) => call(`${name}/wait`, { timeoutMs }));

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1120, height: 900 }, deviceScaleFactor: 1.5, colorScheme });
await page.goto(url);
await page.locator("#waiting li:nth-child(3)").waitFor();
await page.locator("#queued li button").click();
await page.locator("#queued pre").waitFor();
await page.locator("#waiting li", { hasText: "mfa_code" }).getByRole("button").click();
await page.fill("#data", '{\n  "code": "123456"\n}');
await page.waitForTimeout(7000); // so that the bars of the waits show something
await page.screenshot({ path: picture });
await browser.close();
server.kill("SIGTERM");
await Promise.all(waits);
