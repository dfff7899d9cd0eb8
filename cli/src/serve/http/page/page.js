"use strict";
const $ = id => document.getElementById(id);
const token = document.querySelector("meta[name=token]").content;
const ask = (path, options = {}) =>
  fetch("/admin" + path, { ...options, headers: { "anchor-admin-token": token, ...options.headers } });

// --- the server's state -------------------------------------------------------------------------------------------
let state = null;
let received = 0;
let lastNumber = 0;

let live = null;

function listen() {
  live?.close();
  const parameters = { token, filter: $("filter").value };
  const query = Object.entries(parameters).map(([name, value]) => name + "=" + encodeURIComponent(value)).join("&");
  live = new EventSource("/admin/live?" + query);
  live.addEventListener("state", message => { state = JSON.parse(message.data); received = Date.now(); connected("live", "Live"); show(); });
  live.onerror = () => {
    const isOver = live.readyState === EventSource.CLOSED;
    connected(isOver ? "gone" : "", isOver ? "The server was restarted: reload the page" : "Server not reachable, trying again");
  };
}

function connected(kind, text) {
  $("connection").className = "state " + kind;
  if ($("connection").textContent !== text) $("connection").textContent = text;
}

function show() {
  $("version").textContent = state.version;
  $("faults").hidden = state.faults.length === 0;
  $("faults").lastElementChild.textContent = state.faults.map(fault => fault.rule).join("   ");
  list("waiting", state.waiting, state.waitingCount, state.waitingMatching, wait => wait.wait, newWait, updateWait);
  list("queued", state.queued, state.queuedCount, state.queuedMatching, signal => signal.id, newQueued, updateQueued);
  showAccounts();
  showHistory();
}

// --- lists: a row stays while its item does, so that focus and opened payloads stay -----------------------
function list(id, items, count, matching, key, create, update) {
  const rows = new Map([...$(id).children].map(row => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const row = rows.get(String(key(item))) ?? create(item);
    row.dataset.key = key(item);
    rows.delete(String(key(item)));
    update(row, item);
    if ($(id).children[index] !== row) $(id).insertBefore(row, $(id).children[index] ?? null);
  });
  rows.forEach(row => row.remove());
  $(id + "-none").hidden = count > 0;
  $(id + "-short").textContent = count;
  $(id + "-filtered").hidden = count === 0 || matching > 0;
  const listed = items.length < matching ? `, ${items.length} listed` : "";
  $(id + "-count").textContent = (matching < count ? `${matching} of ${count}` : count) + listed;
}

// --- the filter: the server applies it to waits and queued signals, of which it may have more than it lists ----------
let retyped;
$("filter").oninput = () => {
  clearTimeout(retyped);
  retyped = setTimeout(listen, 150);
  filterHistory();
};

function filterHistory() {
  const part = $("filter").value.trim().toLowerCase(), rows = [...$("history").children];
  for (const row of rows) row.hidden = !row.dataset.event.toLowerCase().includes(part);
  $("history-filtered").hidden = rows.some(row => !row.hidden);
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function newWait(wait) {
  const row = element("li");
  const button = element("button", "", "Signal…");
  button.type = "button";
  button.setAttribute("aria-label", `Signal ${wait.event}: fill in the form`);
  button.onclick = () => choose(wait);
  row.append(element("span", "name", wait.event), element("span", "about"), button);
  if (isLimited(wait)) row.append(element("progress"));
  return row;
}

function updateWait(row, wait) {
  row.wait = wait;
  const waited = wait.waitedMs + Date.now() - received;
  const limit = isLimited(wait) ? ` of ${clock(wait.timeoutMs)}` : "";
  row.querySelector(".about").textContent = `${clock(waited)}${limit}, from ${wait.peer}${account(wait)}`;
  const bar = row.querySelector("progress");
  if (bar) { bar.max = wait.timeoutMs; bar.value = waited; bar.setAttribute("aria-label", "Time used up"); }
}

function newQueued(signal) {
  const row = element("li");
  row.append(element("span", "name", signal.event), element("span", "about"), revealer(signal.id, signal.event, row));
  return row;
}

function updateQueued(row, signal) {
  row.signal = signal;
  const age = signal.queuedMs + Date.now() - received;
  row.querySelector(".about").textContent = `kept for ${clock(age)}, ${signal.bytes} bytes${account(signal)}`;
}

setInterval(() => {
  if (!state) return;
  for (const row of $("waiting").children) updateWait(row, row.wait);
  for (const row of $("queued").children) updateQueued(row, row.signal);
}, 1000);

const isLimited = wait => wait.timeoutMs < 1e12;
const account = item => state.accounts.length > 1 ? `, account ${item.account}` : "";

function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = number => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// --- history, newest first ------------------------------------------------------------------------------------------
const words = {
  "started": entry => ["", "Server started", ""],
  "warning": entry => ["bad", "Warning", entry.message],
  "queued": entry => ["", "Signaled", "and queued"],
  "handed": entry => ["", "Signaled", "and handed to a wait"],
  "waiting": entry => ["", "Wait began", ""],
  "taken": entry => ["", "Taken from the queue", ""],
  "delivered": entry => ["good", "Delivered", ""],
  "returned": entry => ["odd", "Not received", "offered again"],
  "timed-out": entry => ["odd", "Wait timed out", `after ${clock(entry.waitedMs)}`],
  "hung-up": entry => ["odd", "Client disconnected", `after ${clock(entry.waitedMs)}`],
  "dismissed": entry => ["odd", "Wait ended", "the server is stopping"],
  "expired": entry => ["bad", "Expired", "no wait came in time"],
  "fault": entry => ["odd", "Fault", entry.fault],
  "refused": entry => ["bad", `Refused (${entry.status})`, entry.message],
  "stopped": entry => ["", "Server stopped", ""],
};

function showHistory() {
  const fresh = state.history.filter(entry => entry.number > lastNumber);
  for (const entry of fresh) $("history").prepend(historyRow(entry));
  while ($("history").children.length > 200) $("history").lastElementChild.remove();
  if (lastNumber > 0) announce(fresh);
  lastNumber = Math.max(lastNumber, ...fresh.map(entry => entry.number));
  filterHistory();
}

function historyRow(entry) {
  const [kind, what, more] = (words[entry.kind] ?? (() => ["", entry.kind, ""]))(entry);
  const row = element("li", kind);
  row.dataset.event = entry.event ?? "";
  const time = element("time", "", new Date(entry.time).toLocaleTimeString("en-GB"));
  time.dateTime = entry.time;
  const line = element("span", "what");
  line.append(element("b", "", what), " ", element("span", "name", entry.event ?? ""), " ", element("span", "", more));
  row.append(time, line);
  if (entry.kind === "queued" || entry.kind === "handed") row.append(revealer(entry.id, entry.event, row));
  return row;
}

function announce(entries) {
  const told = entries.filter(entry => ["waiting", "delivered", "timed-out", "queued"].includes(entry.kind)).slice(-3);
  if (told.length) $("news").textContent = told.map(entry => `${words[entry.kind](entry)[1]}: ${entry.event}`).join(". ");
}

// --- payloads: fetched when asked for, removed when hidden ---------------------------------------------------
function revealer(id, event, row) {
  const button = element("button", "", "Show data");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", `Show data of ${event}`);
  button.onclick = async () => {
    const shown = row.querySelector("pre");
    shown ? shown.remove() : row.append(await payload(id));
    button.textContent = shown ? "Show data" : "Hide data";
    button.setAttribute("aria-expanded", String(!shown));
    button.setAttribute("aria-label", `${button.textContent} of ${event}`);
  };
  return button;
}

async function payload(id) {
  const pre = element("pre");
  pre.tabIndex = 0;
  try {
    const answer = await ask("/payloads/" + id);
    // The text as it was sent: parsing would round its numbers.
    pre.textContent = answer.ok ? await answer.text() : (await answer.json()).error.message;
  } catch { pre.textContent = "The server is not reachable."; }
  return pre;
}

// --- the form -------------------------------------------------------------------------------------------------------
function showAccounts() {
  const select = $("account"), numbers = state.accounts.map(String);
  const wanted = [...numbers.map(number => [number, `Account ${number}`]), ...(state.anyKey ? [["", "The account of another key…"]] : [])];
  if ([...select.options].map(option => option.value).join() !== wanted.map(([value]) => value).join()) {
    const chosen = select.options.length ? select.value : numbers[0] ?? "";
    select.replaceChildren(...wanted.map(([value, text]) => new Option(text, value)));
    // The first account to appear is the one that was missing. One that is forgotten is never replaced by another.
    const isFirst = chosen === "" && numbers.length === 1 && !$("key").value;
    select.value = isFirst ? numbers[0] : numbers.includes(chosen) ? chosen : "";
  }
  $("account-choice").hidden = wanted.length < 2;
  $("key-choice").hidden = select.value !== "";
}
$("account").onchange = showAccounts;

function choose(wait) {
  $("event").value = wait.event;
  $("account").value = String(wait.account);
  showAccounts();
  view("signal");
  tell("", `Fill in the data for ${wait.event}, then press Signal.`);
  $("data").focus();
  $("data").select();
}

function tell(kind, text) { $("result").className = "result " + kind; $("result").textContent = text; }

function wrong(field, text) {
  $(field).setAttribute("aria-invalid", "true");
  $(field).focus();
  tell("bad", text);
}

function isObject(text) {
  try { const value = JSON.parse(text); return value !== null && typeof value === "object" && !Array.isArray(value); } catch { return false; }
}

$("signal").onsubmit = async submitted => {
  submitted.preventDefault();
  for (const field of ["event", "data", "key"]) $(field).removeAttribute("aria-invalid");
  const event = $("event").value, data = $("data").value.trim() || "{}", number = $("account").value;
  if (!event) return wrong("event", "The event needs a name.");
  if (!isObject(data)) return wrong("data", "The data must be a JSON object.");
  if (!number && !$("key").value) return wrong("key", "The API key is missing.");
  const who = number ? `"account":${number}` : `"key":${JSON.stringify($("key").value)}`;
  const button = $("signal").querySelector("button");
  button.disabled = true;
  try {
    const body = `{"event":${JSON.stringify(event)},${who},"data":${data}}`;
    const answer = await ask("/signals", { method: "POST", body });
    answer.ok ? tell("good", `Signaled ${event}.`) : tell("bad", (await answer.json()).error.message);
  } catch { tell("bad", "The server is not reachable."); }
  button.disabled = false;
};
$("data").onkeydown = pressed => {
  if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) $("signal").requestSubmit();
};

// --- on a phone: one section at a time -------------------------------------------------------------------------------
function view(name) {
  document.querySelector("main").dataset.view = name;
  for (const button of document.querySelectorAll("nav button")) {
    button.dataset.view === name ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current");
  }
  if (getComputedStyle(document.querySelector("nav")).display !== "none") scrollTo(0, 0);
}
for (const button of document.querySelectorAll("nav button")) button.onclick = () => view(button.dataset.view);

// --- the lines for a shell -------------------------------------------------------------------------------------------
$("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText($("environment").textContent);
    $("copy").textContent = "Copied";
  } catch {
    // Browsers allow this over TLS and on this machine only.
    getSelection().selectAllChildren($("environment"));
    $("copy").textContent = "Selected";
  }
};

listen();
