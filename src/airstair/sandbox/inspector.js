// Renews the parts marked data-live every few seconds, unless someone is typing, choosing or selecting in them.
"use strict";

const EVERY_MS = 4000;

function busy(part) {
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  const focused = document.activeElement;
  const editing = focused && part.contains(focused) && focused.matches("input, select, textarea");
  return selecting || editing;
}

async function renew() {
  if (document.hidden) return;
  let fresh;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (failure) {
    return; // The sandbox is being restarted: the next time may do better.
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = part.id && fresh.getElementById(part.id);
    if (!other || busy(part) || other.innerHTML === part.innerHTML) continue;
    const open = new Set([...part.querySelectorAll("details[open][id]")].map((details) => details.id));
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.replaceChildren(...other.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
}

setInterval(renew, EVERY_MS);
