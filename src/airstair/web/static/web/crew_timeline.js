// The crew timeline: the menu of a crew code, the fatigue window, the drawer of a bar, and walking with the arrow keys.

const $ = (selector, root = document) => root.querySelector(selector);
const board = $("#board");
const fatigue = $("#fatigue");

// The menu of a crew code: right click, Enter, the menu key or Shift+F10. It closes by itself, as popovers do.
function openMenu(code, x, y) {
  const menu = $(".crew-menu", code.closest(".tl-row")); // without an id: htmx would copy its place as an inline style
  if (!menu) return;
  menu.showPopover();
  const size = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(4, Math.min(x, innerWidth - size.width - 4))}px`;
  menu.style.top = `${Math.max(4, Math.min(y, innerHeight - size.height - 4))}px`;
  $("[role=menuitem]", menu)?.focus();
}
const below = (code) => { const box = code.getBoundingClientRect(); return [box.left + 12, box.bottom - 4]; };
board.addEventListener("contextmenu", (event) => {
  const code = $(".tl-reg", event.target.closest(".tl-row") ?? document.createElement("i"));
  if (!code || event.target.closest(".crew-menu")) return;
  event.preventDefault();
  const byKey = !event.clientX && !event.clientY;
  openMenu(code, ...(byKey || event.button !== 2 ? below(code) : [event.clientX, event.clientY]));
});
board.addEventListener("click", (event) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const code = event.target.closest("a.tl-reg");
  if (code) { event.preventDefault(); return openMenu(code, ...below(code)); }
  const item = event.target.closest("[role=menuitem]");
  if (item) {
    const code = $(".tl-reg", item.closest(".tl-row"));
    item.closest(".crew-menu").hidePopover();
    if (item.dataset.fatigue) { event.preventDefault(); return showFatigue(item, code); }
    if ("drawer" in item.dataset) { event.preventDefault(); return toDrawer(item.href, code); }
    return;
  }
  const bar = event.target.closest("a.bar");
  if (bar) { event.preventDefault(); toDrawer(bar.getAttribute("href"), bar); }
});
function toDrawer(address, from) {
  document.querySelectorAll("[data-open]").forEach((e) => e.removeAttribute("data-open"));
  if (from?.matches("a.bar")) from.dataset.open = "";
  from?.focus({ preventScroll: true });
  htmx.ajax("GET", address, { target: "#drawer", swap: "innerHTML" });
}

// The fatigue window: says at once that it is at work, then shows what came out.
let cameFrom = null;
function showFatigue(item, from) {
  cameFrom = from;
  const waiting = $("#fatigue-waiting").content.cloneNode(true);
  $("[data-code]", waiting).textContent = item.dataset.fatigue;
  fatigue.replaceChildren(waiting);
  fatigue.showModal();
  htmx.ajax("GET", item.href, { target: "#fatigue", swap: "innerHTML" }).then(() => $("#fatigue-title")?.focus());
}
fatigue.addEventListener("click", (event) => {
  if (event.target === fatigue || event.target.closest("[data-close-fatigue]")) fatigue.close();
});
fatigue.addEventListener("close", () => {
  fatigue.replaceChildren();
  if (cameFrom?.isConnected) cameFrom.focus({ preventScroll: true });
});

// Arrow keys: up and down in a menu and from code to code, left and right from code to bars.
const rows = () => [...board.querySelectorAll(".tl-row")];
const stops = (row) => [$(".tl-reg", row), ...row.querySelectorAll("a.bar")];
board.addEventListener("keydown", (event) => {
  if (!event.key.startsWith("Arrow")) return;
  const menu = event.target.closest(".crew-menu");
  const next = menu ? inMenu(menu, event) : inLanes(event);
  if (!menu && !event.target.closest(".tl-row")) return;
  event.preventDefault();
  event.stopPropagation();
  next?.focus({ preventScroll: true });
  next?.querySelector("svg")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (next?.matches(".tl-reg")) next.scrollIntoView({ block: "nearest" });
});
function inMenu(menu, event) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  return items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
}
function inLanes(event) {
  const row = event.target.closest(".tl-row");
  if (!row) return null;
  const here = stops(row), at = here.indexOf(event.target.closest("a"));
  if (event.key === "ArrowRight") return here[at + 1];
  if (event.key === "ArrowLeft") return here[at - 1];
  const other = rows()[rows().indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
  return other && (stops(other)[Math.min(at, stops(other).length - 1)] ?? null);
}

// Hints: the bar's own name, which has everything.
const tip = Object.assign(document.createElement("div"), { id: "tip", hidden: true });
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
function showTip(bar) {
  const [head, ...rest] = bar.getAttribute("aria-label").split(" · ");
  const strong = document.createElement("b");
  strong.textContent = [head, rest.shift()].join(" · ");
  tip.replaceChildren(strong, rest.join(" · "));
  tip.hidden = false;
  const box = $("svg", bar).getBoundingClientRect(), size = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(6, Math.min(box.left, innerWidth - size.width - 6))}px`;
  tip.style.top = `${box.bottom + size.height + 10 > innerHeight ? box.top - size.height - 6 : box.bottom + 6}px`;
}
const hideTip = () => { tip.hidden = true; };
board.addEventListener("pointerover", (event) => { const bar = event.target.closest("a.bar"); if (bar && event.pointerType !== "touch") showTip(bar); });
board.addEventListener("pointerout", hideTip);
board.addEventListener("focusin", (event) => { const bar = event.target.closest("a.bar"); if (bar?.matches(":focus-visible")) showTip(bar); });
board.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// Filters send themselves.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("form.filters [data-submit]")) return;
  if (field.type === "date" && field.value && field.value < "1990") return; // a year is just being typed
  for (const one of field.form.elements) if (one.name && !one.value) one.disabled = true; // short addresses
  field.form.submit();
});
