// Takes pictures of the page with many waits, to look at: node crowd.mjs PATH-OF-ANCHOR-EVENTS FOLDER [COUNT]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { launch } from "./browser.mjs";

const [anchor, folder, count = "200"] = process.argv.slice(2);
const server = spawn(anchor, ["serve", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
const { value: url } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
const call = (path, body, key = "local") =>
  fetch(url + "/v1/events/" + path, { method: "POST", headers: { "anchor-api-key": key }, body: JSON.stringify(body) });

const names = ["mfa_code", "login_done", "report_ready", "captcha_solved", "order_paid", "export_finished"];
for (const name of names) await call(`${name}_queued`, { data: { name } });
const waits = Array.from({ length: Number(count) }, (_, number) =>
  call(`${names[number % names.length]}_${number}/wait`, { timeoutMs: 60000 + 1000 * number }, number % 7 ? "local" : "ci"));

const browser = await launch();
for (const [device, width, height] of [["desktop", 1180, 900], ["phone", 390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 1.5, colorScheme });
    await page.goto(url);
    await page.locator("#waiting li").nth(100).waitFor();
    const shoot = name => page.screenshot({ path: `${folder}/${device}-${colorScheme}-${name}.png` });
    await shoot("top");
    await page.mouse.wheel(0, 2500);
    await page.locator("#history li").nth(20).waitFor({ state: "attached" });
    await shoot("scrolled");
    await page.fill("#filter", "mfa_code_1");
    await page.locator("#waiting-count", { hasText: "of" }).waitFor();
    await shoot("filtered");
    if (device === "phone") {
      await page.getByRole("navigation").getByRole("button", { name: "History" }).click();
      await shoot("history");
      await page.getByRole("navigation").getByRole("button", { name: "Waiting" }).click();
    }
    await page.locator("#waiting li").nth(2).getByRole("button").click();
    await shoot("form");
    await page.close();
  }
}
await browser.close();
server.kill("SIGTERM");
await Promise.all(waits);
