// "5 minutes ago" beside the exact time, which stays in the title and is what the server wrote.

const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];
const RECENT = 6 * 86_400; // seconds; older than that the date says more
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });

const relative = (seconds) => {
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
  }
  return words.format(0, "minute");
};

const spell = () => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    time.title ||= time.textContent;
    time.textContent = Math.abs(seconds) < RECENT ? relative(seconds) : time.title;
  }
};

spell();
setInterval(spell, 60_000);
document.addEventListener("desk:shown", spell);
document.addEventListener("htmx:afterSwap", spell);
