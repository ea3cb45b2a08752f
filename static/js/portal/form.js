// The form for a new request and for an answer: previews, and focus where something opened.

for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;
for (const part of document.querySelectorAll("[data-without-script]")) part.hidden = true;

// An article that opened in the panel is read from its heading; going back returns to its link.
document.addEventListener("htmx:afterSwap", (event) => {
  const opened = event.detail.target.querySelector("[data-takes-focus]");
  if (opened) opened.focus();
});
document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-close-reading]");
  if (!back) return;
  const reading = document.getElementById("reading");
  reading.replaceChildren();
  document.querySelector("#suggested a")?.focus();
});
document.addEventListener("draft:restored", (event) => {
  event.target.querySelector("[name=text]")?.dispatchEvent(new Event("input", { bubbles: true }));
});
