// OPS: marking flights and the actions menu, which opens by its button, by right-click (or the menu key) on a flight, and
// by a long press where there is no mouse. Without this module the menu's buttons send the marked boxes as a plain form.

const menu = document.getElementById("actions");
const body = document.getElementById("actions-menu");
const marked = new Set(); // flight ids; kept while the table is drawn anew
let single = null; // the flight that was right-clicked where nothing can be marked
let cameFrom = null;

const boxes = () => [...document.querySelectorAll("#board .mark input[name=flight]")];
const flights = () => (single ? [single] : [...marked]);

function show() {
  for (const box of boxes()) box.checked = marked.has(box.value);
  const shown = boxes().length;
  const all = document.getElementById("mark-all");
  const on = boxes().filter((box) => box.checked).length;
  if (all) { all.checked = shown > 0 && on === shown; all.indeterminate = on > 0 && on < shown; }
  const count = document.getElementById("marked-count");
  if (count) count.textContent = marked.size ? `${marked.size} flight${marked.size > 1 ? "s" : ""} marked` : "";
  const clear = document.getElementById("unmark");
  if (clear) clear.hidden = !marked.size;
  const hint = document.getElementById("mark-hint");
  if (hint) hint.hidden = marked.size > 0;
  const title = document.getElementById("marked-title");
  const chosen = flights();
  if (title) title.textContent = chosen.length ? `${chosen.length} flight${chosen.length > 1 ? "s" : ""}` : title.dataset.none;
  body?.querySelectorAll("[data-send]").forEach((button) => (button.disabled = !chosen.length));
}

function mark(box, on) {
  if (on) marked.add(box.value); else marked.delete(box.value);
}

document.addEventListener("change", (event) => {
  if (event.target.id === "mark-all") boxes().forEach((box) => mark(box, event.target.checked));
  else if (event.target.matches?.("#board .mark input[name=flight]")) mark(event.target, event.target.checked);
  else return;
  show();
});
document.getElementById("unmark")?.addEventListener("click", () => {
  marked.clear();
  show();
  menu?.querySelector("summary").focus();
});
document.addEventListener("htmx:afterSwap", show);
document.addEventListener("htmx:afterSettle", show);

// From flight to flight: x marks the one in focus.
document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const box = event.target.closest?.("#board tr")?.querySelector(".mark input[name=flight]");
  if (!box || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  mark(box, !marked.has(box.value));
  show();
});

// The menu at a flight: of the marked ones if it is one of them, else of it alone.
document.addEventListener("contextmenu", (event) => {
  if (!menu || event.target.closest("input[type=search], input[type=text], textarea")) return;
  const row = event.target.closest("#board tr[data-key-of^='flight:']");
  const bar = event.target.closest("#board [data-key-of^='flight:']");
  const id = (row ?? bar)?.dataset.keyOf.split(":")[1];
  if (!id) return;
  event.preventDefault();
  single = null;
  if (row && !marked.has(id)) { marked.clear(); marked.add(id); }
  if (!row) single = id;
  cameFrom = document.activeElement?.closest("#board") ? document.activeElement : row?.querySelector("a.rowlink") ?? bar;
  open(event, row ?? bar);
});

function open(event, at) {
  const box = at.getBoundingClientRect();
  const byKey = !event.clientX && !event.clientY;
  const x = byKey ? box.left + 24 : event.clientX;
  const y = byKey ? Math.min(box.bottom, innerHeight - 40) : event.clientY;
  menu.dataset.at = "";
  menu.open = true;
  show();
  const size = body.getBoundingClientRect();
  body.style.setProperty("--at-x", `${Math.max(8, Math.min(x, innerWidth - size.width - 8))}px`);
  body.style.setProperty("--at-y", `${Math.max(8, Math.min(y, innerHeight - size.height - 8))}px`);
  items()[0]?.focus({ preventScroll: true });
}

const items = () => [...body.querySelectorAll("a, button:not(:disabled)")];

menu?.addEventListener("toggle", () => {
  if (menu.open) return show();
  delete menu.dataset.at;
  single = null;
  show();
});
menu?.querySelector("summary").addEventListener("click", () => { single = null; cameFrom = null; });
menu?.addEventListener("keydown", (event) => {
  if (!menu.open) return;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    menu.open = false;
    (cameFrom?.isConnected ? cameFrom : menu.querySelector("summary")).focus();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const all = items();
  const next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  all.at(next < 0 ? -1 : next % all.length)?.focus();
});
menu?.addEventListener("click", (event) => {
  const send = event.target.closest("[data-send]");
  if (send) {
    event.preventDefault();
    const query = new URLSearchParams(flights().map((id) => ["flight", id]));
    htmx.ajax("GET", `${send.getAttribute("formaction")}?${query}`, { target: "#drawer" });
  }
  if (send || event.target.closest("a")) menu.open = false;
});

show();
