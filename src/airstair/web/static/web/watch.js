// Flight watch: cells are saved as they are left, and whatever changes elsewhere appears in place. A row is never
// replaced under somebody's hands: cells are brought up to date one by one, and one that is typed into is left alone.

import { say } from "./app.js";

const table = document.getElementById("watch");
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
const busy = new Map(); // one request at a time for each row, in the order of typing

const rowsOf = (html) => {
  const holder = document.createElement("template");
  holder.innerHTML = `<table>${html}</table>`;
  return [...holder.content.querySelectorAll("tbody[data-flight]")];
};
const isTyping = (input) => input === document.activeElement && input.value !== input.defaultValue;

function bring(row, fresh, flash) {
  for (const cell of fresh.querySelectorAll("[data-cell]")) {
    const mine = row.querySelector(`[data-cell="${cell.dataset.cell}"]`);
    const input = mine.querySelector("input");
    const told = cell.querySelector("input");
    if (!input || !told) {
      if (mine.innerHTML !== cell.innerHTML) mine.innerHTML = cell.innerHTML;
      mine.hidden = cell.hidden;
      continue;
    }
    if (isTyping(input)) continue;
    if (flash && input.value !== told.value) {
      mine.classList.add("flash");
      setTimeout(() => mine.classList.remove("flash"), 2500);
    }
    mine.className = mine.classList.contains("flash") ? `${cell.className} flash` : cell.className;
    mine.dataset.said = cell.dataset.said;
    // What was refused stays as it was typed, and counts as typed anew: leaving it again asks again.
    input.defaultValue = told.defaultValue;
    input.value = told.defaultValue;
    for (const name of ["placeholder", "aria-description", "aria-invalid"]) {
      told.hasAttribute(name) ? input.setAttribute(name, told.getAttribute(name)) : input.removeAttribute(name);
    }
  }
}

async function ask(row, body) {
  const answer = await fetch(row.dataset.address, {
    method: body ? "POST" : "GET",
    body,
    headers: { "HX-Request": "true", "X-CSRFToken": token },
  });
  if (answer.headers.get("HX-Redirect")) return location.reload();
  if (answer.status === 404) return row.remove();
  const html = await answer.text();
  const [fresh] = rowsOf(html);
  if (!fresh) throw new Error(new DOMParser().parseFromString(html, "text/html").body.textContent.trim() || `Status ${answer.status}.`);
  bring(row, fresh, !body);
}

function inTurn(row, body) {
  const before = busy.get(row) ?? Promise.resolve();
  const now = before.then(() => ask(row, body)).catch((error) => say("bad", body ? `Nothing was saved: ${error.message}` : "Flight watch could not be read again."));
  busy.set(row, now);
}

if (table) {
  table.addEventListener("change", (event) => {
    const input = event.target.closest("td.cell input");
    if (!input) return;
    const body = new FormData();
    body.set(input.name, input.value);
    input.defaultValue = input.value; // it is on its way: what others change meanwhile may be shown
    inTurn(input.closest("tbody"), body);
  });

  table.addEventListener("keydown", (event) => {
    const input = event.target.closest("td.cell input");
    if (!input) return;
    if (event.key === "Escape" && input.value !== input.defaultValue) {
      input.value = input.defaultValue;
      event.stopPropagation();
      event.preventDefault();
      return;
    }
    const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...table.tBodies];
    const next = rows[rows.indexOf(input.closest("tbody")) + step]?.querySelector(`input[name="${input.name}"]`);
    if (event.key !== "Enter" || next) event.preventDefault();
    if (next) {
      next.focus();
      next.select();
    } else if (event.key === "Enter") input.blur();
  });
  table.addEventListener("focusin", (event) => event.target.matches("td.cell input") && event.target.select());
}

// Others' changes: the rows that they touch; all rows, when a flight of the day may be new or gone.
document.addEventListener("airstair:change", async (event) => {
  if (!table) return;
  const flights = event.detail.units.filter((unit) => unit.startsWith("flight:")).map((unit) => unit.slice(7));
  const here = flights.map((id) => document.getElementById(`watch-${id}`));
  if (!event.detail.all && here.every(Boolean) && !(event.detail.kinds ?? []).some((kind) => !/^flight\.(watch|log)$/.test(kind))) {
    for (const row of here) inTurn(row);
    return;
  }
  if (!event.detail.all && !flights.length) return;
  const answer = await fetch(table.dataset.address, { headers: { "HX-Request": "true" } });
  if (answer.ok) reconcile(rowsOf(await answer.text()));
});

function reconcile(fresh) {
  const wanted = new Set(fresh.map((row) => row.id));
  for (const row of [...table.tBodies]) if (!wanted.has(row.id) && !row.contains(document.activeElement)) row.remove();
  let before = null;
  for (const row of fresh) {
    const mine = document.getElementById(row.id);
    if (mine) bring(mine, row, true);
    else {
      before ? before.after(row) : table.tHead.after(row);
      htmx.process(row);
    }
    before = document.getElementById(row.id);
  }
  table.parentElement.hidden = !fresh.length;
  const empty = document.getElementById("watch-empty");
  if (empty) empty.hidden = fresh.length > 0;
}

// Who said it: on hover and on focus.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
document.body.append(tip);
function tell(cell) {
  tip.hidden = !cell?.dataset.said;
  if (tip.hidden) return;
  tip.textContent = cell.dataset.said;
  const at = cell.getBoundingClientRect();
  const above = at.top - tip.offsetHeight - 6;
  tip.style.top = `${above > 60 ? above : at.bottom + 6}px`;
  tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - tip.offsetWidth - 8))}px`;
}
const cellOf = (event) => event.target.closest?.("[data-said]");
document.addEventListener("mouseover", (event) => tell(cellOf(event) ?? document.activeElement?.closest?.("[data-said]")));
document.addEventListener("focusin", (event) => tell(cellOf(event)));
document.addEventListener("focusout", () => tell(null));
document.addEventListener("scroll", () => tell(null), true);
