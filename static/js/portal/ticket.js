// An open request stays up to date: new answers appear by themselves, told once and calmly.

const EVERY = 20_000; // ms, while somebody looks
const place = document.querySelector("[data-news]");

if (place) {
  let tag = place.dataset.tag;
  let timer = 0;
  let isBusy = false;

  const known = () => new Set([...place.querySelectorAll("[data-message]")].map((e) => e.dataset.message));

  const show = (html) => {
    const before = known();
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = place.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
    }
    const added = [...place.querySelectorAll("[data-message]")].filter((e) => !before.has(e.dataset.message));
    for (const message of added) message.classList.add("is-new");
    if (added.length) place.querySelector("[data-news-status]").textContent = place.dataset.sayNew;
    document.dispatchEvent(new CustomEvent("desk:shown"));
  };

  const look = async () => {
    if (isBusy || document.hidden) return;
    isBusy = true;
    try {
      const answer = await fetch(place.dataset.news, { headers: { "If-None-Match": tag }, cache: "no-store" });
      if (answer.status === 200 && answer.headers.has("ETag")) {
        tag = answer.headers.get("ETag");
        show(await answer.text());
      }
    } catch {
      // Offline: the next look tries again.
    } finally {
      isBusy = false;
    }
  };

  const run = () => {
    clearInterval(timer);
    if (document.hidden) return;
    timer = setInterval(look, EVERY);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
    run();
  });
  document.addEventListener("desk:look", look);
  run();
}
