// A small menu to choose one of many: type to narrow it down, arrows to move, Enter to choose.
// It is a dialog with a search field and a listbox (the combobox pattern of the ARIA guide).

let count = 0;

export function openMenu({ title, placeholder, nothing, entries, choose }) {
  const dialog = document.createElement("dialog");
  const id = `menu-${(count += 1)}`;
  dialog.className = "q-menu";
  dialog.setAttribute("aria-label", title);
  const field = document.createElement("input");
  field.type = "text";
  field.placeholder = placeholder;
  field.autocomplete = "off";
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-label", title);
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-controls", id);
  field.setAttribute("aria-autocomplete", "list");
  const list = document.createElement("ul");
  list.id = id;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", title);
  const empty = document.createElement("p");
  empty.className = "q-menu-empty";
  empty.textContent = nothing;
  const options = entries.map(({ value, label }, place) => {
    const option = document.createElement("li");
    option.id = `${id}-${place}`;
    option.setAttribute("role", "option");
    option.dataset.value = value;
    option.textContent = label;
    list.append(option);
    return option;
  });
  let current = 0;
  const visible = () => options.filter((option) => !option.hidden);

  function mark(place) {
    const shown = visible();
    current = shown.length ? (place + shown.length) % shown.length : 0;
    options.forEach((option) => option.setAttribute("aria-selected", "false"));
    empty.hidden = shown.length > 0;
    if (!shown.length) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    shown[current].setAttribute("aria-selected", "true");
    shown[current].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", shown[current].id);
  }

  function narrow() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of options) {
      const text = option.textContent.toLowerCase();
      option.hidden = !words.every((word) => text.includes(word));
    }
    mark(0);
  }

  function take(option) {
    if (!option) return;
    dialog.close();
    choose(option.dataset.value);
  }

  field.addEventListener("input", narrow);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark(current + step);
    else if (event.key === "Enter") take(visible()[current]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => take(event.target.closest("[role=option]")));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(field, list, empty);
  document.body.append(dialog);
  dialog.showModal();
  narrow();
  field.focus();
}
