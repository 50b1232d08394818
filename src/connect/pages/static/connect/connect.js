// What Connect's pages need beyond HTML: clock, ages, live regions, keys. No rule of any order stands here.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (element) => element?.closest?.("input:not([type=checkbox]), select, textarea, dialog");

// Theme: what the system says until somebody chooses.
const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
$("#theme")?.addEventListener("click", () => {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  localStorage.setItem("connect-theme", document.documentElement.dataset.theme);
});

// The clock in UTC, and how long ago or how soon things are.
function span(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  if (minutes < 1) return "now";
  const text = minutes < 60 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}` : `${Math.round(minutes / 1440)} days`;
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}
function ages(root = document) {
  for (const time of $$("time[data-age]", root)) time.textContent = span((Date.parse(time.dateTime) - Date.now()) / 1000);
}
function tick() {
  const clock = $("#clock");
  if (clock) clock.textContent = `${new Date().toISOString().slice(11, 16)}Z`;
  ages();
}
tick();
setInterval(tick, 10_000);

// Live regions: `data-live` names an address that answers the region anew, or 304 when nothing is new. A region is
// replaced without reload, keeping focus; while somebody writes in it, it waits.
const EVERY = 500;
const state = $("#live");
const title = document.title;
let lost = 0;

function say(how) {
  if (!state || state.dataset.state === how) return;
  state.dataset.state = how;
  state.textContent = how === "live" ? "live" : "no contact; trying again";
}
function count() {
  const waiting = $("[data-waiting]")?.dataset.waiting;
  if (waiting !== undefined) document.title = Number(waiting) ? `(${waiting}) ${title}` : title;
}
const busy = (region) => Boolean(region.querySelector("form[data-touched]")) || Boolean(region.querySelector("details[open]"));

function put(region, html) {
  const before = new Set($$("[data-key]", region).map((one) => `${one.dataset.key}|${one.dataset.is ?? ""}`));
  const focused = document.activeElement?.id, row = $(".at[data-key]", region)?.dataset.key;
  region.innerHTML = html;
  ages(region);
  $$("form[data-sums]", region).forEach((form) => $("[data-price]", form) && sums(form));
  for (const one of $$("[data-key]", region)) if (!before.has(`${one.dataset.key}|${one.dataset.is ?? ""}`)) one.classList.add("changed");
  if (row) region.querySelector(`[data-key="${CSS.escape(row)}"]`)?.classList.add("at");
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  count();
}
// Somebody writes here while the other side changed something: it is said, and nothing is taken away from them.
function news(region, there) {
  const bar = region.previousElementSibling?.matches("[data-news]") ? region.previousElementSibling : null;
  if (!there) return bar?.remove();
  if (bar) return;
  const made = document.createElement("p");
  made.dataset.news = "";
  made.className = "say warning";
  made.setAttribute("role", "status");
  made.textContent = "Something changed here meanwhile. What you typed is kept; save it, or open the page anew to see.";
  region.before(made);
}
async function look(region) {
  if (document.hidden) return;
  try {
    const headers = region.dataset.etag ? { "If-None-Match": region.dataset.etag } : {};
    const answer = await fetch(region.dataset.live, { headers: { ...headers, "X-Live": "1" }, cache: "no-store", redirect: "manual" });
    if (answer.status === 200) {
      const html = await answer.text();
      const waits = busy(region);
      news(region, waits);
      if (!waits) {
        region.dataset.etag = answer.headers.get("ETag") ?? "";
        put(region, html);
      }
    } else if (answer.type === "opaqueredirect" || answer.status === 404 || answer.status === 403) {
      location.reload(); // signed out, or no longer ours: the page itself says which
      return;
    } else if (answer.status !== 304) throw new Error(String(answer.status));
    lost = 0;
    say("live");
  } catch {
    lost += 1;
    if (lost > 2) say("lost");
  }
}
for (const region of $$("[data-live]")) {
  const again = async () => {
    await look(region);
    setTimeout(again, lost ? Math.min(EVERY * 2 ** lost, 10_000) : EVERY);
  };
  setTimeout(again, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || look(region));
}
count();

// A form that was touched asks before it is left, and is not replaced; one that was sent is not sent twice.
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.method === "post") form.dataset.touched = "";
});
addEventListener("beforeunload", (event) => $("form[data-touched]:not([data-sent])") && event.preventDefault());
document.addEventListener("submit", (event) => {
  const form = event.target, question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (form.dataset.sent !== undefined || (question && !confirm(question))) return event.preventDefault();
  form.dataset.sent = "";
  for (const other of $$("form[data-touched]")) delete other.dataset.touched;
  setTimeout(() => delete form.dataset.sent, 5000); // a download, or an answer that never came
});
addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Sums of a quote while prices are typed. The server works them out again.
function sums(form) {
  let all = 0;
  for (const row of $$("[data-line]", form)) {
    const sum = Number($("[data-price]", row)?.value.replace(",", ".")) * Number($("[data-qty]", row)?.value.replace(",", "."));
    const shown = $("[data-sum]", row);
    if (shown) shown.textContent = Number.isFinite(sum) ? sum.toFixed(2) : "–";
    all += Number.isFinite(sum) ? sum : 0;
  }
  const total = $("[data-total]", form);
  if (total) total.textContent = all.toFixed(2);
}
document.addEventListener("input", (event) => event.target.closest("form[data-sums]") && sums(event.target.closest("form[data-sums]")));
$$("form[data-sums]").forEach((form) => $("[data-price]", form) && sums(form));

// Keys: j k move, Enter opens, letters press the button that names them, / goes to the filter, ? tells all.
const rows = () => $$("[data-key][data-href]").filter((row) => row.offsetParent !== null);
function move(by) {
  const all = rows(), now = all.findIndex((row) => row.classList.contains("at"));
  all.forEach((row) => row.classList.remove("at"));
  const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by))];
  next?.classList.add("at");
  next?.scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const at = rows().find((row) => row.classList.contains("at"));
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (event.key === "Enter" && at && (document.activeElement === document.body || document.activeElement === at)) location.href = at.dataset.href;
  else if (event.key === "/") $("[data-filter]")?.focus();
  else if (event.key === "?") $("#keys")?.showModal();
  else if (event.key.length === 1) {
    const button = (at && $(`[data-hotkey="${CSS.escape(event.key)}"]`, at)) ?? $(`[data-hotkey="${CSS.escape(event.key)}"]:not([data-key] *)`);
    if (!button) return;
    button.click();
    button.matches("input, textarea, select") && button.focus();
  } else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, select, summary, form, details") && !getSelection().toString()) location.href = row.dataset.href;
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
