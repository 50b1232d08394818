// Live changes. A stream of server-sent events says which units changed and by whom; whatever on the page shows one of
// them asks for itself again. While the stream cannot be reached the page polls. Never touches a form in use.

import { say } from "./app.js";

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const state = document.getElementById("livestate");
const me = meta("me");
let cursor = meta("live-cursor");
let stream = null;
let failures = 0;
let polling = null;

function show(name, word, title) {
  if (!state) return;
  state.dataset.state = name;
  state.title = title;
  state.querySelector("span").textContent = word;
}

function connect() {
  const address = meta("live-url");
  if (!address || !window.EventSource) return poll();
  stream?.close();
  stream = new EventSource(`${address}?cursor=${encodeURIComponent(cursor)}`, { withCredentials: true });
  stream.addEventListener("hello", (event) => {
    failures = 0;
    if (event.lastEventId) cursor = event.lastEventId;
    clearInterval(polling);
    polling = null;
    show("live", "Live", "Changes by colleagues and partners appear by themselves");
  });
  stream.addEventListener("change", (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    changed(JSON.parse(event.data));
  });
  stream.addEventListener("ledger", (event) => touch([`ledger:${event.data}`, "ledger"], {}));
  stream.addEventListener("signed-out", () => { stream.close(); location.reload(); });
  stream.onerror = () => {
    poll(); // at once; the browser goes on trying the stream, and its next "hello" ends the polling
    failures += 1;
    if (stream.readyState === EventSource.CLOSED || failures >= 5) {
      stream.close();
      setTimeout(connect, 30000);
    }
  };
}

function poll() {
  if (polling) return;
  const ask = async () => {
    try {
      const answer = await fetch(`/live/poll?after=${encodeURIComponent(cursor)}`, { headers: { "HX-Request": "true" } });
      if (answer.headers.get("HX-Redirect")) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.json();
      cursor = found.cursor;
      show("poll", "Every 10 s", "The stream cannot be reached; the page asks for changes every ten seconds");
      if (found.change) changed(found.change);
    } catch {
      show("off", "Offline", "The server does not answer; the page may be out of date");
    }
  };
  polling = setInterval(ask, 10000);
  ask();
}

function changed(what) {
  const others = what.by.filter((_, at) => what.keys[at] !== me);
  touch(what.units, { by: others.join(", "), kinds: what.kinds, mine: what.keys.length > 0 && others.length === 0 });
}

// What arrives while a fragment is on its way concerns the fragment too, which may have been read just before: it is
// remembered for as long as a request can take, and told again once the fragment is there.
let recent = [];
document.addEventListener("htmx:beforeRequest", (event) => (event.detail.xhr.askedAt = performance.now()));
document.addEventListener("htmx:afterSettle", (event) => {
  const asked = event.detail.xhr?.askedAt;
  const missed = recent.filter((one) => one.at >= asked);
  if (!missed.length) return;
  const fresh = event.detail.elt;
  for (const element of [fresh, ...(fresh.querySelectorAll?.("[data-live]") ?? [])]) {
    if (!element.dataset?.live) continue;
    const found = missed.find((one) => concerns(element, one.units));
    if (found) refetch(element, found.by);
  }
});

function concerns(element, units) {
  const ledger = units.every((unit) => unit.startsWith("ledger"));
  const all = units.includes("*");
  return element.dataset.live.split(/\s+/).some((token) => units.includes(token) || (token === "*" && !ledger) || (all && !token.startsWith("ledger")));
}

function refetch(element, by) {
  if (inUse(element)) return hint(element, by);
  element.dataset.changed = by ?? "";
  htmx.trigger(element, "live");
}

const inUse = (element) =>
  element.querySelector("form[data-dirty]") || (element.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

export function touch(units, detail) {
  const all = units.includes("*");
  const named = new Set(units);
  document.dispatchEvent(new CustomEvent("airstair:change", { detail: { units, all, ...detail } }));
  const at = performance.now();
  recent = [...recent.filter((one) => at - one.at < 30000), { at, units, by: detail.by }].slice(-200);
  for (const element of document.querySelectorAll("[data-live]")) if (concerns(element, units)) refetch(element, detail.by);
  if (!detail.by) return;
  for (const form of document.querySelectorAll("form[data-edits]")) {
    if (all || form.dataset.edits.split(/\s+/).some((token) => named.has(token))) hint(form, detail.by);
  }
}

function hint(element, by) {
  if (!by) return;
  let note = element.querySelector("[data-stale]");
  if (!note) {
    note = document.createElement("p");
    note.className = "notice info";
    note.dataset.stale = "";
    element.prepend(note);
  }
  note.hidden = false;
  note.textContent = `${by} changed this meanwhile. What you typed is still here; saving keeps their other changes.`;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const by = event.detail.elt?.dataset?.changed ?? event.detail.target?.dataset?.changed;
  if (by === undefined) return;
  const fresh = event.detail.target?.isConnected ? event.detail.target : null;
  fresh?.classList.add("flash");
  if (fresh) setTimeout(() => fresh.classList.remove("flash"), 2500);
});

let quiet = 0;
document.addEventListener("airstair:change", (event) => {
  if (!event.detail.by || !document.querySelector("#board, #trip") || Date.now() < quiet) return;
  quiet = Date.now() + 4000;
  say("info", `Changed by ${event.detail.by}.`);
});

connect();
