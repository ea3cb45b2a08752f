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

// When nothing comes back, say so: htmx would only write it to the console.
const isPoll = ({ elt }) => (elt?.getAttribute("hx-trigger") ?? "").includes("every");
const tellOffline = (event) => {
  const place = document.getElementById("messages");
  if (!place || isPoll(event.detail)) return;
  const notice = document.createElement("p");
  notice.className = "notice error";
  notice.textContent = document.documentElement.dataset.offline;
  place.replaceChildren(notice);
  place.scrollIntoView({ block: "nearest" });
};
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, tellOffline);
document.addEventListener("htmx:responseError", (event) => {
  if ([502, 503, 504].includes(event.detail.xhr.status)) tellOffline(event);
});
