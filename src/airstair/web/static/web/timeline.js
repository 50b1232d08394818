// OPS: the drawer of a bar, walking from bar to bar, hints, the now-line, filters, and lanes that draw themselves anew.

const $ = (selector, root = document) => root.querySelector(selector);
const board = $("#board");
const lanes = () => $("#timeline");

// Filters send themselves.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("[data-submit]")) return;
  if (field.type === "date" && field.value && field.value < "1990") return; // a year is just being typed
  field.form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.filters")) return;
  for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true; // short addresses
});

// A bar opens in the drawer.
function open(bar) {
  document.querySelectorAll("[data-open]").forEach((e) => e.removeAttribute("data-open"));
  bar.dataset.open = "";
  hideTip();
  bar.focus({ preventScroll: true });
  htmx.ajax("GET", bar.getAttribute("href"), { target: "#drawer", swap: "innerHTML" });
}
board.addEventListener("click", (event) => {
  const bar = event.target.closest("a.bar");
  if (!bar || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(bar);
});

// Walking with the arrow keys: one bar is in the tab order, the others are reached from it.
const bars = (row) => [...row.querySelectorAll("a.bar")];
function settle() {
  const first = lanes()?.querySelector("a.bar");
  if (first && !lanes().querySelector('a.bar[tabindex="0"]')) first.setAttribute("tabindex", "0");
}
function walk(bar, key) {
  const row = bar.closest(".tl-row");
  const here = bars(row);
  if (key === "ArrowLeft" || key === "ArrowRight") return here[here.indexOf(bar) + (key === "ArrowRight" ? 1 : -1)];
  const x = bar.getBoundingClientRect().left;
  let next = row;
  do next = key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling; while (next && !bars(next).length);
  if (!next) return null;
  return bars(next).reduce((best, one) => (Math.abs(one.getBoundingClientRect().left - x) < Math.abs(best.getBoundingClientRect().left - x) ? one : best));
}
function go(bar) {
  lanes().querySelectorAll('a.bar[tabindex="0"]').forEach((b) => b.setAttribute("tabindex", "-1"));
  bar.setAttribute("tabindex", "0");
  bar.focus({ preventScroll: true });
  bar.querySelector("svg").scrollIntoView({ block: "nearest", inline: "nearest" });
}
board.addEventListener("keydown", (event) => {
  const bar = event.target.closest?.("a.bar");
  if (!bar || !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  event.stopPropagation();
  const next = walk(bar, event.key);
  if (next) go(next);
});

// Hints on hover and focus: the bar's own name, which has everything, laid out.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // the bar's name says the same
document.body.append(tip);
function showTip(bar) {
  const [first, ...rest] = bar.getAttribute("aria-label").split(" · ");
  tip.replaceChildren();
  const head = document.createElement("b");
  head.textContent = [first, rest.shift()].filter(Boolean).join(" · ");
  tip.append(head);
  for (const part of rest) {
    const line = document.createElement("span");
    if (part.startsWith("Starts ") || part.startsWith("Its marketing") || part.startsWith("Same route")) line.className = "warned";
    line.textContent = line.className ? `▲ ${part}` : `${part}${part === rest.at(-1) ? "" : " · "}`;
    tip.append(line);
  }
  tip.hidden = false;
  const box = (bar.querySelector("svg") ?? bar).getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  tip.className = "";
  place(tip, Math.max(6, Math.min(box.left, innerWidth - size.width - 6)), box.bottom + size.height + 10 > innerHeight ? box.top - size.height - 6 : box.bottom + 6);
}
const place = (element, left, top) => { element.style.left = `${left}px`; element.style.top = `${top}px`; };
function hideTip() { tip.hidden = true; }
board.addEventListener("pointerover", (event) => { const bar = event.target.closest("a.bar"); if (bar && event.pointerType !== "touch") showTip(bar); });
board.addEventListener("pointerout", (event) => { if (event.target.closest("a.bar")) hideTip(); });
board.addEventListener("focusin", (event) => { const bar = event.target.closest("a.bar"); if (bar?.matches(":focus-visible")) showTip(bar); });
board.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// The line of now moves once a minute.
function moveNow() {
  const area = lanes();
  if (!area) return;
  const start = Date.parse(area.dataset.start), end = Date.parse(area.dataset.end), now = Date.now();
  const at = `${((now - start) / (end - start)) * 100}%`;
  area.querySelectorAll("[data-now]").forEach((line) => { line.setAttribute("x1", at); line.setAttribute("x2", at); });
}
document.addEventListener("airstair:minute", moveNow);

// On a small screen the lanes start at now rather than at midnight.
function startAtNow() {
  const area = lanes(), line = area?.querySelector(".tl-body [data-now]");
  if (!area || !line || area.scrollWidth <= area.clientWidth) return;
  const lane = area.querySelector(".tl-back");
  area.scrollLeft = Math.max(0, (parseFloat(line.getAttribute("x1")) / 100) * lane.getBoundingClientRect().width - 60);
}

// Lanes whose aircraft changed are fetched together and put in place of the old ones.
// One fetch at a time: an older answer must not come in after a newer one.
let waiting = new Set(), marked = new Set(), timer = 0, byWhom = "", fetching = false;
function refresh() {
  timer = 0;
  if (fetching) { timer = setTimeout(refresh, 60); return; }
  const area = lanes();
  const units = waiting, everything = waiting.has("*");
  waiting = new Set();
  if (!area) {
    // A table draws itself; an empty timeline may no longer be empty.
    if (!$("#ops-table") && board) fetchAll();
    return;
  }
  const ids = [...units].filter((u) => u.startsWith("aircraft:")).map((u) => u.slice(9)).filter((id) => document.getElementById(`row-${id}`));
  const strangers = [...units].some((u) => u.startsWith("aircraft:") && !document.getElementById(`row-${u.slice(9)}`));
  if (everything || ids.length > 60 || (strangers && !new URLSearchParams(area.dataset.query).has("aircraft"))) return fetchAll();
  if (!ids.length) return;
  const held = document.activeElement?.closest?.("a.bar")?.dataset.keyOf;
  fetching = true;
  fetch(`/ops/rows?${area.dataset.query}&ids=${ids.join(",")}`, { headers: { "HX-Request": "true" } })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.status))))
    .then((html) => {
      const fresh = document.createElement("template");
      fresh.innerHTML = html;
      const found = new Set();
      for (const row of [...fresh.content.querySelectorAll(".tl-row")]) {
        row.removeAttribute("hx-swap-oob");
        found.add(row.id);
        document.getElementById(row.id)?.replaceWith(row);
        row.classList.add("flash");
        if (byWhom) row.querySelector(".tl-reg").title = `Changed by ${byWhom}`;
        setTimeout(() => row.classList.remove("flash"), 2500);
      }
      for (const id of ids) if (!found.has(`row-${id}`)) document.getElementById(`row-${id}`)?.remove();
      for (const key of marked) document.querySelector(`a.bar[data-key-of="${key}"]`)?.classList.add("changed");
      marked = new Set();
      if (held) document.querySelector(`a.bar[data-key-of="${held}"]`)?.focus({ preventScroll: true });
      settle();
    })
    .catch(() => {}) // the next change, or the next page, shows it
    .finally(() => (fetching = false));
}
function fetchAll() {
  const area = lanes(), left = area?.scrollLeft ?? 0, top = area?.scrollTop ?? 0;
  fetching = true;
  htmx.ajax("GET", `/ops/${location.search}`, { target: "#board", swap: "innerHTML" }).finally(() => {
    fetching = false;
    const again = lanes();
    if (again) { again.scrollLeft = left; again.scrollTop = top; }
    settle();
  });
}
function changed(units, by = "") {
  byWhom = by;
  for (const unit of units) {
    waiting.add(unit);
    if (unit.startsWith("flight:")) marked.add(unit);
  }
  if (!timer) timer = setTimeout(refresh, 60);
}
document.addEventListener("airstair:change", (event) => {
  if (!event.detail.units.every((unit) => unit.startsWith("ledger"))) changed(event.detail.units, event.detail.by);
});
document.body.addEventListener("airstair:mine", (event) => changed(event.detail.units));

settle();
startAtNow();
