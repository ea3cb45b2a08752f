// The frame of every page: menus that close, selects that submit themselves, htmx's failures shown.

for (const form of document.querySelectorAll("[data-submits-itself]")) {
  const button = form.querySelector("button[type=submit]");
  if (button) button.hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// A failure that htmx would swallow is told: the server answers with a notice, or nothing came.
const tell = (html, text) => {
  const place = document.getElementById("messages");
  if (!place) return;
  if (html) place.innerHTML = html;
  else {
    const notice = document.createElement("p");
    notice.className = "notice error";
    notice.textContent = text;
    place.replaceChildren(notice);
  }
  place.scrollIntoView({ block: "nearest" });
};
const isPoll = (detail) => (detail.elt?.getAttribute("hx-trigger") ?? "").includes("every");
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status < 400 || isPoll(event.detail)) return;
  if (xhr.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = true;
});
document.addEventListener("htmx:sendError", (event) => {
  if (!isPoll(event.detail)) tell("", document.documentElement.dataset.offline ?? "");
});
