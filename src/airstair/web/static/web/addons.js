// Add-ons: filter of aircraft, recipients with suggestions, waiting for the partner. Pages work without it.

document.documentElement.classList.add("js");

// Filters that act at once.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[data-submit]")) event.target.form.requestSubmit();
});

// Deliveries come in bursts: what htmx throttles away is made up for once it is quiet, so that the last state is shown.
const settling = new WeakMap();
document.addEventListener("live", (event) => {
  const element = event.target;
  clearTimeout(settling.get(element));
  settling.set(element, setTimeout(() => element.isConnected && htmx.trigger(element, "settled"), 2200));
});
// “4 min ago” stays true; an open list is left alone.
document.addEventListener("airstair:minute", () => document.querySelectorAll("[data-minutely]").forEach((element) => {
  if (!element.contains(document.activeElement) || !document.activeElement.matches("input, select")) htmx.trigger(element, "settled");
}));
// What somebody unfolded stays unfolded.
let unfolded = new Set();
document.addEventListener("htmx:beforeSwap", () => { unfolded = new Set([...document.querySelectorAll("#activity details[open]")].map((details) => details.id)); });
document.addEventListener("htmx:afterSwap", () => unfolded.forEach((id) => { const details = document.getElementById(id); if (details) details.open = true; }));
// Rows whose latest call is another one than before are flashed.
const stamps = () => new Map([...document.querySelectorAll("#activity tr[data-stamp]")].map((row) => [row.id, row.dataset.stamp]));
let before = stamps();
document.addEventListener("htmx:afterSwap", () => {
  const now = stamps();
  now.forEach((stamp, id) => { if (before.has(id) && before.get(id) !== stamp) document.getElementById(id).classList.add("flash"); });
  before = now;
});

// Saving may ask the partner, which takes a moment.
const form = document.querySelector("#configuration");
form?.addEventListener("submit", () => {
  const state = document.querySelector("#save-state");
  form.querySelector("[data-save]").disabled = true;
  form.classList.add("htmx-request");
  if (form.elements.on?.checked) { state.textContent = form.dataset.waiting; state.classList.add("asking"); }
});
addEventListener("pageshow", (event) => {
  if (event.persisted && form) { form.querySelector("[data-save]").disabled = false; form.classList.remove("htmx-request"); }
});
// CHANGE of a secret puts the cursor where it is typed.
document.querySelectorAll("details.secret").forEach((details) =>
  details.addEventListener("toggle", () => { if (details.open) details.querySelector("input").focus(); else details.querySelector("input").value = ""; }));
// The field that was refused comes first.
document.querySelector("#configuration .field.bad input:not([type=hidden]), #configuration .field.warned input:not([type=hidden])")?.focus();

// Ticks.
const list = document.querySelector("#tick-list");
if (list) {
  const filter = document.querySelector("#tick-filter");
  const labels = [...list.querySelectorAll("label.check")];
  const set = list.closest("fieldset");
  const all = set.querySelector('input[name="aircraft"][value="all"]');
  const count = () => {
    const ticked = labels.filter((label) => label.querySelector("input").checked).length;
    set.classList.toggle("all-ticked", !!all?.checked);
    document.querySelector("#tick-count").textContent = all?.checked ? "all" : `${ticked} of ${labels.length}`;
  };
  list.querySelector("[data-needs-js]").hidden = false;
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    labels.forEach((label) => { label.hidden = !words.every((word) => label.dataset.words.includes(word)); });
    document.querySelector("#tick-none").hidden = labels.some((label) => !label.hidden);
  });
  filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  list.addEventListener("click", (event) => {
    const which = event.target.dataset?.tick;
    if (!which) return;
    labels.filter((label) => !label.hidden).forEach((label) => { label.querySelector("input").checked = which === "all"; });
    chooseSome(); count();
  });
  const chooseSome = () => { const some = set.querySelector('input[name="aircraft"][value="some"]'); if (some) some.checked = true; };
  set.addEventListener("change", (event) => { if (event.target.name === "tick") chooseSome(); count(); });
  count();
}

// Recipients: the plain input with codes stays in the form; what is seen are chips and suggestions.
document.querySelectorAll("[data-people]").forEach((box) => {
  const plain = box.querySelector("input");
  const names = new Map([...box.querySelectorAll(".people-known li")].map((li) => [li.dataset.code.toUpperCase(), li.textContent]));
  const shown = document.createElement("div");
  const typed = document.createElement("input");
  const options = document.createElement("ul");
  shown.className = "people-box";
  options.className = "people-list"; options.id = `${plain.id}-list`; options.setAttribute("role", "listbox"); options.hidden = true;
  Object.assign(typed, { id: plain.id, autocomplete: "off", placeholder: "Code or first letters of the name" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": options.id, "aria-expanded": "false", "aria-autocomplete": "list" })) typed.setAttribute(name, value);
  if (plain.getAttribute("aria-describedby")) typed.setAttribute("aria-describedby", plain.getAttribute("aria-describedby"));
  plain.removeAttribute("id"); plain.type = "hidden";
  shown.append(typed); box.append(shown, options);
  const entries = () => plain.value.split(/[,;]/).map((text) => text.trim()).filter(Boolean);
  const keep = (all) => { plain.value = all.join(", "); draw(); };
  const draw = () => {
    shown.querySelectorAll(".person").forEach((chip) => chip.remove());
    entries().forEach((code) => {
      const chip = document.createElement("span"), away = document.createElement("button");
      const name = names.get(code.toUpperCase());
      chip.className = "person"; chip.textContent = name ? `${name} (${code})` : code;
      away.type = "button"; away.textContent = "×"; away.setAttribute("aria-label", `Remove ${name ?? code}`);
      away.addEventListener("click", () => { keep(entries().filter((other) => other !== code)); typed.focus(); });
      chip.append(away); shown.insertBefore(chip, typed);
    });
  };
  const close = () => { options.hidden = true; typed.setAttribute("aria-expanded", "false"); typed.removeAttribute("aria-activedescendant"); };
  const choose = (code, name) => { if (name) names.set(code.toUpperCase(), name); if (!entries().some((other) => other.toUpperCase() === code.toUpperCase())) keep([...entries(), code]); typed.value = ""; close(); };
  const mark = (option) => { options.querySelectorAll("li").forEach((li) => li.setAttribute("aria-selected", String(li === option))); if (option) typed.setAttribute("aria-activedescendant", option.id); };
  let asked = "";
  typed.addEventListener("input", async () => {
    const text = (asked = typed.value.trim());
    if (!text) return close();
    const answer = await fetch(`${box.dataset.people}?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || asked !== text || answer.status === 204) return;
    const found = (await answer.json()).filter((one) => !entries().some((code) => code.toUpperCase() === one.code.toUpperCase()));
    options.replaceChildren(...found.map((one, at) => {
      const li = document.createElement("li");
      li.id = `${options.id}-${at}`; li.setAttribute("role", "option"); li.dataset.code = one.code; li.dataset.name = one.name; li.textContent = `${one.name} (${one.code})`;
      li.addEventListener("mousedown", (event) => { event.preventDefault(); choose(one.code, one.name); });
      return li;
    }));
    options.hidden = !found.length; typed.setAttribute("aria-expanded", String(!!found.length));
    mark(options.firstElementChild);
  });
  typed.addEventListener("keydown", (event) => {
    const at = options.querySelector('[aria-selected="true"]');
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !options.hidden) {
      event.preventDefault();
      mark((event.key === "ArrowDown" ? at?.nextElementSibling ?? options.firstElementChild : at?.previousElementSibling ?? options.lastElementChild));
    } else if ((event.key === "Enter" || event.key === "Tab" || event.key === ",") && typed.value.trim()) {
      if (event.key !== "Tab") event.preventDefault();
      if (!options.hidden && at) choose(at.dataset.code, at.dataset.name); else choose(typed.value.trim().replace(/,$/, ""));
    } else if (event.key === "Escape" && !options.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    else if (event.key === "Backspace" && !typed.value) keep(entries().slice(0, -1));
  });
  typed.addEventListener("blur", () => { if (typed.value.trim()) choose(typed.value.trim()); close(); });
  draw();
});
