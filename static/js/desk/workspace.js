// The workspace of one ticket. Everything here also works without: forms post, links lead.

import { setUpComposer } from "./workspace-composer.js";
import { setUpLive } from "./workspace-live.js";

const TRAIL = "desk-trail";

const dialog = document.getElementById("panel-dialog");
const root = document.getElementById("workspace");
if (root) {
  root.classList.add("with-scripts");
  const live = setUpLive(root);
  setUpComposer(root, live);
  setUpProperties(root, live);
  setUpPanels(root);
  setUpParts(root);
  setUpTrail(root);
  root.addEventListener("click", (event) => copy(event, root, live));
  showNewest(root);
}

// The end of the conversation is where work goes on.
function showNewest(page) {
  if (location.hash && location.hash !== "#latest" && location.hash !== "#composer") return;
  if (new URLSearchParams(location.search).has("before")) return;
  const last = page.querySelector("#latest .message:last-child, #conversation > li:last-child");
  const dock = page.querySelector(".composer-dock");
  if (!last) return;
  const room = window.innerHeight - (dock?.offsetHeight ?? 0);
  if (last.getBoundingClientRect().bottom > room) last.scrollIntoView({ block: "end" });
}

async function copy(event, page, live) {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  live.announce(page.dataset.saidCopied);
}

// Properties: a choice is saved when it is made.

function setUpProperties(page, live) {
  page.addEventListener("change", (event) => {
    const field = event.target;
    const form = field.closest("form.prop");
    if (!form) return;
    const chosen = field.matches("select") ? field.selectedOptions[0] : null;
    if (chosen?.dataset.page) {
      openPanel(chosen.dataset.page);
      form.reset();
      return;
    }
    const emptied = field.dataset.empties && document.getElementById(field.dataset.empties);
    if (emptied) emptied.value = "";
    form.requestSubmit();
  });
  page.addEventListener("submit", (event) => {
    const form = event.target.closest("form.prop, .ws-take, .ws-rename form");
    if (!form) return;
    event.preventDefault();
    save(form, event.submitter, live, page);
  });
}

async function save(form, submitter, live, page) {
  const focused = document.activeElement?.id;
  const head = form.closest("[data-live=head]");
  const data = new FormData(form, submitter);
  form.setAttribute("aria-busy", "true");
  form.querySelector(".desk-error")?.remove();
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { "X-Requested-With": "fetch" } });
    const away = answer.headers.get("HX-Redirect");
    if (away) {
      location.assign(away);
      return;
    }
    if (answer.ok) {
      if (head) document.activeElement?.blur(); // what was pressed goes away
      await live.refresh({ side: true });
      live.announce(page.dataset.saidSaved);
    } else {
      const told = new DOMParser().parseFromString(await answer.text(), "text/html");
      complain(form, told.querySelector("main [role=alert], #content [role=alert], .desk-error, [role=alert]")?.textContent);
      form.reset();
      live.refresh({ side: true, except: form });
    }
  } catch {
    complain(form, page.dataset.saidLost);
  }
  form.removeAttribute("aria-busy");
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  else if (head) head.querySelector("h1").focus();
}

function complain(form, text) {
  const told = document.createElement("p");
  told.className = "desk-error small";
  told.setAttribute("role", "alert");
  told.textContent = (text ?? "").trim() || "!";
  form.append(told);
}

// What is done once in a while opens over the page: its own page, in a dialog.

function setUpPanels(page) {
  page.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPanel(link.href);
  });
  dialog?.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) {
      event.preventDefault();
      dialog.close();
      return;
    }
    const link = event.target.closest('a[href^="?"], a[href*="/do/"]');
    if (!link) return;
    event.preventDefault();
    openPanel(new URL(link.getAttribute("href"), dialog.dataset.at).href);
  });
  dialog?.addEventListener("submit", async (event) => {
    const form = event.target;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const method = event.submitter?.getAttribute("formmethod") || form.method;
    if (method === "get") {
      data.delete("csrfmiddlewaretoken");
      const at = new URL(dialog.dataset.at);
      at.search = new URLSearchParams(data).toString();
      openPanel(at.href);
      return;
    }
    const answer = await fetch(form.action, { method: "POST", body: data });
    if (answer.redirected && answer.ok) location.assign(answer.url);
    else fill(await answer.text(), dialog.dataset.at);
  });
}

async function openPanel(url) {
  const answer = await fetch(url);
  if (!answer.ok) {
    location.assign(url);
    return;
  }
  fill(await answer.text(), url);
}

function fill(text, url) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const part = page.querySelector("[data-panel-page]");
  if (!part || !dialog) {
    location.assign(url);
    return;
  }
  dialog.dataset.at = url;
  dialog.replaceChildren(part);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus], select, input:not([type=hidden]), button")?.focus();
}

// On a phone one part is shown at a time.

function setUpParts(page) {
  const links = [...page.querySelectorAll(".ws-tabs a")];
  function show(part) {
    page.dataset.part = part;
    for (const link of links) {
      if (link.hash === `#${part}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (part === "history") document.getElementById("history")?.setAttribute("open", "");
  }
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(link.hash.slice(1));
    });
  }
  show("conversation");
}

// Where the reader came from, and which ticket is next there.

async function setUpTrail(page) {
  const queue = new URL(page.dataset.base, location.origin).pathname.replace(/\d+\/$/, "");
  const here = Number(page.dataset.base.match(/(\d+)\/$/)?.[1]);
  const from = document.referrer ? new URL(document.referrer) : null;
  if (from && from.origin === location.origin && from.pathname === queue) {
    await rememberTrail(from.href, queue);
  }
  let trail = null;
  try {
    trail = JSON.parse(sessionStorage.getItem(TRAIL));
  } catch {
    trail = null;
  }
  const at = trail?.tickets?.indexOf(here) ?? -1;
  if (at < 0) return;
  drawTrail(page, { back: trail.from, before: trail.tickets[at - 1], after: trail.tickets[at + 1], queue });
  new MutationObserver(() => {
    const steps = page.querySelector('[data-trail="steps"]');
    if (steps && !steps.firstChild) {
      drawTrail(page, { back: trail.from, before: trail.tickets[at - 1], after: trail.tickets[at + 1], queue });
    }
  }).observe(page.querySelector(".workspace-main"), { childList: true, subtree: true });
}

async function rememberTrail(url, queue) {
  try {
    const answer = await fetch(url);
    const listed = new DOMParser().parseFromString(await answer.text(), "text/html");
    const links = [...listed.querySelectorAll(`a[href*="${queue}"]`)];
    const tickets = links.map((link) => Number(link.getAttribute("href").match(/\/(\d+)\/change\//)?.[1]));
    sessionStorage.setItem(TRAIL, JSON.stringify({ from: url, tickets: [...new Set(tickets.filter(Boolean))] }));
  } catch {
    // No storage, or no network: then there are no steps.
  }
}

function drawTrail(page, { back, before, after, queue }) {
  page.querySelector('[data-trail="back"]')?.setAttribute("href", back);
  const steps = page.querySelector('[data-trail="steps"]');
  if (!steps) return;
  const made = [];
  for (const [number, sign, key] of [[before, "↑", "k"], [after, "↓", "j"]]) {
    if (!number) continue;
    const link = document.createElement("a");
    link.href = `${queue}${number}/change/`;
    link.textContent = sign;
    link.dataset.key = key;
    link.dataset.keyLabel = `#${number}`;
    link.setAttribute("aria-label", `#${number}`);
    link.title = `#${number} (${key})`;
    made.push(link);
  }
  steps.replaceChildren(...made);
}
