// What the article's editor can do with a script: a preview while writing, and pictures that are
// dragged or pasted into the text. Without one, the Preview button and the upload form do the same.

const editor = document.querySelector(".kb-editor");
const text = editor?.querySelector("textarea[name=source]");

function preview() {
  const shown = document.getElementById("preview");
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const mine = (asked += 1);
    const answer = await fetch(editor.dataset.preview, {
      method: "POST",
      body: new FormData(editor),
      headers: { Accept: "text/html" },
    }).catch(() => null);
    if (answer?.ok && mine === asked) {
      shown.innerHTML = await answer.text(); // safe: rendered and sanitised by the desk
    }
  };
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 350);
  });
  for (const button of editor.querySelectorAll("[data-without-script]")) button.hidden = true;
}

function insert(markdown) {
  const start = text.selectionStart;
  const before = text.value.slice(0, start);
  const gap = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  text.setRangeText(`${gap}${markdown}\n\n`, start, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

function pictures(form) {
  const status = editor.querySelector("[data-upload-status]");
  const send = async (file) => {
    status.textContent = `${file.name} …`;
    const body = new FormData(form);
    body.set("image", file, file.name);
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
    }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    status.classList.toggle("desk-error", !told?.markdown);
    if (told?.markdown) {
      insert(told.markdown);
      status.textContent = `${file.name} ✓`;
    } else {
      status.textContent = told?.error ?? `${file.name}: ${answer?.status ?? "offline"}`;
    }
  };
  const sendAll = async (files) => {
    for (const file of files) await send(file);
  };
  const images = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  text.addEventListener("paste", (event) => {
    const found = images(event.clipboardData);
    if (found.length) {
      event.preventDefault();
      sendAll(found);
    }
  });
  text.addEventListener("dragover", (event) => event.preventDefault());
  text.addEventListener("drop", (event) => {
    const found = images(event.dataTransfer);
    if (found.length) {
      event.preventDefault();
      sendAll(found);
    }
  });
  for (const hint of document.querySelectorAll("[data-with-script]")) hint.hidden = false;
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.hidden = false;
    button.addEventListener("click", () => insert(button.dataset.insert));
  }
}

function guard() {
  // A text that isn't saved is not left by accident.
  let touched = false;
  editor.addEventListener("input", () => (touched = true));
  editor.addEventListener("submit", () => (touched = false));
  window.addEventListener("beforeunload", (event) => {
    if (touched) event.preventDefault();
  });
}

if (text) {
  preview();
  guard();
  const upload = document.querySelector("form[data-upload]");
  if (upload) pictures(upload);
}
