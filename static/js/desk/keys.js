// Single-key shortcuts of the desk: one registry for every page.
//
// Any element with data-key="r" is clicked by that key (a field is focused instead); "g m" is a
// sequence. A page's own module may `register` keys that belong to no element. Nothing happens
// while somebody types, with a modifier, or while a dialog is open. WCAG 2.1.4: a switch in the
// help turns all of it off; the choice stays in this browser.

const OFF = "desk-single-keys";
const PATIENCE = 1200; // milliseconds between the two keys of a sequence
const commands = new Map();
let prefix = "";
let prefixTimer = 0;

export function register(key, label, run, group = "") {
  commands.set(key, { label, run, group });
}

export function areOn() {
  try {
    return localStorage.getItem(OFF) !== "off";
  } catch {
    return true; // no storage here: the default holds
  }
}

function turn(on) {
  try {
    localStorage.setItem(OFF, on ? "on" : "off");
  } catch {
    // Nothing to keep it in: it holds until the page is left.
  }
}

function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
}

function elementFor(key) {
  const found = document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`);
  return [...found].find((element) => !element.disabled);
}

function isPrefix(key) {
  const begins = `${key} `;
  if ([...commands.keys()].some((known) => known.startsWith(begins))) return true;
  return document.querySelector(`[data-key^="${CSS.escape(key)} "]`) !== null;
}

function press(key) {
  const command = commands.get(key);
  if (command) return command.run() !== false;
  const element = elementFor(key);
  if (!element) return false;
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
  return true;
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!areOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const typed = event.key.length === 1 ? event.key : "";
  if (!typed || (event.repeat && !"jk".includes(typed))) return;
  const whole = prefix ? `${prefix} ${typed}` : typed;
  clearTimeout(prefixTimer);
  prefix = "";
  if (press(whole)) {
    event.preventDefault();
  } else if (isPrefix(whole)) {
    prefix = whole;
    prefixTimer = setTimeout(() => { prefix = ""; }, PATIENCE);
    event.preventDefault();
  }
}

// The help: everything that a key does on this page, read from the page itself.

function named(element) {
  const label = element.dataset.keyLabel || element.getAttribute("aria-label");
  const words = element.cloneNode(true);
  for (const icon of words.querySelectorAll("[aria-hidden=true]")) icon.remove();
  return (label || words.textContent || element.title || "").replace(/\s+/g, " ").trim();
}

function listed() {
  const rows = [...commands].map(([key, { label, group }]) => ({ key, label, group }));
  const seen = new Set(commands.keys());
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key, keyGroup = "" } = element.dataset;
    if (!seen.has(key) && named(element)) rows.push({ key, label: named(element), group: keyGroup });
    seen.add(key);
  }
  return rows;
}

function shown({ key, label }) {
  const row = document.createElement("div");
  const keys = document.createElement("dt");
  for (const one of key.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = one;
    keys.append(cap);
  }
  const text = document.createElement("dd");
  text.textContent = label;
  row.append(keys, text);
  return row;
}

export function help() {
  const template = document.querySelector("template[data-keys-help]");
  if (!template) return;
  document.querySelector("dialog.keys-help")?.remove();
  const dialog = template.content.firstElementChild.cloneNode(true);
  const groups = Map.groupBy
    ? Map.groupBy(listed(), (row) => row.group)
    : listed().reduce((all, row) => all.set(row.group, [...(all.get(row.group) ?? []), row]), new Map());
  for (const [group, rows] of groups) {
    const list = document.createElement("dl");
    if (group) {
      const title = document.createElement("h3");
      title.textContent = group;
      dialog.querySelector("[data-keys-list]").append(title);
    }
    list.append(...rows.map(shown));
    dialog.querySelector("[data-keys-list]").append(list);
  }
  const box = dialog.querySelector("input[type=checkbox]");
  box.checked = areOn();
  box.addEventListener("change", () => turn(box.checked));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function announce() {
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key } = element.dataset;
    if (key.length === 1 && areOn()) element.setAttribute("aria-keyshortcuts", key);
  }
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-keys-open]")) help();
});
const question = document.querySelector("template[data-keys-help]");
if (question) register("?", question.dataset.keysHelp, help);
announce();
