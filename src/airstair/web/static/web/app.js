// What every page needs: clock, theme, keyboard, drawer, confirmations, messages. No page's own logic.

const $ = (selector, root = document) => root.querySelector(selector);
const typing = (element) => element.closest?.("input, select, textarea, [contenteditable]") && element.type !== "checkbox";

// Clock, in UTC, on the minute.
function tick() {
  const clock = $("#clock");
  if (!clock) return;
  const now = new Date();
  const parts = now.toUTCString().split(" "); // "Tue, 11 May 2027 06:00:00 GMT"
  clock.innerHTML = "";
  const day = document.createElement("small");
  day.textContent = `${parts[0].replace(",", "")} ${Number(parts[1])} ${parts[2]}`;
  const time = document.createElement("span");
  time.textContent = `${parts[4].slice(0, 5)}Z`;
  clock.append(day, time);
  document.dispatchEvent(new CustomEvent("airstair:minute"));
  setTimeout(tick, 60000 - (Date.now() % 60000) + 20);
}
tick();

// Theme: what the system says until somebody chooses.
const root = document.documentElement;
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
$("#theme")?.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

// Drawer: an element filled by htmx. Focus goes in and comes back.
const drawer = $("#drawer");
let cameFrom = null;
export function closeDrawer() {
  if (!drawer || !drawer.firstChild) return false;
  if (drawer.querySelector("form[data-dirty]") && !confirm("Leave the form? What you typed is not saved.")) return true;
  drawer.replaceChildren();
  document.querySelectorAll("[data-open]").forEach((e) => e.removeAttribute("data-open"));
  document.dispatchEvent(new CustomEvent("airstair:drawer-closed"));
  (cameFrom?.isConnected ? cameFrom : $("#main"))?.focus({ preventScroll: true });
  cameFrom = null;
  return true;
}
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "drawer") return;
  const source = event.detail.elt;
  if (drawer?.querySelector("form[data-dirty]") && !drawer.contains(source)) {
    if (!confirm("Leave the form? What you typed is not saved.")) return event.preventDefault();
  }
  if (!drawer.contains(source)) cameFrom = document.activeElement;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "drawer" || event.detail.requestConfig?.triggeringEvent?.type === "live") return;
  const first = $("[autofocus], .field.bad input, .field.bad select", drawer) ?? $("h1", drawer);
  if (first) {
    if (first.tagName === "H1") first.tabIndex = -1;
    first.focus({ preventScroll: true });
  }
  drawer.scrollTop = 0;
});
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && form.method === "post") form.dataset.dirty = "1";
});
document.addEventListener("submit", (event) => delete event.target.dataset.dirty, true);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-drawer]") && closeDrawer()) event.preventDefault();
  const menu = event.target.closest("details.menu");
  document.querySelectorAll("details.menu[open]").forEach((m) => m !== menu && (m.open = false));
  if (event.target.closest("#show-keys")) $("#keys")?.showModal();
});

// Ask before what cannot be taken back.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !event.target.hasAttribute("hx-post") && !confirm(question)) event.preventDefault();
});
document.addEventListener("htmx:confirm", (event) => {
  const question = event.detail.triggeringEvent?.submitter?.dataset.confirm ?? event.detail.elt.dataset?.confirm;
  if (!question) return;
  event.preventDefault();
  if (confirm(question)) event.detail.issueRequest(true);
});
document.addEventListener("htmx:sendError", () => say("bad", "The server does not answer. Nothing was saved; try again in a moment."));
document.addEventListener("htmx:responseError", (event) => say("bad", `That did not work (${event.detail.xhr.status}). The fault is ours and is in the log.`));

export function say(tone, sentence) {
  const box = $("#messages");
  if (!box) return;
  const notice = document.createElement("p");
  notice.className = `notice ${tone}`;
  notice.textContent = sentence;
  box.append(notice);
  if (tone !== "bad") setTimeout(() => notice.remove(), 6000);
}
const fade = () => document.querySelectorAll("#messages .notice:not([data-seen]):not(.error):not(.bad)").forEach((n) => {
  n.dataset.seen = "1";
  setTimeout(() => n.remove(), 6000);
});
fade();
document.addEventListener("htmx:oobAfterSwap", fade);
document.addEventListener("click", (event) => event.target.closest("#messages .notice")?.remove());

// Suggestions for airports: any input[data-airport]; one list for the page, filled as somebody types.
const list = document.createElement("datalist");
list.id = "airport-list";
document.body.append(list);
let asked = "";
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("input[data-airport]")) event.target.setAttribute("list", list.id);
});
document.addEventListener("input", async (event) => {
  if (!event.target.matches?.("input[data-airport]")) return;
  const text = event.target.value.trim();
  if (text.length < 2 || text === asked) return;
  asked = text;
  const answer = await fetch(`/ops/airports?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } });
  if (answer.ok && asked === text) list.innerHTML = await answer.text();
});

// Keyboard.
let pending = "";
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if ($("dialog[open]")) return;
    const menu = $("details.menu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); return; }
    if (closeDrawer()) event.preventDefault();
    return;
  }
  if (typing(event.target) || $("dialog[open]")) return;
  if (pending === "g") {
    pending = "";
    const name = { o: "OPS", f: "FLEET", a: "ADD-ONS", s: "SETTINGS" }[event.key];
    const link = name && [...document.querySelectorAll(".top nav a")].find((a) => a.textContent === name);
    if (link) { event.preventDefault(); location.href = link.href; }
    return;
  }
  if (event.key === "g") { pending = "g"; setTimeout(() => (pending = ""), 1200); return; }
  if (event.key === "/") { const search = $("[data-search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } return; }
  if (event.key === "?") { $("#keys")?.showModal(); return; }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (target && !event.target.closest("[data-own-keys]")) { event.preventDefault(); target.click(); }
});

// Rows of a table: up and down go from link to link.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.target.closest?.("tr");
  if (!row || typing(event.target)) return;
  let next = row;
  do next = event.key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling; while (next && !$("a.rowlink", next));
  if (next) { event.preventDefault(); $("a.rowlink", next).focus(); }
});
