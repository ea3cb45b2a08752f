// What somebody typed survives a reload, a closed tab and a lost connection.
//
//   <form data-draft="reply:REF"           the form's name; one draft each
//         data-draft-person="USER-REF">    whose: another person's drafts are thrown away
//     <p data-draft-notice hidden>We kept your draft. <button type="button" data-draft-discard>…</button></p>
//
// Kept in this browser only: text, choices and dates, never passwords or hidden values; of files
// that went ahead (upload.js) the names, for as long as the server keeps the files. A form that
// came back with complaints has `data-draft-fresh="no"` and keeps what it came with.
//
// A draft ends when its words arrived: the form's number (the hidden input `submission`) is noted
// when it is sent, and a page that shows `data-submission` with that number drops the draft. So a
// sending that failed half way keeps it. [data-draft-discard] drops it, wherever the button stands
// in the form; signing out drops all of them.

const PREFIX = "desk-draft:";
const KEEP = 14 * 24 * 3600 * 1000; // ms
const KEEP_FILES = 23 * 3600 * 1000; // the server keeps unsent ones for a day
const SKIPPED = new Set(["hidden", "password", "file", "submit", "button", "reset", "search"]);

let isOver = false; // signing out: nothing is kept any more

const store = {
  keys: () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)),
  read: (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  write: (key, draft) => {
    if (isOver) return;
    try {
      localStorage.setItem(key, JSON.stringify(draft));
    } catch {
      // The browser's room is full, or closed to us: the page works without drafts.
    }
  },
  drop: (key) => localStorage.removeItem(key),
};

const fields = (form) => [...form.elements].filter((field) => field.name && !SKIPPED.has(field.type));

const taken = (form) => {
  const values = {};
  for (const field of fields(form)) {
    if (field.type === "radio") {
      if (field.checked) values[field.name] = field.value;
    } else if (field.type === "checkbox") values[field.name] = field.checked;
    else values[field.name] = field.value;
  }
  return values;
};

const put = (form, values) => {
  for (const field of fields(form)) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
};

const changed = (values, initial) => Object.keys(values).some((name) => values[name] !== initial[name]);

function follow(form) {
  const key = `${PREFIX}${form.dataset.draftPerson}:${form.dataset.draft}`;
  const notice = form.querySelector("[data-draft-notice]");
  const isFresh = form.dataset.draftFresh !== "no";
  const initial = isFresh ? taken(form) : {};
  const draft = store.read(key);
  let timer = 0;

  const files = draft && Date.now() - draft.at < KEEP_FILES ? (draft.files ?? []) : [];
  if (draft && isFresh && (changed(draft.values, initial) || files.length)) {
    put(form, draft.values);
    if (files.length) form.dataset.draftFiles = JSON.stringify(files);
    if (notice) notice.hidden = false;
    form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
  }

  const keep = (sent = "") => {
    clearTimeout(timer);
    timer = 0;
    const values = taken(form);
    const kept = JSON.parse(form.dataset.uploads ?? "[]");
    if (changed(values, initial) || kept.length || sent) store.write(key, { values, files: kept, sent, at: Date.now() });
    else store.drop(key);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(), 250);
  });
  form.addEventListener("change", () => keep());
  form.addEventListener("uploads:changed", () => keep());
  form.addEventListener("submit", (event) => {
    const isDone = event.submitter?.hasAttribute("data-draft-discard");
    if (!event.defaultPrevented && !isDone) keep(form.elements.submission?.value ?? "");
  });
  window.addEventListener("pagehide", () => {
    if (timer) keep(store.read(key)?.sent ?? "");
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-draft-discard]");
    if (!button) return;
    clearTimeout(timer);
    timer = 0;
    store.drop(key);
    if (button.type !== "button") return; // it sends the form, and the draft is done with
    put(form, initial);
    form.dispatchEvent(new Event("draft:discarded"));
    if (notice) notice.hidden = true;
    fields(form)[0]?.focus();
  });
}

function tidy() {
  const arrived = new Set([...document.querySelectorAll("[data-submission]")].map((e) => e.dataset.submission));
  const person = document.querySelector("[data-draft-person]")?.dataset.draftPerson;
  for (const key of store.keys()) {
    const draft = store.read(key);
    const isForeign = person !== undefined && !key.startsWith(`${PREFIX}${person}:`);
    if (!draft || isForeign || Date.now() - draft.at > KEEP || (draft.sent && arrived.has(draft.sent))) {
      store.drop(key);
    }
  }
}

try {
  tidy();
  for (const form of document.querySelectorAll("form[data-draft]")) follow(form);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches('form[action$="/logout/"]')) return;
    isOver = true;
    for (const key of store.keys()) store.drop(key);
  });
} catch {
  // Storage is forbidden here: no drafts, no harm.
}
