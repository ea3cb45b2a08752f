// The queue on top of its links and forms: moving by keys, choosing rows, menus, news.

import { areOn, register } from "./keys.js";
import { openMenu } from "./menu.js";

const queue = document.querySelector("[data-queue]");
const rows = [...queue.querySelectorAll("[data-row]")];
const bulk = document.querySelector("#bulk");
const words = queue.dataset;
const boxes = rows.map((row) => row.querySelector("input[type=checkbox]"));
const links = rows.map((row) => row.querySelector(".q-link"));
const PLACE = "desk-queue-place";
let here = -1;

queue.dataset.live = "";

// Where the reader is: one row is in the tab order, j and k move it.

function stand(place, { focus = true } = {}) {
  if (!links.length) return;
  here = Math.max(0, Math.min(place, links.length - 1));
  links.forEach((link, index) => { link.tabIndex = index === here ? 0 : -1; });
  if (focus) links[here].focus();
}

links.forEach((link, index) => link.addEventListener("focus", () => stand(index, { focus: false })));
stand(0, { focus: false });
here = -1; // nobody has moved yet: the first j goes to the first row

function keep() {
  if (here < 0) return;
  try {
    sessionStorage.setItem(PLACE, `${location.pathname}${location.search} ${rows[here].dataset.row}`);
  } catch {
    // No storage: coming back begins at the top.
  }
}

function comeBack() {
  let kept = "";
  try {
    kept = sessionStorage.getItem(PLACE) ?? "";
    sessionStorage.removeItem(PLACE);
  } catch {
    return;
  }
  const [page, ticket] = kept.split(" ");
  if (page !== `${location.pathname}${location.search}`) return;
  const place = rows.findIndex((row) => row.dataset.row === ticket);
  if (place >= 0) stand(place);
}

window.addEventListener("pagehide", keep);
window.addEventListener("pageshow", comeBack);

register("j", words.sayNext, () => stand(here + 1), words.sayList);
register("k", words.sayBefore, () => stand(here < 0 ? 0 : here - 1), words.sayList);
register("o", words.sayOpen, () => (here < 0 ? false : links[here].click()), words.sayList);
register("x", words.sayChoose, () => {
  if (here < 0) return false;
  boxes[here].checked = !boxes[here].checked;
  return counted();
}, words.sayList);

// Choosing rows: shift-click for a range, one box for all of the page.

const all = queue.querySelector("[data-all]");
let last = -1;

function counted() {
  const chosen = boxes.filter((box) => box.checked).length;
  rows.forEach((row, index) => row.classList.toggle("chosen", boxes[index].checked));
  bulk.toggleAttribute("data-some", chosen > 0);
  const text = bulk.querySelector("[data-chosen]");
  text.textContent = chosen ? words.sayChosen.replace("%s", chosen) : "";
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

boxes.forEach((box, index) => {
  box.addEventListener("click", (event) => {
    if (event.shiftKey && last >= 0) {
      const [from, to] = [Math.min(last, index), Math.max(last, index)];
      for (let place = from; place <= to; place += 1) boxes[place].checked = box.checked;
    }
    last = index;
    counted();
  });
});
all?.addEventListener("change", () => {
  boxes.forEach((box) => { box.checked = all.checked; });
  counted();
});
bulk.querySelector("[data-none]")?.addEventListener("click", () => {
  boxes.forEach((box) => { box.checked = false; });
  counted();
});
// Panels close as menus do: by Escape, and by a click elsewhere.

function closePanels(except = null) {
  const open = [...queue.querySelectorAll("details.q-drop[open]")].filter((one) => one !== except);
  for (const one of open) one.open = false;
  return open;
}

document.addEventListener("click", (event) => closePanels(event.target.closest("details.q-drop")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const [panel] = closePanels();
  if (panel) {
    panel.querySelector("summary").focus();
    return;
  }
  boxes.forEach((box) => { box.checked = false; });
  counted();
});
window.addEventListener("pageshow", counted); // a page from the back button keeps its ticks

// What a key or a menu does goes to the chosen rows, or else to the one where the reader is.

function aim() {
  if (boxes.some((box) => box.checked)) return true;
  if (here < 0) return false;
  boxes[here].checked = true;
  return true;
}

let aimed = false;
bulk.addEventListener("submit", (event) => {
  if (!aim()) {
    event.preventDefault();
    say(words.sayFirst);
    return;
  }
  if (aimed) event.preventDefault(); // once is enough
  aimed = true;
  queue.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => { aimed = false; queue.removeAttribute("aria-busy"); });

function send(what) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "do", value: what });
  bulk.append(field);
  bulk.requestSubmit();
  if (!aimed) field.remove();
}

for (const button of document.querySelectorAll("[data-menu]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    if (here < 0 && !boxes.some((box) => box.checked)) {
      say(words.sayFirst);
      return;
    }
    const kinds = button.dataset.menu.split(" ").map((kind) => `optgroup[data-of="${kind}"] option`);
    const group = bulk.querySelectorAll(kinds.join(", "));
    openMenu({
      title: button.dataset.title,
      placeholder: words.sayType,
      nothing: words.sayNothing,
      entries: [...group].map(({ value, textContent }) => ({ value, label: textContent.trim() })),
      choose: send,
    });
  });
}

// News: counts follow, rows stay where they are until the reader asks.

const bar = queue.querySelector("[data-news]");
const EVERY = 15_000;
let failures = 0;

function say(text) {
  const line = queue.querySelector("[data-say]");
  line.textContent = text;
  line.hidden = !text;
}

async function look() {
  if (document.visibilityState !== "visible" || !words.pulse) return;
  try {
    const answer = await fetch(words.pulse, { cache: "no-cache", redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    show(await answer.json());
    failures = 0;
    say("");
  } catch {
    failures += 1;
    if (failures > 1) say(words.sayAway); // one miss is nothing
  }
}

function show({ counts, news, news_text: text }) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const count = counts[place.dataset.count];
    if (count !== undefined) place.textContent = count;
  }
  if (bar) {
    bar.hidden = news === 0;
    bar.querySelector("[data-news-text]").textContent = text;
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
if (areOn()) queue.querySelector("[data-keys-open]")?.removeAttribute("hidden");
