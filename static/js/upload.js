// Files that go ahead of their form: drop, paste or choose; progress, retry, removal.
//
// Markup (templates/components/upload.html), anywhere inside a form that has a CSRF token:
//
//   <div data-upload="/uploads/"            asked with name and size: {url, fields, confirm?}, a grant
//        data-upload-field="uploads"        name of the hidden inputs that carry each file's ref
//        data-upload-max-bytes="20971520"   larger ones are refused here, with data-say-large
//        data-upload-max-files="10"         more are refused here, with data-say-many
//        data-say-large="…{name}…{size}…" data-say-many="…" data-say-failed="…"
//        data-say-out="…" data-say-wait="…" data-say-added="…{name}…" data-say-removed="…{name}…">
//     <input type="file" multiple>          stays as it is without scripts
//     <ul data-upload-list>                 rows of files that the server has already:
//       <li data-ref="…" data-remove="…"><input type="checkbox" name="uploads" checked> …</li>
//     </ul>
//     <template data-upload-row>            one row: [data-name] [data-size] progress [data-trouble]
//     <p data-upload-status role="status">  what is told to screen readers
//   </div>
//
// A drop or a paste with files anywhere in the form counts. While files are under way sending the
// form waits for them; a failed one stops it. A file is posted as "file" to the grant's url with its
// fields, and then its `confirm` {url, fields} is, if there is one: the last answer is {ref, name,
// size, remove}; a refusal is {message}.

const SILENCE = 45_000; // milliseconds without a byte: longer than the desk itself waits for S3
const NEVER_ARRIVED = "files.never-arrived";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

const spell = (bytes) => {
  const steps = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = bytes > 0 ? Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), 3) : 0;
  const unitDisplay = step ? "short" : "long";
  const options = { style: "unit", unit: steps[step], unitDisplay, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(bytes / 1024 ** step);
};

const read = (request) => {
  try {
    return JSON.parse(request.responseText) ?? {};
  } catch {
    return {}; // a page, or S3's XML
  }
};

class Uploader {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    this.list = box.querySelector("[data-upload-list]");
    this.status = box.querySelector("[data-upload-status]");
    this.input = box.querySelector("input[type=file]");
    this.rows = new Set();
    this.waiting = null; // the button that was pressed while files were under way
    box.classList.add("is-live");
    this.input.addEventListener("change", () => {
      const files = [...this.input.files];
      this.input.value = ""; // they go ahead: the form must not send them again
      this.add(files);
    });
    for (const row of this.list.querySelectorAll("[data-ref]")) this.adopt(row);
    this.watchDrops();
    this.form.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    this.form.addEventListener("submit", (event) => this.hold(event));
    this.form.addEventListener("draft:restored", () => this.restore());
    this.form.addEventListener("draft:discarded", () => { for (const row of [...this.rows]) this.remove(row); });
    this.restore();
  }

  // Files of a draft (drafts.js): the server has them still.
  restore() {
    const files = JSON.parse(this.form.dataset.draftFiles ?? "[]");
    delete this.form.dataset.draftFiles;
    for (const file of files) {
      const isHere = [...this.rows].some((row) => row.ref === file.ref);
      if (!isHere) this.finish(this.draw(file), file);
    }
  }

  // For drafts.js: what the form holds.
  note() {
    const done = this.under("done").map(({ ref, removal, file }) => ({ ref, remove: removal, name: file.name, size: file.size }));
    this.form.dataset.uploads = JSON.stringify(done);
    this.form.dispatchEvent(new Event("uploads:changed"));
  }

  watchDrops() {
    let depth = 0;
    const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const show = (on) => this.form.classList.toggle("is-dropping", on);
    this.form.addEventListener("dragenter", (event) => {
      if (hasFiles(event)) show(++depth > 0);
    });
    this.form.addEventListener("dragleave", (event) => {
      if (hasFiles(event)) show(--depth > 0);
    });
    this.form.addEventListener("dragover", (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
    this.form.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      show(false);
      this.add([...event.dataTransfer.files]);
    });
  }

  get said() {
    return this.box.dataset;
  }

  tell(text) {
    this.status.textContent = text;
  }

  add(files) {
    for (const file of files) {
      if (this.rows.size >= Number(this.said.uploadMaxFiles)) {
        this.tell(this.said.sayMany);
        return;
      }
      this.start(this.draw(file), file);
    }
  }

  draw(file) {
    const template = this.box.querySelector("[data-upload-row]");
    const element = template.content.firstElementChild.cloneNode(true);
    element.querySelector("[data-name]").textContent = file.name;
    element.querySelector("[data-size]").textContent = spell(file.size);
    this.list.append(element);
    const row = { element, file, request: null, confirm: null, state: "new", ref: "", removal: "" };
    this.rows.add(row);
    this.wire(row);
    return row;
  }

  // A file that the server kept from an earlier try: its checkbox becomes a button.
  adopt(element) {
    const box = element.querySelector("input[type=checkbox]");
    const { ref, remove } = element.dataset;
    const template = this.box.querySelector("[data-upload-row]");
    const fresh = template.content.firstElementChild.cloneNode(true);
    for (const part of ["[data-name]", "[data-size]"]) {
      fresh.querySelector(part).textContent = element.querySelector(part).textContent;
    }
    element.replaceWith(fresh);
    const row = { element: fresh, file: { name: box.dataset.name }, state: "new", ref: "", removal: "" };
    this.rows.add(row);
    this.wire(row);
    this.finish(row, { ref, remove });
  }

  wire(row) {
    const { name } = row.file;
    const remove = row.element.querySelector("[data-upload-remove]");
    const retry = row.element.querySelector("[data-upload-retry]");
    remove.setAttribute("aria-label", `${remove.textContent.trim()}: ${name}`);
    retry.setAttribute("aria-label", `${retry.textContent.trim()}: ${name}`);
    remove.addEventListener("click", () => this.remove(row));
    retry.addEventListener("click", () => this.start(row, row.file));
    this.mark(row, row.state);
  }

  mark(row, state, trouble = "") {
    row.state = state;
    row.element.dataset.state = state;
    row.element.querySelector("progress").hidden = state !== "sending";
    row.element.querySelector("[data-upload-retry]").hidden = state !== "failed" || !row.file.size;
    row.element.querySelector("[data-trouble]").textContent = trouble;
    if (trouble) this.tell(`${row.file.name}: ${trouble}`);
  }

  start(row, file) {
    if (file.size > Number(this.said.uploadMaxBytes)) {
      const size = spell(Number(this.said.uploadMaxBytes));
      this.mark(row, "failed", fill(this.said.sayLarge, { name: file.name, size }));
      row.element.querySelector("[data-upload-retry]").hidden = true; // it won't get smaller
      return;
    }
    this.mark(row, "sending");
    this.send(row, file);
  }

  // What may have arrived is asked about before it is sent again.
  async send(row, file) {
    try {
      let answer = row.confirm ? await this.confirm(row) : { code: NEVER_ARRIVED };
      if (answer.code === NEVER_ARRIVED) answer = await this.sendAnew(row, file);
      if (!answer.ref) return this.refused(row, answer);
      this.finish(row, answer);
      this.tell(fill(this.said.sayAdded, { name: row.file.name }));
      this.goOn();
    } catch {
      this.fail(row, this.said.sayFailed);
    }
  }

  // 1 asks the desk where the file goes, 2 sends it there, 3 has the desk look at what arrived. Where
  // it goes to the desk itself, the second answer is the last.
  async sendAnew(row, file) {
    row.confirm = null;
    const grant = await this.post(row, this.said.upload, { name: file.name, size: file.size });
    if (!grant.url) return grant;
    row.confirm = grant.confirm; // from here on, whatever is heard of it
    const answer = await this.post(row, grant.url, grant.fields, file);
    return row.confirm && !answer.trouble ? this.confirm(row) : answer;
  }

  confirm(row) {
    return this.post(row, row.confirm.url, row.confirm.fields);
  }

  // The answer as an object; {trouble: status} for one that is a failure or none of the desk's.
  // Rejects when the line fails or is silent; never settles once the row was removed.
  post(row, url, fields, file) {
    const request = new XMLHttpRequest();
    const bar = row.element.querySelector("progress");
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    if (file) body.append("file", file, file.name); // the last: what comes after it is not read
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    // The desk's own secret goes to nobody else.
    if (new URL(url, location).origin === location.origin) request.setRequestHeader("X-CSRFToken", this.token());
    if (file) {
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      });
    }
    row.request = request;
    return new Promise((resolve, reject) => {
      // A slow line may take an hour, so there is no limit for all of it.
      let silence;
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => {
          reject(new Error("silence"));
          request.abort();
        }, SILENCE);
      };
      heard();
      request.upload.addEventListener("progress", heard);
      request.addEventListener("progress", heard);
      request.addEventListener("loadend", () => clearTimeout(silence)); // an abort ends it too
      request.addEventListener("error", reject);
      request.addEventListener("load", () => {
        const isFine = request.status >= 200 && request.status < 300;
        resolve({ ...(isFine ? {} : { trouble: request.status }), ...read(request) });
      });
      request.send(body);
    });
  }

  refused(row, { message, trouble }) {
    this.fail(row, message ?? (trouble ? this.said.sayFailed : this.said.sayOut)); // the sign-in page
  }

  finish(row, { ref, remove }) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: this.said.uploadField, value: ref });
    row.element.append(input);
    row.ref = ref;
    row.removal = remove;
    this.mark(row, "done");
    this.note();
  }

  fail(row, trouble) {
    this.mark(row, "failed", trouble);
    this.waiting = null;
    this.busy(false);
  }

  remove(row) {
    row.request?.abort();
    if (row.removal) {
      const headers = { "X-CSRFToken": this.token(), Accept: "application/json" };
      fetch(row.removal, { method: "POST", headers }).catch(() => {}); // the chore takes it otherwise
    }
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    row.element.remove();
    this.rows.delete(row);
    this.note();
    this.tell(fill(this.said.sayRemoved, { name: row.file.name }));
    (next?.querySelector("[data-upload-remove]") ?? this.input).focus();
    this.goOn();
  }

  token() {
    return this.form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  under(state) {
    return [...this.rows].filter((row) => row.state === state);
  }

  hold(event) {
    if (event.submitter?.hasAttribute("data-draft-discard")) return; // it goes without the files
    const failed = this.under("failed");
    if (failed.length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.tell(`${failed[0].file.name}: ${failed[0].element.querySelector("[data-trouble]").textContent}`);
      failed[0].element.querySelector("[data-upload-remove]").focus();
    } else if (this.under("sending").length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.waiting = event.submitter;
      this.busy(true);
      this.tell(this.said.sayWait);
    }
  }

  busy(on) {
    this.form.toggleAttribute("data-sending", on);
    this.form.setAttribute("aria-busy", String(on));
  }

  goOn() {
    if (!this.waiting || this.under("sending").length || this.under("failed").length) return;
    const submitter = this.waiting;
    this.waiting = null;
    this.busy(false);
    this.form.requestSubmit(submitter);
  }
}

const begin = (root) => {
  for (const box of root.querySelectorAll("[data-upload]:not(.is-live)")) new Uploader(box);
};
begin(document);
document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
