// The dashboard keeps its counts fresh; j and k move through its tickets.

import { register } from "./keys.js";

const links = [...document.querySelectorAll(".today li > a")];
const words = document.querySelector("[data-today]").dataset;

function move(step) {
  if (!links.length) return false;
  const here = links.indexOf(document.activeElement);
  const there = here < 0 ? 0 : Math.max(0, Math.min(here + step, links.length - 1));
  return links[there].focus();
}

register("j", words.sayNext, () => move(1), words.sayList);
register("k", words.sayBefore, () => move(-1), words.sayList);

setInterval(async () => {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(words.pulse, { cache: "no-cache", redirect: "error" });
    const { counts } = await answer.json();
    for (const place of document.querySelectorAll("[data-count]")) {
      const count = counts[place.dataset.count];
      if (count !== undefined) place.textContent = count;
    }
  } catch {
    // Counts may be old for a while; the next look mends them.
  }
}, 15_000);
