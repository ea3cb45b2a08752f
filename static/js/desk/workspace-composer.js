// The composer: two panes that never mix, drafts that survive, saved replies, mentions.

const KEEP_AFTER = 1500;
const MOST_SHOWN = 8;
const PATIENCE = 3000; // milliseconds that a sending waits for its draft

export function setUpComposer(root, live) {
  const dock = root.querySelector(".composer-dock");
  if (!dock) return;
  for (const form of dock.querySelectorAll("form.composer")) setUpPane(root, dock, form, live);
  for (const tab of dock.querySelectorAll(".composer-tab")) {
    tab.addEventListener("click", () => {
      const kind = tab.htmlFor === "ws-note" ? "note" : "reply";
      setTimeout(() => dock.querySelector(`form.composer.${kind} textarea`)?.focus());
    });
  }
  document.addEventListener("click", (event) => {
    for (const open of dock.querySelectorAll(".split[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  if (location.hash === "#composer") dock.querySelector("form.composer:not([hidden]) textarea")?.focus();
}

function setUpPane(root, dock, form, live) {
  const area = form.querySelector("textarea");
  const kind = form.dataset.kind;
  setUpToolbar(root, form, area, live);
  const draft = setUpDraft(root, dock, form, area, kind, live);
  document.addEventListener("desk:held", ({ detail }) => {
    if (detail.dataset.held === kind) draft.takeBack(detail);
  });
  setUpSuggestions(root, form, area, kind, live);
  area.addEventListener("input", () => live.typed(kind));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector(".composer-buttons > .desk-button"));
    }
  });
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.matches("[data-saved]")) return;
    if (isSent) {
      event.preventDefault();
      return;
    }
    if (draft.isUnderWay()) { // kept after it was sent, a text would be a draft again
      event.preventDefault();
      const { submitter } = event;
      draft.settled().then(() => form.requestSubmit(submitter));
      return;
    }
    isSent = true;
    draft.stop();
    setTimeout(() => { isSent = false; }, 4000);
  });
}

// Markdown by buttons and keys.

function setUpToolbar(root, form, area, live) {
  form.querySelector(".composer-bar")?.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("preview" in button.dataset) {
      togglePreview(root, form, area, button, live);
    } else if (button.dataset.mark) {
      surround(area, button.dataset.mark, button.dataset.mark);
    } else if (button.dataset.line) {
      prefixLines(area, button.dataset.line);
    } else {
      surround(area, "[", "](https://)");
    }
  });
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const mark = { b: "**", i: "*" }[event.key.toLowerCase()];
    if (!mark) return;
    event.preventDefault();
    surround(area, mark, mark);
  });
}

function surround(area, before, after) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  insert(area, `${before}${value.slice(start, end)}${after}`, start, end);
  area.setSelectionRange(start + before.length, end + before.length);
}

function prefixLines(area, prefix) {
  const { selectionStart, selectionEnd, value } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const lines = value.slice(start, selectionEnd).split("\n");
  insert(area, lines.map((line) => `${prefix}${line}`).join("\n"), start, selectionEnd);
}

// As typing does it, so that the browser's own undo takes it back.
function insert(area, text, start, end) {
  area.focus();
  area.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function togglePreview(root, form, area, button, live) {
  const place = form.querySelector("[data-preview-of]");
  const shown = button.getAttribute("aria-pressed") === "true";
  button.setAttribute("aria-pressed", String(!shown));
  area.hidden = !shown;
  place.hidden = shown;
  if (shown) {
    area.focus();
    return;
  }
  const values = { text: area.value, ...(form.dataset.kind === "note" ? { note: "1" } : {}) };
  const answer = await live.post("preview/", values);
  // The server's own sanitised rendering, the same as the message will have.
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  place.replaceChildren(...page.body.childNodes);
}

// Drafts: kept a moment after the last key, and when the field is left.

function setUpDraft(root, dock, form, area, kind, live) {
  const told = form.querySelector("[data-kept]");
  const version = form.elements.namedItem("draft_version");
  let kept = area.value;
  let timer = 0;
  let stopped = false;
  let running = Promise.resolve();
  let underWay = 0;
  let waited = false;

  function keep() {
    clearTimeout(timer);
    underWay += 1;
    running = running.then(save).finally(() => { underWay -= 1; });
    return running;
  }

  async function settled() {
    await Promise.race([running, new Promise((done) => { setTimeout(done, PATIENCE); })]);
    waited = true;
  }

  async function save() {
    const text = area.value;
    if (stopped || text === kept) return;
    const values = {
      text,
      draft_version: version.value,
      used: form.elements.namedItem("used").value,
      ...(kind === "note" ? { note: "1" } : {}),
    };
    let answer = null;
    try {
      answer = await fetch(`${root.dataset.base}draft/`, {
        method: "POST",
        body: new URLSearchParams(values),
        headers: { Accept: "application/json", "X-CSRFToken": live.token() },
        keepalive: text.length < 30000,
      });
    } catch {
      told.textContent = root.dataset.saidLost;
      return;
    }
    if (stopped) return;
    const data = await answer.json().catch(() => ({}));
    if (answer.ok) {
      kept = text;
      version.value = data.version;
      told.textContent = data.told;
    } else if (answer.status === 409 && "version" in data) {
      ask(data);
    } else {
      told.textContent = root.dataset.saidLost;
    }
  }

  // Another window kept something else: nothing is overwritten unasked.
  function ask(other) {
    const place = document.getElementById("composer-warning");
    const text = document.createElement("span");
    text.textContent = root.dataset.saidTabs;
    const buttons = [
      [root.dataset.saidTheirs, () => { area.value = kept = other.text; }],
      [root.dataset.saidMine, () => { kept = null; }],
    ].map(([label, choose]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        version.value = other.version;
        choose();
        place.hidden = true;
        keep();
      });
      return button;
    });
    place.replaceChildren(text, ...buttons);
    place.hidden = false;
  }

  // A reply that was not sent is a draft again. The desk has put it before what was kept here; what
  // was typed since then stays below.
  function takeBack(held) {
    running = running.then(() => {
      const { text, used, draftVersion } = held.dataset;
      if (stopped || Number(version.value) >= Number(draftVersion)) return;
      const typed = area.value === kept ? "" : area.value.replace(kept ?? "", "").trim();
      version.value = draftVersion;
      kept = text;
      area.value = [text, typed].filter(Boolean).join("\n\n");
      form.elements.namedItem("used").value = used;
      showHeld(dock, form, kind, held, live);
      if (typed) timer = setTimeout(keep, KEEP_AFTER);
    });
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, KEEP_AFTER);
  });
  area.addEventListener("blur", keep);
  window.addEventListener("pagehide", keep);
  return {
    takeBack,
    settled,
    isUnderWay: () => underWay > 0 && !waited,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

// Why it came back stands above it. Somebody who writes in the other pane is told there.
function showHeld(dock, form, kind, held, live) {
  const notice = held.querySelector(".notice");
  const files = held.querySelector(".composer-kept");
  form.querySelector(".notice.warn")?.remove();
  form.querySelector(".composer-kept")?.remove();
  form.querySelector(".composer-bar").before(notice);
  if (files) form.querySelector("[data-upload]").before(files);
  const other = dock.querySelector(`form.composer:not(.${kind}) textarea`);
  if (other?.value.trim()) live.warn(notice.textContent);
  else document.getElementById(`ws-${kind}`).checked = true;
}

// Suggestions: / at the start of a word for saved replies, @ for colleagues.

function setUpSuggestions(root, form, area, kind, live) {
  const list = form.querySelector(".composer-suggest");
  const cache = {};
  let found = [];
  let chosen = 0;
  let token = null;

  async function load(path, key) {
    cache[path] ??= fetch(`${root.dataset.base}${path}`, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : {}))
      .then((data) => data[key] ?? [])
      .catch(() => { delete cache[path]; return []; });
    return cache[path];
  }

  function tokenAt() {
    const upTo = area.value.slice(0, area.selectionStart);
    const match = upTo.match(/(?:^|[\s(])([/@])([^\s/@]{0,30})$/u);
    if (!match || (match[1] === "@" && kind !== "note")) return null;
    return { sign: match[1], word: match[2].toLowerCase(), start: area.selectionStart - match[2].length - 1 };
  }

  async function look() {
    token = tokenAt();
    if (!token) {
      hide();
      return;
    }
    const asked = token;
    const all = asked.sign === "@" ? await load("people/", "people") : await load("replies/", "replies");
    if (token !== asked) return;
    found = all.filter((one) => matches(one, asked.word)).slice(0, MOST_SHOWN);
    chosen = 0;
    draw();
  }

  function matches(one, word) {
    const texts = one.handle ? [one.handle, one.name] : [one.shortcut, one.title];
    return texts.some((text) => text && text.toLowerCase().includes(word));
  }

  function draw(emptyText = "") {
    list.replaceChildren(...found.map((one, place) => {
      const item = document.createElement("li");
      item.role = "option";
      item.id = `${kind}-option-${place}`;
      item.setAttribute("aria-selected", String(place === chosen));
      item.textContent = one.handle ? one.name : one.title;
      const more = document.createElement("span");
      more.textContent = one.handle ? `@${one.handle}` : `${one.shortcut ? `/${one.shortcut} · ` : ""}${one.scope} · ${one.text}`;
      item.append(more);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(place); });
      return item;
    }));
    if (!found.length && emptyText) {
      const item = document.createElement("li");
      item.textContent = emptyText;
      list.append(item);
    }
    list.hidden = !list.children.length;
    if (found.length) area.setAttribute("aria-activedescendant", `${kind}-option-${chosen}`);
    else area.removeAttribute("aria-activedescendant");
  }

  function hide() {
    found = [];
    token = null;
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }

  function take(place) {
    const one = found[place];
    const start = token?.start ?? area.selectionStart;
    const text = one.handle ? `@${one.handle} ` : one.text;
    if (!one.handle) {
      const used = form.elements.namedItem("used");
      used.value = [used.value, one.id].filter(Boolean).join(",");
    }
    const end = area.selectionStart;
    hide();
    insert(area, text, start, end);
  }

  // Out of the text, whose draft is kept: the keys of the page work again.
  function leave() {
    hide();
    document.querySelector("#workspace h1")?.focus();
  }

  area.addEventListener("input", look);
  area.addEventListener("click", look);
  area.addEventListener("blur", () => setTimeout(hide, 100));
  area.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
      return;
    }
    if (list.hidden || !found.length) {
      if (event.key === "Escape") leave();
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      draw();
    } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape") {
      event.preventDefault();
      hide();
    }
  });
  form.querySelector("[data-saved]")?.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });

  // The button and Ctrl+K type the slash: then a word narrows it down.
  function open() {
    area.focus();
    const before = area.value.slice(0, area.selectionStart);
    insert(area, /(^|\s)$/u.test(before) ? "/" : " /", area.selectionStart, area.selectionEnd);
    load("replies/", "replies").then((all) => { if (!all.length) draw(root.dataset.saidNone); });
  }

  area.setAttribute("aria-controls", list.id);
  area.setAttribute("aria-autocomplete", "list");
}
