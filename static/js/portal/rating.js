// The click in the mail is the answer, so the page sends it by itself: at the first sign of a
// person. Programs that open every link of a mail move no pointer and press no key (ADR 25).

const form = document.querySelector("[data-rates-itself]");

if (form) {
  const signs = ["pointermove", "pointerdown", "touchstart", "wheel", "keydown"];
  const ends = new AbortController();
  const send = (event) => {
    if (!event.isTrusted) return;
    ends.abort();
    // Somebody who is already changing the answer sends it with the button.
    if (!form.contains(event.target)) form.requestSubmit();
  };
  for (const sign of signs) window.addEventListener(sign, send, { signal: ends.signal, passive: true });
}
