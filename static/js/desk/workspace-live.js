// News of an open ticket, who else is here, and replies on their way.

const NEWS = 6000;
const BEAT = 15000;
const TYPING = 10000;

export function setUpLive(root) {
  const base = root.dataset.base;
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  let etag = "";
  let busy = null;
  let typedAt = 0;
  let typing = "viewing";
  let lastState = "";
  let announced = 0;

  function announce(text) {
    const place = document.getElementById("announce");
    if (!place) return;
    place.textContent = "";
    clearTimeout(announced);
    announced = setTimeout(() => { place.textContent = text; }, 50);
  }

  async function refresh({ side = false, except = null } = {}) {
    if (busy) await busy;
    busy = ask(side, except).catch(() => {});
    await busy;
    busy = null;
  }

  async function ask(side, except) {
    const { version, seen, fact } = root.dataset;
    const url = `${base}news/?version=${side ? 0 : version}&seen=${seen}&fact=${fact}`;
    const headers = side || !etag ? {} : { "If-None-Match": etag };
    const answer = await fetch(url, { headers, cache: "no-store" });
    if (answer.status === 304) return;
    if (!answer.ok || answer.redirected) return;
    etag = answer.headers.get("ETag") ?? "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = page.getElementById("news");
    if (news) show(news, except);
  }

  function show(news, except) {
    for (const part of news.querySelectorAll("[data-live]")) {
      const there = root.querySelector(`[data-live="${part.dataset.live}"]`);
      if (!there || there.innerHTML === part.innerHTML) continue;
      if (there.querySelector("details[open]")?.contains(document.activeElement)) continue; // being typed
      there.replaceChildren(...part.childNodes);
    }
    if ("changed" in news.dataset) {
      root.dataset.version = news.dataset.version;
      root.dataset.fact = news.dataset.fact;
      append(news);
      showSide(news, except);
    }
    for (const held of news.querySelectorAll("[data-held]")) {
      document.dispatchEvent(new CustomEvent("desk:held", { detail: held }));
    }
    countDown();
    document.dispatchEvent(new Event("desk:shown"));
  }

  function append(news) {
    const list = document.getElementById("conversation");
    const items = [...news.querySelectorAll("[data-append] > li")];
    const fresh = items.filter((item) => !item.id || !document.getElementById(item.id));
    if (list && !root.querySelector('[href*="#latest"]')) {
      for (const item of fresh) {
        if (item.id) item.classList.add("fresh");
        list.append(item);
      }
    }
    root.dataset.seen = news.dataset.seen;
    for (const field of root.querySelectorAll("input[name=seen]")) field.value = news.dataset.seen;
    const said = fresh.filter((item) => item.dataset.message);
    if (said.length) {
      const who = said.map((item) => item.querySelector(".message-head strong")?.textContent.trim());
      announce(`${root.dataset.saidNew} ${who.join(", ")}`);
      nudge(said.at(-1));
    }
    if (news.dataset.rearranged) warn(news.dataset.rearranged, { reload: true });
    else if (news.dataset.warning && isWriting()) warn(news.dataset.warning);
  }

  // Somebody who reads the end sees what arrives; somebody who reads further up isn't moved.
  function nudge(item) {
    const left = document.documentElement.scrollHeight - window.scrollY - window.innerHeight;
    const dock = root.querySelector(".composer-dock")?.offsetHeight ?? 0;
    if (left < dock + item.offsetHeight + 200) item.scrollIntoView({ block: "center" });
  }

  function isWriting() {
    return [...root.querySelectorAll(".composer textarea")].some((area) => area.value.trim());
  }

  function warn(text, { reload = false } = {}) {
    const place = document.getElementById("composer-warning");
    if (!place) return;
    const told = document.createElement("span");
    told.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = reload ? "↻" : "OK";
    button.addEventListener("click", () => {
      if (reload) location.reload();
      else place.hidden = true;
    });
    place.replaceChildren(told, button);
    place.hidden = false;
  }

  // Each card by itself: one that is being edited stays as it is.
  function showSide(news, except) {
    const side = root.querySelector(".workspace-side");
    const fresh = news.querySelector("[data-side]");
    if (!side || !fresh) return;
    const old = new Map([...side.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, card]));
    const cards = [...fresh.querySelectorAll("[data-card]")].map((card) => {
      const there = old.get(card.dataset.card);
      if (!there) return card;
      const typed = there.querySelector("#prop-tags")?.value;
      const isEdited = (except && there.contains(except)) || typed;
      if (isEdited || there.innerHTML === card.innerHTML) {
        if (!isEdited) return there;
        for (const field of there.querySelectorAll("input[name=version]")) field.value = news.dataset.version;
        return there;
      }
      if (there.open) card.open = true;
      const shown = there.querySelector("[name=history-show]:checked")?.value;
      if (shown) card.querySelector(`[name=history-show][value=${shown}]`).checked = true;
      return card;
    });
    const focused = document.activeElement?.id;
    side.replaceChildren(...cards);
    if (focused && side.querySelector(`#${CSS.escape(focused)}`)) document.getElementById(focused).focus();
  }

  // Presence

  function state() {
    return Date.now() - typedAt < TYPING ? typing : "viewing";
  }

  function post(path, values) {
    return fetch(`${base}${path}`, {
      method: "POST",
      body: new URLSearchParams(values),
      headers: { "X-CSRFToken": token() },
      keepalive: true,
    }).catch(() => {});
  }

  function beat() {
    if (document.visibilityState === "hidden") return;
    lastState = state();
    post("here/", { state: lastState });
  }

  function typed(kind) {
    typedAt = Date.now();
    typing = kind;
    if (lastState !== kind) beat();
  }

  // Replies on their way

  function countDown() {
    for (const sending of root.querySelectorAll("[data-due]")) {
      const place = sending.querySelector("[data-countdown]");
      const left = Math.ceil(Number(sending.dataset.due) + 1 - Date.now() / 1000);
      if (left > 0) {
        place.textContent = place.dataset.words.replace("%s", left);
      } else if (!sending.dataset.asked) {
        sending.dataset.asked = "1";
        post("send/", {}).then(() => refresh());
      }
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      beat();
      refresh();
    }
  });
  window.addEventListener("pagehide", () => {
    const values = new URLSearchParams({ state: "gone", csrfmiddlewaretoken: token() });
    navigator.sendBeacon(`${base}here/`, values);
  });
  root.addEventListener("click", (event) => showEarlier(event, root));
  setInterval(() => { if (document.visibilityState === "visible") refresh(); }, NEWS);
  setInterval(beat, BEAT);
  setInterval(() => { if (lastState !== "viewing" && state() === "viewing") beat(); }, 2000);
  setInterval(countDown, 500);
  beat();
  countDown();

  return { announce, refresh, typed, warn, post, token };
}

// Earlier messages come above, and what is read stays where it is.
async function showEarlier(event, root) {
  const link = event.target.closest("[data-earlier]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = document.getElementById("conversation");
  const before = document.documentElement.scrollHeight;
  list.prepend(...page.querySelectorAll("#conversation > li"));
  const further = page.querySelector(".ws-earlier:has([data-earlier])");
  const place = link.closest(".ws-earlier");
  if (further) place.replaceWith(further);
  else place.remove();
  window.scrollBy(0, document.documentElement.scrollHeight - before);
  root.querySelector("#conversation > li")?.focus?.();
}
